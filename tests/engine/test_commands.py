"""Mutations that come prepared are answered as graphql-core answers them, faults and all.

A `__typename` at the root is not prepared, so each document is asked with one and without.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import pytest
import strawberry
from graphql import GraphQLError

from engine.calling import call_directly
from engine.commands import Ref
from engine.declare import reads
from engine.documents import DocumentCache
from engine.errors import bad_input
from engine.execution import Answer, Engine
from engine.limits import Limits
from engine.sources import Sources
from ids import new_id
from models.shop import Shop, ShopMode
from resolvers.caller import ActorKind, Caller

CALLER = Caller(new_id(), ShopMode.SANDBOX, ActorKind.VISITOR, datetime.now(UTC), "asked")
FIRST = new_id()
NO = "not now"


@reads(Shop, prefix="thg")
@strawberry.type
class Thing:
    """A row."""

    name: str


@strawberry.type
class Detail:
    """No row."""

    text: str
    number: int | None


@strawberry.type
class Payload:
    """What became of it."""

    thing: Thing | None
    things: list[Thing] | None = None
    detail: Detail | None = None
    must: Thing | None = None
    words: list[str] = strawberry.field(default_factory=list)

    @strawberry.field
    def length(self) -> int:
        """More than an attribute."""
        return len(self.words)


@strawberry.input
class Wish:
    """What is wished for."""

    what: str
    words: list[str] = strawberry.field(default_factory=lambda: ["much"])


@strawberry.type
class Query:
    """There must be one."""

    nothing: int


@strawberry.type
class Mutation:
    """Each does as it is called."""

    @strawberry.mutation
    async def make(self, what: str = "row", times: Annotated[int, strawberry.argument(name="n")] = 1) -> Payload:
        """Give one of many kinds of payloads."""
        thing: Any = Ref("Thing", FIRST)
        match what:
            case "none":
                return Payload(thing=None)
            case "rows":
                return Payload(thing=thing, things=Ref("Thing", (FIRST,) * times))  # type: ignore[arg-type]
            case "detail":
                return Payload(thing=thing, detail=Detail(text="x" * times, number=None))
            case "words":
                return Payload(thing=None, words=["a"] * times)
            case "wrong":
                return Payload(thing=thing, words=None)  # type: ignore[arg-type]
            case "fault":
                raise bad_input(NO)
        return Payload(thing=thing)

    @strawberry.mutation
    async def perhaps(self, wish: Wish) -> Payload | None:
        """Give a payload that may be null."""
        if wish.what == "fault":
            message = "out of order"
            raise ValueError(message)
        return None if wish.what == "null" else Payload(thing=None, words=wish.words)


SCHEMA = strawberry.Schema(Query, Mutation)._schema
call_directly(SCHEMA)


async def fetch(_sql: str, binds: tuple[Any, ...]) -> bytes:
    """Answer every question alike."""
    rows = next(bind for bind in binds if isinstance(bind, tuple))
    return orjson.dumps([{"name": "n"}] * len(rows)) if len(rows) > 1 else b'{"name":"n"}'


async def refused(_sql: str, _binds: tuple[Any, ...]) -> bytes:
    """Answer nobody."""
    raise bad_input(NO)


async def answered(text: str, variables: dict[str, Any] | None, how: Any) -> Answer:
    engine = Engine(SCHEMA, Sources(SCHEMA), how, b"secret")
    operation = DocumentCache(SCHEMA, Limits()).load(text).operation(None)
    return await engine.run(operation, variables, CALLER)


def told(errors: list[GraphQLError] | None) -> list[tuple[str, Any, str]]:
    return [(error.message, error.path, type(error.original_error).__name__) for error in errors or ()]


ROW = "{ thing { name } words }"
ASKED: list[tuple[str, dict[str, Any] | None]] = [
    ("mutation { make ROW }", None),
    ("mutation { make { __typename same: thing { name } ...Words } } fragment Words on Payload { words }", None),
    ('mutation { make(what: "none") ROW }', None),
    ('mutation { make(what: "rows", n: 2) { thing { name } things { name } } }', None),
    ('mutation { make(what: "detail", n: 3) { detail { text number } thing { name } } }', None),
    ('mutation { make(what: "words", n: 2) { words length } }', None),
    ('mutation { make(what: "wrong") ROW }', None),
    ('mutation { a: make ROW b: make(what: "fault") ROW c: make ROW }', None),
    ('mutation { perhaps(wish: {what: "null"}) ROW }', None),
    ('mutation { a: make ROW b: perhaps(wish: {what: "fault"}) ROW c: make ROW }', None),
    ("mutation ($wish: Wish!) { perhaps(wish: $wish) { words } }", {"wish": {"what": "x"}}),
    ("mutation ($wish: Wish!) { perhaps(wish: $wish) { words } }", {"wish": {"what": "x", "words": []}}),
    ("mutation ($what: String!) { perhaps(wish: {what: $what, words: [$what]}) { words } }", {"what": "x"}),
    ('mutation ($what: String = "words", $n: Int) { make(what: $what, n: $n) { words } }', {}),
    ('mutation ($what: String = "words", $n: Int) { make(what: $what, n: $n) { words } }', {"n": 2}),
    ("mutation ($n: Int) { make(n: $n) { words } }", {"n": None}),
    ("mutation ($w: Boolean!) { make { words @skip(if: $w) thing @include(if: $w) { name } } }", {"w": True}),
    ("mutation ($w: Boolean!) { make { words @skip(if: $w) thing @include(if: $w) { name } } }", {"w": False}),
]  # fmt: skip


@pytest.mark.parametrize("how", [fetch, refused])
@pytest.mark.parametrize(("text", "variables"), ASKED)
async def test_a_prepared_mutation_is_answered_as_graphql_core_does(
    text: str, variables: dict[str, Any] | None, how: Any
) -> None:
    text = text.replace("ROW", ROW)
    prepared = await answered(text, variables, how)
    at_length = await answered(text.replace("{", "{ __typename", 1), variables, how)
    expected = orjson.loads(at_length.data)
    if expected is not None:
        assert expected.pop("__typename") == "Mutation"
    assert orjson.loads(prepared.data) == expected
    assert told(prepared.errors) == told(at_length.errors)


async def test_what_comes_after_a_fault_that_takes_all_is_not_done() -> None:
    answer = await answered('mutation { a: make { words } b: make(what: "fault") { words } }', None, fetch)
    assert (answer.data, [error.path for error in answer.errors or ()]) == (b"null", [["b"]])
