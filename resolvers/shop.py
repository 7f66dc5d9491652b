"""What can be done with a shop: open one, describe it, and throw a sandbox away with everything in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson
from asyncpg.exceptions import UniqueViolationError

from clock import wall_now
from ids import decode_id, new_id
from models.database import pool, transaction
from models.refusal import ConflictRefusal, Refusal, UserErrorCode
from models.shop import Shop, ShopMode
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.outbox import emit

HANDLE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
HANDLE_CHARS_MAX: Final = 64
NAME_CHARS_MAX: Final = 120
DESCRIPTION_CHARS_MAX: Final = 5_000
URL_CHARS_MAX: Final = 2_000
PROMISES_MAX: Final = 20
PROMISE_TITLE_CHARS_MAX: Final = 60
PROMISE_TEXT_CHARS_MAX: Final = 1_000

_OPEN = """
insert into shop (id, handle, name, description, mode, currency_code, language, seed, clock_offset_ms,
                  catalogue_version, version, created_at, updated_at)
values ($1, $2, $3, '', $4, 'CNY', 'zh-CN', $5, 0, 1, 1, $6, $6)
"""

_FIRST_LOCATION = (
    "insert into location (id, shop_id, name, is_default, created_at) values ($1, $2, '默认仓库', true, $3)"
)

# Version and change in one statement: of two who edit at once the second hears of it. Primary key.
_UPDATE = """
update shop set
    name = coalesce($3, name), description = coalesce($4, description),
    logo_url = case when $5::text is null then logo_url else nullif($5, '') end,
    service_promises = coalesce($7::jsonb, service_promises),
    version = version + 1, catalogue_version = catalogue_version + 1, updated_at = $6
where id = $1 and version = $2
returning version
"""

_VERSION = "select version from shop where id = $1"

# Everything a shop has goes with it, by the foreign keys; a large one takes longer than a request may.
_NO_HURRY = "select set_config('statement_timeout', '0', true)"
_DELETE = "delete from shop where id = $1 and mode = 'SANDBOX'"
_MODE = "select mode from shop where id = $1"


@dataclass(frozen=True, slots=True)
class Promise:
    """What the shop promises with everything it sells: `title` in a few characters, and what it means."""

    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ShopChanges:
    """What to write anew; None leaves a value as it is, an empty `logo_url` takes the logo away."""

    name: str | None = None
    description: str | None = None
    logo_url: str | None = None
    service_promises: Sequence[Promise] | None = None


async def create_shop(*, mode: ShopMode, handle: str, name: str, seed: int = 0) -> Shop:
    """Open a shop with its default location. Mode and seed are fixed from now on.

    Raises Refusal: INVALID or TAKEN for the handle (lower-case words joined by hyphens), BLANK or TOO_LONG for the
    name. Apps and visitor keys are made apart.
    """
    if not HANDLE.fullmatch(handle) or len(handle) > HANDLE_CHARS_MAX:
        raise Refusal(
            UserErrorCode.INVALID,
            "店铺标识只能由小写字母、数字和连字符组成",
            "A shop's handle is lower-case letters, digits and single hyphens, at most 64",
            "handle",
        )
    _check_name(name)
    shop_id, opened_at = new_id(), wall_now()
    try:
        async with transaction() as sql:
            await sql.execute(_OPEN, shop_id, handle, name, mode, seed, opened_at)
            await sql.execute(_FIRST_LOCATION, new_id(), shop_id, opened_at)
    except UniqueViolationError:
        raise Refusal(UserErrorCode.TAKEN, "该店铺标识已被使用", "Another shop has this handle", "handle") from None
    return await Shop.get(id=shop_id)


async def find_shop(handle: str) -> Shop:
    """Return the shop with this handle. Raises Refusal NOT_FOUND."""
    shop = await Shop.get_or_none(handle=handle)
    if shop is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个店铺", f"There is no shop {handle!r}", "shop")
    return shop


async def shop_named(named: str) -> Shop:
    """Return the shop with this global id or handle. Raises Refusal NOT_FOUND."""
    shop_id = decode_id("shp", named)
    shop = await Shop.get_or_none(id=shop_id) if shop_id else None
    return shop or await find_shop(named)


async def shop_update(caller: Caller, version: int, changes: ShopChanges) -> int:
    """Describe the caller's shop anew and return its new version.

    Raises ConflictRefusal when somebody else changed it since `version`; BLANK, TOO_LONG or INVALID for a value.
    """
    _check_changes(changes)
    async with transaction() as sql:
        new_version: int | None = await sql.fetchval(
            _UPDATE, caller.shop_id, version, changes.name, changes.description, changes.logo_url, caller.now,
            None if changes.service_promises is None else orjson.dumps(changes.service_promises).decode(),
        )  # fmt: skip
        if new_version is None:
            stands: int = await sql.fetchval(_VERSION, caller.shop_id)
            raise ConflictRefusal("version", version=stands)  # noqa: EM101 - a path, not a message
        await emit(sql, caller, "shop.updated", caller.shop_id, {"version": new_version})
    return new_version


async def delete_shop(shop_id: UUID) -> None:
    """Throw a sandbox shop away with every row it has. Raises Refusal NOT_FOUND, or NOT_ALLOWED for a LIVE shop."""
    async with transaction() as sql:
        await sql.execute(_NO_HURRY)
        if await sql.execute(_DELETE, shop_id) == "DELETE 1":
            return
    if await pool().fetchval(_MODE, shop_id) is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个店铺", "There is no such shop", "shop")
    raise Refusal(UserErrorCode.NOT_ALLOWED, "正式店铺不能删除", "A LIVE shop is never deleted", "shop")


def _check_name(name: str, *field: str) -> None:
    path = field or ("name",)
    if not name.strip():
        raise Refusal(UserErrorCode.BLANK, "名称不能为空", "A shop needs a name", *path)
    if len(name) > NAME_CHARS_MAX:
        raise Refusal(UserErrorCode.TOO_LONG, "名称不能超过 120 个字符", "A name has at most 120 characters", *path)


def _check_changes(changes: ShopChanges) -> None:
    if changes.name is not None:
        _check_name(changes.name)
    if changes.description is not None and len(changes.description) > DESCRIPTION_CHARS_MAX:
        raise Refusal(
            UserErrorCode.TOO_LONG,
            "描述不能超过 5000 个字符",
            "A description has at most 5000 characters",
            "description",
        )
    _check_promises(changes.service_promises or ())
    if not changes.logo_url:
        return
    if len(changes.logo_url) > URL_CHARS_MAX:
        raise Refusal(UserErrorCode.TOO_LONG, "网址过长", "A URL has at most 2000 characters", "logoUrl")
    if not changes.logo_url.startswith(("https://", "http://")):
        raise Refusal(UserErrorCode.INVALID, "网址不正确", "A URL begins with http:// or https://", "logoUrl")


def _check_promises(promises: Sequence[Promise]) -> None:
    checks = Checks()
    checks.at_most(promises, PROMISES_MAX, "servicePromises")
    for index, promise in enumerate(promises):
        path = ("servicePromises", index)
        checks.text(promise.title, *path, "title", chars=PROMISE_TITLE_CHARS_MAX, blank=False)
        checks.text(promise.text, *path, "text", chars=PROMISE_TEXT_CHARS_MAX)
    checks.end()
