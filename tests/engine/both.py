"""Asks the engine and the reference the same thing, and tells where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import orjson

from engine.documents import Document, DocumentCache
from engine.execution import Answer, Engine
from engine.limits import Limits
from ids import new_id
from models.database import fetch_value, pool
from models.shop import ShopMode
from models.staff import Role
from resolvers.caller import ActorKind, Caller
from schema.root import graphql_schema, sources
from tests.engine.reference import Reference
from tests.engine.reference_rows import Reader
from tests.engine.small_people import DEVICES
from tests.engine.small_shop import NOW, SmallShop

SECRET = b"a secret of the engine's tests.."


def visitor(shop: SmallShop) -> Caller:
    """Somebody who looks in."""
    return Caller(
        shop.id, ShopMode.SANDBOX, ActorKind.VISITOR, NOW.astimezone(UTC), new_id().hex, visitor_id=DEVICES[0]
    )


def customer(shop: SmallShop, number: int = 0) -> Caller:
    """One of the shop's customers, on a device of theirs."""
    return Caller(
        shop.id, ShopMode.SANDBOX, ActorKind.CUSTOMER, NOW, new_id().hex, subject_id=shop.ids("customer")[number],
        visitor_id=DEVICES[1],
    )  # fmt: skip


def staff(shop: SmallShop, *roles: Role) -> Caller:
    """Somebody with these roles, on a device that has a cart."""
    return Caller(
        shop.id, ShopMode.SANDBOX, ActorKind.STAFF, NOW, new_id().hex, subject_id=shop.ids("staff")[0],
        roles=frozenset(roles),
        visitor_id=DEVICES[0],
    )  # fmt: skip


class DifferentError(AssertionError):
    """The two answers are not the same, or not had in the same way; the message has the document and the place."""

    def __init__(self, text: str, variables: Mapping[str, Any] | None, difference: str) -> None:
        super().__init__(f"{text}\n{variables}\n{difference}")


@dataclass(slots=True)
class Both:
    """The engine with its statements kept, beside the reference."""

    limits: Limits = field(default_factory=Limits)
    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    engine: Engine = field(init=False)
    documents: DocumentCache = field(init=False)
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(graphql_schema, sources, self._fetch, SECRET)
        self.forget()
        self.reader = Reader(pool())

    async def _fetch(self, sql: str, binds: tuple[Any, ...]) -> bytes | None:
        self.asked.append((sql, binds))
        value: bytes | None = await fetch_value(sql, binds)
        return value

    def forget(self) -> None:
        """Drop every document with its plans."""
        self.documents = DocumentCache(graphql_schema, self.limits)

    async def answer(self, text: str, variables: Mapping[str, Any] | None, viewer: Caller) -> Answer:
        """What the engine says."""
        operation = self.documents.load(text).operation(None)
        operation.cost(variables)
        return await self.engine.run(operation, variables, viewer)

    async def data(self, text: str, variables: Mapping[str, Any] | None, viewer: Caller) -> Any:
        """The engine's answer, parsed."""
        return orjson.loads((await self.answer(text, variables, viewer)).data)

    async def reference(self, document: Document, variables: Mapping[str, Any] | None, viewer: Caller) -> Any:
        """What graphql-core says."""
        return await Reference(graphql_schema, sources, self.reader, SECRET, viewer).run(document.ast, variables)

    async def same(self, text: str, variables: Mapping[str, Any] | None, viewer: Caller) -> Any:
        """The answer, once it is sure that both give it, in the same order of keys, by one statement."""
        before = len(self.asked)
        answer = await self.answer(text, variables, viewer)
        asked = len(self.asked) - before
        expected = await self.reference(self.documents.load(text), variables, viewer)
        # Both through one writer and one reader, so that only values and the order of keys can differ.
        ours, theirs = orjson.loads(answer.data), orjson.loads(orjson.dumps(expected))
        if ours != theirs or orjson.dumps(ours) != orjson.dumps(theirs):
            raise DifferentError(text, variables, _difference(ours, theirs))
        if answer.fell_back or answer.errors or asked != 1:
            how = f"fell back: {answer.fell_back}, errors: {answer.errors}, statements: {asked}"
            raise DifferentError(text, variables, how)
        return ours


def _difference(ours: Any, theirs: Any, path: str = "data") -> str:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if list(ours) != list(theirs):
            return f"{path}: keys {list(ours)} for {list(theirs)}"
        return next((found for key in ours if (found := _difference(ours[key], theirs[key], f"{path}.{key}"))), "")
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return next((found for at, (a, b) in pairs if (found := _difference(a, b, f"{path}[{at}]"))), "")
    return "" if orjson.dumps(ours) == orjson.dumps(theirs) else f"{path}: {ours!r} for {theirs!r}"
