"""What can be done with share links: pass something on, under a token that says who did and who had before."""

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.database import Connection
from models.refusal import Refusal, UserErrorCode
from models.share_link import ShareTarget
from models.staff import Role
from resolvers.caller import ActorKind, Caller
from resolvers.checks import Checks
from resolvers.idempotency import once
from resolvers.outbox import emit
from resolvers.visit_address import WORD_CHARS_MAX, share_token

TOKEN_CHARS: Final = 10
_BASE62: Final = string.digits + string.ascii_letters

# Unique (shop_id, staff_id), (shop_id, customer_id), (shop_id, id).
_PROMOTER_OF_STAFF = "select id, active from promoter where shop_id = $1 and staff_id = $2"
_PROMOTER_OF_CUSTOMER = "select id, active from promoter where shop_id = $1 and customer_id = $2"
_PROMOTER = "select id, active from promoter where shop_id = $1 and id = $2"

# Unique (shop_id, id); staff may prepare links to what is not on show yet.
_TARGETS: Final = {
    ShareTarget.PRODUCT: """
        select exists (select from product where shop_id = $1 and id = $2 and ($3 or (
            status = 'ACTIVE' and published_at <= $4 and (unpublish_at is null or unpublish_at > $4))))
    """,
    ShareTarget.COLLECTION: """
        select exists (select from collection where shop_id = $1 and id = $2 and ($3 or published)
                       and $4::timestamptz is not null)
    """,
    ShareTarget.PAGE: """
        select exists (select from page where shop_id = $1 and id = $2 and ($3 or published)
                       and $4::timestamptz is not null)
    """,
    # Whoever sees a team may bring others into it, member or not; one that has ended nobody can come to.
    ShareTarget.TEAM: """
        select exists (select from group_buy_team where shop_id = $1 and id = $2 and state = 'FORMING'
                       and ($3 or expires_at > $4))
    """,
}

