"""How products are searched: words that must be found, and how good an answer each product is."""

from typing import Annotated, Final

import strawberry

from engine.rows import Order, Rows
from resolvers.search_text import asks_all, asks_any, asks_rank
from schema.visibility import on_sale

CANDIDATES_MOST: Final = 1_000
"""By relevance no more products than these are weighed, so that a word that half the shop has costs no more."""
FOUND_MOST: Final = 10_000
"""In any other order no more than these are put in order."""

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
# category, type and options, then SKUs. Sales and age come in below the step from one to the next: 10,000 pieces
# sold are worth 0.074, a year 0.007. All of it is made of what is stored, so a cursor means the same tomorrow.
_RELEVANCE: Final = """
(1000000 * ts_rank(array[0.1, 0.2, 0.4, 1.0]::real[], {words}.words, (select {rank}::tsquery)))::bigint
+ (8000 * ln(1 + least({{t}}.sales_count, 1000000)))::bigint
+ 20 * greatest(-3000, least(6000, ({{t}}.published_at at time zone 'UTC')::date - date '2020-01-01'))
"""

# The words come from a subselect, which is run once before the index is asked, and the shop is compared by a function:
# of both the planner knows nothing, so it expects few rows whatever the shop, enters by the index on words, and keeps
# the plan. Told plainly of the shop, or that there is only one word, it would plan each request anew, for small shops
# and single words look cheaper than the kept plan.
_ASKED: Final = """
(select {shop} && case when (select {any}) is null or exists (
    select from product_words s, product g
    where uuid_cmp(s.shop_id, {{shop}}) = 0 and s.words @@ ({shop} && {all}::tsquery)
    and g.shop_id = {{shop}} and g.id = s.product_id and {seen}
) then {all}::tsquery else {any}::tsquery end)
"""
SHOP_WORD: Final = "('''@' || replace({shop}::text, '-', '') || '''')::tsquery"


def search(rows: Rows, query: object) -> str:
    """Keep the products that a search finds; returns the alias of their words. The search is told as `search`."""
    words = rows.join("product_words")
    asked = _ASKED.format(
        shop=SHOP_WORD,
        all=rows.bind(query, "text", asks_all),
        any=rows.bind(query, "text", asks_any),
        seen="true" if rows.statement.lifts("") else on_sale("g"),
    )
    rows.where(rows.fill(f"uuid_cmp({words}.shop_id, {{shop}}) = 0 and {words}.product_id = {{t}}.id"))
    rows.where(rows.fill(f"{words}.words @@ {asked}"))
    rows.note("search", query)
    return words


def in_other_order(rows: Rows) -> None:
    """Bound what a search in another order looks at; the order itself is the list's."""
    rows.cap(FOUND_MOST)


def by_relevance(rows: Rows, query: object, words: str, *, reverse: bool) -> None:
    """Put the best answers first, among the candidates."""
    rank = rows.bind(query, "text", asks_rank)
    rows.cap(CANDIDATES_MOST, relevance=rows.fill(_RELEVANCE.format(words=words, rank=rank)))
    rows.order_by(RELEVANCE, reverse=reverse)
