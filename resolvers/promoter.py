"""What a shop can do with its promoters: name those who bring visitors, and let some of them go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from asyncpg.exceptions import UniqueViolationError

from ids import new_id
from models.database import Connection, transaction
from models.promoter import Promoter, PromoterKind
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks, require_version
from resolvers.idempotency import once
from resolvers.keep import KEEP, Keep, merged
from resolvers.outbox import emit
from resolvers.rows import Row, save_rows

NAME_CHARS_MAX: Final = 64

# Unique (shop_id, id).
_HELD = "select * from promoter where shop_id = $1 and id = $2 for update"
_STAFF = "select exists (select from staff where shop_id = $1 and id = $2 and active)"
_CUSTOMER = "select exists (select from customer where shop_id = $1 and id = $2 and merged_into is null)"

_DEFAULTS: Final[dict[str, Any]] = {"avatar_url": None, "staff_id": None, "customer_id": None, "active": True}
_COLUMNS: Final = (*_DEFAULTS, "name", "version", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoterDraft:
    """KEEP leaves what is stored, or takes the default for a new one, which needs a name. The kind stays."""

    name: str | Keep = KEEP
    avatar_url: str | Keep | None = KEEP
    staff_id: UUID | Keep | None = KEEP
    customer_id: UUID | Keep | None = KEEP
    active: bool | Keep = KEEP


async def promoter_create(caller: Caller, kind: PromoterKind, draft: PromoterDraft, key: str) -> UUID:
    """Name somebody who brings visitors; raises Refusals with paths under `input`, TAKEN for who is one already."""
    _check(draft, new=True)

    async def create(sql: Connection) -> UUID:
        return await _save(sql, caller, draft, kind, None)

    try:
        return UUID(await once(caller, "promoterCreate", key, [kind, draft], create))
    except UniqueViolationError as taken:
        raise _taken(taken) from None


async def promoter_update(caller: Caller, promoter_id: UUID, draft: PromoterDraft, version: int | None = None) -> UUID:
    """Change a promoter, or let one go: who is not active brings nobody from then on. Raises NOT_FOUND, CONFLICT."""
    _check(draft, new=False)
    try:
        async with transaction() as sql:
            stored = await sql.fetchrow(_HELD, caller.shop_id, promoter_id)
            if stored is None:
                raise Refusal(UserErrorCode.NOT_FOUND, "找不到该推广者", "No such promoter", *("id",))
            require_version(version, stored["version"], "input", "version")
            return await _save(sql, caller, draft, PromoterKind(stored["kind"]), stored)
    except UniqueViolationError as taken:
        raise _taken(taken) from None


async def _save(
    sql: Connection, caller: Caller, draft: PromoterDraft, kind: PromoterKind, stored: Mapping[str, Any] | None
) -> UUID:
    promoter_id: UUID = stored["id"] if stored else new_id()
    await _require_people(sql, caller, draft)
    row: Row = {
        **merged(draft, _DEFAULTS | {"name": ""}, stored),
        "id": promoter_id,
        "shop_id": caller.shop_id,
        "kind": kind,
        "version": stored["version"] + 1 if stored else 1,
        "created_at": stored["created_at"] if stored else caller.now,
        "updated_at": caller.now,
    }
    await save_rows(sql, Promoter, _COLUMNS, [row])
    topic = "promoter.updated" if stored else "promoter.created"
    await emit(sql, caller, topic, promoter_id, {"version": row["version"]})
    return promoter_id


async def _require_people(sql: Connection, caller: Caller, draft: PromoterDraft) -> None:
    """Refuse staff who are gone and customers who are not there."""
    checks = Checks("input")
    for who, found in ((draft.staff_id, _STAFF), (draft.customer_id, _CUSTOMER)):
        if isinstance(who, UUID) and not await sql.fetchval(found, caller.shop_id, who):
            field = "staffId" if found is _STAFF else "customerId"
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该人员", "Nobody of this shop", field)
    checks.end()


def _check(draft: PromoterDraft, *, new: bool) -> None:
    checks = Checks("input")
    if new:
        checks.required(draft.name, "name")
    checks.text(draft.name, "name", chars=NAME_CHARS_MAX, blank=False)
    checks.url(draft.avatar_url, "avatarUrl")
    checks.end()


def _taken(broken: UniqueViolationError) -> Refusal:
    field = "customerId" if "customer_id" in str(broken.detail) else "staffId"
    return Refusal(UserErrorCode.TAKEN, "此人已是推广者", "Somebody is a promoter once", "input", field)