# Unique (shop_id, token).
_PARENT = "select id, parent_id, depth, promoter_id, customer_id from share_link where shop_id = $1 and token = $2"
_CREATE = """
insert into share_link (id, shop_id, token, parent_id, depth, promoter_id, customer_id, visitor_id, target_kind,
                        target_id, channel, campaign, expires_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (shop_id, token) do nothing
returning id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDraft:
    """What to pass on: exactly one target. `parent_token` had brought the sharer; `promoter_id` is for staff only."""

    targets: Sequence[tuple[ShareTarget, UUID | None]]
    channel: str | None = None
    campaign: str | None = None
    parent_token: str | None = None
    expires_at: datetime | None = None
    promoter_id: UUID | None = None

    @property
    def target(self) -> ShareTarget:
        """What kind of thing it is."""
        return self.targets[0][0]

    @property
    def target_id(self) -> UUID | None:
        """Which one; None for the shop."""
        return self.targets[0][1]


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose link it is: a promoter's, a customer's, or (neither) the shop's own."""

    promoter_id: UUID | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a link stands in its chain."""

    parent_id: UUID | None = None
    depth: int = 0


async def share_create(caller: Caller, draft: ShareDraft, key: str) -> UUID:
    """Make a link for the caller: a customer's own, the promoter's when the caller is one, or the shop's for staff.

    A parent that is unknown is left out: who was brought by a broken link may share all the same.
    Raises Refusals: LOGIN_REQUIRED for visitors, INVALID for no target or several, NOT_FOUND for a target or promoter,
    NOT_ALLOWED for a KOL whom nobody has made a promoter and for sharing in another's name, TOO_LONG, OUT_OF_RANGE for
    an end that has passed.
    """
    if caller.actor is ActorKind.VISITOR:
        raise Refusal(UserErrorCode.LOGIN_REQUIRED, "请先登录再分享", "Log in to share")
    _check(caller, draft)

    async def create(sql: Connection) -> UUID:
        owner = await _owner(sql, caller, draft)
        await _require_target(sql, caller, draft)
        place = await _place(sql, caller, owner, draft)
        link_id = await _insert(sql, caller, draft, owner, place)
        told = {"target": draft.target, "promoterId": owner.promoter_id, "parentId": place.parent_id}
        await emit(sql, caller, "share.created", link_id, told)
        return link_id

    return UUID(await once(caller, "shareCreate", key, draft, create))


def new_token() -> str:
    """Return a token nobody can guess; never seeded."""
    return "".join(secrets.choice(_BASE62) for _ in range(TOKEN_CHARS))


async def _owner(sql: Connection, caller: Caller, draft: ShareDraft) -> _Owner:
    if caller.actor is ActorKind.CUSTOMER:
        if draft.promoter_id is not None:
            raise Refusal(
                UserErrorCode.NOT_ALLOWED, "只能以自己的名义分享", "Share in your own name", "input", "promoterId"
            )
        promoter = await sql.fetchrow(_PROMOTER_OF_CUSTOMER, caller.shop_id, caller.subject_id)
        return _Owner(promoter["id"]) if promoter and promoter["active"] else _Owner(customer_id=caller.subject_id)
    own = await sql.fetchrow(_PROMOTER_OF_STAFF, caller.shop_id, caller.staff_id)
    is_only_kol = caller.roles == {Role.KOL}
    if draft.promoter_id is None or (own and own["id"] == draft.promoter_id):
        if own and own["active"]:
            return _Owner(own["id"])
        if is_only_kol:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "店铺尚未将您设为推广者", "The shop has not made you a promoter")
        return _Owner()
    if is_only_kol:
        raise Refusal(
            UserErrorCode.NOT_ALLOWED, "只能以自己的名义分享", "Share in your own name", "input", "promoterId"
        )
    other = await sql.fetchrow(_PROMOTER, caller.shop_id, draft.promoter_id)
    if other is None or not other["active"]:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该推广者", "No such promoter", "input", "promoterId")
    return _Owner(other["id"])


async def _require_target(sql: Connection, caller: Caller, draft: ShareDraft) -> None:
    found = _TARGETS.get(draft.target)
    if found and not await sql.fetchval(found, caller.shop_id, draft.target_id, caller.is_staff, caller.now):
        raise Refusal(
            UserErrorCode.NOT_FOUND, "找不到要分享的内容", "There is no such thing to share", "input", "target"
        )


async def _place(sql: Connection, caller: Caller, owner: _Owner, draft: ShareDraft) -> _Place:
    """Find the new link's place below its parent. Sharing one's own link on adds no step to the chain."""
    token = share_token(draft.parent_token)
    parent = await sql.fetchrow(_PARENT, caller.shop_id, token) if token else None
    if parent is None:
        return _Place()
    if _is_own(parent, caller, owner):
        return _Place(parent["parent_id"], parent["depth"])
    return _Place(parent["id"], parent["depth"] + 1)


def _is_own(parent: Mapping[str, Any], caller: Caller, owner: _Owner) -> bool:
    if parent["promoter_id"] is not None:
        return bool(parent["promoter_id"] == owner.promoter_id)
    return bool(caller.actor is ActorKind.CUSTOMER and parent["customer_id"] == caller.subject_id)


async def _insert(sql: Connection, caller: Caller, draft: ShareDraft, owner: _Owner, place: _Place) -> UUID:
    link_id: UUID | None = None
    while link_id is None:
        link_id = await sql.fetchval(
            _CREATE, new_id(), caller.shop_id, new_token(), place.parent_id, place.depth, owner.promoter_id,
            owner.customer_id, caller.visitor_id, draft.target, draft.target_id, draft.channel or None,
            draft.campaign or None, draft.expires_at, caller.now,
        )  # fmt: skip
    return link_id


def _check(caller: Caller, draft: ShareDraft) -> None:
    checks = Checks("input")
    if len(draft.targets) != 1:
        checks.refuse(
            UserErrorCode.INVALID, "须指定且只能指定一个分享对象", "Name exactly one thing to share", "target"
        )
    checks.text(draft.channel, "channel", chars=WORD_CHARS_MAX)
    checks.text(draft.campaign, "campaign", chars=WORD_CHARS_MAX)
    if draft.expires_at is not None and draft.expires_at <= caller.now:
        checks.refuse(UserErrorCode.OUT_OF_RANGE, "须晚于现在", "Must lie ahead", "expiresAt")
    checks.end()
