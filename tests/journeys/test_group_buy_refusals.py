"""What staff may not ask of a group-buy: every fault has its code and its place in the input."""

from typing import Any

import pytest

from models.database import pool
from tests.harness.asking import Answer, Refused
from tests.harness.buying import on_sale
from tests.harness.shops import SandboxShop
from tests.journeys.test_group_buys import CREATE, DAY, END, PUBLISH, UPDATE, changes, inside, made, wall_now, wish


def fen(*prices: int) -> list[dict[str, int]]:
    return [{"fen": price} for price in prices]


async def tried(shop: SandboxShop, tea: str, **input_: Any) -> Answer:
    """Ask for a new one; a variant that is not named is the tea."""
    wanted = await wish(tea, **input_)
    wanted["variants"] = [{"variantId": tea, "prices": fen(3000), **one} for one in wanted["variants"]]
    return await shop.staff(CREATE, {"input": wanted, "key": "k"})


@pytest.mark.parametrize(
    ("input_", "refused"),
    [
        ({"title": " "}, [Refused("BLANK", "input.title")]),
        ({"title": "大" * 121}, [Refused("TOO_LONG", "input.title")]),
        ({"teamHours": 0}, [Refused("OUT_OF_RANGE", "input.teamHours")]),
        ({"teamHours": 721}, [Refused("OUT_OF_RANGE", "input.teamHours")]),
        ({"perPersonLimit": 0, "perOrderLimit": 0},
         [Refused("OUT_OF_RANGE", "input.perPersonLimit"), Refused("OUT_OF_RANGE", "input.perOrderLimit")]),
        ({"virtualFillPercent": 0}, [Refused("OUT_OF_RANGE", "input.virtualFillPercent")]),
        ({"virtualFillPercent": 100}, [Refused("OUT_OF_RANGE", "input.virtualFillPercent")]),
        ({"tierSizes": []}, [Refused("BLANK", "input.tierSizes")]),
        ({"tierSizes": [1]}, [Refused("OUT_OF_RANGE", "input.tierSizes.0")]),
        ({"tierSizes": [101]}, [Refused("OUT_OF_RANGE", "input.tierSizes.0")]),
        ({"tierSizes": list(range(2, 13))}, [Refused("TOO_LONG", "input.tierSizes")]),
        ({"tierSizes": [2, 2]}, [Refused("INVALID", "input.tierSizes.1")]),
        ({"maxSize": 101}, [Refused("OUT_OF_RANGE", "input.maxSize")]),
        ({"maxSize": 3}, [Refused("OUT_OF_RANGE", "input.maxSize")]),
        ({"tierSizes": [2, 5], "maxSize": 4, "variants": [{"prices": fen(3, 2)}]},
         [Refused("OUT_OF_RANGE", "input.maxSize")]),
        ({"variants": []}, [Refused("BLANK", "input.variants")]),
        ({"variants": [{}, {}]}, [Refused("DUPLICATE", "input.variants.1.variantId")]),
        ({"variants": [{"prices": fen(0)}]}, [Refused("OUT_OF_RANGE", "input.variants.0.prices.0")]),
        ({"variants": [{"prices": fen(5001)}]}, [Refused("OUT_OF_RANGE", "input.variants.0.prices.0")]),
        ({"variants": [{"prices": []}]}, [Refused("INVALID", "input.variants.0.prices")]),
        ({"tierSizes": [2, 5]}, [Refused("INVALID", "input.variants.0.prices")]),
        ({"tierSizes": [2, 5], "variants": [{"prices": fen(3, 4)}]},
         [Refused("OUT_OF_RANGE", "input.variants.0.prices.1")]),
        ({"variants": [{"stock": -1}]}, [Refused("OUT_OF_RANGE", "input.variants.0.stock")]),
        ({"variants": [{"variantId": "var_nothing"}]}, [Refused("NOT_FOUND", "input.variants.0.variantId")]),
        ({"variants": [{"leaderPrice": {"fen": 1}}]}, [Refused("INVALID", "input.variants.0.leaderPrice")]),
        ({"leaderAdvantage": "PRICE"}, [Refused("BLANK", "input.variants.0.leaderPrice")]),
        ({"leaderAdvantage": "PRICE", "variants": [{"leaderPrice": {"fen": 0}}]},
         [Refused("OUT_OF_RANGE", "input.variants.0.leaderPrice")]),
        ({"leaderAdvantage": "PRICE", "variants": [{"leaderPrice": {"fen": 3001}}]},
         [Refused("OUT_OF_RANGE", "input.variants.0.leaderPrice")]),
        ({"productId": "prd_nothing"}, [Refused("NOT_FOUND", "input.productId")]),
        ({"endsAt": "2026-01-01T00:00:00Z"}, [Refused("OUT_OF_RANGE", "input.endsAt")]),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_nothing_is_written(shop: SandboxShop, input_: Any, refused: Any) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)

    answer = await tried(shop, tea, **{"variants": [{}], **input_})

    assert answer.refusals == refused
    assert (await shop.staff("{ groupBuys { totalCount } }"))["groupBuys"]["totalCount"] == 0


async def test_a_variant_of_another_product_is_not_found(shop: SandboxShop) -> None:
    tea, cup = [(await on_sale(shop, name, 10, fen=5000))[0] for name in ("tea", "cup")]

    answer = await tried(shop, tea, variants=[{}, {"variantId": cup}])

    assert answer.refusals == [Refused("NOT_FOUND", "input.variants.1.variantId")]


async def test_what_stays_must_fit_what_changes(shop: SandboxShop) -> None:
    tea, cup = [(await on_sale(shop, name, 10, fen=5000))[0] for name in ("tea", "cup")]
    offer = await made(shop, tea)
    of_cup = (await wish(cup))["productId"]

    for input_, refused in (
        ({"productId": of_cup}, Refused("INVALID", "input.variants")),
        ({"tierSizes": [2, 5]}, Refused("INVALID", "input.variants")),
        ({"leaderAdvantage": "PRICE"}, Refused("BLANK", "input.variants")),
        ({"startsAt": (wall_now() + 8 * DAY).isoformat()}, Refused("OUT_OF_RANGE", "input.endsAt")),
    ):
        assert (await changes(shop, offer, **input_)).refusals == [refused]


async def test_what_names_nothing_is_not_found(shop: SandboxShop) -> None:
    for document in (UPDATE, PUBLISH, END):
        variables = {"id": "gbo_nothing", **({"input": {}} if document is UPDATE else {})}
        assert (await shop.staff(document, variables)).refusals == [Refused("NOT_FOUND", "id")]


async def test_another_version_is_a_conflict(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    offer = await made(shop, tea)

    for document in (PUBLISH, END):
        answer = await shop.staff(document, {"id": offer["id"], "version": 7})
        assert answer.refusals == [Refused("CONFLICT", "version")]


async def test_what_is_over_or_dearer_than_the_goods_is_not_published(shop: SandboxShop) -> None:
    [tea] = await on_sale(shop, "tea", 10, fen=5000)
    now = wall_now()
    over = await made(shop, tea, "over", startsAt=(now - 2 * DAY).isoformat(), endsAt=(now - DAY).isoformat())
    dear = await made(shop, tea, "dear")
    await pool().execute("update variant set price_fen = 2999 where id = $1", inside(tea))

    assert (await shop.staff(PUBLISH, {"id": over["id"]})).refusals == [Refused("NOT_ALLOWED", "id")] * 2
    assert (await shop.staff(PUBLISH, {"id": dear["id"]})).refusals == [Refused("NOT_ALLOWED", "id")]


async def test_a_variant_that_is_promised_stays(shop: SandboxShop) -> None:
    tea, other = await on_sale(shop, "tea", 10, 10, fen=5000)
    offer = await made(shop, tea)
    product = (await wish(tea))["productId"]
    delete = """mutation ($product: ID!, $ids: [ID!]!) {
      variantsDelete(productId: $product, ids: $ids) { deletedVariantIds userErrors { code field message } } }"""
    keep = """mutation ($product: ID!, $keep: ID!) {
      productUpdate(id: $product, input: {variants: [{id: $keep, optionValues: ["2"]}]}) {
        product { id } userErrors { code field message } } }"""

    dropped = await shop.staff(keep, {"product": product, "keep": other})
    refused = await shop.staff(delete, {"product": product, "ids": [tea]})
    await shop.staff(END, {"id": offer["id"]})
    done = await shop.staff(delete, {"product": product, "ids": [tea]})

    assert [one.code for one in dropped.refusals] == ["IN_USE"]
    assert refused.refusals == [Refused("IN_USE", "ids.0")]
    assert done.refusals == []


async def test_no_page_leads_to_a_team(shop: SandboxShop) -> None:
    url = "https://img.example/1.jpg"
    page = {"title": "团", "handle": "team", "blocks": [{"image": {"url": url, "target": {"kind": "TEAM"}}}]}

    answer = await shop.staff(
        """mutation ($input: PageUpsertInput!) {
          pageUpsert(input: $input, idempotencyKey: "team") { page { id } userErrors { code field message } } }""",
        {"input": page},
    )

    assert answer.refusals == [Refused("INVALID", "input.blocks.0.image.target.kind")]
