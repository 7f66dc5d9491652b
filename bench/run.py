"""One run: the same shop, the same questions, three applications in turn, several times over."""

import argparse
import asyncio
import base64
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.asking import count_statements, requests_of, same_answers
from bench.buying import measure_buying
from bench.catalogue import KEY, Stocked, stock_shop
from bench.fan_out import fan_out_line
from bench.joining import joining_lines
from bench.journey import journey_line
from bench.landing import measure_landing, share_products
from bench.load import Load, Plan, Target, turns
from bench.login import login_line
from bench.pages import Page, count_fields, pages
from bench.placing import RIVAL, placing_lines, prepare
from bench.report import Result, line, results_file, table
from bench.search import measure_search
from bench.servers import VARIANTS, Ground, Server, ground, make_database, serving
from bench.visits import record_visits
from models.database import connect, migrate
from settings import PROJECT

ROUNDS: Final = 24
SECONDS: Final = 0.6
WARM_SECONDS: Final = 1.0
CONNECTIONS: Final = 16
SLOW: Final = "strawberry"
SLOW_EVERY: Final = 4
"""Its answers take so long that a turn in every fourth round tells as much."""


def say(words: str) -> None:
    """Tell a person how far we are."""
    print(words, file=sys.stderr, flush=True)


def main(words: list[str]) -> None:
    """Measure all three pages and print a JSON line for each, then a table."""
    parser = argparse.ArgumentParser(prog="bench", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="keep the result in bench/RESULTS.md")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each is measured ({ROUNDS})")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"how long at a time ({SECONDS})")
    asked = parser.parse_args(words)
    with ground() as on, ExitStack() as stack:
        say("filling a shop with 1,000 products")
        stocked = asyncio.run(_prepare(on))
        servers = []
        for name in VARIANTS:
            say(f"starting {name}")
            servers.append(stack.enter_context(serving(name, on)))
        results, lines = [], list[str]()

        def tell(line_: str) -> None:
            """At once: whoever stops a long run keeps what it found."""
            print(line_, flush=True)
            lines.append(line_)

        for page in pages(stocked.products, stocked.collections):
            results.append(_measure(on, servers, page, rounds=asked.rounds, seconds=asked.seconds))
            print(line(results[-1]), flush=True)
        say("recording visits")
        tell(record_visits(on, servers[0], KEY))
        say("landing by codes")
        tell(measure_landing(on, servers[:2]))
        say("logging in")
        with ExitStack() as beside:
            tell(login_line(on, beside))
        say("filling a shop with 100,000 products, and searching it")
        tell(measure_search(on, servers[:2]))
    say("buying, in a shop of its own")
    for found in buying_lines():
        tell(found)
    print(f"\n{table(results)}")
    if asked.write:
        kept, plan = PROJECT / "bench" / "RESULTS.md", (CONNECTIONS, asked.rounds, asked.seconds)
        kept.write_text(results_file(results, lines, plan, kept.read_text()))


def buying_lines() -> Iterator[str]:
    """Measure all of buying; lines of JSON as they are found."""
    with ground() as on:
        buyers = asyncio.run(prepare(on))
        with ExitStack() as stack:
            servers = [stack.enter_context(serving(name, on)) for name in ("ours", RIVAL)]
            yield from measure_buying(on, servers[0], buyers)
            yield from placing_lines(on, servers, buyers)
        with ExitStack() as stack:
            yield from joining_lines(on, stack, buyers)
        with ExitStack() as stack:
            yield journey_line(on, stack, buyers)
        with ExitStack() as stack:
            yield fan_out_line(on, stack, buyers)


async def _prepare(on: Ground) -> Stocked:
    settings = on.settings
    dsn = settings.database_url or ""
    await make_database(dsn)
    await migrate(dsn)
    with tempfile.TemporaryDirectory() as directory:
        async with connect(dsn, pool_size=2):
            stocked = await stock_shop(Path(directory), settings.derive("sealing"))
            await share_products()
            return stocked


def _measure(on: Ground, servers: list[Server], page: Page, *, rounds: int, seconds: float) -> Result:
    """Compare the answers, warm everything up, then measure by turns."""
    data = same_answers(servers, page, KEY)
    result = Result(page.name, count_fields(data), asyncio.run(count_statements(on, servers[0], page, KEY)))
    for _load in _loads(on, servers, page, rounds=1, seconds=WARM_SECONDS):
        pass
    say(f"measuring {page.name}")
    for load in _loads(on, servers, page, rounds=rounds, seconds=seconds):
        result.loads[load.name].append(load)
        if load.name == SLOW:
            say("  ".join(f"{name} {loads[-1].cpu_ms:.3f} ms" for name, loads in result.loads.items()))
    return result


def _loads(on: Ground, servers: list[Server], page: Page, *, rounds: int, seconds: float) -> Iterator[Load]:
    """Run the load as a process of its own and give its turns as they end."""
    targets = [
        Target(
            server.name,
            server.port,
            server.pid,
            [base64.b64encode(request).decode() for request in requests_of(server, page, KEY)],
            SLOW_EVERY if server.name == SLOW else 1,
        )
        for server in servers
    ]
    yield from turns(Plan(targets, rounds, seconds, CONNECTIONS, on.postgres))
