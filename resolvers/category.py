"""What can be done with the category tree: grow it, move branches, prune what is empty; no branch under itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.category import Category
from models.database import Connection, transaction
from models.refusal import LimitRefusal, Refusal, Refusals, UserErrorCode
from resolvers.aggregates import refresh_category_collections
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Checks, require_version
from resolvers.handle import apart, derive_handle, handle_refusals
from resolvers.idempotency import once
from resolvers.keep import KEEP, Keep, given, merged
from resolvers.outbox import emit
from resolvers.rows import Row, save_rows
from resolvers.search_index import index_category

NAME_CHARS_MAX: Final = 120
HANDLE_CHARS_MAX: Final = 128
DEPTH_MAX: Final = 10

_STANDING = "select * from category where shop_id = $1 and id = $2"
_HANDLE = "select id from category where shop_id = $1 and handle = $2"
_DELETE = "delete from category where shop_id = $1 and id = $2"

# Index (shop_id, parent_id, ..) and product's (shop_id, category_id).
_IN_USE = """
select exists (select from category where shop_id = $1 and parent_id = $2) as has_children,
       exists (select from product where shop_id = $1 and category_id = $2) as has_products
"""

# A tree is some hundreds of rows: the branch is found by a walk over the shop's.
_BRANCH_DEPTH = """
select max(cardinality(path) - array_position(path, $2) + 1) from category where shop_id = $1 and $2 = any(path)
"""

# The node and all below it, in one statement, for a CHECK ties each path to its parent.
_MOVE = """
update category set path = $4::uuid[] || path[array_position(path, $2):],
                    parent_id = case when id = $2 then $3 else parent_id end
where shop_id = $1 and $2 = any(path)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDraft:
    """KEEP leaves what is stored, or takes the default for a new one; a new one needs a name. Null is the root."""

    handle: str | Keep = KEEP
    name: str | Keep = KEEP
    image_url: str | Keep | None = KEEP
    position: int | Keep = KEEP
    parent_id: UUID | Keep | None = KEEP


_DEFAULTS: Final[dict[str, Any]] = {"name": "", "image_url": None, "position": 0}
_COLUMNS: Final = (*_DEFAULTS, "handle", "version", "updated_at")


def category_refusals(draft: CategoryDraft, *prefix: str) -> list[Refusal]:
    """Say what is wrong with a category by itself."""
    checks = Checks(*prefix)
    if not isinstance(draft.handle, Keep):
        checks.add(handle_refusals(draft.handle, "handle", chars=HANDLE_CHARS_MAX))
    checks.text(draft.name, "name", chars=NAME_CHARS_MAX, blank=False)
    checks.url(draft.image_url, "imageUrl")
    checks.number(draft.position, "position")
    return checks.refusals


async def category_create(caller: Caller, draft: CategoryDraft, key: str) -> UUID:
    """Make a category below its parent; raises Refusals with paths under `input`."""
    refused = category_refusals(draft, "input")
    if isinstance(draft.name, Keep):
        refused.append(Refusal(UserErrorCode.BLANK, "新分类须有名称", "A new category needs a name", "input", "name"))
    if refused:
        raise Refusals(refused)

    async def create(sql: Connection) -> UUID:
        await open_catalogue(sql, caller.shop_id)
        return await _save(sql, caller, draft, None)

    return UUID(await once(caller, "categoryCreate", key, draft, create))


async def category_update(caller: Caller, category_id: UUID, draft: CategoryDraft, version: int | None = None) -> UUID:
    """Change a category, and move it with all below it when another parent is given.

    Raises Refusals NOT_FOUND, CONFLICT, TAKEN; INVALID for a parent inside the branch itself, LimitRefusal for a tree
    that would grow deeper than ten levels.
    """
    if refused := category_refusals(draft, "input"):
        raise Refusals(refused)
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, category_id)
        require_version(version, stored["version"], "input", "version")
        return await _save(sql, caller, draft, stored)


