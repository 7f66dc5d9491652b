"""What is to be had for a while or in a special way: what every kind of campaign shows of its offers."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.declare import field, global_id, one, reads_kinds
from schema.money import Money
from schema.visibility import on_sale

OFFERS_SHOWN_MOST: Final = 20
"""A page shows no more of them; the lists of each kind have them all."""

_TABLES: Final = {"GROUP_BUY": "group_buy"}
"""Each kind of offer, and where its rows are: the columns of `models.campaign.Offer` are in all of them."""


def is_open(alias: str) -> str:
    """The condition for an offer's row: published, and within its window on the shop's clock."""
    return f"{alias}.status = 'PUBLISHED' and {alias}.starts_at <= {{now}} and {alias}.ends_at > {{now}}"


def open_offers(*conditions: str) -> str:
    """Rows of open offers of all kinds on products that are on sale, those that end first in front.

    Each condition speaks of an offer as `b`, and finds offers of its own; none of them finds one that another does.
    """
    found = " union all ".join(
        f"select '{kind}'::text as kind, b.id, b.ends_at from {table} b, product g"
        f" where b.shop_id = {{shop}} and {is_open('b')} and {condition}"
        f" and g.shop_id = b.shop_id and g.id = b.product_id and {on_sale('g')}"
        for kind, table in _TABLES.items()
        for condition in conditions
    )
    return f"select f.kind, f.id from ({found}) f order by f.ends_at, f.id limit {OFFERS_SHOWN_MOST}"


@strawberry.enum(description="How far an offer has come. What is ENDED stays so.")
class OfferStatus(Enum):
    """As stored."""

    DRAFT = strawberry.enum_value("DRAFT", description="Being prepared; seen by staff only.")
    PUBLISHED = strawberry.enum_value("PUBLISHED", description="To be had within its window.")
    ENDED = strawberry.enum_value("ENDED", description="Over. What was begun before goes on to its end.")


@reads_kinds("{t}.kind", GROUP_BUY="GroupBuy")
@strawberry.interface(
    description="Something to be had for a while or in a special way. Show those whose type you know: more may come."
)
class Offer:
    """Every kind of campaign brings its type, and is read from its own table by the row's id."""

    id: strawberry.ID = field(global_id(), description="Opaque and unique in its shop.")
    kind: str = field(description="What kind of offer it is, an upper-case word; more may come.")
    title: str = field(description="As shown to customers.")
    starts_at: datetime = field(description="From when it holds.")
    ends_at: datetime = field(description="Until when.")
    product: Annotated["Product", strawberry.lazy("schema.product")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one("{t}.id = {p}.product_id"), description="What it is about; null when that is not on sale."
    )
    price: Money | None = field(description="What it costs by this offer, at the least; null when that depends.")
    stock_left: int | None = field(description="How many are left of it, 99 at most; null without limit.")
