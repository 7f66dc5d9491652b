"""What WeChat says of refunds, held against what was asked; taken once, whoever tells it and however often.

A part that SUCCEEDED moves its money from refunding to refunded, and with the last part the refund is done. A part that
is CLOSED brought nothing: it is asked for once more under a new number, and then waits for a person, as ABNORMAL does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from ids import new_id
from logs import log
from models.database import Connection, pool, transaction
from models.refund import NEXT_REFUND_STATE, RefundState
from resolvers.merchant_pay import Account
from resolvers.order_step import StepBy
from resolvers.outbox import emit_many
from resolvers.refund_complete import complete_refund
from resolvers.retried import retried
from resolvers.shop_clock import shop_now
from wechat.pay_answers import RefundState as Told
from wechat.pay_answers import RefundStatus

ABNORMAL_TOPIC: Final = "refund.abnormal"
NUMBERS_MAX: Final = 2
"""So many numbers a part gets by itself."""

FIRST_LOOK_SECONDS: Final = 5

_COLUMNS: Final = """part.id, part.shop_id, part.refund_id, part.payment_id, part.amount_fen, part.state,
    part.out_refund_no, part.wechat_refund_id,
    refund.order_id, payment.merchant_account_id, payment.out_trade_no, payment.transaction_id,
    payment.amount_fen as paid_fen, payment.is_surplus, shop.clock_offset_ms"""
# Unique (shop_id, out_refund_no), then primary keys.
_FIND: Final = f"""
select {_COLUMNS} from refund_allocation part
join refund on refund.shop_id = part.shop_id and refund.id = part.refund_id
join payment on payment.shop_id = part.shop_id and payment.id = part.payment_id
join shop on shop.id = part.shop_id
where part.shop_id = $1 and part.out_refund_no = $2
"""  # noqa: S608 - fixed words
_HOLD_ORDER: Final = "select id from orders where shop_id = $1 and id = $2 for no key update"
# The guard is the state it comes from: of rivals one moves it.
_MOVE: Final = """
update refund_allocation set state = $3, wechat_refund_id = coalesce($4, wechat_refund_id), next_attempt_at = $5,
                             last_error = $6, updated_at = $7
where shop_id = $1 and id = $2 and state = any($8::text[])
"""
_REST: Final = "update refund_allocation set next_attempt_at = null where shop_id = $1 and id = $2 and state = $3"
_PAYMENT_BACK: Final = """
update payment set refunding_fen = refunding_fen - $3, refunded_fen = refunded_fen + $3, updated_at = $4
where shop_id = $1 and id = $2
"""
_ORDER_BACK: Final = """
update orders set refunding_fen = refunding_fen - $3, refunded_fen = refunded_fen + $3 where shop_id = $1 and id = $2
"""
_IS_WHOLE: Final = """
select coalesce(sum(amount_fen), 0) = (select amount_fen from refund where shop_id = $1 and id = $2)
from refund_allocation where shop_id = $1 and refund_id = $2 and state = 'SUCCEEDED'
"""
_STATE: Final = """
update refund set state = $3, updated_at = $4 where shop_id = $1 and id = $2 and state = any($5::text[])
"""
_NUMBERS: Final = """
select count(*) from refund_allocation where shop_id = $1 and refund_id = $2 and payment_id = $3
"""
_ANOTHER: Final = """
insert into refund_allocation (id, shop_id, refund_id, payment_id, amount_fen, state, out_refund_no, attempts,
                               next_attempt_at, last_error, created_at, updated_at)
values ($1, $2, $3, $4, $5, 'REQUESTED', $6, 0, $7, '', $8, $8)
"""

_FROM: Final[Mapping[RefundState, tuple[RefundState, ...]]] = {
    state: tuple(before for before, after in NEXT_REFUND_STATE.items() if state in after) for state in RefundState
}
_STATES: Final = {
    RefundStatus.SUCCESS: RefundState.SUCCEEDED,
    RefundStatus.PROCESSING: RefundState.PROCESSING,
    RefundStatus.ABNORMAL: RefundState.ABNORMAL,
    RefundStatus.CLOSED: RefundState.CLOSED,
}


class RefundVerdict(StrEnum):
    """What became of WeChat's word. Whatever begins with WRONG or UNKNOWN changed nothing, and somebody must look."""

    SUCCEEDED = "SUCCEEDED"
    PROCESSING = "PROCESSING"
    ABNORMAL = "ABNORMAL"
    CLOSED = "CLOSED"
    REPEATED = "REPEATED"
    UNKNOWN_NUMBER = "UNKNOWN_NUMBER"
    UNKNOWN_STATE = "UNKNOWN_STATE"
    WRONG_ACCOUNT = "WRONG_ACCOUNT"
    WRONG_MERCHANT = "WRONG_MERCHANT"
    WRONG_PAYMENT = "WRONG_PAYMENT"
    WRONG_AMOUNT = "WRONG_AMOUNT"


REFUND_MISMATCHES: Final = frozenset(one for one in RefundVerdict if one.startswith(("WRONG", "UNKNOWN")))


@dataclass(frozen=True, slots=True)
class PartNews:
    """Where a part stands now, WeChat's id of it when it has one, and what is wrong, in WeChat's word."""

    state: RefundState
    wechat_refund_id: str | None = None
    error: str = ""


async def take_refund_word(account: Account, told: Told) -> RefundVerdict:
    """Compare what WeChat says of a refund, by notification or asked, and record it once when all is right."""
    part = await find_part(pool(), account.shop_id, told.out_refund_no)
    verdict = _wrong(account, told, part)
    if verdict is None and part is not None:
        verdict = await record_news(part, PartNews(_STATES[told.status], told.refund_id))
    if verdict in REFUND_MISMATCHES:
        log("refund_mismatch", level="error", verdict=verdict, account=account.id.hex, number=told.out_refund_no)
    return verdict or RefundVerdict.UNKNOWN_NUMBER


