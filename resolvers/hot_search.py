"""Hot words: what several visitors of a shop searched for lately and found something by, most wanted first."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from models.database import Connection, pool, transaction
from models.shop import Shop
from resolvers.shop_clock import shop_now

LATELY: Final = timedelta(days=7)
TERMS_MOST: Final = 200
VISITORS_LEAST: Final = 2
"""What one person typed is that person's business."""

# The partial index on what is not counted yet.
_DUE: Final = """
select distinct shop_id from search where not is_counted and ($1::uuid is null or shop_id = $1) limit 1000
"""
# Two workers would write the same list, and the later one over the earlier.
_HOLD: Final = "select pg_advisory_xact_lock(hashtextextended('hot_search' || $1::text, 0))"
_TAKE_IN: Final = "update search set is_counted = true where shop_id = $1 and not is_counted"

# Index (shop_id, searched_at).
_COUNT: Final = """
with hot as materialized (
    select term, count(distinct visitor_id) as visitors, max(searched_at) as searched_at from search
    where shop_id = $1 and searched_at > $2 and hits > 0
    group by term having count(distinct visitor_id) >= $3
    order by 2 desc, 3 desc, term limit $4
), gone as (
    delete from hot_search where shop_id = $1 and term not in (select term from hot)
)
insert into hot_search as stored (id, shop_id, term, visitors, searched_at)
select gen_random_uuid(), $1, term, visitors, searched_at from hot
on conflict (shop_id, term) do update set visitors = excluded.visitors, searched_at = excluded.searched_at
where (stored.visitors, stored.searched_at) is distinct from (excluded.visitors, excluded.searched_at)
"""


async def count_hot_searches(_wall: datetime, shop_id: UUID | None) -> int:
    """Make the lists anew of shops where somebody searched since; returns how many. Due work of the worker."""
    due = [row["shop_id"] for row in await pool().fetch(_DUE, shop_id)]
    for owner in due:
        shop = await Shop.get_or_none(id=owner)
        if shop is not None:
            async with transaction() as sql:
                await _count(sql, shop)
    return len(due)


async def _count(sql: Connection, shop: Shop) -> None:
    await sql.execute(_HOLD, shop.id.hex)
    await sql.execute(_TAKE_IN, shop.id)
    since = shop_now(shop.clock_offset_ms) - LATELY
    await sql.execute(_COUNT, shop.id, since, VISITORS_LEAST, TERMS_MOST)
