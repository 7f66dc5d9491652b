"""Freight templates as staff keep them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.declare import Order, field, many, one, read, reads, value
from engine.keyset import TIME
from engine.rows import Rows
from ids import decode_id
from models.freight_template import FreightRule as RuleRow
from models.freight_template import FreightTemplate as TemplateRow
from models.staff import Role
from schema.money import Money
from schema.node import Node
from schema.region import Region
from schema.scalars import RegionCode

# By primary key.
REGIONS: Final = """
select r.code, r.name, r.level, r.parent_code from region r where r.code = any({p}.region_codes) order by r.code
"""


@strawberry.enum(description="What freight goes by.")
class FreightChargeBy(Enum):
    """As stored."""

    WEIGHT = strawberry.enum_value("WEIGHT", description="Grams.")
    COUNT = strawberry.enum_value("COUNT", description="Pieces.")


@reads(RuleRow, guard="false")
@strawberry.type(
    description="What sending costs to some regions. The rule that names the district counts, else the one that names"
    " the city, else the province, else the one for the rest of the country. Seen by staff only."
)
class FreightRule:
    """Part of its template."""

    region_codes: list[RegionCode] = field(description="Where it holds; empty for the rest of the country.")
    regions: list[Region] = field(many(rows=REGIONS), description="The same with their names, by code.")
    delivers: bool = field(description="Whether anything is sent there at all.")
    first_amount: int = field(description="Grams or pieces that `firstFee` pays for.")
    first_fee: Money = field(value("{t}.first_fee_fen"), description="What the first amount costs.")
    further_amount: int = field(description="Grams or pieces that each `furtherFee` pays for, when begun.")
    further_fee: Money = field(value("{t}.further_fee_fen"), description="What each further amount costs.")
    free_from: Money | None = field(
        value("{t}.free_from_fen"),
        description="What must be paid for goods of this template for free freight; null when that does not matter.",
    )
    free_from_pieces: int | None = field(
        description="How many pieces it takes for free freight; null when that does not matter. Both, where both are."
    )


@reads(TemplateRow, prefix="frt", guard="false")
@strawberry.type(description="What it costs to send goods. Seen by staff only.")
class FreightTemplate(Node):
    """Found by products, or as the shop's default."""

    name: str = field(description="What staff call it; unique in the shop.")
    charge_by: FreightChargeBy = field(description="What is added up over all lines of an order that have it.")
    is_default: bool = field(description="Whether products without a template have it.")
    rules: list[FreightRule] = field(
        many("{t}.template_id = {p}.id", order=Order("{t}.position")), description="Its rules, in order."
    )
    version: int = field(description="Send it back when changing it; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was made.")
    updated_at: datetime = field(description="When it last changed.")


def _template(text: str) -> object:
    return decode_id("frt", text)


@strawberry.type
class FreightTemplateQuery:
    """Part of Query."""

    @read(
        many(order=Order("{t}.created_at", TIME)),
        list[FreightTemplate] | None,
        description="The freight templates of the shop, the oldest first. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    def freight_templates(rows: Rows) -> None:
        """A hundred at most."""

    @read(
        one(),
        FreightTemplate | None,
        description="A freight template; null when there is none of this id. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    def freight_template(
        rows: Rows, id: Annotated[strawberry.ID, strawberry.argument(description="The template.")]
    ) -> None:
        """By its id."""
        rows.where(f"{rows.t}.id = {rows.bind(id, 'uuid', _template)}")
