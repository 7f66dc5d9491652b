"""The second and third phase of paying: ask WeChat for a prepay_id, keep it, and sign what the phone opens with."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import pool
from models.failpoint import failpoint
from models.payment import PaymentState
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.merchant_pay import Account, account_by_id, ask
from resolvers.pay_open import Payer
from resolvers.pay_refusal import pay_refusal
from resolvers.payment_query import PLAN_SECONDS, ask_about, close_payment
from wechat.connection import NoSandboxError
from wechat.pay import Prepay, request_payment
from wechat.pay_errors import PayError, PayOrderPaid, PayRefused, PayUnknown

PREPAY_HOURS: Final = 2
MARGIN_SECONDS: Final = 60
"""A prepay_id that ends so soon is not handed to a phone any more."""

_NONCE_BYTES: Final = 16
_TRIES: Final = 2
# The number is closed at WeChat, or stands for other words than ours: only another one helps.
_ANOTHER_NUMBER: Final = {"ORDER_CLOSED", "ORDERCLOSED", "OUT_TRADE_NO_USED"}

_LOAD: Final = """
select payment.id, payment.state, payment.app_id, payment.merchant_account_id, payment.out_trade_no, payment.amount_fen,
       payment.provider_appid,
       payment.payer_openid, payment.expires_at, payment.prepay_id, payment.prepay_expires_at,
       orders.order_no, orders.item_count, line.title
from payment
join orders on orders.shop_id = payment.shop_id and orders.id = payment.order_id
left join lateral (
    select title from order_line
    where order_line.shop_id = orders.shop_id and order_line.order_id = orders.id order by position limit 1
) line on true
where payment.shop_id = $1 and payment.id = $2
"""
# Of rivals the first one's stands; a payment that was closed meanwhile stays so.
_PREPAID: Final = """
update payment set state = 'PREPAID', prepay_id = $3, prepay_expires_at = $4, next_query_at = $6, queries = 0,
                   last_error = '', updated_at = $5
where shop_id = $1 and id = $2 and state in ('CREATED', 'PREPAID')
  and (prepay_id is null or prepay_expires_at <= $7)
returning prepay_id
"""
_FAILED: Final = """
update payment set state = 'FAILED', last_error = $3, next_query_at = null, updated_at = $4
where shop_id = $1 and id = $2 and state = 'CREATED'
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the phone hands to `wx.requestPayment`; None when the payment has succeeded and nothing is left to pay."""

    request: Mapping[str, str] | None


async def prepare(caller: Caller, payer: Payer, payment_id: UUID) -> Prepared | None:
    """Prepare a payment at WeChat, once; never inside a transaction. None when it is over: open another one.

    Raises Refusal WECHAT_APP_REJECTED, NOT_CONFIGURED, RetryRefusal BUSY or WECHAT_RATE_LIMITED.
    """
    payment = await _load(caller, payment_id)
    if payment["state"] == PaymentState.SUCCEEDED:
        return Prepared(None)
    account = await _account(payer, caller.shop_id, payment["merchant_account_id"])
    if account is None or payment["app_id"] != payer.app_id or not _is_open(payment):
        return None
    if not _is_ready(payment, caller):
        try:
            prepay_id = await _prepay(account, payer, payment)
        except PayOrderPaid as paid:
            await ask_about(caller.shop_id, payment_id)
            return await _if_paid(caller, payment_id, paid)
        except PayRefused as refused:
            await _refused(caller, payment, refused)
            return None
        except PayError as error:
            raise pay_refusal(error) from None
        await failpoint("order.pay.after_prepay")
        kept = await _kept(caller, payment_id, prepay_id)
        if kept is None:
            return None
    else:
        kept = payment["prepay_id"]
    timestamp, nonce = int(wall_now().timestamp()), secrets.token_hex(_NONCE_BYTES)
    return Prepared(request_payment(account.merchant, payer.appid, kept, timestamp, nonce))


async def _prepay(account: Account, payer: Payer, payment: Record) -> str:
    words = Prepay(
        appid=payer.appid,
        out_trade_no=payment["out_trade_no"],
        description=_description(payment),
        amount_fen=payment["amount_fen"],
        openid=payment["payer_openid"],
        expires_at=payment["expires_at"],
        notify_url=account.notify_url,
        provider_appid=payment["provider_appid"],
    )
    for attempt in range(1, _TRIES + 1):
        try:
            return await ask(account, lambda pay: pay.prepay(words))
        except PayUnknown:
            # The same number with the same words does no harm, whatever became of the first.
            if attempt == _TRIES:
                raise
        except NoSandboxError:
            raise Refusal(
                UserErrorCode.NOT_CONFIGURED, "沙箱未开启", "The account speaks to a sandbox, and none is here"
            ) from None
    raise AssertionError


def _description(payment: Record) -> str:
    """Return what the payer reads in WeChat: the first line, which never changes, and how many pieces in all."""
    title, count = payment["title"] or payment["order_no"], payment["item_count"]
    return title if count == 1 else f"{title[:100]} 等{count}件"


async def _kept(caller: Caller, payment_id: UUID, prepay_id: str) -> str | None:
    """Keep the prepay_id and return the one that stands; None when the payment was closed meanwhile."""
    ends_at = caller.now + timedelta(hours=PREPAY_HOURS)
    query_at = wall_now() + timedelta(seconds=PLAN_SECONDS[0])
    kept: str | None = await pool().fetchval(
        _PREPAID, caller.shop_id, payment_id, prepay_id, ends_at, caller.now, query_at, _too_old(caller)
    )
    if kept is not None:
        return kept
    payment = await _load(caller, payment_id)
    if _is_open(payment):
        rivals: str = payment["prepay_id"]
        return rivals
    if payment["state"] == PaymentState.CLOSED:
        # Nobody gets to see this prepay_id, and it shall not stay payable.
        await close_payment(caller.shop_id, payment_id)
    return None


async def _account(payer: Payer, shop_id: UUID, account_id: UUID | None) -> Account | None:
    """Return the account of a payment: the app's own, unless the app has changed accounts since."""
    if account_id is None or (payer.account and payer.account.id == account_id):
        return payer.account
    return await account_by_id(shop_id, account_id)


async def _refused(caller: Caller, payment: Record, refused: PayRefused) -> None:
    if refused.code in _ANOTHER_NUMBER:
        await close_payment(caller.shop_id, payment["id"])
        return
    log("prepay_refused", level="error", payment=payment["id"].hex, code=refused.code)
    await pool().execute(_FAILED, caller.shop_id, payment["id"], refused.code, caller.now)
    raise pay_refusal(refused)


async def _if_paid(caller: Caller, payment_id: UUID, paid: PayOrderPaid) -> Prepared:
    payment = await _load(caller, payment_id)
    if payment["state"] != PaymentState.SUCCEEDED:
        raise pay_refusal(PayUnknown(paid.call, paid.code))
    return Prepared(None)


async def _load(caller: Caller, payment_id: UUID) -> Record:
    payment = await pool().fetchrow(_LOAD, caller.shop_id, payment_id)
    if payment is None:
        raise LookupError(payment_id)
    return payment


def _is_open(payment: Record) -> bool:
    return payment["state"] in {PaymentState.CREATED, PaymentState.PREPAID}


def _is_ready(payment: Record, caller: Caller) -> bool:
    return payment["prepay_id"] is not None and payment["prepay_expires_at"] > _too_old(caller)


def _too_old(caller: Caller) -> datetime:
    return caller.now + timedelta(seconds=MARGIN_SECONDS)
