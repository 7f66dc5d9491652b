"""What can be done with pages: put one together or anew, and take it away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.database import Connection, transaction
from models.page import Page, PageKind
from models.refusal import Refusal, UserErrorCode
from models.share_link import ShareTarget
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Checks, require_version
from resolvers.handle import apart, derive_handle, handle_refusals
from resolvers.idempotency import once
from resolvers.keep import KEEP, Keep, given, merged
from resolvers.outbox import emit
from resolvers.page_block import BlockDraft, Named, block_refusals, named_by, stored_block
from resolvers.rows import Row, save_rows

# Unique (shop_id, id), (shop_id, handle), and (shop_id) where kind = 'HOME'.
_STANDING = "select * from page where shop_id = $1 and id = $2"
_HANDLE = "select id from page where shop_id = $1 and handle = $2"
_HOME = "select id from page where shop_id = $1 and kind = 'HOME' and id <> $2"
_DELETE = "delete from page where shop_id = $1 and id = $2"
_TOUCH_SHOP = "update shop set catalogue_version = catalogue_version + 1 where id = $1"

# Unique (shop_id, id) of each; one statement for all that is named.
_THERE = """
select 'PRODUCT' as kind, id from product where shop_id = $1 and id = any($2::uuid[])
union all select 'COLLECTION', id from collection where shop_id = $1 and id = any($3::uuid[])
union all select 'PAGE', id from page where shop_id = $1 and id = any($4::uuid[])
"""

_WORDS: Final = {
    ShareTarget.PRODUCT: ("找不到该商品", "No such product"),
    ShareTarget.COLLECTION: ("找不到该集合", "No such collection"),
    ShareTarget.PAGE: ("找不到该页面", "No such page"),
}

_DEFAULTS: Final[dict[str, Any]] = {
    "title": "",
    "kind": PageKind.TOPIC,
    "published": False,
    "share_title": "",
    "share_image_url": None,
}
_COLUMNS: Final = (*_DEFAULTS, "handle", "blocks", "version", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDraft:
    """A page as it shall be. KEEP leaves what is stored, or takes the default for a new one; a new one needs a title.

    Without `id` a new page is made.
    """

    id: UUID | None = None
    version: int | None = None
    handle: str | Keep = KEEP
    title: str | Keep = KEEP
    kind: PageKind | Keep = KEEP
    published: bool | Keep = KEEP
    share_title: str | Keep = KEEP
    share_image_url: str | Keep | None = KEEP
    blocks: Sequence[BlockDraft] | Keep = KEEP


async def page_upsert(caller: Caller, draft: PageDraft, key: str) -> UUID:
    """Put a page together, or change one; given blocks replace all that it had.

    Raises Refusals with paths under `input`: NOT_FOUND for the page and for whatever its blocks name and is not of this
    shop, TAKEN for a handle or a second HOME, CONFLICT, and the usual ones for texts and numbers.
    """
    _check(draft)

    async def save(sql: Connection) -> UUID:
        await open_catalogue(sql, caller.shop_id)
        stored = None if draft.id is None else await _standing(sql, caller, draft.id, "input", "id")
        if stored is not None:
            require_version(draft.version, stored["version"], "input", "version")
        return await _save(sql, caller, draft, stored)

    return UUID(await once(caller, "pageUpsert", key, draft, save))


async def page_delete(caller: Caller, page_id: UUID, version: int | None = None) -> UUID:
    """Take a page away; links to it lead home from now on."""
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, page_id, "id")
        require_version(version, stored["version"])
        await sql.execute(_DELETE, caller.shop_id, page_id)
        await sql.execute(_TOUCH_SHOP, caller.shop_id)
        await emit(sql, caller, "page.deleted", page_id, {})
    return page_id


def _check(draft: PageDraft) -> None:
    checks = Checks("input")
    if draft.id is None:
        checks.required(draft.title, "title")
    if not isinstance(draft.handle, Keep):
        checks.add(handle_refusals(draft.handle, "handle"))
    checks.text(draft.title, "title", blank=False)
    checks.text(draft.share_title, "shareTitle")
    checks.url(draft.share_image_url, "shareImageUrl")
    if not isinstance(draft.blocks, Keep):
        checks.add(block_refusals(draft.blocks, "blocks"))
    checks.end()


async def _standing(sql: Connection, caller: Caller, page_id: UUID, *field: str) -> Mapping[str, Any]:
    stored: Mapping[str, Any] | None = await sql.fetchrow(_STANDING, caller.shop_id, page_id)
    if stored is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该页面", "No such page", *field)
    return stored


async def _save(sql: Connection, caller: Caller, draft: PageDraft, stored: Mapping[str, Any] | None) -> UUID:
    blocks = None if isinstance(draft.blocks, Keep) else draft.blocks
    await _require_named(sql, caller, list(named_by(blocks or ())))
    page_id: UUID = stored["id"] if stored else new_id()
    row: Row = {
        **merged(draft, _DEFAULTS, stored),
        "id": page_id,
        "shop_id": caller.shop_id,
        "handle": await _handle(sql, caller, draft, stored, page_id),
        "version": stored["version"] + 1 if stored else 1,
        "created_at": stored["created_at"] if stored else caller.now,
        "updated_at": caller.now,
    }
    if row["kind"] == PageKind.HOME and await sql.fetchval(_HOME, caller.shop_id, page_id):
        raise Refusal(UserErrorCode.TAKEN, "店铺已有首页", "Another page is the home", "input", "kind")
    # What stands is not read and written again: it would pass through our hands for nothing.
    columns = tuple(column for column in _COLUMNS if column != "blocks" or blocks is not None)
    row["blocks"] = [stored_block(block) for block in blocks or ()]
    await save_rows(sql, Page, columns, [row])
    await sql.execute(_TOUCH_SHOP, caller.shop_id)
    topic = "page.updated" if stored else "page.created"
    await emit(sql, caller, topic, page_id, {"version": row["version"]})
    return page_id


async def _handle(
    sql: Connection, caller: Caller, draft: PageDraft, stored: Mapping[str, Any] | None, page_id: UUID
) -> str:
    """The handle that was asked for, the one that stands, or one from the title that nobody has."""
    if isinstance(draft.handle, Keep) and stored is not None:
        return str(stored["handle"])
    handle = given(draft.handle, derive_handle(given(draft.title, "")))
    if await sql.fetchval(_HANDLE, caller.shop_id, handle) in (None, page_id):
        return handle
    if isinstance(draft.handle, Keep):
        return apart(handle, page_id)
    raise Refusal(UserErrorCode.TAKEN, "该标识已被其他页面使用", "Another page has this handle", "input", "handle")


async def _require_named(sql: Connection, caller: Caller, named: Sequence[Named]) -> None:
    """Refuse blocks that name what this shop does not have."""
    if not named:
        return
    asked = [[one.id for one in named if one.kind is kind] for kind in _WORDS]
    there = {(row["kind"], row["id"]) for row in await sql.fetch(_THERE, caller.shop_id, *asked)}
    checks = Checks("input", "blocks")
    for one in named:
        if (one.kind, one.id) not in there:
            checks.refuse(UserErrorCode.NOT_FOUND, *_WORDS[one.kind], *one.path)
    checks.end()
