"""What customers can do with what a shop knows of them: name, picture, phone number, and what they agree to."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.consent import ConsentKind
from models.database import Connection, transaction
from models.refusal import Refusal, UserErrorCode
from models.wechat_code import WechatCodeKind
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.keep import KEEP, Keep
from resolvers.keys import keys
from resolvers.outbox import emit
from resolvers.retried import retried
from resolvers.wechat_exchange import exchanged_once, mini_program_of
from resolvers.words import look_at_words, openid_of, words_rejected
from sealing import seal
from wechat.answers import Phone, Suggestion
from wechat.client import TextPlace
from wechat.connection import wechat

CONSENT_GIVEN: Final = "customer.consent_given"
CONSENT_WITHDRAWN: Final = "customer.consent_withdrawn"
NICKNAME_CHARS_MAX: Final = 64
POLICY_CHARS_MAX: Final = 64
_SHOWN_HEAD: Final = 3
_SHOWN_TAIL: Final = 4
_LONG_NUMBER: Final = 9

# By primary key, through a merge that a rival may just have made.
_ME = "(select coalesce(merged_into, id) from customer where shop_id = $1 and id = $2)"
_PHONE = f"""
update customer set phone_sealed = $3, phone_hash = $4, phone_masked = $5 where shop_id = $1 and id = {_ME} returning id
"""  # noqa: S608 - our own words
_PROFILE = f"""
update customer set nickname = coalesce($3, nickname), avatar_url = case when $4 then $5 else avatar_url end
where shop_id = $1 and id = {_ME} returning id
"""  # noqa: S608 - our own words

# The customer's row keeps two wishes apart.
_HOLD = f"select id from customer where shop_id = $1 and id = {_ME} for no key update"  # noqa: S608 - our own words
# Partial unique index (shop_id, customer_id, kind) where is_current: one row.
_CURRENT = """
select id, policy_version, withdrawn_at from consent
where shop_id = $1 and customer_id = $2 and kind = $3 and is_current
"""
_WITHDRAW = "update consent set withdrawn_at = greatest($2, given_at) where id = $1 and withdrawn_at is null"
_NO_LONGER = "update consent set is_current = false where id = $1"
_AGREE = """
insert into consent (id, shop_id, customer_id, kind, policy_version, given_at, is_current)
values ($1, $2, $3, $4, $5, $6, true)
"""


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What to write anew; KEEP leaves a value as it is, a null picture takes it away."""

    nickname: str | Keep = KEEP
    avatar_url: str | Keep | None = KEEP


def required_customer(caller: Caller) -> UUID:
    """Return the customer who asks. Raises Refusal LOGIN_REQUIRED for everybody else."""
    if caller.viewer_id is None:
        raise Refusal(UserErrorCode.LOGIN_REQUIRED, "请先登录", "Only a customer may do this: log in first")
    return caller.viewer_id


async def phone_bind(caller: Caller, code: str) -> UUID:
    """Keep the phone number that WeChat vouches for; returns the customer.

    The same code within a minute answers the same. Raises Refusal LOGIN_REQUIRED, PHONE_CODE_EXPIRED,
    WECHAT_RATE_LIMITED, BUSY, WECHAT_ANSWER_LOST, WECHAT_APP_REJECTED.
    """
    customer_id = required_customer(caller)
    app = await mini_program_of(caller)
    openid = await openid_of(caller, app, customer_id)
    ask = partial(wechat().mini_program(app).phone_number, code, openid)
    keep = partial(_keep_phone, caller, customer_id)
    return UUID(await exchanged_once(app, WechatCodeKind.PHONE, code, ask, keep))


async def profile_update(caller: Caller, changes: ProfileChanges) -> UUID:
    """Write name and picture anew; WeChat looks at the name first. Returns the customer.

    Raises Refusals: LOGIN_REQUIRED, BLANK, TOO_LONG or INVALID for a value, CONTENT_REJECTED, what WeChat refuses.
    """
    customer_id = required_customer(caller)
    checks = Checks()
    checks.text(changes.nickname, "nickname", chars=NICKNAME_CHARS_MAX, blank=False)
    checks.url(changes.avatar_url, "avatarUrl")
    checks.end()
    nickname = None if isinstance(changes.nickname, Keep) else changes.nickname.strip()
    if nickname is not None:
        await _check_words(caller, customer_id, nickname)
    has_avatar = not isinstance(changes.avatar_url, Keep)
    avatar_url = changes.avatar_url if has_avatar else None
    async with transaction() as sql:
        changed: UUID = await sql.fetchval(_PROFILE, caller.shop_id, customer_id, nickname, has_avatar, avatar_url)
        await emit(sql, caller, "customer.updated", changed, {})
    return changed


@retried
async def consent_set(caller: Caller, kind: ConsentKind, policy_version: str, *, agreed: bool) -> UUID:
    """Note that a customer agrees to a version of a policy, or takes it back; saying the same again changes nothing.

    What changes is told: whoever sends advertisements must stop when they are no longer wanted. Returns the customer.
    Raises Refusals: LOGIN_REQUIRED, BLANK or TOO_LONG for the version.
    """
    customer_id = required_customer(caller)
    checks = Checks("input")
    checks.text(policy_version, "policyVersion", chars=POLICY_CHARS_MAX, blank=False)
    checks.end()
    async with transaction() as sql:
        held: UUID = await sql.fetchval(_HOLD, caller.shop_id, customer_id)
        current = await sql.fetchrow(_CURRENT, caller.shop_id, held, kind)
        stands = current is not None and current["withdrawn_at"] is None
        if agreed and not (stands and current["policy_version"] == policy_version):
            if current is not None:
                await sql.execute(_NO_LONGER, current["id"])
            await sql.execute(_AGREE, new_id(), caller.shop_id, held, kind, policy_version, caller.now)
            await emit(sql, caller, CONSENT_GIVEN, held, {"kind": kind, "policyVersion": policy_version})
        elif stands and not agreed:
            await sql.execute(_WITHDRAW, current["id"], caller.now)
            told = {"kind": kind, "policyVersion": current["policy_version"]}
            await emit(sql, caller, CONSENT_WITHDRAWN, held, told)
    return held


def masked(phone: Phone) -> str:
    """Return a number as it may be shown: `138****0000`, abroad with the country's code before it."""
    number = phone.number
    if len(number) >= _LONG_NUMBER:
        shown = f"{number[:_SHOWN_HEAD]}****{number[-_SHOWN_TAIL:]}"
    else:
        shown = f"****{number[-2:]}"
    return shown if phone.country_code == "86" else f"+{phone.country_code} {shown}"


async def _keep_phone(caller: Caller, customer_id: UUID, sql: Connection, phone: Phone) -> Any:  # noqa: ANN401 - JSON
    digest = keys().phone_hash(caller.shop_id, phone.e164)
    sealed = seal(phone.e164, keys().sealing)
    changed: UUID = await sql.fetchval(_PHONE, caller.shop_id, customer_id, sealed, digest, masked(phone))
    await emit(sql, caller, "customer.updated", changed, {})
    return changed


async def _check_words(caller: Caller, customer_id: UUID, words: str) -> None:
    """Have WeChat look at a text that others will read. Raises Refusal."""
    suggestion = await look_at_words(caller, customer_id, words, TextPlace.PROFILE, "nickname")
    if suggestion is None:
        raise Refusal(
            UserErrorCode.LOGIN_REQUIRED, "请重新打开小程序后再试", "Open the mini-program anew, then try again"
        )
    if suggestion is not Suggestion.PASS:
        raise words_rejected(("nickname",))
