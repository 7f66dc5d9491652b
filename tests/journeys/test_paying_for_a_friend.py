"""A friend who pays by a token sees what for, and not for whom or where it goes."""

from datetime import timedelta

import pytest

from models.database import pool
from tests.harness.asking import Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, count, later, payer, settled
from tests.harness.shops import SandboxShop
from tests.journeys.corpus_paying import PREVIEW
from tests.journeys.test_cancelling import CANCEL


@pytest.fixture
async def mug(shop: SandboxShop) -> str:
    """Five mugs."""
    [variant] = await on_sale(shop, "mug", 5)
    return variant


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def test_a_friend_pays_and_learns_nothing(shop: SandboxShop, ming: Payer, mug: str) -> None:
    order, friend = await ming.places((mug, 1)), await payer(shop, "小红")
    token = (await ming.looks(order["id"]))["payToken"]

    assert (await friend.tries_to_pay(order["id"])).refusals == [Refused("NOT_FOUND", "input.orderId")]
    paying = await friend.pays(payToken=token)
    assert paying["order"] is None
    assert (await friend.sheet(paying["requestPayment"]))["outcome"] == "success"
    await settled(shop)

    seen = await ming.looks(order["id"])
    assert (seen["status"], seen["payToken"]) == ("PAID", None)
    [payment] = seen["payments"]
    assert (payment["state"], payment["isOwn"]) == ("SUCCEEDED", False)
    assert await count(shop, "payment", f"payer_customer_id = '{friend.customer_id}'") == 1
    assert await friend.looks(order["id"]) is None
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x", ""):
        assert [one.code for one in (await friend.tries_to_pay(payToken=forged)).refusals] == ["NOT_FOUND"]


async def test_a_friend_sees_what_for_and_not_where_to(shop: SandboxShop, ming: Payer, mug: str) -> None:
    [course] = await on_sale(shop, "course", 3, fen=500)
    order, friend = await ming.places((mug, 2), (course, 1)), await payer(shop, "小红")
    await pool().execute("update customer set nickname = '小铺小鱼' where id = $1", ming.customer_id)
    seen = await ming.looks(order["id"])
    asked = {"token": seen["payToken"]}

    for asker in (friend.ask, ming.ask, shop.visitor):
        answer = await asker(PREVIEW, asked)
        said = answer["payPreview"]
        assert (said["shopName"], said["buyer"], said["itemCount"]) == (shop.shop.name, "小**鱼", 3)
        assert [(line["title"], line["quantity"]) for line in said["lines"]] == [("mug", 2), ("course", 1)]
        assert (said["total"]["fen"], said["expiresAt"]) == (order["total"]["fen"], order["expiresAt"])
        told = str(answer.body)
        for private in ("小铺小鱼", "王", "13800001234", "文三路", order["id"], order["orderNo"]):
            assert private not in told

    await friend.sheet((await friend.pays(payToken=seen["payToken"]))["requestPayment"])
    await settled(shop)
    assert (await friend.ask(PREVIEW, asked))["payPreview"] is None


async def test_a_preview_ends_with_its_order(shop: SandboxShop, other_shop: SandboxShop, ming: Payer, mug: str) -> None:
    first, second = [await ming.places((mug, 1)) for _ in range(2)]
    token, other = [(await ming.looks(order["id"]))["payToken"] for order in (first, second)]

    for unknown in ("", "x", token[:-1] + ("A" if token[-1] != "A" else "B")):
        assert (await shop.visitor(PREVIEW, {"token": unknown}))["payPreview"] is None
    assert (await other_shop.visitor(PREVIEW, {"token": token}))["payPreview"] is None
    assert (await ming.ask(CANCEL, {"id": second["id"]})).refusals == []
    assert (await shop.visitor(PREVIEW, {"token": other}))["payPreview"] is None
    assert (await shop.visitor(PREVIEW, {"token": token}))["payPreview"] is not None

    await later(shop, timedelta(minutes=31))
    assert (await shop.visitor(PREVIEW, {"token": token}))["payPreview"] is None
