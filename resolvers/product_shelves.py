"""Where imported products stand: the way of names to a category, the title of a collection; made when missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from ids import new_id
from models.collection import CollectionKind
from models.database import Connection
from resolvers.aggregates import refresh_collections
from resolvers.handle import apart, derive_handle

Way = tuple[str, ...]

# A shop has tens to hundreds of both: read whole, by the indexes that begin with shop_id.
_CATEGORIES: Final = "select id, parent_id, name, handle, path from category where shop_id = $1 order by position, id"
_INSERT_CATEGORY: Final = """
insert into category (id, shop_id, parent_id, handle, name, position, path, version, created_at, updated_at)
values ($2, $1, $3, $4, $5, $6, $7, 1, $8, $8)
"""
_COLLECTIONS: Final = "select id, title, handle, kind from collection where shop_id = $1 order by position, id"
_INSERT_COLLECTION: Final = """
insert into collection (id, shop_id, handle, title, description, kind, rule_match, rules, position, published,
                        product_count, version, created_at, updated_at)
values ($2, $1, $3, $4, '', 'MANUAL', 'ALL', '[]', $5, true, 0, 1, $6, $6)
"""
# At the end of the shelf, in the order of the file.
_PUT: Final = """
insert into collection_product (id, shop_id, collection_id, product_id, position)
select gen_random_uuid(), $1, put.collection_id, put.product_id, put.place + coalesce((
    select max(position) from collection_product last
    where last.shop_id = $1 and last.collection_id = put.collection_id), 0)
from unnest($2::uuid[], $3::uuid[]) with ordinality as put(collection_id, product_id, place)
on conflict (shop_id, collection_id, product_id) do nothing
returning collection_id, product_id
"""


async def find_categories(sql: Connection, shop_id: UUID, ways: Iterable[Way], now: datetime) -> dict[Way, UUID]:
    """Return the category at the end of each way from the root; the catalogue is held, so none is made twice."""
    rows = await sql.fetch(_CATEGORIES, shop_id)
    found: dict[tuple[UUID | None, str], tuple[UUID, list[UUID]]] = {}
    handles = {row["handle"] for row in rows}
    for row in rows:
        found.setdefault((row["parent_id"], row["name"]), (row["id"], row["path"]))
    answer: dict[Way, UUID] = {}
    for way in dict.fromkeys(ways):
        parent: UUID | None = None
        path: list[UUID] = []
        for name in way:
            known = found.get((parent, name))
            if known is None:
                id_ = new_id()
                handle = _free_handle(name, id_, handles)
                known = found[parent, name] = (id_, [*path, id_])
                position = sum(1 for above, _ in found if above == parent) - 1
                await sql.execute(_INSERT_CATEGORY, shop_id, id_, parent, handle, name, position, known[1], now)
            parent, path = known
        if parent is not None:
            answer[way] = parent
    return answer


async def rule_collections(sql: Connection, shop_id: UUID) -> frozenset[str]:
    """Return the titles of collections that fill themselves: nothing can be put there by hand."""
    rows = await sql.fetch(_COLLECTIONS, shop_id)
    by_hand = {row["title"] for row in rows if row["kind"] == CollectionKind.MANUAL}
    return frozenset(row["title"] for row in rows) - by_hand


async def put_into_collections(
    sql: Connection, shop_id: UUID, title_of: Mapping[UUID, str], now: datetime
) -> Sequence[UUID]:
    """Put products (id -> title of a collection) on their shelves; returns those that were not there before."""
    if not title_of:
        return []
    rows = await sql.fetch(_COLLECTIONS, shop_id)
    handles = {row["handle"] for row in rows}
    known: dict[str, UUID] = {}
    for row in rows:
        if row["kind"] == CollectionKind.MANUAL:
            known.setdefault(row["title"], row["id"])
    for title in dict.fromkeys(title_of.values()):
        if title not in known:
            id_ = known[title] = new_id()
            place = len(rows) + len(known)
            await sql.execute(_INSERT_COLLECTION, shop_id, id_, _free_handle(title, id_, handles), title, place, now)
    put = await sql.fetch(_PUT, shop_id, [known[title] for title in title_of.values()], list(title_of))
    if put:
        await refresh_collections(sql, shop_id, list({row["collection_id"] for row in put}))
    return [row["product_id"] for row in put]


def _free_handle(name: str, id_: UUID, handles: set[str]) -> str:
    handle = derive_handle(name)
    if handle in handles:
        handle = apart(handle, id_)
    handles.add(handle)
    return handle
