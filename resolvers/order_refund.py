"""Refunds that staff give: before an order is sent, of what was sent, of a difference of price; and another try."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from clock import wall_now
from models.database import Connection, transaction
from models.order import FulfilmentStatus
from models.order_hold import is_kept
from models.refund import RefundReason, RefundState
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import FEN_MAX, Checks
from resolvers.idempotency import once
from resolvers.order_own import no_such_order
from resolvers.order_step import StepBy
from resolvers.refund import request_refund
from resolvers.refund_plan import LineWish, RefundWish
from resolvers.refund_settle import ask_anew, find_part
from resolvers.retried import retried

LINES_MAX: Final = 200
NOTE_CHARS_MAX: Final = 500

_FULFILMENT: Final = f"""
select fulfilment_status, {is_kept("$1", "$2")} as is_forming
from orders where shop_id = $1 and id = $2 for no key update
"""  # noqa: S608 - our own words
_OF_REFUND: Final = "select order_id, state from refund where shop_id = $1 and id = $2"
_HOLD_ORDER: Final = "select id from orders where shop_id = $1 and id = $2 for no key update"
# Of each payment's parts the last: what came before it ended without money.
_STUCK: Final = """
select distinct on (payment_id) id, state, out_refund_no from refund_allocation
where shop_id = $1 and refund_id = $2 order by payment_id, created_at desc, id desc
"""
_ASK_AGAIN: Final = """
update refund_allocation set next_attempt_at = $3
where shop_id = $1 and id = $2 and state in ('REQUESTED', 'PROCESSING', 'ABNORMAL')
"""


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """What staff want to give back; the Nones as in RefundWish."""

    lines: Sequence[LineWish] | None = None
    freight_fen: int | None = None
    restock: bool | None = None
    note: str = ""


async def order_refund(caller: Caller, order_id: UUID, draft: RefundDraft, key: str) -> UUID:
    """Give money of a paid order back, once for this key; returns the refund.

    Pieces that go back before anything was sent are a cancellation, money without pieces is a difference of price.
    Raises Refusals, NOT_ALLOWED while a team is forming, which its member may leave; what `request_refund` raises,
    what `once` raises.
    """
    _check(draft)

    async def write(sql: Connection) -> str:
        order = await sql.fetchrow(_FULFILMENT, caller.shop_id, order_id)
        if order is None:
            raise no_such_order()
        if order["is_forming"]:
            zh, en = "拼团进行中，暂不能退款", "Its group is still forming"
            raise Refusal(UserErrorCode.NOT_ALLOWED, zh, en, *("orderId",))
        wish = RefundWish(
            reason=_reason(draft, order["fulfilment_status"]),
            lines=draft.lines,
            freight_fen=draft.freight_fen,
            restock=draft.restock,
            note=draft.note,
            staff_id=caller.staff_id,
        )
        return str(await request_refund(sql, caller.shop_id, order_id, wish, StepBy.caller(caller, draft.note)))

    return UUID(await once(caller, "orderRefund", key, [order_id, draft], write))


@retried
async def refund_retry(caller: Caller, refund_id: UUID) -> UUID:
    """Try a refund again that waits for somebody; returns it. Asked twice it is tried once more.

    A part that WeChat closed is asked for under a new number. One that is abnormal keeps its number: WeChat is asked
    where it stands, after somebody has seen to it in the merchant platform, or told of it when it refused before.
    Raises Refusal NOT_FOUND; NOT_ALLOWED for one that does not wait for anybody.
    """
    async with transaction() as sql:
        refund = await sql.fetchrow(_OF_REFUND, caller.shop_id, refund_id)
        if refund is None:
            raise Refusal(UserErrorCode.NOT_FOUND, "找不到该退款单", "No such refund", "id")
        await sql.execute(_HOLD_ORDER, caller.shop_id, refund["order_id"])
        refund = await sql.fetchrow(_OF_REFUND, caller.shop_id, refund_id)
        if refund["state"] != RefundState.ABNORMAL:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "该退款无需人工处理", "The refund does not wait for anybody", "id")
        for part in await sql.fetch(_STUCK, caller.shop_id, refund_id):
            if part["state"] == RefundState.CLOSED:
                whole = await find_part(sql, caller.shop_id, part["out_refund_no"])
                if whole is not None:
                    await ask_anew(sql, whole, StepBy.caller(caller))
            else:
                await sql.execute(_ASK_AGAIN, caller.shop_id, part["id"], wall_now())
    return refund_id


def _check(draft: RefundDraft) -> None:
    checks = Checks()
    checks.text(draft.note, "note", chars=NOTE_CHARS_MAX)
    checks.number(draft.freight_fen, "freight", most=FEN_MAX)
    if draft.lines is not None:
        checks.at_most(draft.lines, LINES_MAX, "lines")
        checks.distinct([line.order_line_id for line in draft.lines], "orderLineId", "lines")
        for index, line in enumerate(draft.lines):
            checks.number(line.quantity, "lines", index, "quantity")
            checks.number(line.amount_fen, "lines", index, "amount", most=FEN_MAX)
    checks.end()


def _reason(draft: RefundDraft, fulfilment: FulfilmentStatus) -> RefundReason:
    if draft.lines and not draft.freight_fen and not any(line.quantity for line in draft.lines):
        return RefundReason.PRICE_DIFFERENCE
    return RefundReason.CANCEL if fulfilment == FulfilmentStatus.NOT_SHIPPED else RefundReason.AFTER_SALE
