"""The first phase of paying: under the order's lock find the open payment of a payer, app and price, or write one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.order import OrderStatus
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.merchant_pay import Account
from resolvers.order_paid import hold_order, mark_paid
from resolvers.order_step import StepBy

UNASKED_SECONDS: Final = 60
"""When a payment is asked about whose prepay nobody brought to an end."""

# Index (shop_id, order_id); after the order, in id order.
_OPEN: Final = """
select id, amount_fen, app_id, payer_openid, merchant_account_id, provider_appid, expires_at from payment
where shop_id = $1 and order_id = $2 and state in ('CREATED', 'PREPAID') order by id for no key update
"""
_SUPERSEDE: Final = """
update payment set state = 'CLOSED', closed_at = $3, next_query_at = $4, updated_at = $3
where shop_id = $1 and id = any($2::uuid[])
"""
_CREATE: Final = """
insert into payment (id, shop_id, order_id, method, state, is_surplus, refunding_fen, refunded_fen, amount_fen,
                     merchant_account_id, mchid, provider_appid, out_trade_no, app_id, payer_customer_id,
                     payer_openid, expires_at, queries, next_query_at, last_error, created_at, updated_at)
values ($1, $2, $3, 'WECHAT', 'CREATED', false, 0, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, '', $14, $14)
"""
_FREE: Final = """
insert into payment (id, shop_id, order_id, method, state, is_surplus, refunding_fen, refunded_fen, amount_fen,
                     out_trade_no, app_id, payer_customer_id, payer_openid, expires_at, succeeded_at, queries,
                     last_error, created_at, updated_at)
values ($1, $2, $3, 'FREE', 'SUCCEEDED', false, 0, 0, 0, $4, $5, $6, $7, $8, $9, 0, '', $9, $9)
"""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, in which app; `openid` is None for who never logged in there, `account` when the app has none."""

    customer_id: UUID
    app_id: UUID
    appid: str
    openid: str | None = field(repr=False)
    account: Account | None


@dataclass(frozen=True, slots=True)
class OpenedPayment:
    """What the payer pays by, and payments that no longer fit and have to be closed at WeChat first."""

    id: UUID
    superseded: Sequence[UUID] = ()


async def open_payment(
    sql: Connection, caller: Caller, order_id: UUID, payer: Payer, *, for_a_friend: bool
) -> OpenedPayment:
    """Return the payer's open payment of an order, one that fits its price of now; inside a transaction.

    An order that costs nothing is paid by this. Raises Refusal NOT_FOUND, NOT_ALLOWED (it waits for no payment),
    EXPIRED, NOT_CONFIGURED, LOGIN_REQUIRED.
    """
    order = await hold_order(sql, caller.shop_id, order_id)
    if order is None or not (for_a_friend or order["customer_id"] == payer.customer_id):
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该订单", "No such order", *("orderId",))
    _check_waits(order, caller)
    if not order["total_fen"]:
        return await _paid_free(sql, caller, order, payer)
    account, openid = _way_to_pay(payer)
    mine, stale = None, []
    for payment in await sql.fetch(_OPEN, caller.shop_id, order_id):
        is_mine = payment["app_id"] == payer.app_id and payment["payer_openid"] == openid
        fits_me = _words(payment) == (account.id, account.merchant.provider_appid, order["expires_at"])
        if payment["amount_fen"] != order["total_fen"] or (is_mine and not fits_me):
            stale.append(payment["id"])
        elif is_mine:
            mine = payment["id"]
    if stale:
        await sql.execute(_SUPERSEDE, caller.shop_id, stale, caller.now, wall_now())
    return OpenedPayment(mine or await _created(sql, caller, order, payer), stale)


def _words(payment: Record) -> tuple[UUID, str | None, datetime]:
    """Return what a number at WeChat stands for, beside its amount."""
    return payment["merchant_account_id"], payment["provider_appid"], payment["expires_at"]


def _check_waits(order: Record, caller: Caller) -> None:
    if order["status"] != OrderStatus.PENDING_PAYMENT:
        is_over = order["status"] in {OrderStatus.CANCELLED, OrderStatus.CLOSED}
        raise Refusal(
            UserErrorCode.NOT_ALLOWED,
            "订单已关闭" if is_over else "订单已支付",
            "The order is over" if is_over else "The order is paid already",
            *("orderId",),
        )
    if order["expires_at"] <= caller.now:
        raise Refusal(UserErrorCode.EXPIRED, "已超过付款时间", "The time to pay is over", *("orderId",))


def _way_to_pay(payer: Payer) -> tuple[Account, str]:
    if payer.account is None:
        raise Refusal(
            UserErrorCode.NOT_CONFIGURED,
            "店铺尚未开通支付",
            "No merchant account is bound to this app; see merchantAccountUpsert",
        )
    if payer.openid is None:
        raise Refusal(UserErrorCode.LOGIN_REQUIRED, "请先登录", "Log in through this app first")
    return payer.account, payer.openid


async def _created(sql: Connection, caller: Caller, order: Record, payer: Payer) -> UUID:
    account, openid = _way_to_pay(payer)
    payment_id = new_id()
    await sql.execute(
        _CREATE,
        payment_id,
        caller.shop_id,
        order["id"],
        order["total_fen"],
        account.id,
        account.merchant.mchid,
        account.merchant.provider_appid,
        payment_id.hex,
        payer.app_id,
        payer.customer_id,
        openid,
        order["expires_at"],
        wall_now() + timedelta(seconds=UNASKED_SECONDS),
        caller.now,
    )
    return payment_id


async def _paid_free(sql: Connection, caller: Caller, order: Record, payer: Payer) -> OpenedPayment:
    """WeChat is never asked for nothing: it refuses amounts of zero."""
    payment_id = new_id()
    await sql.execute(
        _FREE,
        payment_id,
        caller.shop_id,
        order["id"],
        payment_id.hex,
        payer.app_id,
        payer.customer_id,
        payer.openid,
        order["expires_at"],
        caller.now,
    )
    await mark_paid(sql, caller.shop_id, order, caller.now, StepBy.caller(caller))
    return OpenedPayment(payment_id)
