"""A shop in which something was bought, and what breaks the rules of trade there."""

from typing import Final

from tests.harness.buying import on_sale
from tests.harness.paying import payer
from tests.harness.shops import SandboxShop
from tests.journeys.test_cancelling import CANCEL, CHANGE

_ONE: Final = "(select id from {table} where shop_id = '{{shop}}' and {where} order by id limit 1)"


def _update(table: str, change: str, where: str = "true") -> str:
    return f"update {table} set {change} where id = " + _ONE.format(table=table, where=where)


TRADE_PLANTS: Final[dict[str, str]] = {
    "order.total_is_its_parts": _update("orders", "freight_fen = 1"),
    "order.total_is_its_lines": _update("orders", "item_count = item_count + 1"),
    "order_line.price_is_its_shares": """
        update order_line set price_fen = price_fen + 1, payable_fen = payable_fen
        where id = (select id from order_line where shop_id = '{shop}' and quantity = 1 order by id limit 1)
    """,
    "order_adjustment.is_shared_whole": _update("order_adjustment", "allocations = '[]'", "kind = 'STAFF'"),
    "order.delivery_is_one": _update("delivery", "freight_fen = freight_fen + 1"),
    "order.status_follows_its_history": _update("orders", "status = 'CLOSED'", "status = 'PAID'"),
    "reservation.follows_its_order": _update("reservation", "state = 'RELEASED'", "state = 'TAKEN' and returned = 0"),
    "reservation.is_what_was_bought": _update("reservation", "quantity = quantity + 1", "state = 'TAKEN'"),
    "stock.reserved_is_held_by_orders": _update("reservation", "state = 'TAKEN'", "state = 'HELD'"),
    "order.is_not_over_time": _update(
        "orders",
        "created_at = created_at - interval '2 days', expires_at = created_at - interval '1 day'",
        "status = 'PENDING_PAYMENT'",
    ),
    "order.was_told": "update outbox_event set topic = 'other' where id = (select id from outbox_event"
    " where shop_id = '{shop}' and topic = 'order.placed' order by sequence limit 1)",
    "customer.paid_orders_are_counted": _update("customer", "paid_orders = paid_orders + 1", "paid_orders > 0"),
    "payment.one_pays_an_order": _update("payment", "amount_fen = amount_fen + 1", "state = 'SUCCEEDED'"),
    "payment.surplus_goes_back": _update("payment", "is_surplus = true, refunded_fen = 0", "state = 'SUCCEEDED'"),
    "payment.wrong_money_pays_nothing": _update(
        "payment", "problem = 'WRONG_AMOUNT', told_fen = amount_fen", "state = 'SUCCEEDED'"
    ),
    "payment.notifications_are_handled": _update(
        "payment_notification",
        "handled_at = null, next_attempt_at = created_at, created_at = created_at - interval '1 day'",
    ),
}


async def trade(shop: SandboxShop) -> None:
    """Buy: an order that waits, at a price staff changed; one that was cancelled; one that was paid."""
    [tee] = await on_sale(shop, "traded", 20)
    buyer = await payer(shop)
    waiting, cancelled, paid = [await buyer.places((tee, pieces)) for pieces in (1, 2, 3)]
    assert (await shop.staff(CHANGE, {"id": waiting["id"], "fen": -90})).refusals == []
    assert (await buyer.ask(CANCEL, {"id": cancelled["id"]})).refusals == []
    await buyer.has_paid(paid["id"])
    # Not settled: events wait to be told, as other rules want them.
    assert (await buyer.sync(paid["id"]))["orderPaymentSync"]["order"]["status"] == "PAID"
