"""What it costs to land on a product by a code, beside the same answer by hand; `python -m bench.landing` alone."""

import asyncio
import base64
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

import orjson

from bench.asking import count_statements, requests_of, same_answers
from bench.catalogue import KEY, stock_shop
from bench.load import Load, Plan, Target, turns
from bench.pages import Page, count_fields
from bench.servers import Ground, Server, ground, make_database, serving
from models.database import connect, migrate, pool

ROUNDS: Final = 12
SECONDS: Final = 0.6
CONNECTIONS: Final = 8
LINKS: Final = 50

DOCUMENT: Final = """
query Landing($scene: String!) {
  landing(input: {scene: $scene}) {
    shop { name logoUrl }
    promoter { name avatarUrl }
    share { token }
    target {
      __typename
      ... on ProductPage {
        product {
          id handle title vendor inStock salesCount
          priceRange { min { amount } max { amount } } rating { average count }
          options { name values }
          images(first: 5) { url alt width height }
          variants(first: 20) { nodes { id title price { amount } availableForSale } }
          reviews(first: 5) { nodes { authorName rating body } }
        }
        promises { title text }
        sameCollection(first: 8) {
          id handle title priceRange { min { amount } } featuredImage { url alt }
        }
      }
    }
    warnings { code }
  }
}
"""
# A promoter's links to fifty products, five reviews of each, and two promises.
_SHARED: Final = (
    """insert into promoter (id, shop_id, kind, name, active, version, created_at, updated_at)
       select gen_random_uuid(), id, 'KOL', '小鱼', true, 1, created_at, created_at from shop where handle = 'bench'""",
    """insert into share_link (id, shop_id, token, depth, promoter_id, target_kind, target_id, created_at)
       select gen_random_uuid(), p.shop_id, 'landing' || lpad(p.n::text, 3, '0'), 0, r.id, 'PRODUCT', p.id, r.created_at
       from (select id, shop_id, row_number() over (order by handle) as n from product) p
       join promoter r on r.shop_id = p.shop_id and r.name = '小鱼' where p.n <= 50""",
    """insert into review (id, shop_id, product_id, author_name, rating, body, image_urls, status, hidden_reason,
                           source, external_id, version, created_at)
       select gen_random_uuid(), l.shop_id, l.target_id, '王**', 5, '很好', '{}', 'PUBLISHED', '', '',
              gen_random_uuid()::text, 1, l.created_at + n * interval '1 minute'
       from share_link l, generate_series(1, 5) n""",
    """update shop set service_promises = '[{"title": "七天无理由退货", "text": "签收后七天内"},
       {"title": "正品", "text": ""}]' where handle = 'bench'""",
    "vacuum analyze promoter, share_link, review, shop",
)


async def share_products() -> None:
    """Put what landings show beside the products of the shop that is measured."""
    for statement in _SHARED:
        await pool().execute(statement)


def measure_landing(on: Ground, servers: list[Server]) -> str:
    """Measure ours and the limit in a shop that is stocked and shared; returns a line of JSON."""
    page = Page("landing", DOCUMENT, [{"scene": f"t=landing{number:03}"} for number in range(1, LINKS + 1)])
    data = same_answers(servers, page, KEY)
    statements = asyncio.run(count_statements(on, servers[0], page, KEY))
    targets = [
        Target(
            server.name,
            server.port,
            server.pid,
            [base64.b64encode(request).decode() for request in requests_of(server, page, KEY)],
            1,
        )
        for server in servers
    ]
    loads: defaultdict[str, list[Load]] = defaultdict(list)
    for load in turns(Plan(targets, ROUNDS + 1, SECONDS, CONNECTIONS, on.postgres)):
        # The first of each only warms up.
        if load.round:
            loads[load.name].append(load)
    ours, limit = loads["ours"], loads["limit"]
    found = {
        "bench": page.name,
        "fields": count_fields(data),
        "ours_cpu_ms": round(median(load.cpu_ms for load in ours), 3),
        "limit_cpu_ms": round(median(load.cpu_ms for load in limit), 3),
        "ratio_cpu": round(median(one.cpu_ms / other.cpu_ms for one, other in zip(ours, limit, strict=True)), 2),
        "ours_postgres_ms": _postgres_ms(ours),
        "limit_postgres_ms": _postgres_ms(limit),
        "ours_rps": round(median(load.per_second for load in ours)),
        "statements": statements,
    }
    return orjson.dumps(found).decode()


def _postgres_ms(loads: list[Load]) -> float | None:
    found = [load.postgres_ms for load in loads if load.postgres_ms is not None]
    return round(median(found), 3) if found else None


async def _prepare(on: Ground) -> None:
    dsn = on.settings.database_url or ""
    await make_database(dsn)
    await migrate(dsn)
    with tempfile.TemporaryDirectory() as directory:
        async with connect(dsn, pool_size=2):
            await stock_shop(Path(directory), on.settings.derive("sealing"))
            await share_products()


def main() -> None:
    """Measure this alone and print its line."""
    with ground() as on, ExitStack() as stack:
        asyncio.run(_prepare(on))
        servers = [stack.enter_context(serving(name, on)) for name in ("ours", "limit")]
        print(measure_landing(on, servers))


if __name__ == "__main__":
    main()
