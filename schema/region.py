"""Regions of China and the carriers that bring parcels there: data of the platform, the same in every shop."""

from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.declare import column, field, many, read, reads
from engine.rows import Rows
from schema.scalars import RegionCode

# Index (parent_code, code).
CHILDREN: Final = """
select r.code, r.name, r.level, r.parent_code from region r where r.parent_code = {p}.code order by r.code
"""
BELOW: Final = """
select r.code, r.name, r.level, r.parent_code from region r where r.parent_code %s order by r.code
"""
CARRIERS: Final = """
select c.code, c.name, c.tracking_pattern, c.needs_phone_tail from carrier c order by c.position
"""


@strawberry.enum(description="How large a region is.")
class RegionLevel(Enum):
    """As stored."""

    PROVINCE = strawberry.enum_value("PROVINCE", description="A province, municipality or special region.")
    CITY = strawberry.enum_value("CITY", description="A city in it; a municipality is its own only city.")
    DISTRICT = strawberry.enum_value("DISTRICT", description="A district or county; towns where a city has no other.")


@reads()
@strawberry.type(description="A province, city or district of China, by its code of GB/T 2260.")
class Region:
    """Derived, for it is no shop's."""

    code: RegionCode = field(description="Six digits: province, city, district.")
    name: str = field(description="As it is written in addresses: `浙江省`.")
    level: RegionLevel = field(description="How large it is.")
    parent_code: RegionCode | None = field(description="The region around it; null for provinces.")
    children: list["Region"] = field(many(rows=CHILDREN), description="The regions directly in it, by code.")


@reads()
@strawberry.type(description="Somebody who brings parcels.")
class Carrier:
    """Derived, for it is no shop's."""

    code: str = field(description="WeChat's id of them, such as `SF`: send it with a parcel.")
    name: str = field(description="As customers know them.")
    tracking_pattern: str = field(
        column("tracking_pattern"), description="The regular expression that a whole tracking number of theirs meets."
    )
    needs_phone_tail: bool = field(
        description="Whether asking for a parcel of theirs takes the last four digits of the recipient's phone."
    )


@strawberry.type
class RegionQuery:
    """Part of Query."""

    @read(
        many(),
        list[Region],
        description="The regions directly in one, or all provinces, by code. Hong Kong, Macao and Taiwan are among"
        " them. The same for every shop: keep it as long as you like.",
    )
    def regions(
        rows: Rows,
        parent: Annotated[
            RegionCode | None, strawberry.argument(description="The region around them; the provinces when left out.")
        ] = None,
    ) -> None:
        """One level of the tree."""
        rows.derive(BELOW % (f"= {rows.bind(parent, 'text')}" if parent is not None else "is null"))

    carriers: list[Carrier] = field(
        many(rows=CARRIERS), description="Who brings parcels, the best known first. The same for every shop."
    )
