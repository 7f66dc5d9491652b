"""Searching: what to suggest while somebody types, what many look for, and what a visitor looked for before."""

from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.declare import field, many, one, read, reads
from engine.rows import Rows
from resolvers.search_text import asks_all, term_of
from resolvers.search_tier import TIERS
from schema.category import Category
from schema.connection import limited_rows
from schema.product import Product
from schema.product_search import TIER
from schema.scalars import PageSize
from schema.visibility import on_sale

PRODUCTS_WEIGHED: Final = 200
"""Products among which titles and brands are suggested."""

# Hot words and categories are hundreds of rows of a shop; titles and brands come from the products that the words find.
# Each kind's best, then each kind's second: what begins with what was typed before what holds it elsewhere.
SUGGESTIONS: Final = """
with typed(term) as (select {term}),
found as materialized (
    select found.* from unnest(array{tiers}) tier(name), lateral (
        select t.id, t.title, t.vendor, t.sales_count from product_words w, product t
        where uuid_cmp(w.shop_id, {{shop}}) = 0 and w.words @@ ({tier}::tsquery && (select {all}::tsquery))
        and t.shop_id = {{shop}} and t.id = w.product_id and {seen}
        offset 0
    ) found
    limit {most}
),
suggested as (
    select 1 as place, 'TERM' as kind, h.term as text, null::uuid as product_id, null::uuid as category_id,
        h.visitors::bigint as weight, h.term as folded
    from hot_search h, typed where h.shop_id = {{shop}} and strpos(h.term, typed.term) > 0
    union all
    select 2, 'CATEGORY', c.name, null, c.id, -cardinality(c.path), lower(c.name)
    from category c, typed where c.shop_id = {{shop}} and strpos(lower(c.name), typed.term) > 0
    union all
    select 3, 'VENDOR', min(f.vendor), null, null, count(*), lower(f.vendor)
    from found f, typed where strpos(lower(f.vendor), typed.term) > 0 group by lower(f.vendor)
    union all
    select 4, 'PRODUCT', f.title, f.id, null, f.sales_count, lower(f.title) from found f
),
numbered as (
    select s.*, row_number() over (
        partition by place order by starts_with(s.folded, typed.term) desc, weight desc, text collate "C",
        product_id, category_id
    ) as n
    from suggested s, typed where typed.term <> ''
)
select kind, text, product_id, category_id from numbered order by n, place
"""
HOT: Final = """
select term from hot_search where shop_id = {shop} order by visitors desc, searched_at desc, term collate "C"
"""
# Index (shop_id, visitor_id, searched_at): one visitor's rows.
HISTORY: Final = """
select term from search where shop_id = {shop} and visitor_id = {visitor}
group by term order by max(searched_at) desc, term collate "C" limit 100
"""


@strawberry.enum(description="What a suggestion is.")
class SearchSuggestionKind(Enum):
    """As derived."""

    TERM = strawberry.enum_value("TERM", description="Words that others searched for lately.")
    CATEGORY = strawberry.enum_value("CATEGORY", description="A category's name.")
    VENDOR = strawberry.enum_value("VENDOR", description="A brand.")
    PRODUCT = strawberry.enum_value("PRODUCT", description="A product's title.")


@reads()
@strawberry.type(description="Something that somebody may be about to type.")
class SearchSuggestion:
    """Derived."""

    kind: SearchSuggestionKind = field(description="What it is.")
    text: str = field(description="What to show, and to search for.")
    product: Product | None = field(
        one("{t}.id = {p}.product_id"), description="The product of that title; null for other kinds."
    )
    category: Category | None = field(
        one("{t}.id = {p}.category_id"), description="The category of that name; null for other kinds."
    )


@reads()
@strawberry.type(description="Words that were searched for.")
class SearchTerm:
    """Derived."""

    term: str = field(description="In lower case and narrow forms, one space between words: send it as `query`.")


@strawberry.type
class SearchQuery:
    """Part of Query."""

    @read(
        many(),
        list[SearchSuggestion],
        description="What to offer while somebody types: hot words, categories, brands and titles that hold the words."
        " Nothing for text without a letter or digit.",
    )
    def search_suggest(
        rows: Rows,
        query: Annotated[str, strawberry.argument(description="What was typed so far.")],
        first: Annotated[PageSize, strawberry.argument(description="How many suggestions.")] = 10,  # type: ignore[assignment]
    ) -> None:
        """In one pass over what the words find."""
        rows.derive(
            rows.fill(
                SUGGESTIONS.format(
                    term=rows.bind(query, "text", term_of),
                    all=rows.bind(query, "text", asks_all),
                    tiers=[f":{tier}" for tier in TIERS],
                    tier=TIER,
                    seen=on_sale("t"),
                    most=PRODUCTS_WEIGHED,
                )
            )
        )

    hot_searches = limited_rows(
        many(rows=HOT),
        list[SearchTerm],
        description="What several visitors searched for in the last seven days and found, most wanted first;"
        " made anew every minute.",
    )
    search_history = limited_rows(
        many(rows=HISTORY),
        list[SearchTerm],
        description="What this visitor (`X-Visitor-Id`) searched for before, last first; empty without the header.",
    )
