"""Having refunds made: WeChat is told of each part under its one number, and asked until it has ended. Due work.

Nothing is told before it stands committed, and nothing inside a transaction. Whoever does not know whether WeChat heard
asks by the number first, and says it again, under the same number, only when WeChat knows nothing of it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import pool
from models.failpoint import failpoint
from models.refund import RefundReason, RefundState
from resolvers.merchant_pay import Account, account_by_id, ask
from resolvers.refund_settle import REFUND_MISMATCHES, PartNews, RefundVerdict, find_part, record_news, take_refund_word
from wechat.connection import NoSandboxError
from wechat.pay import RefundWish
from wechat.pay_answers import RefundState as Told
from wechat.pay_errors import PayError, PayNotFound, PayRefused

LEASE_SECONDS: Final = 60
BACKOFF_SECONDS: Final = 5
BACKOFF_SECONDS_MAX: Final = 1800
BATCH_PARTS: Final = 50
AT_ONCE: Final = 8
NOT_ENOUGH: Final = "NOT_ENOUGH"
"""The merchant's account is short of money: it may be filled up, so it is asked again."""

WORDS: Final = {
    RefundReason.AFTER_SALE: "售后退款",
    RefundReason.CANCEL: "取消订单退款",
    RefundReason.GROUP_FAILED: "拼团未成功退款",
    RefundReason.SURPLUS: "重复支付退款",
    RefundReason.PRICE_DIFFERENCE: "退差价",
    RefundReason.LEADER_REWARD: "团长返现",
}
"""What the payer reads; never a note, for the same number must always say the same."""

_STILL: Final = (RefundVerdict.REPEATED, RefundState.PROCESSING)

# Partial index refund_allocation_due. A rival's claim is skipped; the lease ends by itself when its process is gone.
_CLAIM: Final = """
update refund_allocation set next_attempt_at = $2, attempts = attempts + 1
where id in (
    select id from refund_allocation where next_attempt_at <= $1 and ($3::uuid is null or shop_id = $3)
    order by next_attempt_at limit $4 for update skip locked
)
returning shop_id, id
"""
_LOAD: Final = """
select part.shop_id, part.id, part.state, part.attempts, part.out_refund_no, part.amount_fen, refund.reason,
       payment.merchant_account_id, payment.transaction_id, payment.out_trade_no, payment.amount_fen as paid_fen
from refund_allocation part
join refund on refund.shop_id = part.shop_id and refund.id = part.refund_id
join payment on payment.shop_id = part.shop_id and payment.id = part.payment_id
where part.shop_id = $1 and part.id = $2 and part.state in ('REQUESTED', 'PROCESSING', 'ABNORMAL')
"""
_PLAN: Final = """
update refund_allocation set next_attempt_at = $3, last_error = $4
where shop_id = $1 and id = $2 and state in ('REQUESTED', 'PROCESSING', 'ABNORMAL')
"""
_DONE: Final = "update refund_allocation set next_attempt_at = null where shop_id = $1 and id = $2"
# One that a worker has just taken in hand is not done yet either.
_WAITING: Final = """
select count(*) from refund_allocation
where shop_id = $1 and next_attempt_at is not null
  and (next_attempt_at <= $2 or (state = 'REQUESTED' and attempts = 1 and last_error = ''))
"""


async def send_refunds(wall: datetime, shop_id: UUID | None) -> int:
    """Tell or ask WeChat about every part that is due, of one shop or of all; returns how many. Due work, wall time."""
    done = 0
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(row: Record) -> None:
        async with limit:
            await _see_to(row["shop_id"], row["id"])

    while due := await pool().fetch(_CLAIM, wall, wall_now() + timedelta(seconds=LEASE_SECONDS), shop_id, BATCH_PARTS):
        await asyncio.gather(*(one(row) for row in due))
        done += len(due)
        if len(due) < BATCH_PARTS:
            break
    return done


async def waiting_refunds(shop_id: UUID) -> int:
    """Return how many parts of a shop's refunds WeChat should be told of or asked about now."""
    waiting: int = await pool().fetchval(_WAITING, shop_id, wall_now())
    return waiting


async def _see_to(shop_id: UUID, part_id: UUID) -> None:
    part = await pool().fetchrow(_LOAD, shop_id, part_id)
    account = await account_by_id(shop_id, part["merchant_account_id"]) if part else None
    if part is None or account is None:
        await pool().execute(_DONE, shop_id, part_id)
        return
    try:
        await failpoint("refund.before_call")
        told = await _told(account, part)
        await failpoint("refund.after_call")
    except PayRefused as refused:
        await _refused(part, refused)
    except (PayError, NoSandboxError) as fault:
        await _again(part, getattr(fault, "code", type(fault).__name__))
    else:
        verdict = await take_refund_word(account, told)
        if verdict in REFUND_MISMATCHES:
            await _again(part, verdict)
        elif verdict is RefundVerdict.PROCESSING or (verdict, part["state"]) == _STILL:
            await _again(part, "")


async def _told(account: Account, part: Record) -> Told:
    """Ask where a part stands when WeChat may have heard of it, and have it made when WeChat has not."""
    if part["attempts"] > 1:
        try:
            return await ask(account, lambda pay: pay.query_refund(part["out_refund_no"]))
        except PayNotFound:
            log("refund_never_arrived", part=part["id"].hex)
    wish = RefundWish(
        transaction_id=part["transaction_id"],
        out_trade_no=part["out_trade_no"],
        out_refund_no=part["out_refund_no"],
        reason=WORDS[part["reason"]],
        refund_fen=part["amount_fen"],
        total_fen=part["paid_fen"],
        notify_url=account.notify_url,
    )
    return await ask(account, lambda pay: pay.refund(wish))


async def _refused(part: Record, refused: PayRefused) -> None:
    """Nothing was done: an empty account is asked again, whatever else waits for a person."""
    if refused.code == NOT_ENOUGH:
        await _again(part, refused.code)
        return
    found = await find_part(pool(), part["shop_id"], part["out_refund_no"])
    if found is not None:
        await record_news(found, PartNews(RefundState.ABNORMAL, error=refused.code))


async def _again(part: Record, said: str) -> None:
    """Plan the next word: 5 s, then twice as long each time, to half an hour."""
    if said:
        log("refund_not_sent", level="warning", part=part["id"].hex, attempt=part["attempts"], fault=said)
    pause = min(BACKOFF_SECONDS * 2 ** min(part["attempts"] - 1, 20), BACKOFF_SECONDS_MAX)
    next_at = wall_now() + timedelta(seconds=pause)
    await pool().execute(_PLAN, part["shop_id"], part["id"], next_at, said)
