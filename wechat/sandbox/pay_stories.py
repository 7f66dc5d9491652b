"""What testers read of the sandbox's WeChat Pay, and what they do to its notifications."""

from typing import Any, Final

from clock import wall_now
from models.database import pool
from wechat.sandbox.pay_merchants import Merchant
from wechat.sandbox.pay_refunds import Refund, find_refund

_PAYMENTS: Final = """
select * from (
    select id, mchid, nullif(sub_mchid, '') as "subMchid", appid,
        nullif(sub_appid, '') as "subAppid", out_trade_no as "outTradeNo", prepay_id as "prepayId",
        transaction_id as "transactionId", state, total_fen as "totalFen", paid_fen as "paidFen",
        refunded_fen as "refundedFen", openid, payer_openid as "payerOpenid", notify_url as "notifyUrl",
        made_at as "madeAt", ends_at as "endsAt", paid_at as "paidAt"
    from wechat_sandbox.pay_transaction
    where mchid = $1 and ($2::text is null or sub_mchid = $2) and ($3::text is null or out_trade_no = $3)
    order by id desc limit $4
) newest order by id
"""
_REFUNDS: Final = """
select * from (
    select r.id, r.mchid, nullif(r.sub_mchid, '') as "subMchid", r.out_refund_no as "outRefundNo",
        r.refund_id as "refundId", t.out_trade_no as "outTradeNo", t.transaction_id as "transactionId",
        r.amount_fen as "amountFen", r.status, r.asked ->> 'reason' as reason, r.made_at as "madeAt",
        r.success_at as "successAt"
    from wechat_sandbox.pay_refund r join wechat_sandbox.pay_transaction t on t.id = r.payment_id
    where r.mchid = $1 and ($2::text is null or r.sub_mchid = $2)
        and ($3::text is null or r.out_refund_no = $3 or t.out_trade_no = $3)
    order by r.id desc limit $4
) newest order by id
"""
_NOTIFICATIONS: Final = """
select * from (
    select id, notification_id as "notificationId", event_type as "eventType", about, url, made_at as "madeAt",
        is_held as held, attempts, due_at as "dueAt", delivered_at as "deliveredAt", last_status as "lastStatus",
        last_answer as "lastAnswer"
    from wechat_sandbox.notification
    where mchid = $1 and ($2::text is null or about = $2) order by id desc limit $3
) newest order by id
"""
_WHICH_REFUND: Final = """
select mchid, sub_mchid from wechat_sandbox.pay_refund
where out_refund_no = $1 and ($2::text is null or mchid = $2) limit 2
"""
_HOLD: Final = "update wechat_sandbox.pay_merchant set is_holding = $2 where mchid = $1"
_HELD: Final = "select id from wechat_sandbox.notification where mchid = $1 and is_held order by id"
_LET_GO: Final = """
update wechat_sandbox.notification set is_held = false, due_at = $3 where id = $1 and mchid = $2 and is_held
returning id
"""


async def payments_of(mchid: str, sub_mchid: str | None, order: str | None, limit: int) -> list[dict[str, Any]]:
    """List a merchant's orders, paid or not; the newest at the end."""
    return [dict(row) for row in await pool().fetch(_PAYMENTS, mchid, sub_mchid, order, limit)]


async def refunds_of(mchid: str, sub_mchid: str | None, order: str | None, limit: int) -> list[dict[str, Any]]:
    """List a merchant's refunds, of all orders or of one; the newest at the end."""
    return [dict(row) for row in await pool().fetch(_REFUNDS, mchid, sub_mchid, order, limit)]


async def notifications_of(mchid: str, about: str | None, limit: int) -> list[dict[str, Any]]:
    """List a merchant's notifications: what became of them, and when they are tried next."""
    return [dict(row) for row in await pool().fetch(_NOTIFICATIONS, mchid, about, limit)]


async def refund_named(out_refund_no: str, mchid: str | None) -> Refund | None:
    """Return the one refund of a number; None when there is none, or more than one."""
    rows = await pool().fetch(_WHICH_REFUND, out_refund_no, mchid)
    if len(rows) != 1:
        return None
    return await find_refund(pool(), rows[0]["mchid"], rows[0]["sub_mchid"], out_refund_no)


async def hold(merchant: Merchant, *, is_holding: bool) -> None:
    """Keep what is queued from now on, or send it again as it comes; what is kept stays until it is released."""
    await pool().execute(_HOLD, merchant.mchid, is_holding)


async def held(mchid: str) -> list[int]:
    """List the numbers of what is kept, the oldest first."""
    return [row["id"] for row in await pool().fetch(_HELD, mchid)]


async def let_go(mchid: str, number: int) -> bool:
    """Make one due; whether it was kept."""
    return await pool().fetchval(_LET_GO, number, mchid, wall_now()) is not None
