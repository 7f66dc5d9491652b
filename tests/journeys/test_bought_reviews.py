"""Reviews of what was bought: by the buyer, when it has arrived, once, and looked at before others read it."""

import asyncio

import pytest

from resolvers.order_review import masked_name
from tests.harness.asking import Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, payer
from tests.harness.shipping import CONFIRM, REVIEW, bought, looks, ships
from tests.harness.shops import SandboxShop

RATING = "query ($handle: Handle!) { product(handle: $handle) { rating { average count } reviews { nodes { id } } } }"


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop, "小明同学")


async def arrived(person: Payer, handle: str = "tee") -> tuple[str, str]:
    """Buy one, and have it; returns the order and its line."""
    [tee] = await on_sale(person.shop, handle, 9)
    order = await bought(person, (tee, 1))
    await ships(person.shop, order["id"])
    assert (await person.ask(CONFIRM, {"id": order["id"]})).refusals == []
    return order["id"], order["lines"][0]["id"]


async def test_what_arrived_is_reviewed_and_counted(shop: SandboxShop, ming: Payer) -> None:
    order, line = await arrived(ming)

    for _ in range(2):
        answer = await ming.ask(REVIEW, {"line": line, "rating": 4, "body": " 好喝 ", "key": "k"})
        assert answer.refusals == []

    said = answer["orderReview"]["line"]
    assert said["review"] | {"id": ""} == {
        "id": "", "rating": 4, "body": "好喝", "imageUrls": [], "status": "PUBLISHED", "isVerified": True,
        "authorName": "微**户",
    }  # fmt: skip
    seen = await looks(ming, order)
    assert seen["lines"][0] == said | {"shippedQuantity": 1}
    assert {action["kind"]: action["reason"] for action in seen["actions"]}["REVIEW"] == "NOTHING_LEFT"
    product = (await shop.visitor(RATING, {"handle": "tee"}))["product"]
    assert product["rating"] == {"average": "4.00", "count": 1}
    assert await count(shop, "review") == 1
    assert await all_right(shop)


async def test_only_who_has_it_says_how_it_is_and_once(shop: SandboxShop, ming: Payer) -> None:
    [cap] = await on_sale(shop, "cap", 9)
    waiting = (await bought(ming, (cap, 1)))["lines"][0]["id"]
    hong, (_, line) = await payer(shop, "小红"), await arrived(ming)

    async def refusals(person: Payer, line: str, rating: int = 5, **more: object) -> list[Refused]:
        return (await person.ask(REVIEW, {"line": line, "rating": rating, "key": str(more)} | more)).refusals

    assert await refusals(ming, waiting) == [Refused("NOT_ALLOWED", "lineId")]
    assert await refusals(hong, line) == [Refused("NOT_FOUND", "lineId")]
    assert await refusals(ming, line, 6) == [Refused("OUT_OF_RANGE", "rating")]
    assert await refusals(ming, line, body="好" * 1001) == [Refused("TOO_LONG", "body")]
    answers = await asyncio.gather(
        *(ming.ask(REVIEW, {"line": line, "rating": 5, "key": f"{key}"}) for key in range(8))
    )
    refused = [refusal for answer in answers for refusal in answer.refusals]
    assert refused == [Refused("NOT_ALLOWED", "lineId")] * 7
    assert await count(shop, "review") == 1
    assert await all_right(shop)


async def test_bad_words_are_refused_and_pictures_wait_for_the_shop(shop: SandboxShop, ming: Payer) -> None:
    order, line = await arrived(ming)
    refused = await ming.ask(REVIEW, {"line": line, "rating": 1, "body": "这是诈骗", "key": "k"})
    assert refused.refusals == [Refused("CONTENT_REJECTED", "body")]
    doubtful = {"line": line, "rating": 5, "body": "可以加微信", "key": "k"}
    review = (await ming.ask(REVIEW, doubtful))["orderReview"]["line"]["review"]
    assert review["status"] == "PENDING"

    order, line = await arrived(ming, "cap")
    asked = {"line": line, "rating": 5, "images": ["https://img.example/1.jpg"], "key": "k2"}
    review = (await ming.ask(REVIEW, asked))["orderReview"]["line"]["review"]

    assert (review["status"], review["imageUrls"]) == ("PENDING", ["https://img.example/1.jpg"])
    product = (await shop.visitor(RATING, {"handle": "cap"}))["product"]
    assert product == {"rating": {"average": None, "count": 0}, "reviews": {"nodes": []}}
    assert (await looks(ming, order))["lines"][0]["review"]["id"] == review["id"]


def test_strangers_read_a_masked_name() -> None:
    assert [masked_name(name) for name in ("小铺的鱼", "小鱼", " 鱼 ", "")] == ["小**鱼", "小**", "鱼**", "匿名用户"]
