"""Lines of an order, and what changed their price."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from engine.declare import Order, expression, field, many, one, reads, value
from models.order import OrderAdjustment as AdjustmentRow
from models.order import OrderLine as LineRow
from models.staff import Role
from schema.attribute import ATTRIBUTES, Attribute
from schema.money import Money
from schema.node import Node
from schema.option import SelectedOption
from schema.product import Origin, Product
from schema.review import Review
from schema.scalars import Url
from schema.variant import Variant

OF_OWN_ORDER = (
    "exists (select 1 from orders o where o.shop_id = {shop} and o.id = {t}.order_id and o.customer_id = {viewer})"
)
_OPTIONS = "select o.name, o.value from jsonb_to_recordset({p}.options) as o(name text, value text)"
_OF_LINE = """
select adjustment.kind, adjustment.title, (share->>'fen')::bigint as amount_fen
from order_adjustment adjustment, jsonb_array_elements(adjustment.allocations) share
where adjustment.shop_id = {shop} and adjustment.order_id = {p}.order_id and share->>'line' = {p}.id::text
order by adjustment.position
"""
_ALLOCATIONS = """
select 'oln_' || replace(share->>'line', '-', '') as line_id, (share->>'fen')::bigint as fen
from jsonb_array_elements({p}.allocations) share
"""
# Of each kind of campaign: how ids of its offers and of people's parts in them begin.
_PREFIXES: Final = {"GROUP_BUY": ("gbo", "gbs")}


def _global_id(part: int, uuid: str) -> str:
    """The global id of what a line keeps the uuid of; `{0}` is the kind of campaign."""
    prefixes = " ".join(f"when '{kind}' then '{prefix[part]}_'" for kind, prefix in _PREFIXES.items())
    return f"(case {{0}} {prefixes} else '' end || replace({uuid}::text, '-', ''))"


@reads()
@strawberry.type(description="The campaign that a line was bought in.")
class LineOffer:
    """Reads three inputs: kind, offer and participation."""

    kind: str = field(expression("{0}"), description="What kind of campaign.")
    offer_id: strawberry.ID = field(expression(_global_id(0, "{1}")), description="The campaign.")
    participation_id: strawberry.ID | None = field(
        expression(_global_id(1, "{2}")), description="The customer's part in it; null when it has none."
    )


@reads()
@strawberry.type(description="What a discount or addition comes to on one line.")
class LineAdjustment:
    """Derived from the adjustments of the order."""

    kind: str = field(description="What kind: `STAFF`.")
    title: str = field(description="In words for the customer.")
    amount: Money = field(value("{t}.amount_fen"), description="Negative for a discount.")


@reads()
@strawberry.type(description="The share of a line in a discount or addition.")
class Allocation:
    """Derived."""

    line_id: strawberry.ID = field(description="The line.")
    amount: Money = field(value("{t}.fen"), description="Its share; negative for a discount.")


@reads()
@strawberry.type(description="What a discount or addition came from.")
class AdjustmentSource:
    """Reads two inputs."""

    kind: str = field(expression("{0}"), description="What kind of thing.")
    id: strawberry.ID = field(expression("{1}"), description="Which.")


@reads(AdjustmentRow)
@strawberry.type(description="A discount or addition of an order, freight among them.")
class OrderAdjustment:
    """Rows of an order."""

    kind: str = field(description="What kind: `FREIGHT`, `STAFF`.")
    title: str = field(description="In words for the customer.")
    amount: Money = field(value("{t}.amount_fen"), description="Negative for a discount.")
    source: AdjustmentSource | None = field(
        value("{t}.source_kind", "{t}.source_id::text"), description="What it came from; null for freight and staff."
    )
    allocations: list[Allocation] = field(
        many(rows=_ALLOCATIONS), description="How it falls on the lines; empty for freight, which is no line's."
    )


@reads(LineRow, prefix="oln", guard=OF_OWN_ORDER, keeper="ORDERS")
@strawberry.type(description="One thing that was bought, as it was that day.")
class OrderLine(Node):
    """Copies; the product may have changed since."""

    position: int = field(description="Place in the order, from 1.")
    title: str = field(description="The product's title then.")
    variant_title: str = field(description="The choice in words.")
    selected_options: list[SelectedOption] = field(many(rows=_OPTIONS), description="The choices that made it.")
    sku: str = field(description="The shop's own number; may be empty.")
    image_url: Url | None = field(description="Its picture then.")
    unit_price: Money = field(value("{t}.price_fen"), description="Of one piece, before discounts.")
    quantity: int = field(description="Pieces.")
    subtotal: Money = field(value("{t}.price_fen * {t}.quantity"), description="All pieces, before discounts.")
    total: Money = field(value("{t}.payable_fen"), description="What was agreed on for the line; freight apart.")
    refunded: Money = field(value("{t}.refunded_fen"), description="How much of it went back.")
    refunded_quantity: int = field(description="Pieces that were refunded.")
    shipped_quantity: int = field(description="Pieces that were sent.")
    requires_shipping: bool = field(description="Whether something had to be sent.")
    weight_grams: int = field(description="Weight of one piece in grams.")
    origin: Origin = field(description="Whose goods they are.")
    attributes: list[Attribute] = field(many(rows=ATTRIBUTES), description="The customer's words on it.")
    adjustments: list[LineAdjustment] = field(many(rows=_OF_LINE), description="What changed its price.")
    offer: LineOffer | None = field(
        value("{t}.offer_kind", "{t}.offer_id::text", "{t}.participation_id::text"),
        description="The campaign it was bought in; null when none.",
    )
    group_buy_team: Annotated["GroupBuyTeam", strawberry.lazy("schema.group_buy_team")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one(
            "{t}.id = (select s.team_id from group_buy_seat s where s.shop_id = {shop} and s.id = {p}.participation_id)"
            " and {p}.offer_kind = 'GROUP_BUY'",
            is_public=True,
        ),
        description="The team in which it was bought, for an order whose `offer` is a group-buy; else null.",
    )
    cost: Money | None = field(
        value("{t}.cost_fen"), description="What it cost the shop. Requires: CATALOGUE.", roles=[Role.CATALOGUE]
    )
    product: Product | None = field(
        one("{t}.id = {p}.product_id"), description="The product; null when it is not on sale any more."
    )
    variant: Variant | None = field(
        one("{t}.id = {p}.variant_id"), description="The variant; null when it is not on sale any more."
    )
    reviewed_at: datetime | None = field(description="When the customer reviewed it.")
    review: Review | None = field(
        one("{t}.order_line_id = {p}.id", is_public=True),
        description="What the customer said of it, also before others see it; null when they said nothing.",
    )


BY_POSITION = Order("{t}.position")
