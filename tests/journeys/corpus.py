"""Every root of Query as an operation that its owner has an answer to, and that anybody may send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.harness.asking import Asker
from tests.journeys.corpus_cart import CART
from tests.journeys.corpus_group_buys import GROUP_BUY, MY_TEAMS, OFFERS, TEAM
from tests.journeys.corpus_messages import MESSAGE, PUSH, TEMPLATE
from tests.journeys.corpus_orders import DELIVERY, FOR_STAFF, LINE, ORDER, ORDER_PAGE, QUOTE, wish
from tests.journeys.corpus_paying import ACCOUNT, PREVIEW
from tests.journeys.corpus_places import BOOK, FREIGHT
from tests.journeys.corpus_refunds import CLAIM_FOR_STAFF, MY_CLAIMS
from tests.journeys.corpus_refunds import FOR_STAFF as REFUND_FOR_STAFF
from tests.journeys.corpus_shipping import FAILED_UPLOADS
from tests.journeys.world import World
from tests.journeys.world_customer import CUSTOMER
from tests.journeys.world_metafields import OWNERS as NOTED

Variables = Mapping[str, Any]

MONEY: Final = "{ amount fen currencyCode }"
VARIANT: Final = f"""id title position sku barcode price {MONEY} compareAtPrice {MONEY} lowestPriceOf7Days {MONEY}
  availableForSale stockLeft requiresShipping weightGrams image {{ id url alt }} perPersonLimit perOrderLimit
  tracked inventoryPolicy version createdAt updatedAt selectedOptions {{ name value }} product {{ id title }}
  metafield(namespace: "secret", key: "margin") {{ id value visibility }}"""
REVIEW: Final = "id authorName rating body imageUrls reply repliedAt createdAt status version product { id title }"
CATEGORY: Final = "id handle name imageUrl position version"
PRODUCT: Final = f"""__typename id handle title vendor productType tags descriptionHtml seoTitle seoDescription
  description {{ __typename html ... on TextBlock {{ text }} }} priceRange {{ min {MONEY} max {MONEY} }} inStock
  rating {{ average count }} salesCount variantCount
  featuredImage {{ id url small: url(width: 300, format: WEBP) alt kind width height position }}
  perPersonLimit perOrderLimit publishedAt unpublishAt status origin version createdAt updatedAt
  options {{ id name position values }} images(first: 5) {{ id url alt }}
  category {{ {CATEGORY} ancestors {{ {CATEGORY} }} children {{ name }} }}
  variants(first: 5) {{ totalCount nodes {{ {VARIANT} }} }} media(first: 5) {{ edges {{ cursor node {{ id url }} }} }}
  reviews(first: 5) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {REVIEW} }} }}
  collections(first: 5) {{ id handle title }}
  metafield(namespace: "shown", key: "care") {{ id namespace key type value visibility }}
  private: metafield(namespace: "secret", key: "margin") {{ id value }}"""
CARD: Final = """id handle title vendor tags priceRange { min { fen } } featuredImage { url alt }
  rating { average count }"""
PAGE: Final = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
FACETS: Final = "facets { id label type values { id label count input } }"
COLLECTION: Final = "id handle title description imageUrl kind ruleMatch position published version createdAt updatedAt"
PROMOTER: Final = "id kind name avatarUrl active"
SHARE_LINK: Final = f"""id token scene target channel campaign depth expiresAt createdAt promoter {{ {PROMOTER} }}
  product {{ {CARD} }} collection {{ title }}"""
VISIT: Final = f"""visitId visitorId arrivedAt clientTime path query scene sceneGroup source channel campaign article
  openGId referrerAppid platform isSelfShare counts promoter {{ {PROMOTER} }} shareLink {{ {SHARE_LINK} }}"""
BLOCKS: Final = f"""blocks {{ __typename title ... on BannerBlock {{ url alt target product {{ {CARD} }} }}
  ... on ProductsBlock {{ products {{ {CARD} }} }} ... on CollectionBlock {{ collection {{ title }} }}
  ... on WordsBlock {{ text }} ... on PictureBlock {{ url alt page {{ title }} }} ... on FilmBlock {{ url }}
  ... on LookBlock {{ url alt tags {{ x y product {{ {CARD} }} }} }}
  ... on GroupBuysBlock {{ groupBuys {{ title }} }} }}"""
A_PAGE: Final = f"id handle kind title shareTitle shareImageUrl published version createdAt updatedAt {BLOCKS}"
LANDING: Final = f"""shop {{ name servicePromises {{ title text }} }} promoter {{ {PROMOTER} }} share {{ {SHARE_LINK} }}
  target {{
    __typename title ... on ProductPage {{
      product {{ {PRODUCT} viewerContext {{ price {{ fen }} favourite canBuy limitLeft }} }}
      related {{ {CARD} }} sameCollection {{ {CARD} }} promises {{ title text }}
    }}
    ... on CollectionPage {{ collection {{ title products(first: 2) {{ nodes {{ {CARD} }} }} }} }}
    ... on HomePage {{ home: page {{ {A_PAGE} }} }} ... on TopicPage {{ topic: page {{ {A_PAGE} }} }}
    ... on TeamPage {{ team {{ {TEAM} }} }}
  }}
  {OFFERS} warnings {{ code }}"""
LETTER: Final = "id topic attempts lastError createdAt deliveredAt deadAt replayedAt"
BY_TYPE: Final = f"""__typename id ... on Shop {{ name logoUrl }} ... on Product {{ {CARD} descriptionHtml }}
  ... on Variant {{ title sku barcode of: product {{ title vendor }} }} ... on ProductOption {{ name values }}
  ... on Media {{ url alt }} ... on Collection {{ title products(first: 5) {{ nodes {{ title }} }} }}
  ... on Category {{ name children {{ name }} }} ... on Review {{ authorName body product {{ title }} }}
  ... on Metafield {{ value }} ... on Location {{ name }}
  ... on OutboxEvent {{ {LETTER} }} ... on FreightTemplate {{ name }} ... on MerchantAccount {{ name }}
  ... on Shipment {{ trackingNo note }} ... on ShippingUpload {{ uploadState: state attempts lastError }}
  ... on Refund {{ why: reason amount {{ fen }} }} ... on AfterSale {{ description }}
  ... on Order {{ orderNo note }} ... on OrderLine {{ {LINE} }} ... on Delivery {{ {DELIVERY} }}
  ... on StockLevel {{ onHand location {{ name }} }}
  ... on Page {{ title shareTitle {BLOCKS} }} ... on Promoter {{ {PROMOTER} }} ... on ShareLink {{ {SHARE_LINK} }}
  ... on MessageTemplate {{ templateId page }} ... on GroupBuy {{ title product {{ title }} variants {{ id }} }}
  ... on GroupBuyVariant {{ price {{ fen }} variant {{ title }} }} ... on Message {{ to: recipient {{ nickname }} }}
  ... on GroupBuyTeam {{ members {{ name }} }} ... on GroupBuySeat {{ quantity seatOrder: order {{ orderNo }} }}
  ... on StockMove {{ note location {{ name }} }} ... on PriceChange {{ price {{ fen }} }}"""

NODES: Final = (
    "shop", "category", "child", "product", "product.option", "product.medium", "product.variant", "product.metafield",
    "collection", "ruleCollection", "review", "promoter", "shareLink", "home", "page",
    "messageTemplate", "groupBuy", "groupBuy.variant", "team",
)  # fmt: skip
"""What the public may ask for by id."""
HIDDEN_NODES: Final = (
    "location", "defaultLocation", "freight", "deadLetter", "merchantAccount", "order", "order.line", "order.delivery",
    "parcel", "upload", "refund", "claim.applied", "message",
    *(f"{name}.{kind}" for name in NOTED for kind in ("metafield", "secret")),
    "draft", "draft.option", "draft.medium", "draft.variant", "draft.metafield",
    "archived", "archived.variant", "early", "early.medium", "early.variant", "early.metafield", "late", "late.variant",
    "product.secret", "product.level", "product.price", "product.move", "draft.move", "draft.level",
    "hiddenCollection", "pending", "hiddenReview", "draftReview", "hiddenPage",
    "unusedTemplate", "draftGroupBuy", "draftGroupBuy.variant", "leftTeam", "team.seat",
)  # fmt: skip
"""What only staff may."""


@dataclass(frozen=True, slots=True)
class Read:
    """A question that its `sender` has an answer to; `variables` may be sent by anybody."""

    root: str
    document: str
    variables: Callable[[World], Variables] = lambda _: {}
    staff_only: bool = False
    sender: Callable[[World], Asker] = lambda world: world.shop.staff
    is_compiled: bool = True
    """Whether it is one statement; what is answered by a resolver is pinned by itself."""


def _node(name: str) -> Read:
    return Read("node", f"query ($id: ID!) {{ node(id: $id) {{ {BY_TYPE} }} }}", lambda of: {"id": of[name]})


def _at(argument: str, name: str) -> Callable[[World], Variables]:
    return lambda of: {"at": {argument: of[name]}}


READS: Final = (
    Read("shop", "{ shop { id handle name description logoUrl mode currencyCode language version createdAt } }"),
    Read("product", f"query ($id: ID) {{ product(id: $id) {{ {PRODUCT} }} }}", lambda of: {"id": of["product"]}),
    Read(
        "product",
        f"query ($handle: Handle) {{ product(handle: $handle) {{ {CARD} }} }}",
        lambda of: {"handle": of["product.handle"]},
    ),
    Read(
        "products",
        f"{{ products(first: 10) {{ {PAGE} {FACETS} edges {{ cursor node {{ {PRODUCT} }} }} }} }}".replace(
            "first: 5", "first: 2"
        ),
    ),
    Read(
        "products",
        f"""query ($filters: [ProductFilter!], $after: Cursor) {{
          products(first: 10, sortKey: TITLE, filters: $filters) {{ {PAGE} {FACETS} nodes {{ {CARD} }} }}
          next: products(first: 10, sortKey: TITLE, after: $after) {{ {PAGE} nodes {{ {CARD} }} }}
        }}""",
        lambda of: {
            "after": of.cursors["products"],
            "filters": [
                {"category": of["category"]},
                {"collection": of["collection"]},
                {"vendor": of.mark},
                {"tag": of.mark},
                {"vendor": of.hidden},
                {"tag": of.hidden},
                {"collection": of["hiddenCollection"]},
                {"option": {"name": f"规格{of.mark}", "value": of.mark}},
            ],
        },
    ),
    Read("merchantAccounts", f"{{ merchantAccounts {{ {ACCOUNT} }} }}", staff_only=True),
    Read(
        "collection",
        f"""query ($id: ID) {{
          collection(id: $id) {{ {COLLECTION} products(first: 10) {{ {PAGE} {FACETS} nodes {{ {CARD} }} }} }}
        }}""",
        lambda of: {"id": of["collection"]},
    ),
    Read(
        "collection",
        f"query ($handle: Handle) {{ collection(handle: $handle) {{ {COLLECTION} }} }}",
        lambda of: {"handle": of["collection.handle"]},
    ),
    Read(
        "collections",
        f"""query ($after: Cursor) {{
          collections(first: 10) {{
            {PAGE} nodes {{ {COLLECTION} products(first: 10) {{ totalCount nodes {{ title }} }} }}
          }}
          next: collections(first: 10, after: $after) {{ nodes {{ {COLLECTION} }} }}
        }}""",
        lambda of: {"after": of.cursors["collections"]},
    ),
    Read(
        "category",
        f"""query ($id: ID) {{
          category(id: $id) {{ {CATEGORY} parent {{ name }} ancestors {{ name }} children {{ name }} }}
        }}""",
        lambda of: {"id": of["child"]},
    ),
    Read("categories", f"{{ categories {{ {CATEGORY} children {{ {CATEGORY} parent {{ name }} }} }} }}"),
    Read(
        "categories",
        f"query ($parent: ID) {{ categories(parent: $parent) {{ {CATEGORY} ancestors {{ name }} }} }}",
        lambda of: {"parent": of["category"]},
    ),
    Read("catalogueChange", "{ catalogueChange { cursor catalogueVersion at } shop { name } }"),
    Read("locations", "{ locations { id name isDefault } }", staff_only=True),
    Read(
        "shareLink",
        f"query ($token: String!) {{ shareLink(token: $token) {{ {SHARE_LINK} }} }}",
        lambda of: {"token": of["shareLink.token"]},
    ),
    Read(
        "shareLinks",
        f"""query ($promoter: ID) {{
          shareLinks(first: 5, promoter: $promoter) {{
            {PAGE} nodes {{ {SHARE_LINK} parent {{ token }} visits(first: 2) {{ totalCount nodes {{ {VISIT} }} }} }}
          }}
        }}""",
        lambda of: {"promoter": of["promoter"]},
        staff_only=True,
    ),
    Read(
        "myShareLinks",
        f"""{{ myShareLinks(first: 5) {{ {PAGE} nodes {{
          shareLink {{ {SHARE_LINK} }} visits {{ total visitors }}
          orders {{ placed paid paidTotal {{ fen }} refundedTotal {{ fen }} }}
        }} }} }}""",
        staff_only=True,
    ),
    Read("promoters", f"{{ promoters(first: 5) {{ {PAGE} nodes {{ {PROMOTER} version }} }} }}", staff_only=True),
    Read(
        "visits",
        f"""query ($promoter: ID, $visitor: ID) {{
          visits(first: 5) {{ {PAGE} nodes {{ {VISIT} }} }}
          theirs: visits(first: 5, promoter: $promoter, visitorId: $visitor) {{ nodes {{ {VISIT} }} }}
        }}""",
        lambda of: {"promoter": of["promoter"], "visitor": of["visitor"]},
        staff_only=True,
    ),
    Read("landing", f"query ($at: LandingInput) {{ landing(input: $at) {{ {LANDING} }} }}"),
    *(
        Read("landing", f"query ($at: LandingInput) {{ landing(input: $at) {{ {LANDING} }} }}", _at(argument, name))
        for argument, name in (
            ("productId", "product"),
            ("productHandle", "product.handle"),
            ("collectionId", "collection"),
            ("pageId", "page"),
            ("shareToken", "shareLink.token"),
            ("teamId", "team"),
            ("shareToken", "team.token"),
        )
    ),
    Read("page", f"query ($id: ID) {{ page(id: $id) {{ {A_PAGE} }} }}", lambda of: {"id": of["page"]}),
    Read("pages", f"{{ pages(first: 5) {{ {PAGE} nodes {{ {A_PAGE} }} }} }}"),
    *map(_node, ("shop", "product", "product.variant", "review", "promoter", "shareLink", "page")),
    Read(
        "searchSuggest",
        f"query ($query: String!) {{ searchSuggest(query: $query) {{ kind text product {{ {CARD} }}"
        " category { name } } }",
        lambda of: {"query": of.mark},
    ),
    Read("hotSearches", "{ hotSearches(first: 5) { term } }"),
    Read(
        "searchHistory",
        "{ searchHistory(first: 5) { term } }",
        sender=lambda of: of.shop.visitor.also(x_visitor_id=of["visitor"]),
    ),
    Read(
        "recentlyViewed",
        f"{{ recentlyViewed(first: 5) {{ {CARD} }} viewer {{ recentlyViewed(first: 5) {{ {CARD} }} }} }}",
        sender=lambda of: of.customer,
    ),
    Read("viewer", f"{{ viewer {{ {CUSTOMER} }} }}", sender=lambda of: of.customer),
    Read("viewer", f"{{ viewer {{ {BOOK} }} }}", sender=lambda of: of.customer),
    Read(
        "regions",
        """query ($parent: RegionCode) {
          shop { name } regions(parent: $parent) { code name level parentCode children { code name } }
        }""",
        lambda _: {"parent": "330000"},
    ),
    Read("carriers", "{ shop { name } carriers { code name trackingPattern needsPhoneTail } }"),
    Read("groupBuy", f"query ($id: ID!) {{ groupBuy(id: $id) {{ {GROUP_BUY} }} }}", lambda of: {"id": of["groupBuy"]}),
    Read(
        "groupBuys",
        f"""query ($product: ID) {{
          groupBuys(productId: $product) {{ {PAGE} nodes {{ {GROUP_BUY} }} }}
          most: groupBuys(sort: MOST_JOINED, first: 2) {{ nodes {{ title }} }}
          newest: groupBuys(sort: NEWEST, first: 2) {{ nodes {{ title }} }}
        }}""",
        lambda of: {"product": of["product"]},
    ),
    Read("freightTemplates", f"{{ freightTemplates {{ {FREIGHT} }} }}", staff_only=True),
    Read(
        "freightTemplate",
        f"query ($id: ID!) {{ freightTemplate(id: $id) {{ {FREIGHT} }} }}",
        lambda of: {"id": of["freight"]},
        staff_only=True,
    ),
    Read("deadLetters", f"{{ deadLetters(first: 5) {{ {PAGE} nodes {{ {LETTER} }} }} }}", staff_only=True),
    Read(
        "cart",
        f"query ($id: ID) {{ cart(id: $id) {{ {CART} }} }}",
        lambda of: {"id": of["cart"]},
        sender=lambda of: of.customer,
    ),
    Read(
        "messages",
        f"""query ($order: ID, $customer: ID) {{
          messages(first: 5) {{ {PAGE} nodes {{ {MESSAGE} }} }}
          some: messages(first: 5, orderId: $order, customerId: $customer, event: ORDER_PAID, state: FAILED) {{
            nodes {{ {MESSAGE} }}
          }}
        }}""",
        lambda of: {"order": of["order"], "customer": of["customer"]},
        staff_only=True,
    ),
    Read("messagePushes", f"{{ messagePushes {{ {PUSH} }} shop {{ name }} }}", staff_only=True),
    Read("messageTemplates", f"{{ messageTemplates {{ {TEMPLATE} }} }}"),
    Read(
        "orderChange",
        "query ($id: ID) { orderChange(orderId: $id) { cursor at order { id note } orders(first: 2) { id } } }",
        lambda of: {"id": of["order"]},
        sender=lambda of: of.customer,
    ),
    Read(
        "refunds",
        f"{{ refunds(first: 5, state: ABNORMAL) {{ totalCount nodes {{ {REFUND_FOR_STAFF} }} }} }}",
        staff_only=True,
    ),
    Read(
        "afterSales",
        f"{{ afterSales(first: 5, status: APPLIED) {{ totalCount nodes {{ {CLAIM_FOR_STAFF} }} }} }}",
        staff_only=True,
    ),
    Read("viewer", MY_CLAIMS, sender=lambda of: of.customer),
    Read("failedShippingUploads", FAILED_UPLOADS, staff_only=True),
    Read(
        "order",
        f"query ($id: ID) {{ order(id: $id) {{ {ORDER} }} }}",
        lambda of: {"id": of["order"]},
        sender=lambda of: of.customer,
    ),
    Read(
        "order",
        f"query ($no: String) {{ order(no: $no) {{ {ORDER} }} }}",
        lambda of: {"no": of["order.no"]},
        sender=lambda of: of.customer,
    ),
    Read(
        "orders",
        f"""query ($query: String) {{
          orders(first: 5, query: $query, status: PENDING_PAYMENT, tab: TO_PAY) {{
            {ORDER_PAGE} nodes {{ {FOR_STAFF} }}
          }}
        }}""",
        lambda of: {"query": of.mark},
        staff_only=True,
    ),
    Read(
        "orders",
        f"""{{ orders(first: 5, task: PAYMENT) {{
          {ORDER_PAGE} nodes {{ note tasks payments {{ id problem told {{ fen }} transactionId }} }}
        }} }}""",
        staff_only=True,
    ),
    Read(
        "viewer",
        f"""{{ viewer {{ orderCounts {{ toPay toShip toReceive toReview afterSale }}
          orders(first: 5, tab: TO_PAY) {{ {ORDER_PAGE} nodes {{ {ORDER} }} }} }} }}""",
        sender=lambda of: of.customer,
    ),
    Read(
        "quote",
        f"query ($input: QuoteInput!) {{ quote(input: $input) {{ quote {{ {QUOTE} }} userErrors {{ code field }} }} }}",
        lambda of: {"input": wish(of)},
        sender=lambda of: of.customer,
        is_compiled=False,
    ),
    Read("payPreview", PREVIEW, lambda of: {"token": of["order.payToken"]}, is_compiled=False),
    Read("groupBuyTeam", f"query ($id: ID) {{ groupBuyTeam(id: $id) {{ {TEAM} }} }}", lambda of: {"id": of["team"]}),
    Read(
        "groupBuyTeam",
        f"query ($token: String) {{ groupBuyTeam(shareToken: $token) {{ {TEAM} }} }}",
        lambda of: {"token": of["team.token"]},
    ),
    Read("viewer", MY_TEAMS, sender=lambda of: of.friend),
    Read(
        "groupBuyTeams",
        f"""query ($offer: ID) {{ groupBuyTeams(groupBuyId: $offer) {{ {PAGE} nodes {{ {TEAM}
          seats(first: 2) {{ nodes {{ id customerName order {{ orderNo }} }} }} history {{ toState }} }} }} }}""",
        lambda of: {"offer": of["groupBuy"]},
        staff_only=True,
    ),
    Read(
        "groupBuyTeamChange",
        """{ groupBuyTeamChange {
          cursor at team { id } teams(first: 2) { id state groupBuy { title } viewerSeat { state } } } }""",
        sender=lambda of: of.friend,
    ),
    Read("viewerChange", f"{{ viewerChange {{ cursor at viewer {{ {CUSTOMER} }} }} }}", sender=lambda of: of.customer),
    Read(
        "nodes",
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {BY_TYPE} }} }}",
        lambda of: {"ids": [of[name] for name in (*NODES, *HIDDEN_NODES)]},
    ),
)
