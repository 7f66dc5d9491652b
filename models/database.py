"""The database: one pool, one way to read raw SQL on it, one way to open a transaction."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext, get_current_context
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor
from tortoise.transactions import in_transaction

from models.connection import PooledConnection, handed_back
from models.migrating import Executor
from models.postgres import is_worn

MODELS = (
    "models.shop",
    "models.wechat_app",
    "models.message_push",
    "models.visitor_key",
    "models.staff",
    "models.customer",
    "models.identity",
    "models.session",
    "models.staff_login",
    "models.consent",
    "models.visitor",
    "models.wechat_code",
    "models.category",
    "models.product",
    "models.product_words",
    "models.option",
    "models.variant",
    "models.stock",
    "models.media",
    "models.media_file",
    "models.collection",
    "models.review",
    "models.metafield",
    "models.price_history",
    "models.promoter",
    "models.share_link",
    "models.scene",
    "models.visit",
    "models.code_image",
    "models.region",
    "models.carrier",
    "models.address",
    "models.freight_template",
    "models.page",
    "models.favourite",
    "models.search",
    "models.viewed_product",
    "models.cart",
    "models.order",
    "models.delivery",
    "models.order_hold",
    "models.reservation",
    "models.merchant_account",
    "models.payment",
    "models.refund",
    "models.after_sale",
    "models.shipment",
    "models.group_buy",
    "models.group_buy_card",
    "models.idempotency_key",
    "models.outbox_event",
    "models.message",
)

SESSION_SETTINGS = {
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": "10000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "30000",
}

# Any number that nobody else locks; released with the transaction.
MIGRATION_LOCK = "select pg_advisory_xact_lock(7026119408)"

ARRAYS = ("uuid", "text", "int", "bigint", "timestamptz")
"""All that statements bind arrays of."""

_ANY_ARRAYS = f"select {', '.join(f'${place}::{kind}[]' for place, kind in enumerate(ARRAYS, 1))}"

Connection = Any
"""An asyncpg connection; asyncpg's own class and its pool proxy share no typed base."""


async def _learn_arrays(connection: Connection) -> None:
    """Let the driver ask what an array is now: it asks once for each connection, else in front of somebody's read."""
    await connection.fetchval(_ANY_ARRAYS, *([] for _ in ARRAYS))


def tortoise_config(dsn: str, *, pool_size: int = 10) -> dict[str, Any]:
    """Tortoise's configuration for a PostgreSQL URL, TCP or `?host=/socket/dir`."""
    url = urlsplit(dsn)
    query = parse_qs(url.query)
    credentials: dict[str, Any] = {
        "host": query.get("host", [url.hostname])[0],
        "port": int(query.get("port", [url.port or 5432])[0]),
        "user": unquote(url.username or query.get("user", ["postgres"])[0]),
        "password": unquote(url.password) if url.password else None,
        "database": url.path.lstrip("/") or "postgres",
        "minsize": 1,
        "maxsize": pool_size,
        "statement_cache_size": 500,
        "max_cacheable_statement_size": 0,
        "max_inactive_connection_lifetime": 0,
        "server_settings": SESSION_SETTINGS,
        "application_name": "xiaopu",
        "init": _learn_arrays,
        "reset": handed_back,
        "connection_class": PooledConnection,
    }
    return {
        "connections": {"default": {"engine": "models.postgres", "credentials": credentials}},
        "apps": {"models": {"models": list(MODELS), "default_connection": "default", "migrations": "migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


# For `tortoise makemigrations`, which compares models with migration files and asks no server.
TORTOISE = tortoise_config("postgresql://127.0.0.1/xiaopu")


@asynccontextmanager
async def connect(dsn: str, *, pool_size: int = 10) -> AsyncIterator[None]:
    """Open the pool for the whole process and close it at the end.

    Inside a block for the same database it joins that pool: an application served by a process that is connected.
    """
    config = tortoise_config(dsn, pool_size=pool_size)
    outer = get_current_context()
    if outer is not None and outer.inited and outer.connections.db_config == config["connections"]:
        yield
        return
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        await _client().create_connection(with_db=True)
        yield
    finally:
        await Tortoise.close_connections()


async def migrate(dsn: str) -> list[str]:
    """Bring the database at `dsn` to the newest migration; names what was applied, nothing when it was there.

    One transaction under one lock: of two processes that start at once the second waits and finds it done,
    and a kill half way leaves the tables as they were. Independent of a `connect` that may be open.
    """
    config = tortoise_config(dsn, pool_size=1)
    # Building an index on a large table takes longer than any request may.
    config["connections"]["default"]["credentials"]["server_settings"] = {"timezone": "UTC"}
    applied: list[str] = []
    async with TortoiseContext() as context:
        await context.init(config=config)
        async with in_transaction("default"):
            connection = get_connection("default")
            await connection.execute_query(MIGRATION_LOCK)
            executor = Executor(connection, config["apps"])
            await executor.recorder.ensure_schema(AsyncpgSchemaEditor(connection))
            await executor.migrate(direction="forward", progress=_collect(applied))
    return applied


def _collect(applied: list[str]) -> Callable[[str, str, str], None]:
    """Tortoise reports (event, app, migration); keep the names of those that are done."""

    def progress(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    return progress


def _client() -> AsyncpgDBClient:
    client = get_connection("default")
    if not isinstance(client, AsyncpgDBClient):
        message = f"PostgreSQL through asyncpg is the only engine, not {type(client).__name__}"
        raise TypeError(message)
    return client


def pool() -> asyncpg.Pool:
    """Give the pool behind Tortoise's default connection, for statements written by hand or compiled."""
    found = _client()._pool  # noqa: SLF001 - Tortoise has no public way to its pool; raw reads cost half on it
    if found is None:
        message = "the database is not connected"
        raise RuntimeError(message)
    return found


async def fetch_value(sql: str, binds: tuple[Any, ...]) -> Any:  # noqa: ANN401 - whatever the column holds
    """Run one statement and give the only column of its first row: the way of every compiled read."""
    row = await fetch_row(sql, binds)
    return None if row is None else row[0]


async def fetch_row(sql: str, binds: tuple[Any, ...]) -> Any:  # noqa: ANN401 - asyncpg's records have no types
    """Run one statement and give its first row, or None.

    The pool's own release runs in a task of its own, shielded from whoever cancels, and makes the connection fit for
    the next. After an answer nothing is left that could be cancelled or mended (see `handed_back`), so it goes back at
    once: a tenth of the CPU of a small answer.
    """
    connections = pool()
    connection: Connection = await connections.acquire()
    held, holder = connection._con, connection._holder  # noqa: SLF001 - asyncpg has no public way to either
    try:
        row = await held.fetchrow(sql, *binds)
    except BaseException:
        await connections.release(connection)
        raise
    if is_worn(held, holder):
        await holder.release(None)
    else:
        holder._release()  # noqa: SLF001 - as above
    return row


@asynccontextmanager
async def transaction() -> AsyncIterator[Connection]:
    """One transaction; gives the raw connection, and ORM calls inside use the same one."""
    async with in_transaction() as wrapper:
        yield wrapper._connection  # noqa: SLF001 - same reason as in pool()


def in_transaction_now() -> bool:
    """Whether whoever asks stands inside an open transaction: the task that opened it, or one that it started.

    A task inherits the transaction it was started in, so what it writes goes there too while it is open; one that
    lives longer is outside as soon as it has ended.
    """
    context = get_current_context()
    if context is None or not context.inited:
        return False
    connection = get_connection("default")
    return isinstance(connection, TransactionalDBClient) and not connection._finalized  # noqa: SLF001 - as in pool()
