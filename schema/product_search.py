"""How products are searched: words that must be found, and how good an answer each product is."""

from dataclasses import dataclass
from typing import Annotated, Final

import strawberry

from engine.rows import Order, Rows
from resolvers.search_text import asks_all, asks_any, asks_rank
from resolvers.search_tier import STANDING, TIER_LEXEME, TIERS
from schema.visibility import on_sale

BEST_MOST: Final = 1_000
"""Of a shop's best products (the first tier) so many are weighed: all of them, once they are ranked."""
ENOUGH: Final = 200
"""Where the best are fewer, others are weighed beside them, up to so many in all: there its cost stops growing."""

RELEVANCE: Final = Order("{t}.relevance", descending=True)

SearchWords = Annotated[
    str | None,
    strawberry.argument(
        description="Words to look for in title, brand, tags, categories, type, options and SKUs. Every word is to be"
        " there; when nothing has them all, any of them. Chinese needs no spaces: any two neighbouring characters of a"
        " title find it. Case and full-width forms are alike, there are no operators, and the first 100 characters"
        " count. Text without a letter or digit finds nothing."
    ),
]

# The best weight of each lexeme that was asked for, in millionths of perfect: title, then brand and tags, then
# category, type and options, then SKUs. Sales and age come in below the step from one to the next. All of it is made of
# what is stored, so a cursor means the same tomorrow.
_RELEVANCE: Final = f"""
(1000000 * ts_rank(array[0.1, 0.2, 0.4, 1.0]::real[], {{words}}.words, (select {{rank}}::tsquery)))::bigint
+ {STANDING.format(t="{{t}}")}
"""

# The words come from a subselect, which is run once before the index is asked, and the shop is compared by a function:
# of both the planner knows nothing, so it expects few rows whatever the shop, enters by the index on words, and keeps
# the plan. Told plainly of the shop, or that there is only one word, it would plan each request anew, for small shops
# and single words look cheaper than the kept plan.
_ASKED: Final = """
select case when (select {any}) is null or exists ({best}) or exists ({everywhere})
    then {all}::tsquery else {any}::tsquery end
"""
_SEEN_ONE: Final = """
select from product_words s, product g
where uuid_cmp(s.shop_id, {{shop}}) = 0 and s.words @@ ({tier}::tsquery && {all}::tsquery)
and g.shop_id = {{shop}} and g.id = s.product_id and {seen}
"""
# The best, then tier by tier, each by the index and none before it is needed; `offset 0` keeps the planner from doing
# all at once. What none of the best has is rare, and found sooner in one go.
_TAKEN: Final = f"""
with asked(words) as materialized ({{asked}}),
best as materialized (
    select t.* from unnest(array[':0']) tier(name), lateral ({{rows}} offset 0) t limit {BEST_MOST}
)
select * from best
union all
(
    select t.* from unnest(
        case when exists (select from best) then array{[f":{tier}" for tier in TIERS[1:]]} else array[''] end
    ) tier(name), lateral ({{rows}} offset 0) t
    limit greatest(0, {ENOUGH} - (select count(*) from best))
)
"""
TIER: Final = TIER_LEXEME.format(shop="{shop}", tier="tier.name")
_BEST_TIER: Final = TIER_LEXEME.format(shop="{shop}", tier="':0'")
_ANY_TIER: Final = TIER_LEXEME.format(shop="{shop}", tier="''")


@dataclass(frozen=True, slots=True)
class Search:
    """A search that is being written: the alias of the words, and which of the products that have them are taken."""

    words: str
    taken: str


def search(rows: Rows, query: object) -> Search:
    """Keep the products that a search finds. The search is told as `search`."""
    words = rows.join("product_words")
    asks = {"all": rows.bind(query, "text", asks_all), "any": rows.bind(query, "text", asks_any)}
    seen = "true" if rows.statement.lifts("") else on_sale("g")
    asked = _ASKED.format(
        best=_SEEN_ONE.format(tier=_BEST_TIER, seen=seen, **asks),
        everywhere=_SEEN_ONE.format(tier=_ANY_TIER, seen=seen, **asks),
        **asks,
    )
    rows.where(rows.fill(f"uuid_cmp({words}.shop_id, {{shop}}) = 0 and {words}.product_id = {{t}}.id"))
    rows.where(rows.fill(f"{words}.words @@ ({TIER}::tsquery && (select words from asked))"))
    rows.note("search", query)
    return Search(words, rows.fill(_TAKEN.replace("{asked}", asked)))


def in_other_order(rows: Rows, found: Search) -> None:
    """Look at the products that relevance would weigh; the order itself is the list's."""
    rows.cap(found.taken)


def by_relevance(rows: Rows, query: object, found: Search, *, reverse: bool) -> None:
    """Put the best answers first, among the candidates."""
    rank = rows.bind(query, "text", asks_rank)
    rows.cap(found.taken, relevance=rows.fill(_RELEVANCE.format(words=found.words, rank=rank)))
    rows.order_by(RELEVANCE, reverse=reverse)
