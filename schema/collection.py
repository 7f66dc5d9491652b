"""Collections of products."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry.scalars import JSON

from engine.declare import Link, Order, field, page, reads
from engine.rows import Rows
from models.collection import Collection as CollectionRow
from models.staff import Role
from schema.connection import Connection, paged
from schema.node import Node
from schema.product import ProductConnection
from schema.product_filter import Filters, Reverse, SortKey, narrow
from schema.product_search import SearchWords
from schema.scalars import Handle, Url


@strawberry.enum(description="How a collection gets its products.")
class CollectionKind(Enum):
    """As stored."""

    MANUAL = strawberry.enum_value("MANUAL", description="Staff put them in, in an order of their own.")
    RULE = strawberry.enum_value("RULE", description="Whatever meets its rules is in it.")


@strawberry.enum(description="Whether a product must meet all rules or any one.")
class RuleMatch(Enum):
    """As stored."""

    ALL = strawberry.enum_value("ALL", description="All of them.")
    ANY = strawberry.enum_value("ANY", description="Any one of them.")


@reads(CollectionRow, prefix="col", guard="{t}.published")
@strawberry.type(description="A shelf of products, put together by hand or by rule.")
class Collection(Node):
    """The public sees published ones."""

    handle: Handle = field(description="Name for addresses, unique in the shop.")
    title: str = field(description="As shown to customers.")
    description: str = field(description="A few words about it; may be empty.")
    image_url: Url | None = field(description="Its picture; null when there is none.")
    kind: CollectionKind = field(description="How it gets its products.")
    rule_match: RuleMatch = field(description="Whether all rules must be met; without meaning for MANUAL.")
    rules: JSON | None = field(
        description="The rules: a list of {field, relation, value}. Requires: CATALOGUE.", roles=[Role.CATALOGUE]
    )
    position: int = field(description="Place among the shop's collections.")
    published: bool = field(description="Always true for the public.")
    version: int = field(description="Send it back when changing the collection; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was made.")
    updated_at: datetime = field(description="When it last changed.")

    @paged(
        page(link=Link("collection_product", "collection_id", "product_id"), order=Order("{m}.position")),
        ProductConnection,
        description="Its products, in the order staff gave them unless `query` or `sortKey` says otherwise.",
    )
    def products(
        rows: Rows,
        query: SearchWords = None,
        filters: Filters = None,
        sort_key: SortKey = None,
        reverse: Reverse = False,
    ) -> None:
        """By default in the order of membership."""
        narrow(rows, query, filters, sort_key, reverse)


CollectionConnection = Connection[Collection]
