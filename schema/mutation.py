"""What can be changed: the root of every mutation, put together from the nouns."""

import strawberry

from schema.address_mutation import AddressMutation
from schema.after_sale_mutation import AfterSaleMutation
from schema.arrival_mutation import ArrivalMutation
from schema.cart_mutation import CartMutation
from schema.category_mutation import CategoryMutation
from schema.collection_mutation import CollectionMutation
from schema.customer_mutation import CustomerMutation
from schema.favourite_mutation import FavouriteMutation
from schema.freight_template_mutation import FreightTemplateMutation
from schema.group_buy_mutation import GroupBuyMutation
from schema.group_buy_team_mutation import GroupBuyTeamMutation
from schema.media_mutation import MediaMutation
from schema.merchant_account_mutation import MerchantAccountMutation
from schema.message_mutation import MessageMutation
from schema.message_push import MessagePushMutation
from schema.metafield_mutation import MetafieldMutation
from schema.order_mutation import OrderMutation
from schema.outbox_event import OutboxMutation
from schema.page_mutation import PageMutation
from schema.payment_mutation import PaymentMutation
from schema.product_mutation import ProductMutation
from schema.promoter_mutation import PromoterMutation
from schema.refund_mutation import RefundMutation
from schema.review_mutation import ReviewMutation
from schema.search_mutation import SearchMutation
from schema.session_mutation import SessionMutation
from schema.share_link_mutation import ShareLinkMutation
from schema.shipment_mutation import ShipmentMutation
from schema.shop_mutation import ShopMutation
from schema.staff_mutation import StaffMutation
from schema.stock_mutation import StockMutation
from schema.variant_mutation import VariantMutation
from schema.visit_mutation import VisitMutation


@strawberry.type(
    description="Everything that can be changed. Each mutation does all it is asked or nothing; what stands in the way"
    " is told in `userErrors`, and what it was about is null then."
)
class Mutation(
    ShopMutation,
    ProductMutation,
    MediaMutation,
    VariantMutation,
    StockMutation,
    CollectionMutation,
    CategoryMutation,
    ReviewMutation,
    MetafieldMutation,
    MerchantAccountMutation,
    MessageMutation,
    MessagePushMutation,
    PaymentMutation,
    PromoterMutation,
    ShareLinkMutation,
    SearchMutation,
    PageMutation,
    FavouriteMutation,
    CartMutation,
    OrderMutation,
    GroupBuyTeamMutation,
    ShipmentMutation,
    ArrivalMutation,
    RefundMutation,
    AfterSaleMutation,
    AddressMutation,
    FreightTemplateMutation,
    GroupBuyMutation,
    VisitMutation,
    SessionMutation,
    CustomerMutation,
    StaffMutation,
    OutboxMutation,
):
    """Mutations of one document run one after the other."""
