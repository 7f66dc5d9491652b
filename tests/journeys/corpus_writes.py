"""Every root of Mutation: what the owner sends, and what a stranger may try with ids that are not theirs."""

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from tests.journeys.corpus import A_PAGE, CARD, CATEGORY, COLLECTION, LETTER, PROMOTER, REVIEW, SHARE_LINK, VARIANT
from tests.journeys.corpus_cart import CART_WRITES
from tests.journeys.corpus_group_buys import GROUP_BUY_WRITES
from tests.journeys.corpus_messages import MESSAGE_WRITES
from tests.journeys.corpus_orders import ORDER_WRITES
from tests.journeys.corpus_paying import PAY_WRITES
from tests.journeys.corpus_places import PLACE_WRITES
from tests.journeys.corpus_refunds import REFUND_WRITES
from tests.journeys.corpus_shipping import SHIPPING_WRITES
from tests.journeys.corpus_write import Write, instead, mixed, open_to_all, their, write
from tests.journeys.world import ERRORS, World
from tests.journeys.world_customer import CUSTOMER

_PRODUCT: Final = f"product {{ {CARD} descriptionHtml }}"
_COLLECTION: Final = f"collection {{ {COLLECTION} products(first: 10) {{ nodes {{ title }} }} }}"
_METAFIELD: Final = {"namespace": "shown", "key": "wash", "value": "30"}
_RULE: Final = {"field": "CATEGORY", "relation": "EQUALS"}


def _noted_on(name: str) -> Callable[[World, World], Any]:
    return lambda _, theirs: [{**_METAFIELD, "ownerId": theirs[name]}]


def _new_goods(of: World, **more: Any) -> dict[str, Any]:
    return {"title": f"new {of.mark}", "variants": [{"price": {"fen": 100}}], **more}