@retried
async def record_news(part: Record, news: PartNews) -> RefundVerdict:
    """Record where a part stands, once, in a transaction of its own; `part` is as `find_part` gives it."""
    by = StepBy.system(shop_now(part["clock_offset_ms"]))
    shop_id, state = part["shop_id"], news.state
    async with transaction() as sql:
        await sql.execute(_HOLD_ORDER, shop_id, part["order_id"])
        columns = (state, news.wechat_refund_id, _next_look(news), news.error, by.now)
        moved = await sql.execute(_MOVE, shop_id, part["id"], *columns, list(_FROM[state]))
        if moved != "UPDATE 1":
            await sql.execute(_REST, shop_id, part["id"], RefundState.ABNORMAL)
            return RefundVerdict.REPEATED
        match state:
            case RefundState.SUCCEEDED:
                await _arrived(sql, part, by)
            case RefundState.CLOSED:
                await _closed(sql, part, by)
            case RefundState.ABNORMAL:
                await _needs_somebody(sql, part, by)
            case _:
                await sql.execute(_STATE, shop_id, part["refund_id"], state, by.now, list(_FROM[state]))
    return RefundVerdict(state)


async def find_part(sql: Connection, shop_id: UUID, out_refund_no: str) -> Record | None:
    """Return a part by its number, with what is held against WeChat's word; None when there is none."""
    found: Record | None = await sql.fetchrow(_FIND, shop_id, out_refund_no)
    return found


async def start_part(sql: Connection, part: Record, look_at: datetime, by: StepBy) -> None:
    """Let an abnormal part be under way again, inside an open transaction that holds the order.

    Whatever becomes of it, WeChat is asked about it at `look_at`, of the wall clock.
    """
    shop_id, state = part["shop_id"], RefundState.PROCESSING
    await sql.execute(_MOVE, shop_id, part["id"], state, None, look_at, "", by.now, list(_FROM[state]))
    await sql.execute(_STATE, shop_id, part["refund_id"], state, by.now, list(_FROM[state]))


async def ask_anew(sql: Connection, part: Record, by: StepBy) -> None:
    """Ask for a part that ended without money again, under a new number, inside an open transaction."""
    id_ = new_id()
    whose = (part["shop_id"], part["refund_id"], part["payment_id"], part["amount_fen"])
    await sql.execute(_ANOTHER, id_, *whose, id_.hex, wall_now(), by.now)
    states = list(_FROM[RefundState.PROCESSING])
    await sql.execute(_STATE, part["shop_id"], part["refund_id"], RefundState.PROCESSING, by.now, states)


def _wrong(account: Account, told: Told, part: Record | None) -> RefundVerdict | None:
    """Return what is wrong; None when the word may be taken."""
    if part is None:
        return RefundVerdict.UNKNOWN_NUMBER
    faults = {
        RefundVerdict.WRONG_ACCOUNT: part["merchant_account_id"] != account.id,
        # Answers leave it out; who signed the question is who they are for.
        RefundVerdict.WRONG_MERCHANT: told.mchid is not None
        and (told.mchid, told.sub_mchid) != (account.merchant.mchid, account.merchant.sub_mchid),
        RefundVerdict.WRONG_PAYMENT: (told.out_trade_no, told.transaction_id)
        != (part["out_trade_no"], part["transaction_id"] or told.transaction_id),
        RefundVerdict.WRONG_AMOUNT: (told.amount_refund_fen, told.amount_total_fen)
        != (part["amount_fen"], part["paid_fen"]),
        RefundVerdict.UNKNOWN_STATE: told.status not in _STATES,
    }
    return next((verdict for verdict, is_wrong in faults.items() if is_wrong), None)


def _next_look(news: PartNews) -> datetime | None:
    """What is abnormal is asked about once more: such news may be old, from before it was sent another way."""
    is_abnormal_there = news.state is RefundState.ABNORMAL and news.wechat_refund_id is not None
    if news.state is RefundState.PROCESSING or is_abnormal_there:
        return wall_now() + timedelta(seconds=FIRST_LOOK_SECONDS)
    return None


async def _arrived(sql: Connection, part: Record, by: StepBy) -> None:
    shop_id = part["shop_id"]
    await sql.execute(_PAYMENT_BACK, shop_id, part["payment_id"], part["amount_fen"], by.now)
    if not part["is_surplus"]:
        await sql.execute(_ORDER_BACK, shop_id, part["order_id"], part["amount_fen"])
    if await sql.fetchval(_IS_WHOLE, shop_id, part["refund_id"]):
        await complete_refund(sql, shop_id, part["refund_id"], by)


async def _closed(sql: Connection, part: Record, by: StepBy) -> None:
    numbers = await sql.fetchval(_NUMBERS, part["shop_id"], part["refund_id"], part["payment_id"])
    if numbers < NUMBERS_MAX:
        await ask_anew(sql, part, by)
    else:
        await _needs_somebody(sql, part, by)


async def _needs_somebody(sql: Connection, part: Record, by: StepBy) -> None:
    shop_id, refund_id = part["shop_id"], part["refund_id"]
    log("refund_abnormal", level="error", refund=refund_id.hex, part=part["id"].hex)
    await sql.execute(_STATE, shop_id, refund_id, RefundState.ABNORMAL, by.now, list(_FROM[RefundState.ABNORMAL]))
    told = {"refundId": refund_id, "orderId": part["order_id"], "amountFen": part["amount_fen"]}
    await emit_many(sql, shop_id, ABNORMAL_TOPIC, {refund_id: told})
