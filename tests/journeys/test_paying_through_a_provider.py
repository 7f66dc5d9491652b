"""Shops whose money a service provider takes: from the pay sheet to a part given back, and two shops of one of them."""

import dataclasses
from typing import Any

import pytest

from clock import wall_now
from models.database import pool
from resolvers.payment_query import query_payments
from tests.harness.accounts import provided, save
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, inside, payer, settled, wechat_pay
from tests.harness.refunding import paid_order, piece, refunds
from tests.harness.shops import SandboxShop

FEN = 1990
OURS, THEIRS = "1700000001", "1700000002"
CANCEL = "mutation ($id: ID!) { orderCancel(orderId: $id) { order { status } userErrors { code } } }"


@dataclasses.dataclass(frozen=True, slots=True)
class Stand:
    """A shop whose money a provider takes, with five mugs and somebody who buys."""

    shop: SandboxShop
    account: dict[str, Any]
    buyer: Payer
    mug: str

    async def asked(self, call: str) -> Any:
        """Return what WeChat was asked last by one call."""
        calls = await self.says("/calls", method="GET", call=call)
        return calls[-1]["asked"]

    async def says(self, door: str, **more: Any) -> Any:
        """Say something to the sandbox about the provider."""
        return await wechat_pay(self.shop, door, mchid=self.account["mchid"], **more)

    async def forged(self, number: int, forgery: str) -> int:
        """Send a notification that lies; returns what was answered."""
        said = await wechat_pay(self.shop, f"/notifications/{number}/send", forge=forgery)
        status: int = said["answers"][0]["status"]
        return status

    async def outcomes(self) -> list[str]:
        """Return what became of the notifications that were kept."""
        statement = "select outcome from payment_notification where shop_id = $1 order by id"
        return [row["outcome"] for row in await pool().fetch(statement, self.shop.id)]

    async def untold(self) -> tuple[str, int]:
        """Pay an order without the shop's being told; returns the order and the notification's number."""
        order = await self.buyer.places((self.mug, 1))
        await self.says("/notifications/hold", hold=True)
        return order["id"], (await self.buyer.has_paid(order["id"]))["notification"]

    async def told(self) -> None:
        """Let go what was held, and wait until it has been handled."""
        await self.says("/notifications/release")
        await settled(self.shop)

    async def heard(self, number: str) -> Any:
        """Return the last notification about a refund's number."""
        return (await self.says("/notifications", method="GET", order=number))[-1]

    async def status(self, order_id: str) -> str:
        """Return where an order stands."""
        status: str = (await self.buyer.order(order_id))["status"]
        return status


async def stand(shop: SandboxShop, account: dict[str, Any]) -> Stand:
    """Open one."""
    [mug] = await on_sale(shop, "mug", 5, fen=FEN)
    return Stand(shop, account, await payer(shop), mug)


@pytest.fixture
async def ours(shop: SandboxShop) -> Stand:
    """A shop of a provider."""
    return await stand(shop, await provided(shop, OURS))


@pytest.fixture
async def theirs(ours: Stand, other_shop: SandboxShop) -> Stand:
    """Another shop of the same provider: one number, one key, one row of orders' numbers."""
    account = await provided(other_shop, THEIRS, mchid=ours.account["mchid"])
    same = ("mchid", "apiV3Key", "providerAppid")
    assert [account[name] for name in same] == [ours.account[name] for name in same]
    return await stand(other_shop, account)


async def test_what_was_paid_through_a_provider_is_a_paid_order(ours: Stand) -> None:
    order = await ours.buyer.places((ours.mug, 2))
    paying = await ours.buyer.pays(order["id"])

    said = await ours.asked("prepay")
    names = ("sp_appid", "sp_mchid", "sub_appid", "sub_mchid")
    assert [said[name] for name in names] == [
        ours.account["providerAppid"],
        ours.account["mchid"],
        ours.shop.app.appid,
        OURS,
    ]
    assert list(said["payer"]) == ["sub_openid"]
    assert {"appid", "mchid"} & set(said) == set()
    # What opens the sheet is signed for the shop's own app.
    assert paying["requestPayment"]["appId"] == ours.shop.app.appid
    lying = paying["requestPayment"] | {"appId": ours.account["providerAppid"]}
    assert (await ours.buyer.sheet(lying))["reason"] == "SIGN_ERROR"
    assert (await ours.buyer.sheet(paying["requestPayment"]))["outcome"] == "success"
    await settled(ours.shop)

    assert await ours.status(order["id"]) == "PAID"
    assert await ours.outcomes() == ["PAID"]
    [payment] = await pool().fetch("select provider_appid, payer_openid from payment where shop_id = $1", ours.shop.id)
    openid = await pool().fetchval(
        "select openid from identity where shop_id = $1 and appid = $2", ours.shop.id, ours.shop.app.appid
    )
    assert dict(payment) == {"provider_appid": ours.account["providerAppid"], "payer_openid": openid}
    assert await all_right(ours.shop)


async def test_a_lost_notification_is_found_by_asking_the_provider(ours: Stand) -> None:
    order_id, _ = await ours.untold()

    await pool().execute("update payment set next_query_at = $2 where shop_id = $1", ours.shop.id, wall_now())
    assert await query_payments(wall_now(), ours.shop.id) == 1

    said = await ours.asked("query")
    assert (said["sp_mchid"], said["sub_mchid"]) == (ours.account["mchid"], OURS)
    assert await ours.status(order_id) == "PAID"


