"""How a list of products is narrowed and ordered; the same for the shop, a collection and a category."""

from enum import Enum
from typing import Annotated

import strawberry

from engine.arguments import Leaf
from engine.errors import bad_input
from engine.keyset import TEXT, TIME
from engine.rows import Order, Rows
from ids import decode_id
from schema.product_search import by_relevance, in_other_order, search
from schema.product_status import ProductStatus
from schema.scalars import Fen

FILTERS_MOST = 20


@strawberry.enum(description="What a list of products is ordered by.")
class ProductSortKey(Enum):
    """Each but RELEVANCE has an index that leads with the shop."""

    RELEVANCE = strawberry.enum_value(
        "RELEVANCE",
        description="Best answer to `query` first: where the words stand, then sales, then age. At most 1,000 products"
        " are weighed, and the list with its count and facets ends there (in other orders at 10,000). Without a `query`"
        " as if left out.",
    )
    PUBLISHED = strawberry.enum_value("PUBLISHED", description="Newest on sale first.")
    BEST_SELLING = strawberry.enum_value("BEST_SELLING", description="Most sold first.")
    PRICE = strawberry.enum_value("PRICE", description="Cheapest first, by the lowest variant price.")
    RATING = strawberry.enum_value("RATING", description="Best rated first.")
    TITLE = strawberry.enum_value("TITLE", description="By title, in code point order.")
    CREATED = strawberry.enum_value("CREATED", description="Newest made first.")
    UPDATED = strawberry.enum_value("UPDATED", description="Last changed first.")


PRODUCT_ORDERS = {
    "PUBLISHED": Order("{t}.published_at", TIME, descending=True),
    "BEST_SELLING": Order("{t}.sales_count", descending=True),
    "PRICE": Order("{t}.min_price_fen"),
    "RATING": Order("{t}.rating_hundredths", descending=True),
    "TITLE": Order('({t}.title collate "C")', TEXT),
    "CREATED": Order("{t}.created_at", TIME, descending=True),
    "UPDATED": Order("{t}.updated_at", TIME, descending=True),
}


@strawberry.input(description="A span of prices, both ends included; leave one out for an open end.")
class PriceFilter:
    """In fen."""

    min: Fen | None = strawberry.field(default=None, description="At least this, in fen.")
    max: Fen | None = strawberry.field(default=None, description="At most this, in fen.")


@strawberry.input(description="A choice of an option.")
class OptionFilter:
    """By name and value."""

    name: str = strawberry.field(description="What is chosen: `颜色`.")
    value: str = strawberry.field(description="The choice: `浅杏粉`.")


@strawberry.input(
    description="A condition. Filters of the same kind are alternatives, different kinds must all hold, in one object"
    " or several; a facet's `input` is one, ready to be sent."
)
class ProductFilter:
    """Not @oneOf: several kinds in one object mean what several objects mean, and a null narrows nothing."""

    available: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether something of it can be bought now."
    )
    price: PriceFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Its cheapest variant costs this much."
    )
    category: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="In this category or one below it."
    )
    collection: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="In this collection.")
    vendor: str | None = strawberry.field(default=strawberry.UNSET, description="Of this brand.")
    product_type: str | None = strawberry.field(default=strawberry.UNSET, description="Of this type.")
    tag: str | None = strawberry.field(default=strawberry.UNSET, description="With this tag.")
    status: ProductStatus | None = strawberry.field(
        default=strawberry.UNSET,
        description="Of this status; only staff who keep the catalogue see others than ACTIVE.",
    )
    option: OptionFilter | None = strawberry.field(default=strawberry.UNSET, description="To be had in this choice.")
    min_rating: int | None = strawberry.field(
        default=strawberry.UNSET, description="Rated at least this many stars, 1 to 5."
    )


Filters = Annotated[
    list[ProductFilter] | None,
    strawberry.argument(description="Narrow the list; at most 20. The facets of the answer hold more of them."),
]
SortKey = Annotated[
    ProductSortKey | None,
    strawberry.argument(description="What to order by; RELEVANCE when there is a `query`, else the list's own order."),
]
Reverse = Annotated[bool, strawberry.argument(description="Turn the order round.")]


