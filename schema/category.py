"""The category tree."""

from typing import Annotated

import strawberry

from engine.declare import Order, field, listed, many, one, reads
from models.category import Category as CategoryRow
from schema.node import Node
from schema.scalars import Handle, Url

BY_POSITION = Order("{t}.position")
_Category = Annotated["Category", strawberry.lazy("schema.category")]


@reads(CategoryRow, prefix="cat")
@strawberry.type(description="A node of the category tree. Every product stands in at most one.")
class Category(Node):
    """`ancestors` is the way down from the root, for a breadcrumb."""

    handle: Handle = field(description="Name for addresses, unique in the shop.")
    name: str = field(description="As shown to customers.")
    image_url: Url | None = field(description="A picture for the category page; null when there is none.")
    position: int = field(description="Place among its siblings.")
    parent: _Category | None = field(one("{t}.id = {p}.parent_id"), description="The category above; null at the root.")
    children = listed(
        many("{t}.parent_id = {p}.id", order=BY_POSITION),
        list[_Category],
        description="The categories directly below, in order.",
    )
    ancestors = listed(
        many("{t}.id = any({p}.path) and {t}.id <> {p}.id", order=Order("cardinality({t}.path)")),
        list[_Category],
        description="The categories above, from the root down.",
    )
    version: int = field(description="Send it back when changing the category; refused with CONFLICT when stale.")
