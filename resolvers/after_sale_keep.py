"""How the shop answers after-sales: grant, refuse, take goods in, send others; and what happens when nobody answers."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from models.after_sale import AfterSaleStatus, AfterSaleType
from models.database import Connection, transaction
from models.refund import RefundReason
from models.refusal import Refusal, UserErrorCode
from resolvers.after_sale_rules import not_allowed_now
from resolvers.after_sale_step import AfterSaleStep, step_after_sale
from resolvers.caller import Caller
from resolvers.carrier import require_tracking
from resolvers.checks import FEN_MAX, Checks
from resolvers.order_step import StepBy
from resolvers.refund import request_refund
from resolvers.refund_plan import LineWish, RefundWish, too_much
from resolvers.retried import retried

RETURN_DAYS: Final = 7
"""So long a granted return is waited for."""

NOTE_CHARS_MAX: Final = 500

_OF: Final = "select order_id from after_sale where shop_id = $1 and id = $2"
# The order before the after-sale, as by everybody who refunds.
_HOLD_ORDER: Final = "select id from orders where shop_id = $1 and id = $2 for no key update"
_HOLD: Final = """
select one.id, one.order_id, one.order_line_id, one.type, one.status, one.quantity, one.amount_fen, one.deadline_at,
       line.payable_fen - line.refunding_fen - line.refunded_fen as left_fen,
       line.quantity - line.refunding_quantity - line.refunded_quantity as left_quantity, shop.confirm_days
from after_sale one
join order_line line on line.shop_id = $1 and line.id = one.order_line_id
join shop on shop.id = $1
where one.shop_id = $1 and one.id = $2 for no key update of one
"""
_AMOUNT: Final = "update after_sale set amount_fen = $3 where shop_id = $1 and id = $2"
_EXCHANGED: Final = """
update after_sale set exchange_carrier_code = $3, exchange_tracking_no = $4 where shop_id = $1 and id = $2
"""


@retried
async def after_sale_approve(caller: Caller, after_sale_id: UUID, amount_fen: int | None = None) -> UUID:
    """Grant what was asked for, or less money than that. Money alone is refunded now, goods are waited for.

    Raises Refusal NOT_FOUND, NOT_ALLOWED, OUT_OF_RANGE for more than was asked; what `request_refund` raises.
    """
    checks = Checks()
    checks.number(amount_fen, "amount", most=FEN_MAX)
    checks.end()
    async with transaction() as sql:
        row = await _standing(sql, caller, after_sale_id, AfterSaleStatus.APPLIED)
        if amount_fen is not None:
            if amount_fen > row["amount_fen"]:
                raise too_much(("amount",))
            await sql.execute(_AMOUNT, caller.shop_id, after_sale_id, amount_fen)
        await grant(sql, caller.shop_id, row, StepBy.caller(caller), amount_fen)
    return after_sale_id


@retried
async def after_sale_reject(caller: Caller, after_sale_id: UUID, reason: str) -> UUID:
    """Say no, and why. Raises Refusal NOT_FOUND, NOT_ALLOWED; Refusals."""
    _check_reason(reason)
    async with transaction() as sql:
        await _standing(sql, caller, after_sale_id, AfterSaleStatus.APPLIED)
        step = AfterSaleStep(AfterSaleStatus.APPLIED, AfterSaleStatus.REJECTED)
        await step_after_sale(sql, caller.shop_id, after_sale_id, step, StepBy.caller(caller, reason))
    return after_sale_id


@retried
async def after_sale_receive(caller: Caller, after_sale_id: UUID) -> UUID:
    """Say that returned goods came as they should: they are back on the shelf when the money has gone back.

    Raises Refusal NOT_FOUND, NOT_ALLOWED (an exchange is answered by `after_sale_exchange_ship`).
    """
    async with transaction() as sql:
        row = await _standing(sql, caller, after_sale_id, AfterSaleStatus.RETURN_SHIPPED, AfterSaleType.RETURN)
        await _refund(sql, caller.shop_id, row, StepBy.caller(caller))
    return after_sale_id


@retried
async def after_sale_refuse_receipt(caller: Caller, after_sale_id: UUID, reason: str) -> UUID:
    """Say that what came is not what was sent, and how. Raises Refusal NOT_FOUND, NOT_ALLOWED; Refusals."""
    _check_reason(reason)
    async with transaction() as sql:
        await _standing(sql, caller, after_sale_id, AfterSaleStatus.RETURN_SHIPPED)
        step = AfterSaleStep(AfterSaleStatus.RETURN_SHIPPED, AfterSaleStatus.RECEIVE_REFUSED)
        await step_after_sale(sql, caller.shop_id, after_sale_id, step, StepBy.caller(caller, reason))
    return after_sale_id


@retried
async def after_sale_exchange_ship(caller: Caller, after_sale_id: UUID, carrier_code: str, tracking_no: str) -> UUID:
    """Say by whom the other goods come. Stock does not move: what came back takes the place of what goes out.

    Raises Refusal NOT_FOUND, NOT_ALLOWED, INVALID.
    """
    async with transaction() as sql:
        row = await _standing(sql, caller, after_sale_id, AfterSaleStatus.RETURN_SHIPPED, AfterSaleType.EXCHANGE)
        await require_tracking(sql, carrier_code, tracking_no)
        await sql.execute(_EXCHANGED, caller.shop_id, after_sale_id, carrier_code, tracking_no)
        confirmed_at = caller.now + timedelta(days=row["confirm_days"])
        step = AfterSaleStep(AfterSaleStatus.RETURN_SHIPPED, AfterSaleStatus.EXCHANGE_SHIPPED, confirmed_at)
        await step_after_sale(sql, caller.shop_id, after_sale_id, step, StepBy.caller(caller))
    return after_sale_id


async def hold_after_sale(sql: Connection, shop_id: UUID, after_sale_id: UUID) -> Record | None:
    """Lock an after-sale's order, then itself; None when it is not there."""
    order_id = await sql.fetchval(_OF, shop_id, after_sale_id)
    if order_id is None:
        return None
    await sql.execute(_HOLD_ORDER, shop_id, order_id)
    held: Record | None = await sql.fetchrow(_HOLD, shop_id, after_sale_id)
    return held