def narrow(rows: Rows, query: object, filters: object, sort_key: object, reverse: object) -> None:
    """Apply search, filters and order to rows of products; without search and sort key they keep their own order."""
    _put_in_order(rows, query, sort_key, is_reverse=isinstance(reverse, Leaf) and bool(reverse.value))
    given = filters if isinstance(filters, list) else []
    if len(given) > FILTERS_MOST:
        message = f"At most {FILTERS_MOST} filters."
        raise bad_input(message)
    kinds: dict[str, list[str]] = {}
    for one in given:
        if isinstance(one, dict):
            for kind, value in one.items():
                # A null says nothing about its kind.
                if value is not None:
                    kinds.setdefault(kind, []).append(_condition(rows, kind, value))
    for alternatives in kinds.values():
        rows.where(f"({' or '.join(alternatives)})")


def _put_in_order(rows: Rows, query: object, sort_key: object, *, is_reverse: bool) -> None:
    found = search(rows, query) if query is not None else None
    key = str(_name(sort_key.value)) if isinstance(sort_key, Leaf) else "RELEVANCE"
    if key != "RELEVANCE":
        rows.order_by(PRODUCT_ORDERS[key], reverse=is_reverse)
        if found is not None:
            in_other_order(rows, found)
    elif found is not None:
        by_relevance(rows, query, found, reverse=is_reverse)
    elif rows.order:
        rows.order_by(rows.order, reverse=is_reverse)


def _condition(rows: Rows, kind: str, value: object) -> str:
    if kind in _EQUAL:
        column, cast = _EQUAL[kind]
        return f"{rows.t}.{column} = {rows.bind(value, cast, _name)}"
    return _CONDITIONS[kind](rows, value)


def _tag(rows: Rows, value: object) -> str:
    return f"{rows.t}.tags @> array[{rows.bind(value, 'text')}]"


def _min_rating(rows: Rows, value: object) -> str:
    return f"{rows.t}.rating_hundredths >= {rows.bind(value, 'bigint')} * 100"


def _category(rows: Rows, value: object) -> str:
    """The whole branch: a category's path holds every node above it."""
    category = rows.bind(value, "uuid", _category_id)
    branch = f"select c.id from category c where c.shop_id = {rows.t}.shop_id and c.path @> array[{category}]"
    return f"{rows.t}.category_id in ({branch})"


def _collection(rows: Rows, value: object) -> str:
    members = f"select 1 from collection_product i where i.shop_id = {rows.t}.shop_id and i.product_id = {rows.t}.id"
    return f"exists ({members} and i.collection_id = {rows.bind(value, 'uuid', _collection_id)})"


def _price(rows: Rows, value: object) -> str:
    span = value if isinstance(value, dict) else {}
    signs = {"min": ">=", "max": "<="}
    ends = [
        f"{rows.t}.min_price_fen {sign} {rows.bind(span[name], 'bigint')}"
        for name, sign in signs.items()
        if span.get(name) is not None
    ]
    return f"({' and '.join(ends)})" if ends else "true"


def _option(rows: Rows, value: object) -> str:
    choice = value if isinstance(value, dict) else {}
    name, chosen = rows.bind(choice["name"], "text"), rows.bind(choice["value"], "text")
    return (
        f"exists (select 1 from product_option i where i.shop_id = {rows.t}.shop_id and i.product_id = {rows.t}.id"
        f" and i.name = {name} and {chosen} = any(i.values))"
    )


def _name(status: object) -> object:
    return getattr(status, "value", status)


def _category_id(id_: str) -> object:
    return decode_id("cat", id_)


def _collection_id(id_: str) -> object:
    return decode_id("col", id_)


_EQUAL = {
    "available": ("in_stock", "boolean"),
    "vendor": ("vendor", "text"),
    "productType": ("product_type", "text"),
    "status": ("status", "text"),
}
"""Filters that ask for one value of a column."""

_CONDITIONS = {
    "price": _price,
    "tag": _tag,
    "minRating": _min_rating,
    "category": _category,
    "collection": _collection,
    "option": _option,
}
"""The others; a filter not named in either table is a fault, found by the first document that asks for it."""
