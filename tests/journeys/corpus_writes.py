"""Every root of Mutation: what the owner sends, and what a stranger may try with ids that are not theirs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from tests.harness.asking import Asker
from tests.journeys.corpus import A_PAGE, CARD, CATEGORY, COLLECTION, PROMOTER, REVIEW, SHARE_LINK, VARIANT, Variables
from tests.journeys.world import ERRORS, World
from tests.journeys.world_customer import CUSTOMER


@dataclass(frozen=True, slots=True)
class Foreign:
    """Variables of a stranger with one id that is not theirs, and the field that the refusal must name."""

    field: str
    variables: Callable[[World, World], Variables]


@dataclass(frozen=True, slots=True)
class Write:
    """A mutation: what its sender sends, and what a stranger `(me, them)` may try.

    `is_open` when not only staff may ask for it; then the command itself says who may not.
    """

    root: str
    document: str
    variables: Callable[[World], dict[str, Any]]
    foreign: tuple[Foreign, ...] = ()
    is_open: bool = False
    sender: Callable[[World], Asker] = lambda world: world.shop.staff


def _write(
    root: str, head: str, selection: str, variables: Callable[[World], dict[str, Any]], *foreign: Foreign
) -> Write:
    """`head` declares the variables; each is sent as the argument of its name."""
    names = [part.split(":")[0].strip() for part in head.replace("$", "").split(",")]
    arguments = ", ".join(f"{name}: ${name}" for name in names)
    return Write(root, f"mutation ({head}) {{ {root}({arguments}) {{ {selection} {ERRORS} }} }}", variables, foreign)


def _open(write: Write, sender: Callable[[World], Asker] = lambda world: world.shop.staff) -> Write:
    """The same for everybody to ask, sent by whom it is meant for."""
    return replace(write, is_open=True, sender=sender)


def _instead(field: str, **changes: Callable[[World, World], Any]) -> Foreign:
    """Only these variables; those that are missing the caller adds from its own world."""
    return Foreign(field, lambda mine, theirs: {name: made(mine, theirs) for name, made in changes.items()})


def _their(name: str) -> Callable[[World, World], Any]:
    return lambda _, theirs: theirs[name]


def _mixed(*names: str) -> Callable[[World, World], Any]:
    """Return a list of ids: all mine but the last, which is theirs."""
    return lambda mine, theirs: [*(mine[name] for name in names[:-1]), theirs[names[-1]]]


_PRODUCT: Final = f"product {{ {CARD} descriptionHtml }}"
_COLLECTION: Final = f"collection {{ {COLLECTION} products(first: 10) {{ nodes {{ title }} }} }}"
_METAFIELD: Final = {"namespace": "shown", "key": "wash", "value": "30"}
_RULE: Final = {"field": "CATEGORY", "relation": "EQUALS"}


def _new_goods(of: World, **more: Any) -> dict[str, Any]:
    return {"title": f"new {of.mark}", "variants": [{"price": {"fen": 100}}], **more}


WRITES: Final = (
    _write(
        "shopUpdate", "$input: ShopUpdateInput!", "shop { id name description }",
        lambda of: {"input": {"version": 2, "description": f"new {of.mark}"}},
    ),
    _write(
        "productCreate", "$input: ProductCreateInput!, $idempotencyKey: String!", _PRODUCT,
        lambda of: {"input": _new_goods(of, categoryId=of["child"]), "idempotencyKey": "corpus"},
        _instead("input.categoryId", input=lambda mine, theirs: _new_goods(mine, categoryId=theirs["child"])),
    ),
    _write(
        "productUpdate", "$id: ID!, $input: ProductUpdateInput!", _PRODUCT,
        lambda of: {"id": of["product"], "input": {"seoTitle": f"new {of.mark}"}},
        _instead("id", id=_their("product")),
        _instead("id", id=_their("draft")),
        _instead("input.categoryId", input=lambda _, theirs: {"categoryId": theirs["child"]}),
        _instead(
            "input.variants.0.id",
            input=lambda _, theirs: {"variants": [{"id": theirs["product.variant"], "price": {"fen": 1}}]},
        ),
        _instead(
            "input.media.0.id",
            input=lambda _, theirs: {"media": [{"id": theirs["product.medium"], "url": "https://x.cn/1"}]},
        ),
    ),
    _write(
        "mediaUploadCreate", "$kind: MediaKind!, $size: Int!, $type: String!", "upload { fieldName expiresAt }",
        lambda _: {"kind": "IMAGE", "size": 1000, "type": "image/png"},
    ),
    _write(
        "productsUpsert", "$products: [ProductUpsertInput!]!, $idempotencyKey: String!",
        f"products {{ {CARD} }}",
        lambda of: {"products": [{"id": of["product"], "seoTitle": "甲"}, _new_goods(of)], "idempotencyKey": "corpus"},
        _instead(
            "products.1.id",
            products=lambda mine, theirs: [
                {"id": mine["product"], "seoTitle": "乙"}, {"id": theirs["product"], "seoTitle": "丙"},
            ],
        ),
        _instead(
            "products.0.categoryId", products=lambda mine, theirs: [_new_goods(mine, categoryId=theirs["category"])]
        ),
    ),
    _write(
        "productsPublish", "$ids: [ID!]!", f"products {{ {CARD} }}", lambda of: {"ids": [of["product"]]},
        _instead("ids.1", ids=_mixed("draft", "draft")),
    ),
    _write(
        "productsUnpublish", "$ids: [ID!]!, $at: DateTime", f"products {{ {CARD} }}",
        lambda of: {"ids": [of["sibling"]], "at": "2050-01-01T00:00:00Z"},
        _instead("ids.1", ids=_mixed("sibling", "product")),
    ),
    _write(
        "productMediaSet", "$productId: ID!, $media: [MediaInput!]!", f"product {{ images {{ id url }} {CARD} }}",
        lambda of: {"productId": of["product"], "media": [{"url": f"https://img.example/new-{of.mark}"}]},
        _instead("productId", productId=_their("product")),
        _instead("media.0.id", media=lambda _, theirs: [{"id": theirs["product.medium"], "url": "https://x.cn/1"}]),
    ),
    _write(
        "variantsUpsert", "$productId: ID!, $variants: [VariantInput!]!, $idempotencyKey: String!",
        f"product {{ {CARD} }} variants {{ {VARIANT} }}",
        lambda of: {
            "productId": of["product"], "idempotencyKey": "corpus",
            "variants": [{"id": of["product.variant"], "price": {"fen": 9800}}],
        },
        _instead("productId", productId=_their("product"), variants=lambda _, theirs: [
            {"id": theirs["product.variant"], "price": {"fen": 1}},
        ]),
        _instead("variants.0.id", variants=lambda _, theirs: [{"id": theirs["product.variant"], "price": {"fen": 1}}]),
    ),
    _write(
        "variantsDelete", "$productId: ID!, $ids: [ID!]!", f"deletedVariantIds product {{ {CARD} }}",
        lambda of: {"productId": of["sibling"], "ids": [of["sibling.variant2"]]},
        _instead("productId", productId=_their("sibling"), ids=lambda _, theirs: [theirs["sibling.variant2"]]),
        _instead("ids.0", ids=lambda _, theirs: [theirs["sibling.variant2"]]),
    ),
    _write(
        "stockAdjust", "$adjustments: [StockAdjustmentInput!]!, $idempotencyKey: String!", f"variants {{ {VARIANT} }}",
        lambda of: {
            "adjustments": [{"variantId": of["product.variant"], "delta": 1, "reason": "COUNTED", "note": of.mark}],
            "idempotencyKey": "corpus",
        },
        _instead("adjustments.1.variantId", adjustments=lambda mine, theirs: [
            {"variantId": mine["product.variant"], "delta": 1, "reason": "COUNTED"},
            {"variantId": theirs["product.variant"], "delta": -1, "reason": "COUNTED"},
        ]),
        _instead("adjustments.0.locationId", adjustments=lambda mine, theirs: [{
            "variantId": mine["product.variant"], "locationId": theirs["location"], "delta": 1, "reason": "COUNTED",
        }]),
    ),
    _write(
        "locationCreate", "$input: LocationCreateInput!, $idempotencyKey: String!", "location { id name isDefault }",
        lambda of: {"input": {"name": f"new {of.mark}"}, "idempotencyKey": "corpus"},
    ),
    _write(
        "locationUpdate", "$id: ID!, $input: LocationUpdateInput!", "location { id name }",
        lambda of: {"id": of["location"], "input": {"name": f"{of.mark} 2"}},
        _instead("id", id=_their("location")),
        _instead("id", id=_their("defaultLocation"), input=lambda *_: {"makeDefault": True}),
    ),
    _write(
        "collectionCreate", "$input: CollectionCreateInput!, $idempotencyKey: String!", _COLLECTION,
        lambda of: {
            "input": {"title": f"new {of.mark}", "kind": "RULE", "rules": [{**_RULE, "value": of["category"]}]},
            "idempotencyKey": "corpus",
        },
        _instead("input.rules.0.value", input=lambda mine, theirs: {
            "title": f"new {mine.mark}", "kind": "RULE", "rules": [{**_RULE, "value": theirs["category"]}],
        }),
    ),
    _write(
        "collectionUpdate", "$id: ID!, $input: CollectionUpdateInput!", _COLLECTION,
        lambda of: {"id": of["ruleCollection"], "input": {"description": f"new {of.mark}"}},
        _instead("id", id=_their("ruleCollection")),
        _instead("id", id=_their("hiddenCollection")),
        _instead("input.rules.0.value", input=lambda _, theirs: {"rules": [{**_RULE, "value": theirs["category"]}]}),
    ),
    _write(
        "collectionDelete", "$id: ID!", "deletedCollectionId", lambda of: {"id": of["spareCollection"]},
        _instead("id", id=_their("spareCollection")),
    ),
    _write(
        "collectionProductsAdd", "$id: ID!, $productIds: [ID!]!", _COLLECTION,
        lambda of: {"id": of["collection"], "productIds": [of["spare"]]},
        _instead("id", id=_their("collection")),
        _instead("productIds.1", productIds=_mixed("spare", "product")),
    ),
    _write(
        "collectionProductsRemove", "$id: ID!, $productIds: [ID!]!", _COLLECTION,
        lambda of: {"id": of["collection"], "productIds": [of["late"]]},
        _instead("id", id=_their("collection"), productIds=lambda _, theirs: [theirs["product"]]),
        _instead("productIds.1", productIds=_mixed("late", "product")),
    ),
    _write(
        "collectionProductsMove", "$id: ID!, $productIds: [ID!]!, $after: ID", _COLLECTION,
        lambda of: {"id": of["collection"], "productIds": [of["product"]], "after": of["sibling"]},
        _instead("id", id=_their("collection")),
        _instead("productIds.0", productIds=lambda _, theirs: [theirs["product"]]),
        _instead("after", after=_their("sibling")),
    ),
    _write(
        "categoryCreate", "$input: CategoryCreateInput!, $idempotencyKey: String!",
        f"category {{ {CATEGORY} ancestors {{ name }} }}",
        lambda of: {"input": {"name": f"new {of.mark}", "parentId": of["category"]}, "idempotencyKey": "corpus"},
        _instead("input.parentId", input=lambda mine, theirs: {"name": mine.mark, "parentId": theirs["category"]}),
    ),
    _write(
        "categoryUpdate", "$id: ID!, $input: CategoryUpdateInput!", f"category {{ {CATEGORY} }}",
        lambda of: {"id": of["child"], "input": {"name": f"new {of.mark}"}},
        _instead("id", id=_their("child")),
        _instead("input.parentId", input=lambda _, theirs: {"parentId": theirs["category"]}),
    ),
    _write(
        "categoryDelete", "$id: ID!", "deletedCategoryId", lambda of: {"id": of["spareCategory"]},
        _instead("id", id=_their("spareCategory")),
    ),
    _write(
        "reviewsModerate", "$ids: [ID!]!, $status: ReviewStatus!, $reason: String", f"reviews {{ {REVIEW} }}",
        lambda of: {"ids": [of["review"]], "status": "HIDDEN", "reason": "广告"},
        _instead("ids.1", ids=_mixed("review", "review")),
        _instead("ids.1", ids=_mixed("review", "draftReview")),
    ),
    _write(
        "reviewReply", "$id: ID!, $reply: String", f"review {{ {REVIEW} }}",
        lambda of: {"id": of["review"], "reply": f"new {of.mark}"},
        _instead("id", id=_their("review")),
    ),
    _write(
        "metafieldsSet", "$metafields: [MetafieldSetInput!]!", "metafields { id value }",
        lambda of: {"metafields": [{**_METAFIELD, "ownerId": of["product"]}]},
        _instead("metafields.1.ownerId", metafields=lambda mine, theirs: [
            {**_METAFIELD, "ownerId": mine["product"]}, {**_METAFIELD, "ownerId": theirs["product"]},
        ]),
        _instead("metafields.0.ownerId", metafields=lambda _, theirs: [
            {**_METAFIELD, "ownerId": theirs["product.variant"]},
        ]),
    ),
    _write(
        "metafieldsDelete", "$metafields: [MetafieldNameInput!]!", "deletedMetafieldIds",
        lambda of: {"metafields": [{"ownerId": of["sibling"], "namespace": "shown", "key": "care"}]},
        _instead("metafields.0.ownerId", metafields=lambda _, theirs: [
            {"ownerId": theirs["sibling"], "namespace": "shown", "key": "care"},
        ]),
    ),
    _write(
        "promoterCreate", "$input: PromoterCreateInput!, $idempotencyKey: String!", f"promoter {{ {PROMOTER} }}",
        lambda of: {"input": {"kind": "PARTNER", "name": f"new {of.mark}"}, "idempotencyKey": "corpus"},
        _instead("input.staffId", input=lambda mine, theirs: {
            "kind": "GUIDE", "name": mine.mark, "staffId": theirs["owner"],
        }),
        _instead("input.customerId", input=lambda mine, theirs: {
            "kind": "CUSTOMER", "name": mine.mark, "customerId": theirs["customer"],
        }),
    ),
    _write(
        "promoterUpdate", "$id: ID!, $input: PromoterUpdateInput!", f"promoter {{ {PROMOTER} }}",
        lambda of: {"id": of["promoter"], "input": {"name": f"new {of.mark}"}},
        _instead("id", id=_their("promoter")),
        _instead("input.staffId", input=lambda _, theirs: {"staffId": theirs["owner"]}),
    ),
    _open(_write(
        "shareCreate", "$input: ShareCreateInput!, $idempotencyKey: String!", f"shareLink {{ {SHARE_LINK} }}",
        lambda of: {
            "input": {"target": {"productId": of["product"]}, "parentToken": of["shareLink.token"]},
            "idempotencyKey": "corpus",
        },
        _instead("input.target", input=lambda _, theirs: {"target": {"productId": theirs["product"]}}),
        _instead("input.target", input=lambda _, theirs: {"target": {"collectionId": theirs["collection"]}}),
        _instead("input.promoterId", input=lambda mine, theirs: {
            "target": {"productId": mine["product"]}, "promoterId": theirs["promoter"],
        }),
    )),
    _open(
        _write(
            "visitTrack", "$visitId: ID!, $input: VisitTrackInput!", "visitId",
            lambda of: {"visitId": str(uuid4()), "input": {"shareToken": of["shareLink.token"]}},
        ),
        lambda world: world.shop.visitor.also(x_visitor_id=world["visitor"]),
    ),
    _open(
        _write(
            "loginWithWechat", "$input: LoginWithWechatInput!", f"session {{ accessToken }} customer {{ {CUSTOMER} }}",
            lambda of: {"input": {"code": of["login.code"], "shareToken": of["shareLink.token"]}},
        ),
        lambda world: world.shop.visitor.also(x_visitor_id=world["visitor"]),
    ),
    _open(
        _write(
            "sessionRefresh", "$refreshToken: String!", f"session {{ accessToken }} customer {{ {CUSTOMER} }}",
            lambda of: {"refreshToken": of["refresh.token"]},
        ),
        lambda world: world.shop.visitor,
    ),
    _open(
        _write(
            "sessionRevoke", "$refreshToken: String!", "revoked", lambda of: {"refreshToken": of["revoke.token"]}
        ),
        lambda world: world.shop.visitor,
    ),
    _open(
        _write(
            "phoneBind", "$code: String!", f"customer {{ {CUSTOMER} }}", lambda of: {"code": of["phone.code"]}
        ),
        lambda world: world.customer,
    ),
    _open(
        _write(
            "profileUpdate", "$input: ProfileUpdateInput!", f"customer {{ {CUSTOMER} }}",
            lambda of: {"input": {"nickname": f"n {of.mark}"}},
        ),
        lambda world: world.customer,
    ),
    _open(
        _write(
            "consentSet", "$input: ConsentSetInput!", f"customer {{ {CUSTOMER} }}",
            lambda of: {"input": {"kind": "TERMS", "policyVersion": of.mark, "agreed": True}},
        ),
        lambda world: world.customer,
    ),
    _open(
        Write("searchHistoryClear", f"mutation {{ searchHistoryClear {{ clearedCount {ERRORS} }} }}", lambda _: {}, ()),
        lambda world: world.shop.visitor.also(x_visitor_id=world["visitor"]),
    ),
    _write(
        "pageUpsert", "$input: PageUpsertInput!, $idempotencyKey: String!", f"page {{ {A_PAGE} }}",
        lambda of: {
            "input": {"title": f"new {of.mark}", "blocks": [{"products": {"productIds": [of["product"]]}}]},
            "idempotencyKey": "corpus",
        },
        _instead("input.id", input=lambda _, theirs: {"id": theirs["page"], "title": "乙"}),
        _instead("input.blocks.0.products.productIds.1", input=lambda mine, theirs: {
            "title": "乙", "blocks": [{"products": {"productIds": [mine["product"], theirs["product"]]}}],
        }),
        _instead("input.blocks.0.look.tags.0.productId", input=lambda _, theirs: {
            "title": "乙", "blocks": [
                {"look": {"url": "https://x.cn/1", "tags": [{"x": 1, "y": 1, "productId": theirs["product"]}]}},
            ],
        }),
        _instead("input.blocks.0.collection.collectionId", input=lambda _, theirs: {
            "title": "乙", "blocks": [{"collection": {"collectionId": theirs["collection"]}}],
        }),
    ),
    _write(
        "pageDelete", "$id: ID!", "deletedPageId", lambda of: {"id": of["sparePage"]},
        _instead("id", id=_their("page")),
    ),
    _open(
        _write(
            "favouriteAdd", "$productId: ID", f"customer {{ {CUSTOMER} favourites {{ nodes {{ {CARD} }} }} }}",
            lambda of: {"productId": of["product"]},
        ),
        lambda world: world.customer,
    ),
    _open(
        _write(
            "favouriteRemove", "$productId: ID", f"customer {{ {CUSTOMER} favourites {{ nodes {{ {CARD} }} }} }}",
            lambda of: {"productId": of["product"]},
        ),
        lambda world: world.customer,
    ),
    _write(
        "staffInvite", "$input: StaffInviteInput!", "invitation { staffId path expiresAt }",
        lambda of: {"input": {"name": of.mark, "roles": ["KOL"]}},
    ),
    _open(_write(
        "sessionSelectShop", "$shopId: ID!", "session { accessToken }", lambda of: {"shopId": of["shop"]},
        _instead("shopId", shopId=_their("shop")),
    )),
    # The last, because nothing may ask for it any more.
    _write(
        "productDelete", "$id: ID!", "deletedProductId", lambda of: {"id": of["spare"]},
        _instead("id", id=_their("spare")),
        _instead("id", id=_their("draft")),
    ),
)  # fmt: skip
