"""What can be done with places that hold stock: name them, and say which one is the default."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ids import new_id
from models.database import Connection, transaction
from models.refusal import Refusal, UserErrorCode
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Checks
from resolvers.idempotency import once
from resolvers.keep import KEEP, Keep
from resolvers.outbox import emit

NAME_CHARS_MAX: Final = 120

_STANDING = "select is_default from location where shop_id = $1 and id = $2"
_NAMED = "select id from location where shop_id = $1 and name = $2"
_CREATE = "insert into location (id, shop_id, name, is_default, created_at) values ($1, $2, $3, false, $4)"
_RENAME = "update location set name = $3 where shop_id = $1 and id = $2"
# Two statements: the unique index on defaults is checked row by row.
_NO_DEFAULT = "update location set is_default = false where shop_id = $1 and is_default"
_DEFAULT = "update location set is_default = true where shop_id = $1 and id = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationDraft:
    """KEEP leaves what is stored. A default is only ever replaced: `make_default` has no opposite."""

    name: str | Keep = KEEP
    make_default: bool = False


async def location_create(caller: Caller, draft: LocationDraft, key: str) -> UUID:
    """Make a place that holds stock; raises Refusals with paths under `input`."""
    _check(draft, new=True)

    async def create(sql: Connection) -> UUID:
        await open_catalogue(sql, caller.shop_id)
        location_id = new_id()
        await _require_free(sql, caller, draft, location_id)
        await sql.execute(_CREATE, location_id, caller.shop_id, draft.name, caller.now)
        return await _finish(sql, caller, draft, location_id, "location.created")

    return UUID(await once(caller, "locationCreate", key, draft, create))


async def location_update(caller: Caller, location_id: UUID, draft: LocationDraft) -> UUID:
    """Rename a place, or make it the default: new stock goes there from now on. Raises NOT_FOUND or TAKEN."""
    _check(draft, new=False)
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        if await sql.fetchrow(_STANDING, caller.shop_id, location_id) is None:
            raise Refusal(UserErrorCode.NOT_FOUND, "找不到该仓库", "No such location", *("id",))
        if not isinstance(draft.name, Keep):
            await _require_free(sql, caller, draft, location_id)
            await sql.execute(_RENAME, caller.shop_id, location_id, draft.name)
        return await _finish(sql, caller, draft, location_id, "location.updated")


async def _finish(sql: Connection, caller: Caller, draft: LocationDraft, location_id: UUID, topic: str) -> UUID:
    if draft.make_default:
        await sql.execute(_NO_DEFAULT, caller.shop_id)
        await sql.execute(_DEFAULT, caller.shop_id, location_id)
    await refresh_products(sql, caller.shop_id, [])
    await emit(sql, caller, topic, location_id, {})
    return location_id


def _check(draft: LocationDraft, *, new: bool) -> None:
    checks = Checks("input")
    checks.text(draft.name, "name", chars=NAME_CHARS_MAX, blank=False)
    if new:
        checks.required(draft.name, "name")
    checks.end()


async def _require_free(sql: Connection, caller: Caller, draft: LocationDraft, location_id: UUID) -> None:
    holder = await sql.fetchval(_NAMED, caller.shop_id, draft.name)
    if holder not in (None, location_id):
        raise Refusal(UserErrorCode.TAKEN, "已有同名仓库", "Another location has this name", "input", "name")