WRITES: Final = (
    *ORDER_WRITES,
    write(
        "shopUpdate", "$input: ShopUpdateInput!", "shop { id name description }",
        lambda of: {"input": {"version": 2, "description": f"new {of.mark}"}},
    ),
    write(
        "productCreate", "$input: ProductCreateInput!, $idempotencyKey: String!", _PRODUCT,
        lambda of: {"input": _new_goods(of, categoryId=of["child"]), "idempotencyKey": "corpus"},
        instead("input.categoryId", input=lambda mine, theirs: _new_goods(mine, categoryId=theirs["child"])),
    ),
    write(
        "productUpdate", "$id: ID!, $input: ProductUpdateInput!", _PRODUCT,
        lambda of: {"id": of["product"], "input": {"seoTitle": f"new {of.mark}"}},
        instead("id", id=their("product")),
        instead("id", id=their("draft")),
        instead("input.categoryId", input=lambda _, theirs: {"categoryId": theirs["child"]}),
        instead(
            "input.variants.0.id",
            input=lambda mine, theirs: {"variants": [
                {"id": theirs["product.variant"], "price": {"fen": 1}},
                {"id": mine["product.variant"]}, {"id": mine["product.variant2"]},
            ]},
        ),
        instead(
            "input.media.0.id",
            input=lambda _, theirs: {"media": [{"id": theirs["product.medium"], "url": "https://x.cn/1"}]},
        ),
    ),
    write(
        "mediaUploadCreate", "$kind: MediaKind!, $size: Int!, $type: String!", "upload { fieldName expiresAt }",
        lambda _: {"kind": "IMAGE", "size": 1000, "type": "image/png"},
    ),
    write(
        "productsUpsert", "$products: [ProductUpsertInput!]!, $idempotencyKey: String!",
        f"products {{ {CARD} }}",
        lambda of: {"products": [{"id": of["product"], "seoTitle": "甲"}, _new_goods(of)], "idempotencyKey": "corpus"},
        instead(
            "products.1.id",
            products=lambda mine, theirs: [
                {"id": mine["product"], "seoTitle": "乙"}, {"id": theirs["product"], "seoTitle": "丙"},
            ],
        ),
        instead(
            "products.0.categoryId", products=lambda mine, theirs: [_new_goods(mine, categoryId=theirs["category"])]
        ),
    ),
    write(
        "productsPublish", "$ids: [ID!]!", f"products {{ {CARD} }}", lambda of: {"ids": [of["product"]]},
        instead("ids.1", ids=mixed("draft", "draft")),
    ),
    write(
        "productsUnpublish", "$ids: [ID!]!, $at: DateTime", f"products {{ {CARD} }}",
        lambda of: {"ids": [of["sibling"]], "at": "2050-01-01T00:00:00Z"},
        instead("ids.1", ids=mixed("sibling", "product")),
    ),
    write(
        "productMediaSet", "$productId: ID!, $media: [MediaInput!]!", f"product {{ images {{ id url }} {CARD} }}",
        lambda of: {"productId": of["product"], "media": [{"url": f"https://img.example/new-{of.mark}"}]},
        instead("productId", productId=their("product")),
        instead("media.0.id", media=lambda _, theirs: [{"id": theirs["product.medium"], "url": "https://x.cn/1"}]),
    ),
    write(
        "variantsUpsert", "$productId: ID!, $variants: [VariantInput!]!, $idempotencyKey: String!",
        f"product {{ {CARD} }} variants {{ {VARIANT} }}",
        lambda of: {
            "productId": of["product"], "idempotencyKey": "corpus",
            "variants": [{"id": of["product.variant"], "price": {"fen": 9800}}],
        },
        instead("productId", productId=their("product"), variants=lambda _, theirs: [
            {"id": theirs["product.variant"], "price": {"fen": 1}},
        ]),
        instead("variants.0.id", variants=lambda _, theirs: [{"id": theirs["product.variant"], "price": {"fen": 1}}]),
    ),
    write(
        "variantsDelete", "$productId: ID!, $ids: [ID!]!", f"deletedVariantIds product {{ {CARD} }}",
        lambda of: {"productId": of["sibling"], "ids": [of["sibling.variant2"]]},
        instead("productId", productId=their("sibling"), ids=lambda _, theirs: [theirs["sibling.variant2"]]),
        instead("ids.0", ids=lambda _, theirs: [theirs["sibling.variant2"]]),
    ),
    write(
        "stockAdjust", "$adjustments: [StockAdjustmentInput!]!, $idempotencyKey: String!", f"variants {{ {VARIANT} }}",
        lambda of: {
            "adjustments": [{"variantId": of["product.variant"], "delta": 1, "reason": "COUNTED", "note": of.mark}],
            "idempotencyKey": "corpus",
        },
        instead("adjustments.1.variantId", adjustments=lambda mine, theirs: [
            {"variantId": mine["product.variant"], "delta": 1, "reason": "COUNTED"},
            {"variantId": theirs["product.variant"], "delta": -1, "reason": "COUNTED"},
        ]),
        instead("adjustments.0.locationId", adjustments=lambda mine, theirs: [{
            "variantId": mine["product.variant"], "locationId": theirs["location"], "delta": 1, "reason": "COUNTED",
        }]),
    ),
    write(
        "locationCreate", "$input: LocationCreateInput!, $idempotencyKey: String!", "location { id name isDefault }",
        lambda of: {"input": {"name": f"new {of.mark}"}, "idempotencyKey": "corpus"},
    ),
    write(
        "locationUpdate", "$id: ID!, $input: LocationUpdateInput!", "location { id name }",
        lambda of: {"id": of["location"], "input": {"name": f"{of.mark} 2"}},
        instead("id", id=their("location")),
        instead("id", id=their("defaultLocation"), input=lambda *_: {"makeDefault": True}),
    ),
    write(
        "collectionCreate", "$input: CollectionCreateInput!, $idempotencyKey: String!", _COLLECTION,
        lambda of: {
            "input": {"title": f"new {of.mark}", "kind": "RULE", "rules": [{**_RULE, "value": of["category"]}]},
            "idempotencyKey": "corpus",
        },
        instead("input.rules.0.value", input=lambda mine, theirs: {
            "title": f"new {mine.mark}", "kind": "RULE", "rules": [{**_RULE, "value": theirs["category"]}],
        }),
    ),
    write(
        "collectionUpdate", "$id: ID!, $input: CollectionUpdateInput!", _COLLECTION,
        lambda of: {"id": of["ruleCollection"], "input": {"description": f"new {of.mark}"}},
        instead("id", id=their("ruleCollection")),
        instead("id", id=their("hiddenCollection")),
        instead("input.rules.0.value", input=lambda _, theirs: {"rules": [{**_RULE, "value": theirs["category"]}]}),
    ),
    write(
        "collectionDelete", "$id: ID!", "deletedCollectionId", lambda of: {"id": of["spareCollection"]},
        instead("id", id=their("spareCollection")),
    ),
    write(
        "collectionProductsAdd", "$id: ID!, $productIds: [ID!]!", _COLLECTION,
        lambda of: {"id": of["collection"], "productIds": [of["spare"]]},
        instead("id", id=their("collection")),
        instead("productIds.1", productIds=mixed("spare", "product")),
    ),
    write(
        "collectionProductsRemove", "$id: ID!, $productIds: [ID!]!", _COLLECTION,
        lambda of: {"id": of["collection"], "productIds": [of["late"]]},
        instead("id", id=their("collection"), productIds=lambda _, theirs: [theirs["product"]]),
        instead("productIds.1", productIds=mixed("late", "product")),
    ),
    write(
        "collectionProductsMove", "$id: ID!, $productIds: [ID!]!, $after: ID", _COLLECTION,
        lambda of: {"id": of["collection"], "productIds": [of["product"]], "after": of["sibling"]},
        instead("id", id=their("collection")),
        instead("productIds.0", productIds=lambda _, theirs: [theirs["product"]]),
        instead("after", after=their("sibling")),
    ),
    write(
        "categoryCreate", "$input: CategoryCreateInput!, $idempotencyKey: String!",
        f"category {{ {CATEGORY} ancestors {{ name }} }}",
        lambda of: {"input": {"name": f"new {of.mark}", "parentId": of["category"]}, "idempotencyKey": "corpus"},
        instead("input.parentId", input=lambda mine, theirs: {"name": mine.mark, "parentId": theirs["category"]}),
    ),
    write(
        "categoryUpdate", "$id: ID!, $input: CategoryUpdateInput!", f"category {{ {CATEGORY} }}",
        lambda of: {"id": of["child"], "input": {"name": f"new {of.mark}"}},
        instead("id", id=their("child")),
        instead("input.parentId", input=lambda _, theirs: {"parentId": theirs["category"]}),
    ),
    write(
        "categoryDelete", "$id: ID!", "deletedCategoryId", lambda of: {"id": of["spareCategory"]},
        instead("id", id=their("spareCategory")),
    ),
    write(
        "reviewsModerate", "$ids: [ID!]!, $status: ReviewStatus!, $reason: String", f"reviews {{ {REVIEW} }}",
        lambda of: {"ids": [of["review"]], "status": "HIDDEN", "reason": "广告"},
        instead("ids.1", ids=mixed("review", "review")),
        instead("ids.1", ids=mixed("review", "draftReview")),
    ),
    write(
        "reviewReply", "$id: ID!, $reply: String", f"review {{ {REVIEW} }}",
        lambda of: {"id": of["review"], "reply": f"new {of.mark}"},
        instead("id", id=their("review")),
    ),
    write(
        "metafieldsSet", "$metafields: [MetafieldSetInput!]!", "metafields { id value }",
        lambda of: {"metafields": [{**_METAFIELD, "ownerId": of["product"]}]},
        instead("metafields.1.ownerId", metafields=lambda mine, theirs: [
            {**_METAFIELD, "ownerId": mine["product"]}, {**_METAFIELD, "ownerId": theirs["product"]},
        ]),
        *(
            instead("metafields.0.ownerId", metafields=_noted_on(name))
            for name in ("product.variant", "customer", "cart", "cart.line", "order")
        ),
    ),
    write(
        "metafieldsDelete", "$metafields: [MetafieldNameInput!]!", "deletedMetafieldIds",
        lambda of: {"metafields": [{"ownerId": of["sibling"], "namespace": "shown", "key": "care"}]},
        instead("metafields.0.ownerId", metafields=lambda _, theirs: [
            {"ownerId": theirs["sibling"], "namespace": "shown", "key": "care"},
        ]),
    ),
    write(
        "promoterCreate", "$input: PromoterCreateInput!, $idempotencyKey: String!", f"promoter {{ {PROMOTER} }}",
        lambda of: {"input": {"kind": "PARTNER", "name": f"new {of.mark}"}, "idempotencyKey": "corpus"},
        instead("input.staffId", input=lambda mine, theirs: {
            "kind": "GUIDE", "name": mine.mark, "staffId": theirs["owner"],
        }),
        instead("input.customerId", input=lambda mine, theirs: {
            "kind": "CUSTOMER", "name": mine.mark, "customerId": theirs["customer"],
        }),
    ),
    write(
        "promoterUpdate", "$id: ID!, $input: PromoterUpdateInput!", f"promoter {{ {PROMOTER} }}",
        lambda of: {"id": of["promoter"], "input": {"name": f"new {of.mark}"}},
        instead("id", id=their("promoter")),
        instead("input.staffId", input=lambda _, theirs: {"staffId": theirs["owner"]}),
    ),
    open_to_all(write(
        "shareCreate", "$input: ShareCreateInput!, $idempotencyKey: String!", f"shareLink {{ {SHARE_LINK} }}",
        lambda of: {
            "input": {"target": {"productId": of["product"]}, "parentToken": of["shareLink.token"]},
            "idempotencyKey": "corpus",
        },
        instead("input.target", input=lambda _, theirs: {"target": {"productId": theirs["product"]}}),
        instead("input.target", input=lambda _, theirs: {"target": {"collectionId": theirs["collection"]}}),
        instead("input.promoterId", input=lambda mine, theirs: {
            "target": {"productId": mine["product"]}, "promoterId": theirs["promoter"],
        }),
    )),
    open_to_all(
        write(
            "visitTrack", "$visitId: ID!, $input: VisitTrackInput!", "visitId",
            lambda of: {"visitId": str(uuid4()), "input": {"shareToken": of["shareLink.token"]}},
        ),
        lambda world: world.shop.visitor.also(x_visitor_id=world["visitor"]),
    ),
    open_to_all(
        write(
            "loginWithWechat", "$input: LoginWithWechatInput!", f"session {{ accessToken }} customer {{ {CUSTOMER} }}",
            lambda of: {"input": {"code": of["login.code"], "shareToken": of["shareLink.token"]}},
        ),
        lambda world: world.shop.visitor.also(x_visitor_id=world["visitor"]),
    ),
    open_to_all(
        write(
            "sessionRefresh", "$refreshToken: String!", f"session {{ accessToken }} customer {{ {CUSTOMER} }}",
            lambda of: {"refreshToken": of["refresh.token"]},
        ),
        lambda world: world.shop.visitor,
    ),
    open_to_all(
        write(
            "sessionRevoke", "$refreshToken: String!", "revoked", lambda of: {"refreshToken": of["revoke.token"]}
        ),
        lambda world: world.shop.visitor,
    ),
    open_to_all(
        write(
            "phoneBind", "$code: String!", f"customer {{ {CUSTOMER} }}", lambda of: {"code": of["phone.code"]}
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "profileUpdate", "$input: ProfileUpdateInput!", f"customer {{ {CUSTOMER} }}",
            lambda of: {"input": {"nickname": f"n {of.mark}"}},
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "consentSet", "$input: ConsentSetInput!", f"customer {{ {CUSTOMER} }}",
            lambda of: {"input": {"kind": "TERMS", "policyVersion": of.mark, "agreed": True}},
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        Write("searchHistoryClear", f"mutation {{ searchHistoryClear {{ clearedCount {ERRORS} }} }}", lambda _: {}, ()),
        lambda world: world.shop.visitor.also(x_visitor_id=world["visitor"]),
    ),
    write(
        "pageUpsert", "$input: PageUpsertInput!, $idempotencyKey: String!", f"page {{ {A_PAGE} }}",
        lambda of: {
            "input": {"title": f"new {of.mark}", "blocks": [{"products": {"productIds": [of["product"]]}}]},
            "idempotencyKey": "corpus",
        },
        instead("input.id", input=lambda _, theirs: {"id": theirs["page"], "title": "乙"}),
        instead("input.blocks.0.products.productIds.1", input=lambda mine, theirs: {
            "title": "乙", "blocks": [{"products": {"productIds": [mine["product"], theirs["product"]]}}],
        }),
        instead("input.blocks.0.look.tags.0.productId", input=lambda _, theirs: {
            "title": "乙", "blocks": [
                {"look": {"url": "https://x.cn/1", "tags": [{"x": 1, "y": 1, "productId": theirs["product"]}]}},
            ],
        }),
        instead("input.blocks.0.collection.collectionId", input=lambda _, theirs: {
            "title": "乙", "blocks": [{"collection": {"collectionId": theirs["collection"]}}],
        }),
    ),
    write(
        "pageDelete", "$id: ID!", "deletedPageId", lambda of: {"id": of["sparePage"]},
        instead("id", id=their("page")),
    ),
    open_to_all(
        write(
            "favouriteAdd", "$productId: ID", f"customer {{ {CUSTOMER} favourites {{ nodes {{ {CARD} }} }} }}",
            lambda of: {"productId": of["product"]},
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "favouriteRemove", "$productId: ID", f"customer {{ {CUSTOMER} favourites {{ nodes {{ {CARD} }} }} }}",
            lambda of: {"productId": of["product"]},
        ),
        lambda world: world.customer,
    ),
    write(
        "staffInvite", "$input: StaffInviteInput!", "invitation { staffId path expiresAt }",
        lambda of: {"input": {"name": of.mark, "roles": ["KOL"]}},
    ),
    open_to_all(write(
        "sessionSelectShop", "$shopId: ID!", "session { accessToken }", lambda of: {"shopId": of["shop"]},
        instead("shopId", shopId=their("shop")),
    )),
    *PLACE_WRITES,
    *PAY_WRITES,
    *SHIPPING_WRITES,
    *REFUND_WRITES,
    *MESSAGE_WRITES,
    *CART_WRITES,
    write(
        "outboxReplay", "$id: ID!", f"event {{ {LETTER} }}", lambda of: {"id": of["spareLetter"]},
        instead("id", id=their("deadLetter")),
    ),
    # The last, because nothing may ask for it any more.
    *GROUP_BUY_WRITES,
    write(
        "productDelete", "$id: ID!", "deletedProductId", lambda of: {"id": of["spare"]},
        instead("id", id=their("spare")),
        instead("id", id=their("draft")),
    ),
)  # fmt: skip
