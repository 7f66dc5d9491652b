"""A shop in which something was given back and complained about, and what breaks the rules of that."""

from typing import Final

from tests.harness.buying import on_sale
from tests.harness.paying import payer, settled
from tests.harness.refunding import complains, paid_order, piece, refunds, refunds_become
from tests.harness.shops import SandboxShop

_ONE: Final = "(select id from {table} where shop_id = '{{shop}}' and {where} order by id limit 1)"


def _update(table: str, change: str, where: str = "true") -> str:
    return f"update {table} set {change} where id = " + _ONE.format(table=table, where=where)


def _delete(table: str, where: str = "true") -> str:
    return f"delete from {table} where id = " + _ONE.format(table=table, where=where)


_DONE: Final = "refund_id in (select id from refund where state = 'SUCCEEDED')"
_GOING: Final = "refund_id in (select id from refund where state = 'PROCESSING')"

REFUND_PLANTS: Final[dict[str, str]] = {
    "payment.refunds_are_its_parts": _update("payment", "refunding_fen = refunding_fen + 1", "refunded_fen > 0"),
    "refund.part_succeeds_once": """
        insert into refund_allocation (id, shop_id, refund_id, payment_id, amount_fen, state, out_refund_no, attempts,
                                       last_error, created_at, updated_at)
        select '{new}', shop_id, refund_id, payment_id, amount_fen, state, '{new}', 0, '', created_at, updated_at
        from refund_allocation where shop_id = '{shop}' and state = 'SUCCEEDED' order by id limit 1
    """,
    "order.refunds_are_its_parts": _update("orders", "refunded_fen = refunded_fen - 1", "refunded_fen > 0"),
    "order_line.refunds_are_its_shares": _update("order_line", "refunded_fen = refunded_fen - 1", "refunded_fen > 0"),
    "refund.is_its_lines_and_freight": _update("refund_line", "amount_fen = amount_fen + 1", _DONE),
    "order.freight_goes_back_once": _update(
        "refund", "freight_fen = (select freight_fen + 1 from orders where orders.id = refund.order_id)"
    ),
    "refund.succeeds_with_its_parts": _update(
        "refund", "state = 'PROCESSING', succeeded_at = null", "state = 'SUCCEEDED'"
    ),
    "refund.is_being_made": _update("refund_allocation", "next_attempt_at = null", _GOING),
    "reservation.returned_by_refunds": _update("reservation", "returned = returned - 1", "returned > 0"),
    "refund.moves_stock_once": _delete("stock_move", "reason = 'RETURNED'"),
    "order.refund_axes_are_its_pieces_and_money": _update(
        "orders", "refund_status = 'ALL'", "refund_status = 'PARTIAL'"
    ),
    "order.payment_axis_follows_its_history": _delete("order_change", "to_value = 'PARTIALLY_REFUNDED'"),
    "order.refund_axis_follows_its_history": _delete("order_change", "to_value = 'PARTIAL'"),
    "after_sale.status_follows_its_history": _delete("after_sale_change", "to_status = 'APPLIED'"),
    "after_sale.refund_is_where_it_stands": _update("after_sale", "status = 'REFUNDING'"),
    "after_sale.moves_on": _update("after_sale", "deadline_at = created_at - interval '1 day'"),
}


async def give_back(shop: SandboxShop) -> None:
    """Buy three pieces: one is back, one is on its way back, and about the third somebody complains."""
    [cup] = await on_sale(shop, "given-back", 20)
    person = await payer(shop, "小刚")
    order = await paid_order(person, (cup, 3))
    [line] = order["lines"]
    await refunds(shop, order["id"], lines=[piece(line)])
    await settled(shop)
    await refunds_become(shop, "PROCESSING")
    await refunds(shop, order["id"], lines=[piece(line)])
    await settled(shop)
    await complains(person, line)
