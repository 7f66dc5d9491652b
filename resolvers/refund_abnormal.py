"""Sending an abnormal refund another way: to a card of the payer's, or back to the merchant, under its own number.

Three phases: it is written down that this one tries (so of two with different cards one goes), WeChat is told outside
of any transaction, and what it says is recorded. Whatever gets lost in between, the worker asks where the part stands.
Name and account are sealed for WeChat at once: they are stored nowhere, nor logged; a wish is known again by a keyed
hash of them.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import Connection, transaction
from models.refund import RefundState
from models.refusal import Refusal, RetryRefusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.idempotency import forget, once
from resolvers.keys import keys
from resolvers.merchant_pay import account_by_id, ask
from resolvers.order_step import StepBy
from resolvers.pay_refusal import pay_refusal
from resolvers.refund_settle import PartNews, find_part, record_news, start_part, take_refund_word
from wechat.connection import NoSandboxError
from wechat.pay import AbnormalWay, BankCard
from wechat.pay_errors import PayBusy, PayError, PayRefused

MUTATION: Final = "refundAbnormalApply"
LEASE_SECONDS: Final = 30
"""When the worker asks about a part that nobody came back to tell of."""

NAME_CHARS_MAX: Final = 60
_ACCOUNT: Final = re.compile(r"[0-9]{10,21}", re.ASCII)
_SPACES: Final = re.compile(r"[\s-]")
# WeChat's words for a card that it does not take.
_NOT_TAKEN: Final = frozenset({"PARAM_ERROR", "INVALID_REQUEST"})

_OF_REFUND: Final = "select order_id from refund where shop_id = $1 and id = $2"
_HOLD_ORDER: Final = "select id from orders where shop_id = $1 and id = $2 for no key update"
# The part that WeChat has taken on and cannot bring to where the money came from.
_STUCK: Final = """
select part.out_refund_no from refund_allocation part
join refund on refund.shop_id = $1 and refund.id = part.refund_id
where part.shop_id = $1 and part.refund_id = $2 and part.state = 'ABNORMAL' and refund.state = 'ABNORMAL'
  and part.wechat_refund_id is not null
order by part.created_at, part.id limit 1
"""


@dataclass(frozen=True, slots=True)
class AbnormalDraft:
    """Where it goes: `way` is an AbnormalWay's word; for a card of the payer's all three others, else none."""

    way: str
    bank: str | None = None
    account: str | None = field(default=None, repr=False)
    real_name: str | None = field(default=None, repr=False)


async def refund_abnormal_apply(caller: Caller, refund_id: UUID, draft: AbnormalDraft, key: str) -> UUID:
    """Have an abnormal refund made another way, once for this key; returns the refund.

    Raises Refusals BLANK, INVALID, TOO_LONG (the card); Refusal NOT_FOUND, NOT_ALLOWED (WeChat does not have it as
    abnormal), INVALID (WeChat does not take the card), and what `pay_refusal` and `once` say. After a refusal the
    refund is abnormal as before.
    """
    card = _card(draft)
    mine: list[Record] = []

    async def claim(sql: Connection) -> str:
        mine.append(await _claimed(sql, caller, refund_id))
        return str(refund_id)

    said = (card.bank_type, card.account, card.real_name) if card else ()
    await once(caller, MUTATION, key, [refund_id, keys().wish_hash(caller.shop_id, *said).hex()], claim)
    if mine:
        await _told(caller, mine[0], card, key)
    return refund_id


def _card(draft: AbnormalDraft) -> BankCard | None:
    if draft.way == AbnormalWay.MERCHANT_BANK_CARD:
        if any(one is not None for one in (draft.bank, draft.account, draft.real_name)):
            en = "No card belongs to what goes back to the merchant"
            raise Refusal(UserErrorCode.INVALID, "退至商户时无需填写银行卡", en, "input", "to")
        return None
    account = _SPACES.sub("", draft.account or "")
    checks = Checks("input")
    checks.text(draft.bank or "", "bank", chars=NAME_CHARS_MAX, blank=False)
    checks.text(draft.account or "", "bankAccount", chars=NAME_CHARS_MAX, blank=False)
    checks.text(draft.real_name or "", "realName", chars=NAME_CHARS_MAX, blank=False)
    checks.end()
    if not _ACCOUNT.fullmatch(account):
        raise Refusal(UserErrorCode.INVALID, "银行卡号不正确", "A card has 10 to 21 digits", "input", "bankAccount")
    return BankCard(f"{draft.bank}_DEBIT", account, (draft.real_name or "").strip())


async def _claimed(sql: Connection, caller: Caller, refund_id: UUID) -> Record:
    order_id = await sql.fetchval(_OF_REFUND, caller.shop_id, refund_id)
    if order_id is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该退款单", "No such refund", "input", "refundId")
    await sql.execute(_HOLD_ORDER, caller.shop_id, order_id)
    number = await sql.fetchval(_STUCK, caller.shop_id, refund_id)
    part = await find_part(sql, caller.shop_id, number) if number else None
    if part is None:
        raise Refusal(
            UserErrorCode.NOT_ALLOWED,
            "该退款不是微信支付的异常退款",
            "WeChat does not have this refund as abnormal; see refundRetry",
            *("input", "refundId"),
        )
    await start_part(sql, part, wall_now() + timedelta(seconds=LEASE_SECONDS), StepBy.caller(caller))
    return part


async def _told(caller: Caller, part: Record, card: BankCard | None, key: str) -> None:
    """Tell WeChat, and record what it says; what nobody knows the worker asks about."""
    account = await account_by_id(caller.shop_id, part["merchant_account_id"])
    if account is None:
        await _given_up(caller, part, key, "NO_ACCOUNT")
        raise Refusal(UserErrorCode.NOT_CONFIGURED, "收款账户已不可用", "The merchant account is gone")
    refund_id, number = part["wechat_refund_id"], part["out_refund_no"]
    try:
        told = await ask(account, lambda pay: pay.apply_abnormal_refund(refund_id, number, card))
    except (PayRefused, PayBusy, NoSandboxError) as no:
        await _given_up(caller, part, key, getattr(no, "code", type(no).__name__))
        raise _refusal(no) from None
    except PayError as unknown:
        log("refund_abnormal_unanswered", level="warning", part=part["id"].hex, fault=unknown.code)
    else:
        await take_refund_word(account, told)


async def _given_up(caller: Caller, part: Record, key: str, said: str) -> None:
    """Nothing was done: the part is abnormal as before, and the same key may try again."""
    await record_news(part, PartNews(RefundState.ABNORMAL, error=said))
    async with transaction() as sql:
        await forget(sql, caller, MUTATION, key)


def _refusal(no: Exception) -> Refusal:
    if isinstance(no, PayRefused) and no.code in _NOT_TAKEN:
        return Refusal(
            UserErrorCode.INVALID,
            "微信支付不接受该收款方式，请核对银行、卡号与姓名",
            f"WeChat Pay does not take it ({no.code}): look at bank, account and name again",
            "input",
        )
    if isinstance(no, PayError):
        return pay_refusal(no)
    en = "The sandbox's WeChat is not there; send the same again"
    return RetryRefusal(UserErrorCode.BUSY, "微信支付繁忙，请稍后重试", en, retry_after_ms=1000)
