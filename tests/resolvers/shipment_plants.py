"""A shop that has sent parcels, of which one was received and reviewed, and what breaks the rules of that."""

from typing import Final

from tests.harness.buying import on_sale
from tests.harness.paying import payer
from tests.harness.shipping import CONFIRM, REVIEW, ships
from tests.harness.shops import SandboxShop

_ORDER: Final = """(
    select id from orders where shop_id = '{{shop}}' and status = 'PAID' and fulfilment_status = '{state}'
    order by id limit 1)"""
_SHIPPED: Final = _ORDER.format(state="SHIPPED")

SHIPMENT_PLANTS: Final[dict[str, str]] = {
    "order_line.shipped_is_its_parcels": """
        update shipment_line set quantity = quantity + 1
        where id = (select id from shipment_line where shop_id = '{shop}' order by id limit 1)
    """,
    "shipment.has_lines_of_its_order": f"""
        insert into shipment (id, shop_id, order_id, note, created_at)
        select '{{new}}', '{{shop}}', id, '', created_at from orders where id = {_SHIPPED}
    """,
    "order_line.sent_was_not_taken_back": f"""
        with given as (
            insert into refund (id, shop_id, order_id, reason, state, amount_fen, freight_fen, restock, note,
                                created_at, updated_at)
            select '{{new}}', '{{shop}}', id, 'GROUP_FAILED', 'REQUESTED', 0, 0, true, '', created_at, created_at
            from orders where id = {_SHIPPED}
        )
        insert into refund_line (id, shop_id, refund_id, order_line_id, quantity, amount_fen)
        select '{{new}}', '{{shop}}', '{{new}}', id, 1, 0 from order_line where order_id = {_SHIPPED}
    """,
    "order.fulfilment_is_its_pieces": f"update orders set fulfilment_status = 'NOT_SHIPPED' where id = {_SHIPPED}",
    "order.shipped_will_be_received": f"update orders set auto_confirm_at = null where id = {_SHIPPED}",
    "order.fulfilment_follows_its_history": (
        f"update orders set fulfilment_status = 'RECEIVED' where id = {_ORDER.format(state='PARTIALLY_SHIPPED')}"
    ),
    "shipping_upload.there_is_one": f"delete from shipping_upload where order_id = {_SHIPPED}",
    "shipping_upload.is_planned_or_done": (
        f"update shipping_upload set state = 'WAITING', next_attempt_at = null where order_id = {_SHIPPED}"
    ),
    "review.is_of_a_line_that_was_received": (
        "update order_line set reviewed_at = null where shop_id = '{shop}' and reviewed_at is not null"
    ),
}


async def send_some(shop: SandboxShop) -> None:
    """Buy three times: one is sent in part, one is on its way, one has come and was reviewed."""
    [cup] = await on_sale(shop, "sent", 20)
    buyer = await payer(shop)
    for state in ("PARTIALLY_SHIPPED", "SHIPPED", "RECEIVED"):
        order = await buyer.places((cup, 2))
        await buyer.has_paid(order["id"])
        assert (await buyer.sync(order["id"])).refusals == []
        line = order["lines"][0]["id"]
        await ships(shop, order["id"], (line, 1 if state == "PARTIALLY_SHIPPED" else 2))
        if state == "RECEIVED":
            assert (await buyer.ask(CONFIRM, {"id": order["id"]})).refusals == []
            assert (await buyer.ask(REVIEW, {"line": line, "rating": 5, "key": "good"})).refusals == []