async def grant(sql: Connection, shop_id: UUID, row: Record, by: StepBy, amount_fen: int | None = None) -> None:
    """Grant a held application: money at once, goods when they have come."""
    if row["type"] == AfterSaleType.REFUND:
        await _refund(sql, shop_id, row, by, amount_fen)
        return
    back_until = by.now + timedelta(days=RETURN_DAYS)
    step = AfterSaleStep(AfterSaleStatus.APPLIED, AfterSaleStatus.AWAITING_RETURN, back_until)
    await step_after_sale(sql, shop_id, row["id"], step, by)


async def _refund(sql: Connection, shop_id: UUID, row: Record, by: StepBy, amount_fen: int | None = None) -> None:
    """Have the pieces paid back: what was granted, or what is left when other refunds came between."""
    if row["left_quantity"] < row["quantity"]:
        raise too_much(("id",))
    step = AfterSaleStep(AfterSaleStatus(row["status"]), AfterSaleStatus.REFUNDING)
    await step_after_sale(sql, shop_id, row["id"], step, by)
    granted = row["amount_fen"] if amount_fen is None else amount_fen
    wish = RefundWish(
        reason=RefundReason.AFTER_SALE,
        lines=[LineWish(row["order_line_id"], row["quantity"], min(granted, row["left_fen"]))],
        restock=True if row["type"] == AfterSaleType.RETURN else None,
        after_sale_id=row["id"],
        staff_id=by.staff_id,
    )
    await request_refund(sql, shop_id, row["order_id"], wish, by)


async def _standing(
    sql: Connection,
    caller: Caller,
    after_sale_id: UUID,
    status: AfterSaleStatus,
    type_: AfterSaleType | None = None,
) -> Record:
    row = await hold_after_sale(sql, caller.shop_id, after_sale_id)
    if row is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该售后单", "No such after-sale", "id")
    if row["status"] != status or (type_ is not None and row["type"] != type_):
        raise not_allowed_now()
    return row


def _check_reason(reason: str) -> None:
    checks = Checks()
    checks.text(reason, "reason", chars=NOTE_CHARS_MAX, blank=False)
    checks.end()
