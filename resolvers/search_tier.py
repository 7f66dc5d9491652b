"""Tiers: a shop's products by how well they sell and how new they are, so that a search need not weigh all of them.

The words of a product hold the lexeme of its tier. A search goes through the tiers, the best first, and stops when it
has found enough: what it costs depends on how much it looks at, not on how much there is. New products begin in the
best tier; the worker moves what has risen or fallen.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from models.database import pool, transaction

TIER_ENDS: Final = (1_000, 4_000, 16_000, 64_000, 256_000)
"""How many products of a shop stand in a tier or before it; behind the last is one more, for all others."""
TIERS: Final = tuple(range(len(TIER_ENDS) + 1))

STANDING: Final = (
    "(8000 * ln(1 + least({t}.sales_count, 1000000)))::bigint"
    " + 20 * greatest(-3000, least(6000, ({t}.published_at at time zone 'UTC')::date - date '2020-01-01'))"
)
"""What makes one of two equally fitting products the better answer, in millionths of a perfect fit: 10,000 pieces sold
are worth 0.074, a year 0.007."""

TIER_LEXEME: Final = "('''@' || replace({shop}::text, '-', '') || {tier} || '''')"
"""The lexeme of a shop's tier (`':2'`; without one, of the whole shop), quoted, as tsvector and tsquery read it."""

_MOVED_AT_ONCE: Final = 2_000

# Shops that fill the best tier and more.
_LARGE: Final = """
select shop_id from product_words where $1::uuid is null or shop_id = $1
group by shop_id having count(*) > $2
"""
_MISPLACED: Final = f"""
with ranked as (
    select t.id, row_number() over (order by (t.status = 'ACTIVE') desc, {STANDING.format(t="t")} desc, t.id) as place
    from product t where t.shop_id = $1
), placed as (
    select id, (select count(*) from unnest($2::int[]) as tier_end where tier_end < place)::smallint as tier from ranked
)
select placed.id, placed.tier from placed
join product_words stored on stored.shop_id = $1 and stored.product_id = placed.id and stored.tier <> placed.tier
order by placed.id
"""  # noqa: S608 - only words of this file are put in
# A product that a command is writing just now is left for the next time.
_MOVE: Final = f"""
with free as (
    select id from product_words where shop_id = $1 and product_id = any($2::uuid[]) order by id
    for update skip locked
)
update product_words stored set tier = moved.tier,
    words = ts_delete(words, array['@' || replace($1::uuid::text, '-', '') || ':' || stored.tier])
        || {TIER_LEXEME.format(shop="$1::uuid", tier="':' || moved.tier")}::tsvector
from free, unnest($2::uuid[], $3::smallint[]) as moved(product_id, tier)
where stored.id = free.id and stored.product_id = moved.product_id
"""  # noqa: S608 - only words of this file are put in


async def rank_products(_wall: datetime, shop_id: UUID | None) -> int:
    """Move the products of large shops to the tiers where they stand now; returns how many. Due work of the worker."""
    large = await pool().fetch(_LARGE, shop_id, TIER_ENDS[0])
    return sum([await _rank(row["shop_id"]) for row in large])


async def _rank(shop_id: UUID) -> int:
    async with transaction() as sql:
        # Ranking a million products takes longer than any request may.
        await sql.execute("set local statement_timeout = 0")
        moves = await sql.fetch(_MISPLACED, shop_id, list(TIER_ENDS))
    for start in range(0, len(moves), _MOVED_AT_ONCE):
        await _move(shop_id, moves[start : start + _MOVED_AT_ONCE])
    return len(moves)


async def _move(shop_id: UUID, moves: Sequence[Any]) -> None:
    async with transaction() as sql:
        await sql.execute(_MOVE, shop_id, [move["id"] for move in moves], [move["tier"] for move in moves])
