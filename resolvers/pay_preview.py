"""What a friend who was asked to pay sees before: the goods, the price and who asks, and nothing of where it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.database import pool
from models.refusal import Refusal
from resolvers.caller import Caller
from resolvers.order_review import masked_name
from resolvers.pay_token import order_of_token

LINES_MAX: Final = 20

# Primary keys, and index (shop_id, order_id, position). Of people only the name that they gave themselves.
_FIND: Final = """
select shop.name as shop_name, orders.total_fen, orders.item_count, orders.expires_at, customer.nickname
from orders
join shop on shop.id = orders.shop_id
join customer on customer.shop_id = orders.shop_id and customer.id = orders.customer_id
where orders.shop_id = $1 and orders.id = $2 and orders.status = 'PENDING_PAYMENT' and orders.expires_at > $3
"""
_LINES: Final = """
select title, variant_title, image_url, quantity from order_line where shop_id = $1 and order_id = $2
order by position limit $3
"""


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """Some pieces of one thing."""

    title: str
    variant_title: str
    image_url: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class PayPreview:
    """An order as who pays for it may see it; the first lines, and of the buyer the name with most of it hidden."""

    shop_name: str
    buyer: str
    lines: Sequence[PreviewLine]
    item_count: int
    total_fen: int
    expires_at: datetime


async def pay_preview(caller: Caller, token: str) -> PayPreview | None:
    """Return what a pay token is for; None when it is none of this shop's, or nothing can be paid by it any more."""
    try:
        order_id = order_of_token(caller.shop_id, token, caller.now)
    except Refusal:
        return None
    order = await pool().fetchrow(_FIND, caller.shop_id, order_id, caller.now)
    if order is None:
        return None
    lines = await pool().fetch(_LINES, caller.shop_id, order_id, LINES_MAX)
    return PayPreview(
        shop_name=order["shop_name"],
        buyer=masked_name(order["nickname"]),
        lines=[PreviewLine(**dict(line)) for line in lines],
        item_count=order["item_count"],
        total_fen=order["total_fen"],
        expires_at=order["expires_at"],
    )
