"""Reads that come together are one statement, and each gets what it would have got alone."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import strawberry

from engine.calling import call_directly
from engine.commands import Ref
from engine.declare import reads
from engine.documents import DocumentCache
from engine.execution import Engine
from engine.limits import Limits
from engine.sources import Sources
from engine.together import Together, for_many
from ids import new_id
from models.database import fetch_value
from models.product import Product
from tests.engine.both import visitor
from tests.engine.small_shop import SmallShop

SHARE = "to_json($1::int / $2::int)"
ALONE = f"select convert_to(({SHARE})::text, 'UTF8')"


class Counting:
    """Asks the database, and remembers what."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.together = Together(self.fetch)

    async def fetch(self, sql: str, binds: tuple[Any, ...]) -> Any:
        """Run one statement."""
        self.asked.append(sql)
        return await fetch_value(sql, binds)

    async def share(self, *binds: int) -> bytes:
        """Divide, together with whoever does so now."""
        found: bytes = await self.together.fetch(ALONE, for_many(SHARE), binds)
        return found


async def test_those_who_come_together_are_answered_by_one_statement(database: None) -> None:
    counting = Counting()
    assert await asyncio.gather(*(counting.share(12, number) for number in range(1, 5))) == [b"12", b"6", b"4", b"3"]
    assert counting.asked == [for_many(SHARE)]


async def test_whoever_comes_alone_asks_alone(database: None) -> None:
    counting = Counting()
    assert [await counting.share(6, 2), await counting.share(6, 3)] == [b"3", b"2"]
    assert counting.asked == [ALONE, ALONE]


async def test_a_fault_is_of_whoever_caused_it(database: None) -> None:
    shares = await asyncio.gather(*(Counting().share(6, number) for number in (0, 3)), return_exceptions=True)
    counting = Counting()
    together = await asyncio.gather(*(counting.share(6, number) for number in (0, 3, 2)), return_exceptions=True)
    assert isinstance(shares[0], asyncpg.DivisionByZeroError)
    assert isinstance(together[0], asyncpg.DivisionByZeroError)
    assert together[1:] == [b"2", b"3"]


@pytest.mark.parametrize("gone", [0, 1])
async def test_whoever_goes_takes_the_answer_from_nobody(database: None, gone: int) -> None:
    counting = Counting()
    waiting = [asyncio.create_task(counting.share(6, number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    waiting[gone].cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found.pop(gone), asyncio.CancelledError)
    assert found == [share for number, share in enumerate([b"6", b"3", b"2"]) if number != gone]


def test_what_json_cannot_tell_is_asked_alone() -> None:
    assert for_many("to_json($1::bytea)") == ""
    assert for_many("'null'::json") == ""


@reads(Product, prefix="prd")
@strawberry.type
class Thing:
    """A product."""

    handle: str


@strawberry.type
class Named:
    """What was named."""

    thing: Thing | None


@strawberry.type
class Query:
    """There must be one."""

    nothing: int


@strawberry.type
class Mutation:
    """One."""

    @strawberry.mutation
    async def name(self, thing: str) -> Named:
        """Answer with a row."""
        return Named(thing=Ref("Thing", UUID(thing)))  # type: ignore[arg-type]


async def test_payloads_of_many_are_read_together(small: SmallShop) -> None:
    schema = strawberry.Schema(Query, Mutation)._schema
    call_directly(schema)
    counting = Counting()
    engine = Engine(schema, Sources(schema), counting.fetch, b"secret")
    document = "mutation ($thing: String!) { name(thing: $thing) { thing { handle } } }"
    operation = DocumentCache(schema, Limits()).load(document).operation(None)
    asked = [{"thing": str(product)} for product in (*small.ids("product")[:4], new_id())]
    alone = [await engine.run(operation, variables, visitor(small)) for variables in asked]
    counting.asked.clear()
    together = await asyncio.gather(*(engine.run(operation, variables, visitor(small)) for variables in asked))
    assert [answer.data for answer in together] == [answer.data for answer in alone]
    assert orjson.loads(together[-1].data) == {"name": {"thing": None}}
    assert len({answer.data for answer in together}) == len(asked)
    assert len(counting.asked) == 1
