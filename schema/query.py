"""What can be asked: the roots of every read."""

from typing import Annotated

import strawberry

from engine.declare import Order, by_ids, field, many, one, page, read
from engine.rows import Rows
from models.staff import Role
from schema.after_sale import AfterSaleQuery
from schema.by_handle import DECODERS, HandleArgument, IdArgument, by_id_or_handle
from schema.cart import CartQuery
from schema.catalogue_change import CatalogueChangeQuery
from schema.category import BY_POSITION, Category
from schema.collection import Collection, CollectionConnection
from schema.connection import paged
from schema.customer_query import CustomerQuery
from schema.freight_template import FreightTemplateQuery
from schema.group_buy_query import GroupBuyQuery
from schema.group_buy_team_update import GroupBuyTeamUpdateQuery
from schema.landing_query import LandingQuery
from schema.merchant_account import MerchantAccountQuery
from schema.message import MessageQuery
from schema.message_push import MessagePushQuery
from schema.message_template import MessageTemplateQuery
from schema.node import Node
from schema.order_query import OrderQuery
from schema.order_update import OrderUpdateQuery
from schema.outbox_event import OutboxQuery
from schema.pay_preview import PayPreviewQuery
from schema.product import Product, ProductConnection
from schema.product_filter import PRODUCT_ORDERS, Filters, Reverse, SortKey, narrow
from schema.product_search import SearchWords
from schema.quote import QuoteQuery
from schema.refund import RefundQuery
from schema.region import RegionQuery
from schema.search import SearchQuery
from schema.share_link_query import ShareLinkQuery
from schema.shipment import ShipmentQuery
from schema.shop import Shop
from schema.stock import Location
from schema.viewed_product import RECENTLY_VIEWED
from schema.viewer_change import ViewerChangeQuery


@strawberry.type(description="Everything that can be read. Nothing here changes anything.")
class Query(
    SearchQuery,
    ShareLinkQuery,
    LandingQuery,
    CatalogueChangeQuery,
    ViewerChangeQuery,
    CustomerQuery,
    CartQuery,
    OrderQuery,
    ShipmentQuery,
    RefundQuery,
    AfterSaleQuery,
    GroupBuyQuery,
    GroupBuyTeamUpdateQuery,
    OrderUpdateQuery,
    QuoteQuery,
    RegionQuery,
    FreightTemplateQuery,
    MerchantAccountQuery,
    PayPreviewQuery,
    MessageTemplateQuery,
    MessageQuery,
    MessagePushQuery,
    OutboxQuery,
):
    """Each root is one part of one SQL statement."""

    shop: Shop = field(one(), description="The shop that the visitor key or staff token belongs to.")

    @read(one(), Product | None, description="One product, by id or by handle; null when there is none to be seen.")
    def product(rows: Rows, id: IdArgument = None, handle: HandleArgument = None) -> None:
        """By the one that is given; remembered as a look at it."""
        by_id_or_handle(rows, "prd", id, handle)
        if id is not None:
            rows.note("view id", id)
        elif handle is not None:
            rows.note("view handle", handle)

    @paged(
        page(order=PRODUCT_ORDERS["PUBLISHED"]),
        ProductConnection,
        description="The shop's products, searched, narrowed, ordered and paged; newest on sale first unless `query`"
        " or `sortKey` says otherwise.",
    )
    def products(
        rows: Rows,
        query: SearchWords = None,
        filters: Filters = None,
        sort_key: SortKey = None,
        reverse: Reverse = False,
    ) -> None:
        """All that the caller may see."""
        narrow(rows, query, filters, sort_key, reverse)

    @read(
        one(), Collection | None, description="One collection, by id or by handle; null when there is none to be seen."
    )
    def collection(rows: Rows, id: IdArgument = None, handle: HandleArgument = None) -> None:
        """By the one that is given."""
        by_id_or_handle(rows, "col", id, handle)

    @paged(page(order=BY_POSITION), CollectionConnection, description="The shop's collections, in its own order.")
    def collections(rows: Rows) -> None:
        """All that the caller may see."""

    @read(one(), Category | None, description="One category, by id or by handle; null when there is none.")
    def category(rows: Rows, id: IdArgument = None, handle: HandleArgument = None) -> None:
        """By the one that is given."""
        by_id_or_handle(rows, "cat", id, handle)

    @read(
        many(order=BY_POSITION),
        list[Category],
        description="The categories directly below one, or the roots of the tree.",
    )
    def categories(
        rows: Rows,
        parent: Annotated[
            strawberry.ID | None, strawberry.argument(description="The category above; the roots when left out.")
        ] = None,
    ) -> None:
        """One level of the tree."""
        above = f"= {rows.bind(parent, 'uuid', DECODERS['cat'])}" if parent is not None else "is null"
        rows.where(f"{rows.t}.parent_id {above}")

    @read(
        many(order=Order("{t}.created_at")),
        list[Location] | None,
        description="The places that hold stock. Requires: CATALOGUE.",
        roles=[Role.CATALOGUE],
    )
    def locations(rows: Rows) -> None:
        """All of the shop."""

    @read(
        by_ids(many=False),
        Node | None,
        description="Whatever an id names; null when nothing of this shop that may be seen.",
    )
    def node(rows: Rows, id: Annotated[strawberry.ID, strawberry.argument(description="The id.")]) -> None:
        """Of any type."""

    @read(
        by_ids(many=True),
        list[Node | None],
        description="Whatever ids name, in their order; null for each that names nothing to be seen.",
    )
    def nodes(
        rows: Rows, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids; at most 250.")]
    ) -> None:
        """Of any type."""

    recently_viewed = RECENTLY_VIEWED
