"""Paying an order: one open payment for each payer, app and price, prepared at WeChat and handed to the phone signed.

The phases stand as rows: written down under the order's lock (CREATED), asked for outside of any transaction, kept
(PREPAID). An answer that got lost is asked for again under the same number with the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from models.database import Connection, fetch_row, transaction
from models.refusal import Refusal, RetryRefusal, UserErrorCode
from models.wechat_app import WechatAppKind
from resolvers.caller import Caller
from resolvers.checks import NOBODY
from resolvers.customer import required_customer
from resolvers.idempotency import once
from resolvers.merchant_pay import ACCOUNT_COLUMNS, account_in
from resolvers.pay_open import OpenedPayment, Payer, open_payment
from resolvers.pay_prepare import prepare
from resolvers.pay_token import order_of_token
from resolvers.payment_query import close_payment
from resolvers.retried import retried
from resolvers.wechat_exchange import no_mini_program

MUTATION: Final = "orderPay"
_TRIES: Final = 3
_RETRY_AFTER_MS: Final = 1000

# The app by primary key, its account by the unique key (shop_id, app_id). Of identities the index (shop_id,
# customer_id): one in each app, but for people who have two accounts and one phone. Who was merged a moment ago may
# still ask by the older id; the survivor has their identities.
_PAYER: Final = f"""
select app.appid, {ACCOUNT_COLUMNS}, (
    select openid from identity where identity.shop_id = $1 and identity.appid = app.appid
    and customer_id in ($3, (select merged_into from customer where customer.shop_id = $1 and customer.id = $3))
    order by seen_at desc limit 1
) as openid
from wechat_app app
left join merchant_account_app bound on bound.shop_id = app.shop_id and bound.app_id = app.id
left join merchant_account account on account.shop_id = bound.shop_id and account.id = bound.merchant_account_id
where app.shop_id = $1 and app.id = $2 and app.kind = '{WechatAppKind.MINI_PROGRAM}'
"""  # noqa: S608 - fixed words


@dataclass(frozen=True, slots=True)
class PayWish:
    """Which order: the caller's own, or a friend's by a token."""

    order_id: UUID | None = None
    pay_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Paying:
    """What the phone needs. `request` is None when nothing is left to pay: the payment has succeeded."""

    payment_id: UUID
    order_id: UUID
    appid: str
    request: Mapping[str, str] | None = field(repr=False)


async def order_pay(caller: Caller, wish: PayWish, key: str) -> Paying:
    """Open the caller's payment of an order, or find it open, and say how the phone pays it.

    Raises Refusal: LOGIN_REQUIRED, BLANK (neither order nor token, or both), NOT_FOUND, NOT_ALLOWED, EXPIRED,
    NOT_CONFIGURED, WECHAT_APP_REJECTED; RetryRefusal BUSY, WECHAT_RATE_LIMITED; what `once` raises.
    """
    payer = await _payer(caller)
    order_id = _order_id(caller, wish)

    async def open_(sql: Connection) -> dict[str, Any]:
        opened = await open_payment(sql, caller, order_id, payer, for_a_friend=wish.order_id is None)
        return {"payment": opened.id, "superseded": list(opened.superseded)}

    said = await once(caller, MUTATION, key, wish, open_)
    opened = OpenedPayment(UUID(said["payment"]), [UUID(one) for one in said["superseded"]])
    for _ in range(_TRIES):
        for stale in opened.superseded:
            # Closed before a new number is handed out; the worker goes on with what cannot be closed now.
            await close_payment(caller.shop_id, stale)
        prepared = await prepare(caller, payer, opened.id)
        if prepared is not None:
            return Paying(opened.id, order_id, payer.appid, prepared.request)
        opened = await _open_again(caller, order_id, payer, for_a_friend=wish.order_id is None)
    raise RetryRefusal(
        UserErrorCode.BUSY,
        "支付正在处理，请稍后重试",
        "The payment is being closed; send the same again shortly",
        retry_after_ms=_RETRY_AFTER_MS,
    )


@retried
async def _open_again(caller: Caller, order_id: UUID, payer: Payer, *, for_a_friend: bool) -> OpenedPayment:
    async with transaction() as sql:
        return await open_payment(sql, caller, order_id, payer, for_a_friend=for_a_friend)


async def _payer(caller: Caller) -> Payer:
    customer_id = required_customer(caller)
    row = await fetch_row(_PAYER, (caller.shop_id, caller.app_id, customer_id)) if caller.app_id else None
    if row is None or caller.app_id is None:
        raise no_mini_program()
    return Payer(customer_id, caller.app_id, row["appid"], row["openid"], account_in(row))


def _order_id(caller: Caller, wish: PayWish) -> UUID:
    if (wish.order_id is None) is (wish.pay_token is None):
        raise Refusal(UserErrorCode.BLANK, "请指定订单", "Give either the order or a friend's pay token", *("orderId",))
    if wish.pay_token is not None:
        return order_of_token(caller.shop_id, wish.pay_token, caller.now)
    return wish.order_id or NOBODY
