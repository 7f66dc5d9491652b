"""The limit: Starlette and asyncpg with one statement for each page, written by hand as well as we know how.

It answers what GraphQL would, and is as careful: scoped by shop, only what is on sale, cursors that cannot be forged.
What it does not do is everything else that an API does: it has no log, no throttle, no metrics, no request ids, no
errors, and it can answer six questions.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from time import monotonic
from typing import Final
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.landing_hand_written import LANDING
from bench.login_hand_written import Logins
from bench.search_hand_written import SEARCH, SEARCH_CURSOR, search_binds
from bench.settled import database_from_settings, settle_memory
from clock import wall_now
from engine.keyset import mac_key
from models.database import pool
from resolvers.keys import Keys, holding
from settings import load_settings
from wechat.transport import open_http

_REMEMBER_SECONDS: Final = 1.0
_SHOP: Final = """
select shop.id, shop.clock_offset_ms from visitor_key join shop on shop.id = visitor_key.shop_id
where visitor_key.key = $1 and visitor_key.revoked_at is null
"""

_ON_SALE: Final = (
    "{p}.status = 'ACTIVE' and timestamptz_cmp({p}.published_at, $2) <> 1"
    " and ({p}.unpublish_at is null or {p}.unpublish_at > $2)"
)
_YUAN: Final = "({fen}::numeric / 100)::numeric(20, 2)::text"
_CAN_BE_BOUGHT: Final = "(not v.tracked or v.inventory_policy = 'CONTINUE' or v.available > 0)"
# 12 bytes of MAC over the id and the sort key, then both, in URL-safe base64 without padding.
_CURSOR: Final = (
    "rtrim(translate(encode(substr(sha256($3::bytea || convert_to({payload}, 'UTF8')), 1, 12)"
    " || convert_to({payload}, 'UTF8'), 'base64'), E'+/\\n', '-_'), '=')"
)
_PAGE_INFO: Final = """json_build_object('hasNextPage', count(*) > 20, 'endCursor', {cursor})""".format(
    cursor=_CURSOR.format(payload="(array_agg(r.payload order by r.n))[least(count(*), 20)]")
)


LIST_CURSOR: Final = b"list"
COLLECTION_CURSOR: Final = b"collection"


def _yuan(fen: str) -> str:
    return _YUAN.format(fen=fen)


_NODES: Final = "coalesce(json_agg(r.node) filter (where r.n <= 20), '[]')"
_RATING: Final = """json_build_object(
    'average', case when p.rating_count > 0 then (p.rating_hundredths::numeric / 100)::numeric(3, 2)::text end,
    'count', p.rating_count)"""

# A page has 20 rows, and says so: of a bound limit PostgreSQL knows nothing, and would plan every request anew.
# The same holds for `published_at <= now`, which is why it is put as it is in _ON_SALE.
#
# The page by the index (shop_id, published_at, id), one row more to know whether there is a next page; then two index
# scans a product, by (shop_id, product_id, position, id).
LIST: Final = f"""
select convert_to(row_to_json(answer)::text, 'UTF8') from (select json_build_object('products', (
  select json_build_object('nodes', {_NODES}, 'pageInfo', {_PAGE_INFO})
  from (
    select p.n,
      replace(p.id::text, '-', '') || ((extract(epoch from p.published_at) * 1000000)::bigint)::text as payload,
      case when p.n <= 20 then (select row_to_json(o) from (select
        'prd_' || replace(p.id::text, '-', '') as id, p.handle, p.title, p.vendor, p.in_stock as "inStock",
        json_build_object(
          'min', json_build_object('amount', {_yuan("p.min_price_fen")}, 'fen', p.min_price_fen),
          'max', json_build_object('amount', {_yuan("p.max_price_fen")})) as "priceRange",
        {_RATING} as rating,
        (select coalesce(json_agg(i), '[]') from (
          select m.url, m.alt, m.width from media m
          where m.shop_id = $1 and m.product_id = p.id and m.kind = 'IMAGE'
          order by m.position, m.id limit 3) i) as images,
        json_build_object('nodes', (select coalesce(json_agg(c), '[]') from (
          select 'var_' || replace(v.id::text, '-', '') as id, v.title,
            json_build_object('amount', {_yuan("v.price_fen")}) as price, {_CAN_BE_BOUGHT} as "availableForSale"
          from variant v where v.shop_id = $1 and v.product_id = p.id order by v.position, v.id limit 3) c)) as variants
      ) o) end as node
    from (select f.*, row_number() over () as n from (
      select * from product p where p.shop_id = $1 and {_ON_SALE.format(p="p")}
      order by p.published_at desc, p.id desc limit 20 + 1) f) p
  ) r)) as data) answer
