"""Connections: lists that are read page by page, by cursor."""

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from engine.declare import listed, read
from engine.sources import Relation
from schema.scalars import Cursor, PageSize

T = TypeVar("T")

FIRST = Annotated[PageSize | None, strawberry.argument(description="How many items from the start; 20 when left out.")]
LAST = Annotated[
    PageSize | None, strawberry.argument(description="How many items from the end. Not together with `first`.")
]
AFTER = Annotated[
    Cursor | None,
    strawberry.argument(description="Only items after this cursor: `pageInfo.endCursor` of the page before."),
]
BEFORE = Annotated[
    Cursor | None,
    strawberry.argument(description="Only items before this cursor: `pageInfo.startCursor` of the page after."),
]


def _argument(name: str, annotation: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


PAGE_ARGUMENTS = (
    _argument("first", FIRST),
    _argument("after", AFTER),
    _argument("last", LAST),
    _argument("before", BEFORE),
)


def paged(source: Relation, result: object, *, description: str, roles: Iterable[Any] = ()) -> Callable[[Any], Any]:
    """A connection with arguments of its own beside those of paging: decorates its select function."""
    return read(source, result, description=description, roles=roles, arguments=PAGE_ARGUMENTS)


paged_rows = partial(listed, arguments=PAGE_ARGUMENTS)
"""A connection with no arguments but those of paging."""

limited_rows = partial(listed, arguments=PAGE_ARGUMENTS[:1])
"""A plain list with an argument `first`."""


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """As Relay defines it."""

    has_next_page: bool = strawberry.field(description="Whether there are items after this page. Load more when true.")
    has_previous_page: bool = strawberry.field(description="Whether there are items before this page.")
    start_cursor: Cursor | None = strawberry.field(description="Cursor of the first item; null on an empty page.")
    end_cursor: Cursor | None = strawberry.field(
        description="Cursor of the last item, to send as `after`; null on an empty page."
    )


@strawberry.type(description="One item of a list with its cursor.")
class Edge(Generic[T]):
    """As Relay defines it."""

    cursor: Cursor = strawberry.field(description="The place of this item in the list.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """As Relay defines it, with `nodes` as the short way."""

    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items alone; all that most pages need.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and from where.")
    total_count: int = strawberry.field(
        description="How many items the whole list has, counted to 10,001 and no further."
    )
