"""What every test may ask for: servers, a database of its worker, the app over real HTTP, a shop to itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import httpx
import hypothesis
import pytest

from logs import configure as configure_logs
from models.database import connect
from resolvers.caller import Caller
from settings import Settings, load_settings
from tests.harness.asking import Answer, Asker, credentials
from tests.harness.databases import drop_all, make_template, new_database
from tests.harness.engines import Engines, run_engines, with_redis_database
from tests.harness.secrecy import SECRECY, listen_to_logs
from tests.harness.server import client, serving
from tests.harness.shops import OpenedShop, SandboxShop, open_shop, over_http, the_demo
from tests.harness.statements import Statements, logged

SECRET_KEY = "tests-7qX2vN9wLr4KzB8mYc3HdT6fJs1PgA5e"

_engines = pytest.StashKey[Engines]()
_opened = pytest.StashKey[ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--postgres=/usr/lib/postgresql/15/bin` runs the suite on that PostgreSQL."""
    parser.addoption("--postgres", type=Path, help="a directory of PostgreSQL binaries to run the suite on")


# The suite judges a change by the same examples each time; the long run looks for new ones.
hypothesis.settings.register_profile("suite", derandomize=True)
hypothesis.settings.register_profile("long", derandomize=False)


def pytest_configure(config: pytest.Config) -> None:
    """A worker of xdist gets the engines that its controller started."""
    hypothesis.settings.load_profile("long" if config.getoption("markexpr") == "long" else "suite")
    configure_logs("warning")
    listen_to_logs()
    SECRECY.learn("SECRET_KEY", SECRET_KEY)
    given = getattr(config, "workerinput", {}).get("engines")
    if given:
        config.stash[_engines] = Engines(**given)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Xdist's controller starts the engines once and tells every worker."""
    node.workerinput["engines"] = asdict(_start(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Who started the engines drops the run's databases and stops what is ours."""
    if _opened in config.stash:
        asyncio.run(drop_all(config.stash[_engines]))
        config.stash[_opened].close()


def _start(config: pytest.Config) -> Engines:
    if _engines not in config.stash:
        stack = config.stash[_opened] = ExitStack()
        config.stash[_engines] = stack.enter_context(run_engines(config.getoption("postgres")))
        with asyncio.Runner() as runner:
            runner.run(make_template(config.stash[_engines]))
    return config.stash[_engines]


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    """Fail the test during which a secret or something personal was answered or logged."""
    configure_logs("info")
    yield
    leaks, SECRECY.leaks = SECRECY.leaks, []
    assert not leaks, "\n".join(leaks)


@pytest.fixture(scope="session")
def engines(pytestconfig: pytest.Config) -> Engines:
    """Started when the first test needs them; tests of plain values never wait."""
    return _start(pytestconfig)


@pytest.fixture(scope="session")
async def database_url(engines: Engines, worker_id: str) -> AsyncIterator[str]:
    """The URL of this worker's own database, migrated and empty."""
    async with new_database(engines, worker_id) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def redis_url(engines: Engines, worker_id: str) -> str:
    """The URL of this worker's own Redis database; number 0 is left alone."""
    number = int(worker_id.removeprefix("gw")) + 2 if worker_id.startswith("gw") else 1
    return with_redis_database(engines.redis_url, number)


@pytest.fixture(scope="session")
def settings(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings that the app of this worker runs with."""
    return load_settings(
        database_url=database_url,
        redis_url=redis_url,
        secret_key=SECRET_KEY,
        xiaopu_home=tmp_path_factory.mktemp("home"),
        mode="development",
        # Tests do what is due when they say so; a worker's looks would stand among counted statements.
        worker_inside=False,
        # A suite asks faster than any client; tests of the throttle set their own.
        throttle_points=1_000_000_000,
    )


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[None]:
    """Open models and pool, for tests that call resolvers or write SQL without HTTP."""
    assert settings.database_url
    async with connect(settings.database_url, pool_size=settings.pool_size):
        yield


class Counting(Protocol):
    """`async with statements() as seen: ...` then `len(seen)` and `seen.sql`."""

    def __call__(self) -> AbstractAsyncContextManager[Statements]:
        """Begin to count; the result is filled when the block ends."""


@pytest.fixture
def statements(engines: Engines, settings: Settings, database: None) -> Counting:
    """Count what this worker's database is asked, from the server's own log."""
    if engines.postgres_log is None:
        pytest.skip("the log of a server that DATABASE_URL names is not ours to read")
    log_file, dsn = Path(engines.postgres_log), settings.database_url
    assert dsn
    return lambda: logged(dsn, log_file)


@pytest.fixture(scope="session")
async def server(settings: Settings, database: None) -> AsyncIterator[str]:
    """Serve the app on real sockets; the base URL."""
    async with serving(settings) as base_url:
        yield base_url


@pytest.fixture(scope="session")
async def http(server: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served app, for tests of HTTP itself."""
    async with client(server) as found:
        yield found


@pytest.fixture
async def opened(settings: Settings, database: None) -> OpenedShop:
    """A fresh, empty sandbox shop for tests that call resolvers: `opened.caller`, `opened.id`."""
    return await open_shop(settings)


@pytest.fixture
def caller(opened: OpenedShop) -> Caller:
    """The owner of a fresh, empty sandbox shop."""
    return opened.caller


@pytest.fixture
async def shop(opened: OpenedShop, http: httpx.AsyncClient, settings: Settings) -> SandboxShop:
    """A fresh, empty sandbox shop over HTTP: `shop.visitor(...)`, `shop.staff(...)`; the same as `opened`."""
    return over_http(opened, http, settings)


@pytest.fixture
async def other_shop(http: httpx.AsyncClient, settings: Settings) -> SandboxShop:
    """A second one, which must never see what the first has."""
    return over_http(await open_shop(settings, "隔壁"), http, settings)


@pytest.fixture(scope="session")
async def demo(http: httpx.AsyncClient, settings: Settings) -> SandboxShop:
    """The demo shop, the same for the whole session: read it, never write to it."""
    return over_http(await the_demo(settings), http, settings)


class Asking(Protocol):
    """`await gql(document, variables, key=..., token=...)`: anybody, with exactly these credentials."""

    def __call__(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        token: str | None = None,
        operation: str | None = None,
    ) -> Awaitable[Answer]:
        """Ask and give the parsed answer."""


@pytest.fixture
def gql(http: httpx.AsyncClient) -> Asking:
    """Ask the endpoint as whoever one likes."""

    def ask(
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        token: str | None = None,
        operation: str | None = None,
    ) -> Awaitable[Answer]:
        return Asker(http, credentials(key=key, token=token))(document, variables, operation=operation)

    return ask