"""  # noqa: S608 - only words of this file are put in

# One product by (shop_id, handle), then one index scan for each of its parts.
DETAIL: Final = f"""
select convert_to(row_to_json(answer)::text, 'UTF8') from (select json_build_object('product', (
  select row_to_json(o) from (select
    'prd_' || replace(p.id::text, '-', '') as id, p.handle, p.title, p.vendor, p.product_type as "productType", p.tags,
    p.in_stock as "inStock", p.sales_count as "salesCount", p.seo_title as "seoTitle",
    to_char(p.published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "publishedAt",
    json_build_object(
      'min', json_build_object('amount', {_yuan("p.min_price_fen")}, 'fen', p.min_price_fen),
      'max', json_build_object('amount', {_yuan("p.max_price_fen")}, 'fen', p.max_price_fen)) as "priceRange",
    {_RATING} as rating,
    (select coalesce(json_agg(i), '[]') from (select o.name, o.values from product_option o
      where o.shop_id = $1 and o.product_id = p.id order by o.position, o.id) i) as options,
    (select coalesce(json_agg(i), '[]') from (select m.url, m.alt, m.width, m.height from media m
      where m.shop_id = $1 and m.product_id = p.id and m.kind = 'IMAGE' order by m.position, m.id limit 5) i) as images,
    json_build_object('nodes', (select coalesce(json_agg(c), '[]') from (
      select 'var_' || replace(v.id::text, '-', '') as id, v.title, v.sku,
        json_build_object('amount', {_yuan("v.price_fen")}, 'fen', v.price_fen) as price,
        case when v.compare_at_price_fen is not null
          then json_build_object('amount', {_yuan("v.compare_at_price_fen")}) end as "compareAtPrice",
        {_CAN_BE_BOUGHT} as "availableForSale",
        case when v.tracked and v.inventory_policy = 'DENY' then greatest(least(v.available, 99), 0) end as "stockLeft",
        (select coalesce(json_agg(i), '[]') from (select o.name, v.option_values[o.position] as value
          from product_option o where o.shop_id = $1 and o.product_id = p.id
            and o.position <= cardinality(v.option_values) order by o.position) i) as "selectedOptions"
      from variant v where v.shop_id = $1 and v.product_id = p.id order by v.position, v.id limit 20) c)) as variants
    from product p where p.shop_id = $1 and p.handle = $3 and {_ON_SALE.format(p="p")}
  ) o)) as data) answer
"""  # noqa: S608 - only words of this file are put in

# The members by (shop_id, collection_id, position, product_id), each product by its key.
COLLECTION: Final = f"""
select convert_to(row_to_json(answer)::text, 'UTF8') from (select json_build_object('collection', (
  select row_to_json(o) from (select
    'col_' || replace(k.id::text, '-', '') as id, k.handle, k.title, k.description, k.image_url as "imageUrl",
    (select json_build_object('nodes', {_NODES}, 'pageInfo', {_PAGE_INFO})
    from (
      select p.n, replace(p.id::text, '-', '') || p.place::text as payload,
        case when p.n <= 20 then (select row_to_json(o) from (select
          'prd_' || replace(p.id::text, '-', '') as id, p.handle, p.title, p.in_stock as "inStock",
          json_build_object('min', json_build_object('amount', {_yuan("p.min_price_fen")})) as "priceRange",
          (select row_to_json(i) from (select m.url, m.alt from media m
            where m.shop_id = $1 and m.product_id = p.id and m.kind = 'IMAGE'
            order by m.position, m.id limit 1) i) as "featuredImage"
        ) o) end as node
      from (select f.*, row_number() over () as n from (
        select p.*, m.position as place from collection_product m, product p
        where m.shop_id = $1 and m.collection_id = k.id and p.shop_id = $1 and p.id = m.product_id
          and {_ON_SALE.format(p="p")}
        order by m.position, p.id limit 20 + 1) f) p
    ) r) as products
    from collection k where k.shop_id = $1 and k.handle = $4 and k.published
  ) o)) as data) answer
"""  # noqa: S608 - only words of this file are put in


class Shops:
    """Which shop a key opens, remembered for a second as ours does."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[str, tuple[float, UUID, timedelta, dict[bytes, bytes]]] = {}

    async def of(self, key: str) -> tuple[UUID, datetime, dict[bytes, bytes]]:
        """Return the shop, its time, and its cursor keys by list."""
        known = self._known.get(key)
        if known is None or known[0] <= monotonic():
            row = await pool().fetchrow(_SHOP, key)
            if row is None:
                raise HTTPException(HTTPStatus.UNAUTHORIZED)
            keys = {
                head: mac_key(self._secret, row["id"], head) for head in (LIST_CURSOR, COLLECTION_CURSOR, SEARCH_CURSOR)
            }
            offset = timedelta(milliseconds=row["clock_offset_ms"])
            known = self._known[key] = (monotonic() + _REMEMBER_SECONDS, row["id"], offset, keys)
        return known[1], wall_now() + known[2], known[3]


def create() -> Starlette:
    """Make the application."""
    settings = load_settings()
    shops = Shops(settings.derive("cursor"))

    async def list_page(request: Request) -> Response:
        shop_id, now, keys = await shops.of(request.headers["x-shop-key"])
        return _json(await pool().fetchval(LIST, shop_id, now, keys[LIST_CURSOR]))

    async def detail_page(request: Request) -> Response:
        shop_id, now, _keys = await shops.of(request.headers["x-shop-key"])
        return _json(await pool().fetchval(DETAIL, shop_id, now, request.query_params["handle"]))

    async def collection_page(request: Request) -> Response:
        shop_id, now, keys = await shops.of(request.headers["x-shop-key"])
        binds = (shop_id, now, keys[COLLECTION_CURSOR], request.query_params["handle"])
        return _json(await pool().fetchval(COLLECTION, *binds))

    async def search_page(request: Request) -> Response:
        shop_id, now, keys = await shops.of(request.headers["x-shop-key"])
        words = search_binds(shop_id, request.query_params["query"])
        return _json(await pool().fetchval(SEARCH, shop_id, now, keys[SEARCH_CURSOR], *words))

    async def landing_page(request: Request) -> Response:
        shop_id, now, _keys = await shops.of(request.headers["x-shop-key"])
        return _json(await pool().fetchval(LANDING, shop_id, now, request.query_params["scene"].removeprefix("t=")))

    async def login(request: Request) -> Response:
        code = orjson.loads(await request.body())["code"]
        headers = request.headers
        return _json(await logins[0].log_in(headers["x-shop-key"], code, headers["x-visitor-id"]))

    logins: list[Logins] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        with holding(Keys.of(settings)):
            async with database_from_settings(settings), open_http() as http:
                logins.append(Logins(http, settings.sandbox_wechat or ""))
                settle_memory()
                yield

    pages = {
        "list": list_page, "detail": detail_page, "collection": collection_page, "search": search_page,
        "landing": landing_page,
    }  # fmt: skip
    routes = [Route("/login", login, methods=["POST"]), *(Route(f"/{name}", page) for name, page in pages.items())]
    return Starlette(routes=routes, lifespan=lifespan)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
