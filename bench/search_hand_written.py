"""The search page of the limit: one statement, written by hand over the same words and the same index."""

from typing import Final
from uuid import UUID

from resolvers.search_text import query_of, shop_lexeme

SEARCH_CURSOR: Final = b"search"

_ON_SALE: Final = (
    "{p}.status = 'ACTIVE' and timestamptz_cmp({p}.published_at, $2) <> 1"
    " and ({p}.unpublish_at is null or {p}.unpublish_at > $2)"
)
_PAYLOAD: Final = "(array_agg(r.payload order by r.n))[least(count(*), 20)]"


def _lexeme(tier: str) -> str:
    return f"($7::text || {tier} || '''')::tsquery"


def _seen_one(tier: str) -> str:
    return (
        f"exists (select from product_words s, product q where s.words @@ ({_lexeme(tier)} && $4::text::tsquery)"
        f" and uuid_cmp(s.shop_id, $1) = 0 and q.id = s.product_id and q.shop_id = $1 and {_ON_SALE.format(p='q')})"
    )


_CANDIDATES: Final = f"""
select p.*, (1000000 * ts_rank('{{0.1, 0.2, 0.4, 1}}', w.words, (select $6::text::tsquery)))::bigint
  + (8000 * ln(1 + least(p.sales_count, 1000000)))::bigint
  + 20 * greatest(-3000, least(6000, (p.published_at at time zone 'UTC')::date - date '2020-01-01')) as relevance
from product_words w, product p
where w.words @@ ({_lexeme("tier.name")} && (select asked from words_asked))
  and uuid_cmp(w.shop_id, $1) = 0 and p.id = w.product_id and p.shop_id = $1 and {_ON_SALE.format(p="p")}
offset 0
"""  # noqa: S608 - only words of this file are put in

# All words, or any of them when nothing has all: $4, $5. The index on words first, tier by tier: all of the best, then
# others up to 200 products, each by its key, the best 21 of them. The shop is told to the planner in words whose odds
# it does not know, or it would plan anew.
SEARCH: Final = f"""
with words_asked as materialized (
  select case when (select $5::text) is null or {_seen_one("':0'")} or {_seen_one("''")}
    then $4::text::tsquery else $5::text::tsquery end as asked
), best as materialized (
  select c.* from unnest(array[':0']) tier(name), lateral ({_CANDIDATES}) c limit 1000
)
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
        select * from best union all (select c.* from unnest(
          case when exists (select from best) then array[':1', ':2', ':3', ':4', ':5'] else array[''] end
        ) tier(name), lateral ({_CANDIDATES}) c limit greatest(0, 200 - (select count(*) from best)))
      ) c
      order by c.relevance desc, c.id desc limit 20 + 1) b) p
  ) r)) as data) answer
"""  # noqa: S608 - only words of this file are put in


def search_binds(shop_id: UUID, text: str) -> tuple[str | None, str | None, str | None, str]:
    """Return all words, any of them, what makes a better answer, and how the lexemes of the shop's tiers begin."""
    asked = query_of(text)
    return asked.all, asked.any, asked.rank, f"'{shop_lexeme(shop_id)}"
