"""A customer as they see themselves, and what they agreed to."""

from datetime import datetime
from enum import Enum

import strawberry

import models.consent as stored
import models.customer as customers
from engine.declare import Link, Order, column, expression, field, many, one, page, reads, value
from engine.keyset import TIME
from engine.rows import Rows
from schema.address import Address
from schema.after_sale import OWN_AFTER_SALES, AfterSaleConnection
from schema.cart import Cart
from schema.connection import paged, paged_rows
from schema.group_buy_team import OWN_TEAMS, GroupBuyTeamConnection
from schema.metafield import metafield_of_trade, metafields_of_trade
from schema.node import Node
from schema.order import OWN_ORDERS, OrderConnection
from schema.order_query import OrderCounts, Tab, under_tab
from schema.product import ProductConnection
from schema.scalars import Url
from schema.viewed_product import viewed_products


@strawberry.enum(description="What a customer may agree to.")
class ConsentKind(Enum):
    """As stored."""

    TERMS = strawberry.enum_value("TERMS", description="The terms of buying here.")
    PRIVACY = strawberry.enum_value("PRIVACY", description="How personal data are handled.")
    MARKETING = strawberry.enum_value("MARKETING", description="To be told of offers.")
    PERSONALISATION = strawberry.enum_value(
        "PERSONALISATION", description="That what is shown follows what they looked at."
    )


@reads(stored.Consent)
@strawberry.type(description="The last word of a customer on one matter.")
class Consent:
    """Rows that are current."""

    kind: ConsentKind = field(description="To what.")
    policy_version: str = field(description="The version of the policy that was shown.")
    given_at: datetime = field(description="When it was agreed to.")
    withdrawn_at: datetime | None = field(description="When it was taken back; null while it stands.")


# Nobody's rows but the viewer's own, whatever their roles.
@reads(customers.Customer, prefix="cus", scope="{t}.shop_id = {shop} and {t}.id = {viewer}")
@strawberry.type(description="A customer of the shop. Customers see themselves, and nobody else sees them here.")
class Customer(Node):
    """One row: the viewer's."""

    nickname: str = field(description="As they call themselves; 微信用户 until they say otherwise.")
    avatar_url: Url | None = field(description="Their picture; null when there is none.")
    phone: str | None = field(
        column("phone_masked"),
        description="Their phone number as it may be shown, `138****0000`; null until phoneBind.",
    )
    consents: list[Consent] = field(
        many("{t}.customer_id = {p}.id and {t}.is_current", order=Order("{t}.given_at", TIME), is_public=True),
        description="What they agreed to or took back, one for each kind, the oldest first.",
    )
    favourites = paged_rows(
        page(link=Link("favourite", "customer_id", "product_id"), order=Order("{m}.created_at", TIME, descending=True)),
        ProductConnection,
        description="The products they keep that are on sale now, last kept first.",
    )
    recently_viewed = viewed_products(
        "{m}.customer_id = {p}.id",
        "The products they looked at lately on any device that are on sale now, last seen first; 100 are remembered.",
    )
    keeps_shop: bool = field(
        expression(
            "exists (select 1 from favourite f"
            " where f.shop_id = {shop} and f.customer_id = {t}.id and f.product_id is null)"
        ),
        description="Whether they keep the shop itself among their favourites.",
    )
    addresses: list[Address] = field(
        many("{t}.customer_id = {p}.id", order=Order("{t}.is_default::int", descending=True), is_public=True),
        description="Their address book: the default first, then the newest; at most 50 can be written.",
    )
    default_address: Address | None = field(
        one("{t}.customer_id = {p}.id and {t}.is_default", is_public=True),
        description="Where parcels go when nobody says where; null while the book is empty.",
    )

    cart: Cart | None = field(
        one("{t}.customer_id = {p}.id", is_public=True),
        description="What they mean to buy; null before anything was put in. The same as `cart` without an id.",
    )

    @paged(OWN_ORDERS, OrderConnection, description="Their orders, the newest first, without those they hid.")
    def orders(rows: Rows, tab: Tab = None) -> None:
        """Under a tab, or all."""
        under_tab(rows, tab)

    after_sales = paged_rows(OWN_AFTER_SALES, AfterSaleConnection, description="Their after-sales, the newest first.")
    group_buy_teams = paged_rows(
        OWN_TEAMS,
        GroupBuyTeamConnection,
        description="The teams they started or joined, the newest first; those among them that ended too.",
    )
    order_counts: OrderCounts = field(value("{t}.id"), description="How many orders are under each tab.")
    metafields = metafields_of_trade("customer_id")
    metafield = metafield_of_trade("customer_id")
    created_at: datetime = field(description="When they first logged in.")
