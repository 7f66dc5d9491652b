"""The search page of the limit: one statement, written by hand over the same words and the same index."""

from typing import Final
from uuid import UUID

from resolvers.search_text import query_of, quoted, shop_lexeme

SEARCH_CURSOR: Final = b"search"

_ON_SALE: Final = (
    "{p}.status = 'ACTIVE' and timestamptz_cmp({p}.published_at, $2) <> 1"
    " and ({p}.unpublish_at is null or {p}.unpublish_at > $2)"
)
_PAYLOAD: Final = "(array_agg(r.payload order by r.n))[least(count(*), 20)]"

# All words, or any of them when nothing has all: $4, $5. The index on words first, at most 1,000 products by their key,
# the best 21 of them. The shop is told to the planner in words whose odds it does not know, or it would plan anew.
SEARCH: Final = f"""
select convert_to(row_to_json(answer)::text, 'UTF8') from (select json_build_object('products', (
  select json_build_object('nodes', coalesce(json_agg(r.node) filter (where r.n <= 20), '[]'), 'pageInfo',
    json_build_object('hasNextPage', count(*) > 20, 'endCursor', rtrim(translate(encode(
      substr(sha256($3::bytea || convert_to({_PAYLOAD}, 'UTF8')), 1, 12) || convert_to({_PAYLOAD}, 'UTF8'),
      'base64'), E'+/\\n', '-_'), '=')))
  from (
    select p.n, replace(p.id::text, '-', '') || p.relevance::text as payload,
      case when p.n <= 20 then (select row_to_json(o) from (select
        'prd_' || replace(p.id::text, '-', '') as id, p.handle, p.title, p.vendor, p.in_stock as "inStock",
        json_build_object('min', json_build_object('amount', ((p.min_price_fen::numeric / 100)::numeric(20, 2))::text))
          as "priceRange",
        (select row_to_json(i) from (select m.url, m.alt from media m
          where m.shop_id = $1 and m.product_id = p.id and m.kind = 'IMAGE'
          order by m.position, m.id limit 1) i) as "featuredImage"
      ) o) end as node
    from (select b.*, row_number() over () as n from (
      select * from (
        select p.*, (1000000 * ts_rank('{{0.1, 0.2, 0.4, 1}}', w.words, (select $6::text::tsquery)))::bigint
          + (8000 * ln(1 + least(p.sales_count, 1000000)))::bigint
          + 20 * greatest(-3000, least(6000, (p.published_at at time zone 'UTC')::date - date '2020-01-01'))
          as relevance
        from product_words w, product p
        where w.words @@ (select case when (select $5::text) is null or exists (
            select from product_words s, product q where s.words @@ $4::text::tsquery and uuid_cmp(s.shop_id, $1) = 0
            and q.id = s.product_id and q.shop_id = $1 and {_ON_SALE.format(p="q")}
          ) then $4::text::tsquery else $5::text::tsquery end)
          and uuid_cmp(w.shop_id, $1) = 0 and p.id = w.product_id and p.shop_id = $1 and {_ON_SALE.format(p="p")}
        limit 1000) c
      order by c.relevance desc, c.id desc limit 20 + 1) b) p
  ) r)) as data) answer
"""  # noqa: S608 - only words of this file are put in


def search_binds(shop_id: UUID, text: str) -> tuple[str | None, str | None, str | None]:
    """Return all words, any of them, and what makes a better answer; within the shop."""
    asked, shop = query_of(text), quoted(shop_lexeme(shop_id))
    every = f"{shop} & {asked.all}" if asked.all else None
    return every, f"{shop} & ({asked.any})" if asked.any else None, asked.rank
