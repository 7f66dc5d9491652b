"""Transactions that wait for each other in a circle: PostgreSQL breaks one off, and both are served all the same."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest
from asyncpg.exceptions import DeadlockDetectedError, LockNotAvailableError

from models.database import Connection, pool, transaction
from models.refusal import UserErrorCode
from resolvers.caller import Caller
from resolvers.retried import RETRY_AFTER_MS, TRIES, retried
from schema.attempt import attempt
from settings import Settings
from tests.harness.asking import Answer
from tests.harness.buying import on_sale
from tests.harness.paying import all_right, inside, payer, stock_of
from tests.harness.shops import SandboxShop
from tests.journeys.test_cancelling import CANCEL

ADJUST = """mutation($lines: [StockAdjustmentInput!]!, $key: String!) {
  stockAdjust(adjustments: $lines, idempotencyKey: $key) { variants { id } userErrors { code field message } }
}"""
_LEVELS = "select id from stock_level where shop_id = $1 order by id"
_HOLD_LEVEL = "select from stock_level where id = $1 for no key update"
_BLOCKS = "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))"
_WAITS = "select cardinality(pg_blocking_pids($1)) > 0"


@asynccontextmanager
async def stranger(settings: Settings) -> AsyncIterator[Connection]:
    """Somebody in a transaction of their own, who waits until they are served and is never the one broken off."""
    sql = await asyncpg.connect(settings.database_url)
    try:
        await sql.execute("set deadlock_timeout = '60s'")
        async with sql.transaction():
            yield sql
    finally:
        await sql.close()


async def seen(question: str, sql: Connection) -> None:
    """Come back when PostgreSQL says yes about this session."""
    async with asyncio.timeout(10):
        while True:
            if await pool().fetchval(question, sql.get_server_pid()):
                return
            await asyncio.sleep(0.01)


async def crossed(
    settings: Settings, shop_id: UUID, wish: Callable[[], Awaitable[Answer]], row: str, id_: UUID
) -> Answer:
    """Let a wish that takes a row, then the shop's two levels in the order of their ids, meet somebody in a circle.

    One holds the first level until the other, who holds the second, waits for the `row` that the wish has by then.
    """
    first, second = [row["id"] for row in await pool().fetch(_LEVELS, shop_id)]
    async with stranger(settings) as rival:
        await rival.execute(_HOLD_LEVEL, second)
        async with stranger(settings) as before:
            await before.execute(_HOLD_LEVEL, first)
            answer = asyncio.ensure_future(wish())
            await seen(_BLOCKS, before)
            served = asyncio.create_task(rival.fetchval(row, id_))
            await seen(_WAITS, rival)
        assert await served == id_
    return await answer


@pytest.mark.slow
async def test_an_order_that_is_cancelled_meets_somebody_in_a_circle_and_both_are_served(
    shop: SandboxShop, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    small, large = await on_sale(shop, "tee", 5, 5)
    ming = await payer(shop)
    order = await ming.places((small, 1), (large, 2))
    hold = "select id from orders where id = $1 for no key update"

    answer = await crossed(
        settings, shop.id, lambda: ming.ask(CANCEL, {"id": order["id"]}), hold, inside("ord", order["id"])
    )

    assert answer.refusals == []
    assert '"event":"deadlock"' in capfd.readouterr().err
    assert (await ming.order(order["id"]))["status"] == "CANCELLED"
    assert [await stock_of(shop, one) for one in (small, large)] == [(5, 0), (5, 0)]
    assert await all_right(shop)


@pytest.mark.slow
async def test_a_wish_with_a_key_meets_somebody_in_a_circle_and_comes_true_once(
    shop: SandboxShop, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    variants = await on_sale(shop, "tee", 5, 5)
    lines = [{"variantId": one, "delta": 2, "reason": "RECEIVED"} for one in variants]
    wish = {"lines": lines, "key": uuid4().hex}
    hold = "select id from shop where id = $1 for no key update"

    answer = await crossed(settings, shop.id, lambda: shop.staff(ADJUST, wish), hold, shop.id)

    assert answer.refusals == []
    assert '"event":"deadlock"' in capfd.readouterr().err
    assert (await shop.staff(ADJUST, wish)).body["data"] == answer.body["data"]
    assert [await stock_of(shop, one) for one in variants] == [(7, 0), (7, 0)]


async def test_who_always_meets_others_in_a_circle_is_asked_to_come_back(caller: Caller) -> None:
    tries = 0

    @retried
    async def unlucky() -> None:
        nonlocal tries
        tries += 1
        raise DeadlockDetectedError

    made, errors = await attempt(caller, unlucky())

    assert (made, tries) == (None, TRIES)
    [error] = errors
    assert (error.code.name, getattr(error, "retry_after_ms", None)) == (UserErrorCode.BUSY, RETRY_AFTER_MS)


async def test_who_is_held_up_for_too_long_is_asked_to_come_back_at_once(caller: Caller) -> None:
    tries = 0

    @retried
    async def patient() -> None:
        nonlocal tries
        tries += 1
        raise LockNotAvailableError

    _, [error] = await attempt(caller, patient())

    assert (tries, error.code.name) == (1, "BUSY")


async def test_inside_an_open_transaction_only_all_of_it_is_run_again(caller: Caller) -> None:
    parts, wholes = 0, 0

    @retried
    async def part() -> None:
        nonlocal parts
        parts += 1
        if parts == 1:
            raise DeadlockDetectedError

    @retried
    async def whole() -> str:
        nonlocal wholes
        wholes += 1
        async with transaction():
            await part()
        return "done"

    assert await whole() == "done"
    assert (parts, wholes) == (2, 2)