async def category_delete(caller: Caller, category_id: UUID, version: int | None = None) -> UUID:
    """Delete a category; IN_USE while it has categories below it or products in it."""
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, category_id)
        require_version(version, stored["version"])
        found = await sql.fetchrow(_IN_USE, caller.shop_id, category_id)
        if found["has_children"] or found["has_products"]:
            raise Refusal(
                UserErrorCode.IN_USE, "分类下还有子分类或商品", "Categories or products are still in it", *("id",)
            )
        await sql.execute(_DELETE, caller.shop_id, category_id)
        await refresh_category_collections(sql, caller.shop_id)
        await emit(sql, caller, "category.deleted", category_id, {})
    return category_id


async def _save(sql: Connection, caller: Caller, draft: CategoryDraft, stored: Mapping[str, Any] | None) -> UUID:
    category_id: UUID = stored["id"] if stored else new_id()
    parent_id = given(draft.parent_id, stored["parent_id"] if stored else None)
    above = await _path_above(sql, caller, category_id, parent_id)
    moved = stored is not None and parent_id != stored["parent_id"]
    row: Row = {
        **merged(draft, _DEFAULTS, stored),
        "id": category_id,
        "shop_id": caller.shop_id,
        "handle": await _handle(sql, caller, draft, stored, category_id),
        "parent_id": stored["parent_id"] if stored else parent_id,
        "path": stored["path"] if stored else [*above, category_id],
        "version": stored["version"] + 1 if stored else 1,
        "created_at": stored["created_at"] if stored else caller.now,
        "updated_at": caller.now,
    }
    await save_rows(sql, Category, _COLUMNS, [row])
    if moved:
        await sql.execute(_MOVE, caller.shop_id, category_id, parent_id, above)
    if stored is not None and (moved or row["name"] != stored["name"]):
        await index_category(sql, caller.shop_id, category_id)
    await refresh_category_collections(sql, caller.shop_id)
    topic = "category.updated" if stored else "category.created"
    await emit(sql, caller, topic, category_id, {"version": row["version"]})
    return category_id


async def _path_above(sql: Connection, caller: Caller, category_id: UUID, parent_id: UUID | None) -> list[UUID]:
    """Return the way from the root to the parent; refuse a parent that is missing, below, or too deep."""
    if parent_id is None:
        return []
    parent = await sql.fetchrow(_STANDING, caller.shop_id, parent_id)
    if parent is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到上级分类", "No such parent", "input", "parentId")
    path: list[UUID] = list(parent["path"])
    if category_id in path:
        raise Refusal(
            UserErrorCode.INVALID, "不能移到自己的下级", "A category cannot stand below itself", "input", "parentId"
        )
    depth = len(path) + (await sql.fetchval(_BRANCH_DEPTH, caller.shop_id, category_id) or 1)
    if depth > DEPTH_MAX:
        zh, en = f"分类最多 {DEPTH_MAX} 级", f"At most {DEPTH_MAX} levels"
        raise LimitRefusal(zh, en, "input", "parentId", limit=DEPTH_MAX, used=depth)
    return path


async def _handle(
    sql: Connection, caller: Caller, draft: CategoryDraft, stored: Mapping[str, Any] | None, category_id: UUID
) -> str:
    """Return the handle that was asked for, the one that stands, or one from the name that nobody has."""
    if isinstance(draft.handle, Keep) and stored is not None:
        return str(stored["handle"])
    handle = given(draft.handle, derive_handle(given(draft.name, ""), chars=HANDLE_CHARS_MAX - 9))
    holder = await sql.fetchval(_HANDLE, caller.shop_id, handle)
    if holder in (None, category_id):
        return handle
    if isinstance(draft.handle, Keep):
        return apart(handle, category_id)
    raise Refusal(UserErrorCode.TAKEN, "该标识已被其他分类使用", "Another category has this handle", "input", "handle")


async def _standing(sql: Connection, caller: Caller, category_id: UUID) -> Mapping[str, Any]:
    stored: Mapping[str, Any] | None = await sql.fetchrow(_STANDING, caller.shop_id, category_id)
    if stored is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该分类", "No such category", *("id",))
    return stored
