"""Variants: what is priced, counted and bought."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import Order, expression, field, listed, many, one, page, reads, value
from engine.keyset import TIME
from models.staff import Role
from models.variant import Variant as VariantRow
from schema.connection import Connection, limited_rows, paged_rows
from schema.media import Media
from schema.metafield import metafield_of_goods, metafields_of_goods
from schema.money import Money
from schema.node import Node
from schema.option import SELECTED_OPTIONS, SelectedOption
from schema.price_history import PriceChange
from schema.stock import StockLevel, StockMove
from schema.visibility import of_product_on_sale

STOCK_SHOWN_MOST = 99
CAN_BE_BOUGHT = "(not {t}.tracked or {t}.inventory_policy = 'CONTINUE' or {t}.available > 0)"
LOWEST_OF_7_DAYS = """(
    select min(h.price_fen) from price_history h
    where h.shop_id = {t}.shop_id and h.variant_id = {t}.id and h.created_at >= coalesce(
        (select max(b.created_at) from price_history b
         where b.shop_id = {t}.shop_id and b.variant_id = {t}.id and b.created_at <= {now} - interval '7 days'),
        '-infinity')
)"""
"""The lowest price in force within seven days: all changes since, and the one that stood when they began."""


@strawberry.enum(description="What happens when stock is used up.")
class InventoryPolicy(Enum):
    """As stored."""

    DENY = strawberry.enum_value("DENY", description="Nobody can buy any more.")
    CONTINUE = strawberry.enum_value("CONTINUE", description="Sold on, to be made or bought in.")


@reads(VariantRow, prefix="var", guard=of_product_on_sale())
@strawberry.type(description="One choice of a product: the thing that has a price and a stock, and is bought.")
class Variant(Node):
    """A product always has at least one."""

    title: str = field(description="The choice in words: `浅杏粉 / 1.5m`; `默认` when there is nothing to choose.")
    position: int = field(description="Place among the product's variants, from 1.")
    selected_options = listed(
        many(rows=SELECTED_OPTIONS),
        list[SelectedOption],
        description="The choices that make it, in the product's order.",
    )
    sku: str = field(description="The shop's own number for it; may be empty.")
    barcode: str = field(description="EAN or other code on the pack; may be empty.")
    price: Money = field(value("{t}.price_fen"), description="What everybody pays; never depends on who asks.")
    compare_at_price: Money | None = field(
        value("{t}.compare_at_price_fen"), description="The price to strike out beside it; null when there is none."
    )
    lowest_price_of_7_days: Money = field(
        value(f"coalesce({LOWEST_OF_7_DAYS}, {{t}}.price_fen)"),
        description="The lowest price of the last seven days, which the law wants beside a reduction.",
    )
    available_for_sale: bool = field(expression(CAN_BE_BOUGHT), description="Whether it can be bought now.")
    stock_left: int | None = field(
        expression(
            "case when {t}.tracked and {t}.inventory_policy = 'DENY'"
            f" then greatest(least({{t}}.available, {STOCK_SHOWN_MOST}), 0)::int end"
        ),
        description="Pieces left, 99 at most, so that nobody counts the store room; null when not counted.",
    )
    requires_shipping: bool = field(description="Whether something has to be sent.")
    weight_grams: int = field(description="Weight in grams; 0 when unknown.")
    image: Media | None = field(
        one("{t}.id = {p}.media_id"), description="Its own picture; null: show the product's first."
    )
    per_person_limit: int | None = field(description="The most one customer may ever buy; null without limit.")
    per_order_limit: int | None = field(description="The most in one order; null without limit.")
    product: Annotated["Product", strawberry.lazy("schema.product")] = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.product_id"), description="What it is a variant of."
    )
    tracked: bool = field(description="Whether its stock is counted.")
    inventory_policy: InventoryPolicy = field(description="What happens when stock is used up.")
    cost: Money | None = field(
        value("{t}.cost_fen"),
        description="What it costs the shop; null when unknown. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    stock_levels = listed(
        many("{t}.variant_id = {p}.id", order=Order("{t}.updated_at")),
        list[StockLevel] | None,
        description="Stock by location. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    stock_moves = paged_rows(
        page("{t}.variant_id = {p}.id", order=Order("{t}.created_at", TIME, descending=True)),
        Connection[StockMove] | None,
        description="How the stock came to be what it is, newest first. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    price_history = limited_rows(
        many("{t}.variant_id = {p}.id", order=Order("{t}.created_at", TIME, descending=True)),
        list[PriceChange] | None,
        description="The prices it has had, newest first. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    version: int = field(description="Send it back when changing the variant; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was made.")
    updated_at: datetime = field(description="When it last changed.")

    metafields = metafields_of_goods("variant_id")
    metafield = metafield_of_goods("variant_id")
