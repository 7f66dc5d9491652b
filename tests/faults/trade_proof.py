"""Holding a shop to its model: orders, stock, cart, refunds, WeChat's books, and the house's own check."""

from models.database import pool
from tests.faults.trade_world import Placed, World
from tests.harness.carts import read
from tests.harness.paying import all_right, count, settled, stock_of, wechat_pay
from tests.harness.refunding import ledger, seen

_ASK_NOW = "update payment set next_query_at = now() where shop_id = $1 and next_query_at is not null"


async def is_as_modelled(world: World) -> None:
    """Let the shop come to rest and compare all that moved."""
    await rest(world)
    for order in world.placed:
        await _order(world, order)
    stock = [list(await stock_of(world.shop, variant)) for variant in world.variants]
    assert stock == world.model.stock
    assert await ledger(world.shop) == (world.model.balance, 0)
    cart = await read(world.ming.ask)
    lines = [*cart["lines"], *cart["invalidLines"]] if cart else []
    assert {line["variant"]["id"]: line["quantity"] for line in lines} == {
        world.variants[variant]: pieces for variant, pieces in world.model.cart.items()
    }


async def ends_well(world: World) -> None:
    """Tell what WeChat still keeps, the last first: nothing changes any more."""
    told = await wechat_pay(world.shop, "/notifications", method="GET", mchid=world.mchid)
    ids = [one["id"] for one in reversed(told)]
    if ids:
        await wechat_pay(world.shop, "/notifications/release", mchid=world.mchid, ids=ids)
    await is_as_modelled(world)
    assert await count(world.shop, "orders") == len(world.model.orders)
    assert await count(world.shop, "refund") == world.model.refunds + world.model.surplus
    assert await count(world.shop, "payment", "is_surplus") == world.model.surplus
    assert await count(world.shop, "outbox_event", "delivered_at is null") == 0
    assert await all_right(world.shop)


async def rest(world: World) -> None:
    """Let everything that is under way come to its end; what is planned for later comes now."""
    await settled(world.shop)
    await pool().execute(_ASK_NOW, world.shop.id)
    await settled(world.shop)


async def _order(world: World, order: Placed) -> None:
    here, there = await seen(world.ming, order.id), order.model
    assert (here["status"], here["paymentStatus"], here["fulfilmentStatus"], here["refundStatus"]) == (
        there.status,
        there.payment_status,
        there.fulfilment,
        there.refund_status,
    )
    assert (here["paid"]["fen"], here["refunding"]["fen"], here["refunded"]["fen"]) == (
        there.paid or 0,
        0,
        there.refunded,
    )
    assert [(line["total"]["fen"], line["refunded"]["fen"], line["refundedQuantity"]) for line in here["lines"]] == [
        (line.payable, line.refunded, line.back) for line in there.lines
    ]
