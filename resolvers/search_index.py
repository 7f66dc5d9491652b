"""The words that products are found by, kept by every write that changes one: two statements for any number of them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.database import Connection, pool, transaction
from resolvers.search_text import SearchText, document_of
from resolvers.search_tier import TIER_LEXEME

BATCH_PRODUCTS: Final = 500
_IN_THREAD_FROM: Final = 50
"""From so many products on, words are made beside the loop: a product takes a tenth of a millisecond."""
_SKUS_MAX: Final = 300

# Primary key, then the unique keys of category, (shop_id, product_id, ..) of product_option and variant.
_TEXTS: Final = """
select product.id, title, vendor, product_type, tags,
       array(select name::text from category above where above.shop_id = $1 and above.id = any(own.path)
             order by cardinality(above.path)) as categories,
       array(select name || ' ' || array_to_string(values, ' ') from product_option own_option
             where own_option.shop_id = $1 and own_option.product_id = product.id order by position) as options,
       array(select sku::text from variant where variant.shop_id = $1 and variant.product_id = product.id and sku <> ''
             order by position limit $3) as skus
from product left join category own on own.shop_id = $1 and own.id = product.category_id
where product.shop_id = $1 and product.id = any($2::uuid[])
"""

# Words that are the same are not written again: a product whose stock a file changed keeps its place in the index.
_SAVE: Final = f"""
with made as (
    select given.id, given.product_id, coalesce(stored.tier, 0) as tier, given.words::tsvector as words
    from unnest($2::uuid[], $3::uuid[], $4::text[]) as given(id, product_id, words)
    left join product_words stored on stored.shop_id = $1 and stored.product_id = given.product_id
)
insert into product_words as stored (id, shop_id, product_id, words, is_stale, tier)
select id, $1, product_id, words || {TIER_LEXEME.format(shop="$1::uuid", tier="':' || tier")}::tsvector, false, tier
from made
on conflict (shop_id, product_id) do update set words = excluded.words, is_stale = false, tier = excluded.tier
where stored.is_stale or stored.words is distinct from excluded.words
"""  # noqa: S608 - only words of this file are put in

_OUTDATE_BRANCH: Final = """
update product_words set is_stale = true
where shop_id = $1 and not is_stale and product_id in (
    select product.id from product join category on category.shop_id = $1 and category.id = product.category_id
    where product.shop_id = $1 and category.path @> array[$2::uuid])
"""
_OUTDATE_ALL: Final = "update product_words set is_stale = true where not is_stale"

_WAITING: Final = "select count(*) from product_words where shop_id = $1 and is_stale"

# Held until the words are written: a command that changes one of them meanwhile waits, and writes the newer ones.
# A product that a command is writing just now is left to that command.
_TAKE_STALE: Final = """
select shop_id, product_id from product_words where is_stale and ($1::uuid is null or shop_id = $1)
order by shop_id, id limit $2 for update skip locked
"""


async def index_products(sql: Connection, shop_id: UUID, product_ids: Sequence[UUID]) -> None:
    """Make the words of these products anew inside the open transaction, last, when all that they say is written."""
    if not product_ids:
        return
    rows = await sql.fetch(_TEXTS, shop_id, sorted(set(product_ids)), _SKUS_MAX)
    if len(rows) < _IN_THREAD_FROM:
        words = _documents(shop_id, rows)
    else:
        words = await asyncio.to_thread(_documents, shop_id, rows)
    await sql.execute(_SAVE, shop_id, [new_id() for _ in rows], [row["id"] for row in rows], words)


async def index_category(sql: Connection, shop_id: UUID, category_id: UUID) -> None:
    """Take a category's new name or place to the products below it: some hundreds now, the rest by the worker."""
    await sql.execute(_OUTDATE_BRANCH, shop_id, category_id)
    await _renew(sql, shop_id)


async def renew_stale_words(_wall: datetime, shop_id: UUID | None) -> int:
    """Make stale words anew, batch by batch, each its own transaction; returns how many. Due work of the worker."""
    done = 0
    while True:
        async with transaction() as sql:
            renewed = await _renew(sql, shop_id)
        done += renewed
        if renewed < BATCH_PRODUCTS:
            return done


async def waiting_words(shop_id: UUID) -> int:
    """Return how many products of a shop have words that are to be made anew."""
    waiting: int = await pool().fetchval(_WAITING, shop_id)
    return waiting


async def outdate_all_words() -> None:
    """Have all words of all shops made anew: the rules by which they are made have changed."""
    async with transaction() as sql:
        await sql.execute("set local statement_timeout = 0")
        await sql.execute(_OUTDATE_ALL)


async def _renew(sql: Connection, shop_id: UUID | None) -> int:
    taken = await sql.fetch(_TAKE_STALE, shop_id, BATCH_PRODUCTS)
    by_shop: dict[UUID, list[UUID]] = {}
    for row in taken:
        by_shop.setdefault(row["shop_id"], []).append(row["product_id"])
    for owner, product_ids in by_shop.items():
        await index_products(sql, owner, product_ids)
    return len(taken)


def _documents(shop_id: UUID, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [document_of(shop_id, _said(row)) for row in rows]


def _said(row: Mapping[str, Any]) -> SearchText:
    return SearchText(
        title=row["title"],
        vendor=row["vendor"],
        tags=row["tags"],
        categories=row["categories"],
        product_type=row["product_type"],
        options=row["options"],
        skus=row["skus"],
    )
