"""What a search costs among a thousand products and among a hundred thousand, beside the same search by hand.

`python -m bench.search` measures this alone. The goods have titles of a colour, a stuff, a thing and a series; a series
is ten products at any size of shop, so a search for one finds as many in both; a thing is one product in forty, a
colour one in eight.
"""

import asyncio
import base64
import csv
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
import orjson

from bench.asking import count_statements, requests_of, same_answers
from bench.load import Load, Plan, Target, turns
from bench.pages import Page
from bench.servers import Ground, Server, ground, make_database, serving
from clock import wall_now
from models.database import connect, migrate
from resolvers.caller import system_caller
from resolvers.product_import import import_products
from resolvers.sandbox_shop import open_sandbox
from resolvers.search_tier import rank_products

SIZES: Final = {"search-small": 1_000, "search-large": 100_000}
"""Keys of the shops, and how many products each has."""
ROUNDS: Final = 10
SECONDS: Final = 0.6
CONNECTIONS: Final = 8
OF_A_SERIES: Final = 10

DOCUMENT: Final = """
query Search($query: String!) {
  products(first: 20, query: $query) {
    nodes { id handle title vendor inStock priceRange { min { amount } } featuredImage { url alt } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_COLOURS: Final = ("雾霾蓝", "浅杏粉", "炭灰", "奶油白", "松石绿", "焦糖棕", "藕荷紫", "墨黑")
_STUFFS: Final = ("纯棉", "亚麻", "羊毛", "真丝", "竹纤维", "牛皮", "陶瓷", "实木", "玻璃", "不锈钢")
_THINGS: Final = (
    *(
        "四件套",
        "毛巾",
        "浴巾",
        "枕头",
        "被子",
        "床单",
        "窗帘",
        "地毯",
        "抱枕",
        "靠垫",
        "双肩包",
        "手提包",
        "钱包",
        "手账本",
    ),
    *(
        "保温杯",
        "茶具",
        "花瓶",
        "餐盘",
        "汤碗",
        "筷子",
        "砧板",
        "炒锅",
        "围裙",
        "帆布鞋",
        "拖鞋",
        "袜子",
        "衬衫",
        "外套",
        "围巾",
    ),
    *("香薰", "蜡烛", "台灯", "落地灯", "收纳盒", "衣架", "鞋柜", "书架", "餐椅", "茶几", "挂钟"),
)
_SOUNDS: Final = "云岫山岚溪月松风竹影荷雨兰雪梅霜星河晨露晚霞青禾白鹿"
_HEADER: Final = (
    *("Handle", "Title", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value", "Variant SKU"),
    *("Variant Price", "Image Src", "Image Position", "Status"),
)


def measure_search(on: Ground, servers: list[Server]) -> str:
    """Stock both shops in a migrated database, measure ours and the limit in each, and return a line of JSON."""
    asyncio.run(_stock(on))
    loads: dict[tuple[str, str, str], list[Load]] = {}
    series = [{"query": f"{_series(number)} {_THINGS[number % len(_THINGS)]}"} for number in range(0, 90, 3)]
    things = [{"query": thing} for thing in _THINGS]
    colours = [{"query": colour} for colour in _COLOURS]
    statements = None
    for kind, variables in (("series", series), ("thing", things), ("colour", colours)):
        page = Page("search", DOCUMENT, variables)
        for key in SIZES:
            same_answers(servers, page, key)
            statements = asyncio.run(count_statements(on, servers[0], page, key))
        for load, key in _measured(on, servers, page):
            loads.setdefault((kind, load.name, key), []).append(load)
    small, large = SIZES
    found = {
        "bench": "search",
        "products": SIZES[large],
        "ours_cpu_ms": _ms(loads["series", "ours", large]),
        "limit_cpu_ms": _ms(loads["series", "limit", large]),
        "ratio_cpu": _ratio(loads["series", "ours", large], loads["series", "limit", large]),
        "postgres_ms": _postgres_ms(loads["series", "ours", large]),
        "flat": _ratio(loads["series", "ours", large], loads["series", "ours", small], whole=True),
        "ours_rps": round(median(load.per_second for load in loads["series", "ours", large])),
        "common_cpu_ms": _ms(loads["thing", "ours", large]),
        "common_postgres_ms": _postgres_ms(loads["thing", "ours", large]),
        "common_ratio_cpu": _ratio(loads["thing", "ours", large], loads["thing", "limit", large]),
        "common_flat": _ratio(loads["thing", "ours", large], loads["thing", "ours", small], whole=True),
        "broad_cpu_ms": _ms(loads["colour", "ours", large]),
        "broad_postgres_ms": _postgres_ms(loads["colour", "ours", large]),
        "broad_flat": _ratio(loads["colour", "ours", large], loads["colour", "ours", small], whole=True),
        "statements": statements,
    }
    return orjson.dumps(found).decode()


async def _stock(on: Ground) -> None:
    """Open and fill both shops, through the import that merchants use."""
    with tempfile.TemporaryDirectory() as directory:
        async with connect(on.settings.database_url or "", pool_size=2):
            for key, products in SIZES.items():
                await _fill(key, products, Path(directory) / f"{key}.csv", on.settings.derive("sealing"))
            # The worker's, which does not run here.
            await rank_products(wall_now(), None)
    # Longer than any request may take, so on a connection of its own.
    administrator = await asyncpg.connect(on.settings.database_url)
    await administrator.execute("vacuum analyze product, product_words, media")
    await administrator.close()


async def _fill(key: str, products: int, file: Path, sealing_key: bytes) -> None:
    opened = await open_sandbox(handle=key, name=key, seed=1, sealing_key=sealing_key, key=key)
    _write(file, products)
    report = await import_products(system_caller(opened.shop), file)
    if report.created != products:
        message = f"the import made {report.created} of {products} products"
        raise RuntimeError(message)


def _measured(on: Ground, servers: list[Server], page: Page) -> Iterator[tuple[Load, str]]:
    """Give turns with the key of the shop that was asked; the first of each only warms up."""
    targets, keys = [], []
    for key in SIZES:
        for server in servers:
            requests = [base64.b64encode(request).decode() for request in requests_of(server, page, key)]
            targets.append(Target(server.name, server.port, server.pid, requests, 1))
            keys.append(key)
    for number, load in enumerate(turns(Plan(targets, ROUNDS + 1, SECONDS, CONNECTIONS, on.postgres))):
        if load.round:
            yield load, keys[number % len(keys)]


def _ms(loads: list[Load]) -> float:
    return round(median(load.cpu_ms for load in loads), 3)


def _postgres_ms(loads: list[Load]) -> float | None:
    found = [load.postgres_ms for load in loads if load.postgres_ms is not None]
    return round(median(found), 3) if found else None


def _ratio(ones: list[Load], others: list[Load], *, whole: bool = False) -> float:
    """CPU of the ones for each of the others, the median of the rounds' own ratios; `whole` adds PostgreSQL's."""
    by_round: dict[int, list[float]] = defaultdict(list)
    for load in (*ones, *others):
        by_round[load.round].append(load.cpu_ms + (load.postgres_ms or 0.0 if whole else 0.0))
    return round(median(one / other for one, other in by_round.values()), 2)


def _series(number: int) -> str:
    """Return the name of a series: three characters, another for each number."""
    count = len(_SOUNDS)
    return _SOUNDS[number % count] + _SOUNDS[number // count % count] + _SOUNDS[number // count**2 % count]


def _write(file: Path, products: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(_HEADER)
        for number in range(products):
            series = number // OF_A_SERIES
            thing = _THINGS[series % len(_THINGS)]
            words = (_COLOURS[number % 8], _STUFFS[series * 7 % 10], _series(series), thing, str(number))
            writer.writerow(
                (
                    *(f"goods-{number}", " ".join(words), f"品牌{series % 30}", thing, words[0], "true"),
                    *("尺码", "均码", f"SKU-{number}", f"{10 + number % 400}.00"),
                    *(f"https://img.example.com/{number}.jpg", 1, "active"),
                )
            )


async def _prepare(on: Ground) -> None:
    dsn = on.settings.database_url or ""
    await make_database(dsn)
    await migrate(dsn)


if __name__ == "__main__":
    with ground() as alone, ExitStack() as stack:
        asyncio.run(_prepare(alone))
        both = [stack.enter_context(serving(name, alone)) for name in ("ours", "limit")]
        print(measure_search(alone, both), flush=True)
