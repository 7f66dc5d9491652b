"""Where a visitor lands, in one answer: the shop, who brought them, and all that the page shows."""

import inspect
from enum import Enum
from typing import Annotated

import strawberry

from engine.declare import Order, expression, field, listed, many, one, read, reads, reads_kinds
from engine.rows import Rows
from schema.collection import Collection
from schema.group_buy_team import GroupBuyTeam
from schema.offer import Offer, open_offers
from schema.page import Page
from schema.product import Product
from schema.product_filter import PRODUCT_ORDERS
from schema.promise import PROMISES, ServicePromise
from schema.promoter import Promoter
from schema.scalars import PageSize
from schema.share_link import ShareLink
from schema.shop import Shop

RELATED_DEFAULT = PageSize(8)
FEW = inspect.Parameter(
    "first",
    inspect.Parameter.KEYWORD_ONLY,
    default=RELATED_DEFAULT,
    annotation=Annotated[PageSize, strawberry.argument(description="How many at most.")],
)

_OTHERS = "{t}.id <> {p}.target_id"
# Uncorrelated with the rows that are looked for, so it is asked once.
_SAME_CATEGORY = (
    "{t}.category_id = (select g.category_id from product g where g.shop_id = {shop} and g.id = {p}.target_id)"
)
_FIRST_COLLECTION = """
{m}.collection_id = (
    select c.id from collection_product i, collection c
    where i.shop_id = {shop} and i.product_id = {p}.target_id
    and c.shop_id = {shop} and c.id = i.collection_id and c.published
    order by c.position, c.id limit 1
)
"""
# Each finds by an index of its own; of a landing that is none of it nothing is looked for.
_OFFERS = open_offers(
    "b.product_id = case {p}.kind when 'PRODUCT' then {p}.target_id when 'TEAM' then ("
    " select o.product_id from group_buy_team m, group_buy o where m.shop_id = {shop} and m.id = {p}.target_id"
    " and o.shop_id = m.shop_id and o.id = m.group_buy_id) end",
    "{p}.kind in ('HOME', 'TOPIC')",
)


@reads_kinds(
    "{t}.kind",
    PRODUCT="ProductPage",
    COLLECTION="CollectionPage",
    HOME="HomePage",
    TOPIC="TopicPage",
    TEAM="TeamPage",
)
@strawberry.interface(
    description="The page that opens. Ask for each type what your page for it shows; a type you do not know is shown as"
    " the home page."
)
class LandingTarget:
    """One derived row: `kind` and `target_id`."""

    title: str = field(expression("''"), description="What the title bar says.")


@reads()
@strawberry.type(description="A product's own page.")
class ProductPage(LandingTarget):
    """Reads the product that the landing has found to be shown."""

    title: str = field(
        expression("(select g.title from product g where g.shop_id = {shop} and g.id = {t}.target_id)"),
        description="The product's title.",
    )
    product: Product = field(one("{t}.id = {p}.target_id", is_public=True), description="The product.")
    related = listed(
        many(f"{_SAME_CATEGORY} and {_OTHERS}", order=PRODUCT_ORDERS["BEST_SELLING"]),
        list[Product],
        arguments=(FEW,),
        description="Others of its category, most sold first. Empty for a product without one.",
    )
    promises: list[ServicePromise] = field(many(rows=PROMISES), description="What the shop promises with it.")

    @read(
        many(_OTHERS, order=Order("{m}.position")),
        list[Product],
        arguments=(FEW,),
        description="Others of the first collection it is in, in that collection's order. Empty when it is in none.",
    )
    def same_collection(rows: Rows) -> None:
        """By membership."""
        rows.m = rows.join("collection_product")
        rows.where(rows.fill("{m}.shop_id = {shop} and {m}.product_id = {t}.id"))
        rows.where(rows.fill(_FIRST_COLLECTION))


@reads()
@strawberry.type(description="A collection's own page.")
class CollectionPage(LandingTarget):
    """Reads the collection that the landing has found to be shown."""

    title: str = field(
        expression("(select c.title from collection c where c.shop_id = {shop} and c.id = {t}.target_id)"),
        description="The collection's title.",
    )
    collection: Collection = field(one("{t}.id = {p}.target_id", is_public=True), description="The collection.")


@reads()
@strawberry.type(description="The shop's home page: where everybody lands who was led nowhere else.")
class HomePage(LandingTarget):
    """There may be none yet."""

    title: str = field(expression("(select s.name from shop s where s.id = {shop})"), description="The shop's name.")
    page: Page | None = field(
        one("{t}.kind = 'HOME'"), description="What the shop has put together; null until it has, or has published it."
    )


@reads()
@strawberry.type(description="A page that the shop put together for a topic.")
class TopicPage(LandingTarget):
    """Reads the page that the landing has found to be shown."""

    title: str = field(
        expression("(select w.title from page w where w.shop_id = {shop} and w.id = {t}.target_id)"),
        description="The page's title.",
    )
    page: Page = field(one("{t}.id = {p}.target_id", is_public=True), description="The page.")


@reads()
@strawberry.type(description="A team's own page: somebody shared it. It may have ended; `team.state` says so.")
class TeamPage(LandingTarget):
    """Reads the team that the landing has found to be shown."""

    title: str = field(
        expression(
            "(select b.title from group_buy_team m, group_buy b where m.shop_id = {shop} and m.id = {t}.target_id"
            " and b.shop_id = m.shop_id and b.id = m.group_buy_id)"
        ),
        description="The group-buy's title.",
    )
    team: GroupBuyTeam = field(
        one("{t}.id = {p}.target_id", is_public=True),
        description="The team, with its group-buy, and `otherTeams` that one may join instead.",
    )


LANDING_TARGETS = (ProductPage, CollectionPage, HomePage, TopicPage, TeamPage)
"""Every kind, for the schema."""


@strawberry.enum(description="What did not go as the link promised; the visitor lands all the same.")
class LandingWarningCode(Enum):
    """As the landing's row says it."""

    SHARE_UNKNOWN = strawberry.enum_value("SHARE_UNKNOWN", description="No share link of this shop has that token.")
    SHARE_EXPIRED = strawberry.enum_value("SHARE_EXPIRED", description="The share link has ended.")
    TARGET_GONE = strawberry.enum_value("TARGET_GONE", description="What was to open is not shown, or never was.")


@reads()
@strawberry.type(description="Something to tell the visitor, beside the page that opens instead.")
class LandingWarning:
    """Derived."""

    code: LandingWarningCode = field(description="What it is.")


@reads()
@strawberry.type(description="All that the page shows on which a visitor lands.")
class Landing:
    """One derived row: share_id, promoter_id, kind, target_id, warnings."""

    shop: Shop = field(one(), description="The shop.")
    promoter: Promoter | None = field(
        one("{t}.id = {p}.promoter_id and {t}.active"),
        description="Who brought the visitor; null when nobody did, or no longer promotes.",
    )
    share: ShareLink | None = field(
        one("{t}.id = {p}.share_id"), description="The share link that led here; null without one that holds."
    )
    target: LandingTarget = field(
        one(rows="select {p}.kind as kind, {p}.target_id as target_id"),
        description="What opens: what was asked for, else what the share link leads to, else the home page.",
    )
    offers: list[Offer] = field(
        many(rows=_OFFERS),
        description="What is to be had here beside the usual, what ends first in front, at most 20: for the product"
        " that opens, of all products on the home page and those of topics, else nothing.",
    )
    warnings: list[LandingWarning] = field(
        many(rows="select w.code from unnest({p}.warnings) with ordinality as w(code, place) order by w.place"),
        description="What did not go as promised; empty when all is well.",
    )