async def test_an_order_that_is_cancelled_can_be_paid_no_more(ours: Stand) -> None:
    order = await ours.buyer.places((ours.mug, 1))
    request = (await ours.buyer.pays(order["id"]))["requestPayment"]

    assert (await ours.buyer.ask(CANCEL, {"id": order["id"]})).refusals == []
    await settled(ours.shop)

    said = await ours.asked("close")
    assert (said["sp_mchid"], said["sub_mchid"]) == (ours.account["mchid"], OURS)
    assert (await ours.buyer.sheet(request))["reason"] == "ORDER_CLOSED"
    assert (await ours.buyer.looks(order["id"]))["payments"][0]["state"] == "CLOSED"


async def test_a_part_goes_back_through_the_provider(ours: Stand) -> None:
    order = await paid_order(ours.buyer, (ours.mug, 2))

    refund = await refunds(ours.shop, order["id"], lines=[piece(order["lines"][0], 1)])
    await settled(ours.shop)

    assert (await ours.asked("refund"))["sub_mchid"] == OURS
    seen = await ours.buyer.order(order["id"])
    assert (seen["paymentStatus"], seen["refunded"]) == ("PARTIALLY_REFUNDED", {"fen": FEN})
    books = await ours.says("/ledger", method="GET", subMchid=OURS)
    assert books["balanceFen"] == FEN
    told = await ours.heard(refund["allocations"][0]["outRefundNo"])
    assert (told["eventType"], told["lastStatus"]) == ("REFUND.SUCCESS", 204)
    assert await all_right(ours.shop)


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize(
    ("forgery", "verdict"),
    [("SUB_MCHID", "WRONG_MERCHANT"), ("MCHID", "WRONG_MERCHANT"), ("APPID", "WRONG_APP"), ("SUB_APPID", "WRONG_APP")],
)
async def test_what_names_somebody_else_changes_nothing(ours: Stand, forgery: str, verdict: str) -> None:
    order_id, number = await ours.untold()

    assert await ours.forged(number, forgery) == 204
    await settled(ours.shop)

    assert await ours.outcomes() == [verdict]
    assert await ours.status(order_id) == "PENDING_PAYMENT"
    await ours.told()
    assert await ours.status(order_id) == "PAID"
    assert await all_right(ours.shop)


async def test_a_neighbours_channel_hears_nothing_of_an_order(ours: Stand, theirs: Stand) -> None:
    other = await theirs.buyer.places((theirs.mug, 1))
    await theirs.buyer.pays(other["id"])
    order_id, number = await ours.untold()

    # Signed by WeChat, opened by the one key of both, word for word; and about one of theirs it says nothing.
    assert await ours.forged(number, "CHANNEL") == 403

    for one in (ours.shop, theirs.shop):
        assert await count(one, "payment_notification") == 0
        assert await count(one, "payment", "state = 'SUCCEEDED'") == 0
    await ours.told()
    assert await ours.status(order_id) == "PAID"
    assert await theirs.status(other["id"]) == "PENDING_PAYMENT"
    await theirs.buyer.has_paid(other["id"])
    await theirs.told()
    assert await theirs.status(other["id"]) == "PAID"
    for each in (ours, theirs):
        assert await each.outcomes() == ["PAID"]
        assert await all_right(each.shop)


async def test_a_refund_that_names_a_neighbour_changes_nothing(ours: Stand, theirs: Stand) -> None:
    await theirs.buyer.pays((await theirs.buyer.places((theirs.mug, 1)))["id"])
    order = await paid_order(ours.buyer, (ours.mug, 2))
    await ours.says("/notifications/hold", hold=True)
    refund = await refunds(ours.shop, order["id"], lines=[piece(order["lines"][0], 1)])
    await settled(ours.shop)
    number = (await ours.heard(refund["allocations"][0]["outRefundNo"]))["id"]

    assert await ours.forged(number, "SUB_MCHID") == 204
    assert await ours.forged(number, "CHANNEL") == 403
    await settled(ours.shop)
    assert await ours.outcomes() == ["PAID", "WRONG_MERCHANT"]
    assert await theirs.outcomes() == []

    await ours.told()
    assert (await ours.buyer.order(order["id"]))["refunded"] == {"fen": FEN}
    assert await count(theirs.shop, "refund") == 0
    assert await all_right(ours.shop)


async def test_another_app_of_the_provider_takes_a_new_number(ours: Stand) -> None:
    order = await ours.buyer.places((ours.mug, 1))
    old = await ours.buyer.pays(order["id"])
    other = {"mchid": ours.account["mchid"], "subMchid": OURS, "providerAppid": "wxdddddddddddddddd"}
    await wechat_pay(ours.shop, "/merchants", shopId=ours.shop.global_id, **other)
    assert (await save(ours.shop, mode="PARTNER", **other)).refusals == []

    new = await ours.buyer.pays(order["id"])

    assert new["payment"]["id"] != old["payment"]["id"]
    assert (await ours.buyer.sheet(old["requestPayment"]))["reason"] == "ORDER_CLOSED"
    assert (await ours.buyer.sheet(new["requestPayment"]))["outcome"] == "success"
    await settled(ours.shop)
    assert await ours.status(order["id"]) == "PAID"
    asked_through = await pool().fetch(
        "select provider_appid from payment where shop_id = $1 and order_id = $2 order by id",
        ours.shop.id,
        inside("ord", order["id"]),
    )
    assert [row["provider_appid"] for row in asked_through] == [ours.account["providerAppid"], "wxdddddddddddddddd"]
