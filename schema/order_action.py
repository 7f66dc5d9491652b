"""What a customer can do with an order, and why not: conditions over the order's row, one select for all."""

import strawberry

from engine.declare import field, reads
from models.order_hold import is_kept
from schema.order_status import OrderActionKind, OrderActionReason

_LEFT_TO_COMPLAIN = """
exists (select from order_line line where line.shop_id = {shop} and line.order_id = {p}.id
        and line.refunding_quantity + line.refunded_quantity < line.quantity)
"""
_LEFT_TO_REVIEW = """
exists (select from order_line line where line.shop_id = {shop} and line.order_id = {p}.id
        and line.reviewed_at is null and line.refunded_quantity < line.quantity)
"""
_HELD = is_kept("{shop}", "{p}.id")
_COMPLAINT_IS_LATE = """
{p}.completed_at is not null and {p}.completed_at + (
    select shop.after_sale_days * interval '1 day' from shop where shop.id = {shop}
) <= {now}
"""
_WHY_NOT_PAYABLE = """
case when {p}.status = 'CANCELLED' then 'CANCELLED' when {p}.payment_status <> 'UNPAID' then 'ALREADY_PAID'
     when {p}.expires_at <= {now} then 'EXPIRED' end
"""

ACTIONS = f"""
select action.kind, action.why is null as allowed, action.why as reason from (values
    ('PAY', {_WHY_NOT_PAYABLE}),
    ('CANCEL', case when {{p}}.status = 'CANCELLED' then 'CANCELLED'
                    when {{p}}.payment_status <> 'UNPAID' then 'ALREADY_PAID' end),
    ('CONFIRM', case when {{p}}.payment_status = 'UNPAID' then 'NOT_PAID'
                     when {{p}}.fulfilment_status = 'RECEIVED' then 'ALREADY_RECEIVED'
                     when {{p}}.fulfilment_status <> 'SHIPPED' then 'NOT_SHIPPED'
                     when {{p}}.status <> 'PAID' then 'NOTHING_LEFT' end),
    ('AFTER_SALE', case when {{p}}.payment_status = 'UNPAID' then 'NOT_PAID'
                        when {{p}}.status = 'CLOSED' then 'NOTHING_LEFT'
                        when {_HELD} then 'ON_HOLD'
                        when {_COMPLAINT_IS_LATE} then 'TOO_LATE'
                        when not {_LEFT_TO_COMPLAIN} then 'NOTHING_LEFT' end),
    ('REVIEW', case when {{p}}.payment_status = 'UNPAID' then 'NOT_PAID'
                    when {{p}}.fulfilment_status <> 'RECEIVED' then 'NOT_FINISHED'
                    when not {_LEFT_TO_REVIEW} then 'NOTHING_LEFT' end),
    ('HIDE', case when {{p}}.hidden_at is not null then 'HIDDEN'
                  when {{p}}.status in ('PENDING_PAYMENT', 'PAID') then 'NOT_FINISHED' end)
) as action(kind, why)
"""


@reads()
@strawberry.type(description="Something a customer can do with an order, or why not.")
class OrderAction:
    """Derived from the order's row."""

    kind: OrderActionKind = field(description="What.")
    allowed: bool = field(description="Whether it is possible now. Show the button when it is.")
    reason: OrderActionReason | None = field(description="Why it is not possible; null when it is.")
