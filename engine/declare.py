"""The words a schema type uses to say where it reads from."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import strawberry

from engine.following import Following
from engine.rows import Order
from engine.sources import (
    ByIds,
    Column,
    Computed,
    Expression,
    FieldSource,
    GlobalId,
    Kinds,
    Link,
    Relation,
    Shape,
    Table,
    Value,
    Written,
    type_sources,
)

__all__ = ["Following", "Link", "Order"]


def reads(
    model: Any = None, *, prefix: str = "", guard: str = "", keeper: str | None = "", scope: str = ""
) -> Callable[[type], type]:
    """Say that a type's rows are those of a Tortoise model (none: a value object, or rows a relation derives).

    `guard` is a condition for what the public may see, lifted for readers who are the `keeper`, for nobody with None;
    `scope` replaces the shop condition where a table names its shop otherwise.
    """
    table = Table(model._meta.db_table if model else "", prefix, scope or Table().scope, guard, keeper)  # noqa: SLF001

    def mark(cls: type) -> type:
        type_sources[cls] = table
        return cls

    return mark


def reads_kinds(kind: str, **types: str) -> Callable[[type], type]:
    """Say that an interface's rows are of one row set, told apart by the value of `kind` (a template)."""

    def mark(cls: type) -> type:
        type_sources[cls] = Kinds(kind, types)
        return cls

    return mark


def field(source: FieldSource | None = None, *, description: str, roles: Iterable[Any] = ()) -> Any:
    """A field without arguments; without a source it is the column of its own name."""
    return strawberry.field(description=description, metadata={"source": source, "roles": tuple(roles)})


def column(name: str) -> Column:
    """The column of another name."""
    return Column(name)


def global_id() -> GlobalId:
    """The row's opaque id."""
    return GlobalId()


def expression(sql: str) -> Expression:
    """A scalar that SQL derives from the row."""
    return Expression(sql)


def value(*inputs: str) -> Value:
    """A value object made from these expressions; null when the first one is."""
    return Value(inputs)


def computed(needs: str, compute: Callable[[Any], Any]) -> Computed:
    """Python's own work on one value that SQL brings (as JSON)."""
    return Computed(needs, compute)


def one(match: str = "", *, rows: str = "", order: Order | None = None, is_public: bool = False) -> Relation:
    """At most one row: the first in order, where several match; `rows` derives it by a select."""
    return Relation(Shape.ONE, match, None, rows, order, is_public=is_public)


def many(match: str = "", *, rows: str = "", order: Order | None = None, is_public: bool = False) -> Relation:
    """A list of rows, in order; `rows` derives them by a select. With an argument `first` when the field has one."""
    return Relation(Shape.MANY, match, None, rows, order, is_public=is_public)


def page(match: str = "", *, order: Order | None = None, link: Link | None = None, is_public: bool = False) -> Relation:
    """A connection over rows, paged by keyset."""
    return Relation(Shape.PAGE, match, link, "", order, is_public=is_public)


def by_ids(*, many: bool) -> ByIds:
    """Rows of any type by global id."""
    return ByIds(many)


def read(
    source: Relation | ByIds,
    result: Any,
    *,
    description: str,
    roles: Iterable[Any] = (),
    arguments: Iterable[inspect.Parameter] = (),
) -> Callable[[Any], Any]:
    """A field with arguments: decorates the select function, whose parameters after `rows` are the arguments.

    `arguments` are more of them, which the engine itself understands (those of paging).
    """

    def declare(select: Callable[..., None]) -> Any:
        parameters = [*list(inspect.signature(select).parameters.values())[1:], *arguments]
        declared = source
        if isinstance(source, Relation):
            declared = replace(source, select=select)
        return _field(parameters, declared, result, description, roles)

    return declare


def written(result: Any, *, description: str, roles: Iterable[Any] = ()) -> Callable[[Any], Any]:
    """A scalar with arguments: decorates the function that writes its SQL, whose parameters after `rows` they are."""

    def declare(write: Callable[..., str]) -> Any:
        parameters = list(inspect.signature(write).parameters.values())[1:]
        return _field(parameters, Written(write), result, description, roles)

    return declare


def live(
    source: Relation, result: Any, *, following: Following, description: str, roles: Iterable[Any] = ()
) -> Callable[[Any], Any]:
    """A subscription: decorates the select function, as `read` does. The result has a field `cursor`.

    It is read anew after the events that `following` names, and told when its cursor changed.
    """

    def declare(select: Callable[..., None]) -> Any:
        parameters = list(inspect.signature(select).parameters.values())[1:]
        return _field(parameters, replace(source, select=select), result, description, roles, following=following)

    return declare


def listed(
    source: Relation,
    result: Any,
    *,
    description: str,
    roles: Iterable[Any] = (),
    arguments: Iterable[inspect.Parameter] = (),
) -> Any:
    """A relation whose only arguments are those that the engine itself understands (paging, listing)."""
    return _field(list(arguments), source, result, description, roles)


def _field(
    parameters: list[inspect.Parameter],
    source: FieldSource,
    result: Any,
    description: str,
    roles: Iterable[Any],
    **more: Any,
) -> Any:
    def resolver(*_args: Any, **_kwargs: Any) -> None:
        """Stand for the field in the schema; the engine reads it."""

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    keyword_only = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    resolver.__signature__ = inspect.Signature([own, *keyword_only], return_annotation=result)  # type: ignore[attr-defined]
    resolver.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": result}
    metadata = {"source": source, "roles": tuple(roles), **more}
    return strawberry.field(resolver, description=description, metadata=metadata)
