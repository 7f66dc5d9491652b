"""A catalogue manager's day over HTTP: what each mutation answers, and what the public sees of it."""

from typing import Any
from uuid import uuid4

from models.staff import Role
from tests.harness.asking import Answer, Refused
from tests.harness.shops import SandboxShop

ERRORS = """userErrors {
  __typename code field message
  ... on StockUserError { available }
  ... on ConflictUserError { version }
  ... on LimitUserError { limit used }
  ... on RetryUserError { retryAfterMs }
}"""

PRODUCT = """
id handle title version inStock variantCount descriptionHtml
priceRange { min { amount fen } max { fen } }
options { name values }
variants(first: 10) { nodes { id title price { fen } stockLeft selectedOptions { name value } } }
images { url alt }
"""

CREATE = f"""mutation($input: ProductCreateInput!, $key: String!) {{
  productCreate(input: $input, idempotencyKey: $key) {{ product {{ {PRODUCT} }} {ERRORS} }}
}}"""

TEE: dict[str, Any] = {
    "title": "纯棉 T 恤",
    "status": "ACTIVE",
    "descriptionHtml": "<p onclick=x>软</p><script>alert(1)</script>",
    "options": [{"name": "尺码", "values": ["S", "M"]}],
    "media": [{"url": "https://a.cn/1.jpg", "alt": "正面"}],
    "variants": [
        {"optionValues": ["S"], "price": {"fen": 9900}, "onHand": 3},
        {"optionValues": ["M"], "price": {"fen": 10900}, "onHand": 0},
    ],
}


async def create(shop: SandboxShop, **more: Any) -> dict[str, Any]:
    """Make a T-shirt and return it."""
    answer = await shop.staff(CREATE, {"input": {**TEE, **more}, "key": uuid4().hex})
    assert answer.refusals == []
    product: dict[str, Any] = answer["productCreate"]["product"]
    return product


async def change(shop: SandboxShop, call: str, selection: str, **variables: Any) -> Answer:
    """Ask for one mutation: `call` names it with its arguments, whose types stand in front."""
    head, body = call.split(" => ")
    return await shop.staff(f"mutation({head}) {{ {body} {{ {selection} {ERRORS} }} }}", variables)


async def test_a_new_product_is_answered_with_what_was_asked_for(shop: SandboxShop) -> None:
    product = await create(shop)

    assert product["handle"] == "纯棉-t-恤"
    assert product["descriptionHtml"] == "<p>软</p>"
    assert product["priceRange"] == {"min": {"amount": "99.00", "fen": 9900}, "max": {"fen": 10900}}
    assert product["options"] == [{"name": "尺码", "values": ["S", "M"]}]
    assert product["images"] == [{"url": "https://a.cn/1.jpg", "alt": "正面"}]
    assert [(v["title"], v["price"]["fen"], v["stockLeft"]) for v in product["variants"]["nodes"]] == [
        ("S", 9900, 3),
        ("M", 10900, 0),
    ]


async def test_the_public_sees_it_once_it_is_published(shop: SandboxShop) -> None:
    product = await create(shop, status="DRAFT")
    document = "query($id: ID!) { product(id: $id) { title } }"
    assert (await shop.visitor(document, {"id": product["id"]}))["product"] is None

    answer = await change(
        shop, "$ids: [ID!]! => productsPublish(ids: $ids)", "products { status }", ids=[product["id"]]
    )
    assert answer["productsPublish"]["products"] == [{"status": "ACTIVE"}]
    assert (await shop.visitor(document, {"id": product["id"]}))["product"] == {"title": "纯棉 T 恤"}

    await change(shop, "$ids: [ID!]! => productsUnpublish(ids: $ids)", "products { id }", ids=[product["id"]])
    assert (await shop.visitor(document, {"id": product["id"]}))["product"] is None


async def test_the_same_key_answers_with_the_same_product_and_a_new_selection(shop: SandboxShop) -> None:
    first = await shop.staff(CREATE, {"input": TEE, "key": "one"})
    again = await shop.staff(CREATE.replace("id handle title", "id title"), {"input": TEE, "key": "one"})

    assert again["productCreate"]["product"]["id"] == first["productCreate"]["product"]["id"]
    assert "handle" not in again["productCreate"]["product"]


async def test_a_stale_version_says_which_one_stands(shop: SandboxShop) -> None:
    product = await create(shop)
    call = "$id: ID!, $input: ProductUpdateInput! => productUpdate(id: $id, input: $input)"

    first = await change(shop, call, "product { title version }", id=product["id"], input={"version": 1, "title": "甲"})
    second = await change(shop, call, "product { title }", id=product["id"], input={"version": 1, "title": "乙"})

    assert first["productUpdate"] == {"product": {"title": "甲", "version": 2}, "userErrors": []}
    assert second["productUpdate"]["product"] is None
    assert second["productUpdate"]["userErrors"] == [
        {
            "__typename": "ConflictUserError",
            "code": "CONFLICT",
            "field": ["input", "version"],
            "message": "内容已被他人修改，请刷新后重试",
            "version": 2,
        }
    ]


async def test_a_bulk_says_all_that_is_wrong_in_the_callers_language_and_does_nothing(shop: SandboxShop) -> None:
    document = f"""mutation($products: [ProductUpsertInput!]!) {{
      productsUpsert(products: $products, idempotencyKey: "k") {{ products {{ id }} {ERRORS} }}
    }}"""
    products = [
        TEE,
        {"id": "prd_nonsense", "title": "x"},
        {**TEE, "handle": "Bad Handle".replace(" ", "-"), "variants": [{"price": {"fen": 1}, "optionValues": ["XL"]}]},
        {**TEE, "handle": "limits", "perPersonLimit": 0},
    ]

    answer = await shop.staff.also(accept_language="en")(document, {"products": products})

    assert answer["productsUpsert"]["products"] is None
    assert answer.refusals == [
        Refused("NOT_FOUND", "products.1.id"),
        Refused("INVALID", "products.2.handle"),
        Refused("OUT_OF_RANGE", "products.3.perPersonLimit"),
    ]
    assert answer.refusals[0].message == "No such product"
    assert (await shop.staff("{ products(first: 10) { nodes { id } } }"))["products"]["nodes"] == []


async def test_another_shops_product_is_not_found(shop: SandboxShop, other_shop: SandboxShop) -> None:
    product = await create(other_shop)

    answer = await change(shop, "$id: ID! => productDelete(id: $id)", "deletedProductId", id=product["id"])

    assert answer["productDelete"]["deletedProductId"] is None
    assert answer.refusals == [Refused("NOT_FOUND", "id")]


async def test_stock_that_is_not_there_is_refused_with_what_is(shop: SandboxShop) -> None:
    product = await create(shop)
    small, medium = [variant["id"] for variant in product["variants"]["nodes"]]
    call = (
        "$adjustments: [StockAdjustmentInput!]!, $key: String!"
        " => stockAdjust(adjustments: $adjustments, idempotencyKey: $key)"
    )
    wishes = [
        {"variantId": small, "delta": -4, "reason": "DAMAGED"},
        {"variantId": medium, "delta": 5, "reason": "RECEIVED"},
    ]

    short = await change(shop, call, "variants { stockLeft }", adjustments=wishes, key="k")
    wishes[0]["delta"] = -3
    done = await change(shop, call, "variants { stockLeft availableForSale }", adjustments=wishes, key="k")

    assert short["stockAdjust"]["userErrors"] == [
        {
            "__typename": "StockUserError",
            "code": "OUT_OF_STOCK",
            "field": ["adjustments", "0", "delta"],
            "message": "库存不足，可用 3 件",
            "available": 3,
        }
    ]
    assert done["stockAdjust"]["variants"] == [
        {"stockLeft": 0, "availableForSale": False},
        {"stockLeft": 5, "availableForSale": True},
    ]


async def test_variants_come_and_go_but_one_stays(shop: SandboxShop) -> None:
    product = await create(shop)
    ids = [variant["id"] for variant in product["variants"]["nodes"]]
    upsert = (
        "$id: ID!, $variants: [VariantInput!]!, $key: String!"
        " => variantsUpsert(productId: $id, variants: $variants, idempotencyKey: $key)"
    )
    delete = "$id: ID!, $ids: [ID!]! => variantsDelete(productId: $id, ids: $ids)"

    dearer = await change(
        shop, upsert, "variants { id price { fen } } product { priceRange { max { fen } } }",
        id=product["id"], variants=[{"id": ids[1], "price": {"fen": 20000}}], key="k",
    )  # fmt: skip
    all_gone = await change(shop, delete, "deletedVariantIds", id=product["id"], ids=ids)
    one_gone = await change(shop, delete, "deletedVariantIds product { variantCount }", id=product["id"], ids=ids[1:])

    assert dearer["variantsUpsert"]["variants"] == [{"id": ids[1], "price": {"fen": 20000}}]
    assert dearer["variantsUpsert"]["product"] == {"priceRange": {"max": {"fen": 20000}}}
    assert all_gone.refusals == [Refused("NOT_ALLOWED", "ids")]
    assert one_gone["variantsDelete"]["deletedVariantIds"] == ids[1:]
    assert one_gone["variantsDelete"]["product"] == {"variantCount": 1}


async def test_a_collection_by_hand_and_one_by_rule(shop: SandboxShop) -> None:
    first, second = (await create(shop))["id"], (await create(shop, title="羊毛被", handle="wool"))["id"]
    make = "$input: CollectionCreateInput!, $key: String! => collectionCreate(input: $input, idempotencyKey: $key)"
    members = "collection { id handle products(first: 10) { nodes { id } } }"

    by_hand = await change(shop, make, members, input={"title": "精选", "kind": "MANUAL"}, key="1")
    shelf = by_hand["collectionCreate"]["collection"]["id"]
    call = "$id: ID!, $ids: [ID!]! => collectionProductsAdd(id: $id, productIds: $ids)"
    added = await change(shop, call, members, id=shelf, ids=[second, first])
    call = "$id: ID!, $ids: [ID!]! => collectionProductsMove(id: $id, productIds: $ids)"
    moved = await change(shop, call, members, id=shelf, ids=[first])
    rule = {"field": "TITLE", "relation": "CONTAINS", "value": "羊毛"}
    by_rule = await change(shop, make, members, input={"title": "羊毛", "kind": "RULE", "rules": [rule]}, key="2")

    assert added["collectionProductsAdd"]["collection"]["products"]["nodes"] == [{"id": second}, {"id": first}]
    assert moved["collectionProductsMove"]["collection"]["products"]["nodes"] == [{"id": first}, {"id": second}]
    assert by_rule["collectionCreate"]["collection"]["products"]["nodes"] == [{"id": second}]


async def test_a_category_moves_with_its_branch(shop: SandboxShop) -> None:
    make = "$input: CategoryCreateInput!, $key: String! => categoryCreate(input: $input, idempotencyKey: $key)"
    home = (await change(shop, make, "category { id }", input={"name": "居家"}, key="1"))["categoryCreate"]["category"][
        "id"
    ]
    bed = await change(
        shop, make, "category { id ancestors { name } }", input={"name": "床品", "parentId": home}, key="2"
    )
    assert bed["categoryCreate"]["category"]["ancestors"] == [{"name": "居家"}]

    call = "$id: ID!, $input: CategoryUpdateInput! => categoryUpdate(id: $id, input: $input)"
    below = await change(
        shop, call, "category { id }", id=home, input={"parentId": bed["categoryCreate"]["category"]["id"]}
    )

    assert below.refusals == [Refused("INVALID", "input.parentId")]


async def test_metafields_are_set_and_read_back(shop: SandboxShop) -> None:
    product = await create(shop)
    call = "$metafields: [MetafieldSetInput!]! => metafieldsSet(metafields: $metafields)"
    care = {"ownerId": product["id"], "namespace": "custom", "key": "care", "value": "手洗"}
    wrong = {**care, "type": "INTEGER"}

    done = await change(shop, call, "metafields { key value visibility }", metafields=[care])
    refused = await change(shop, call, "metafields { key }", metafields=[wrong])

    assert done["metafieldsSet"]["metafields"] == [{"key": "care", "value": "手洗", "visibility": "PRIVATE"}]
    assert refused.refusals == [Refused("INVALID", "metafields.0.value")]


async def test_locations_and_the_shop_itself(shop: SandboxShop) -> None:
    make = "$input: LocationCreateInput!, $key: String! => locationCreate(input: $input, idempotencyKey: $key)"
    made = await change(
        shop, make, "location { name isDefault }", input={"name": "华东仓", "makeDefault": True}, key="1"
    )
    call = "$input: ShopUpdateInput! => shopUpdate(input: $input)"
    renamed = await change(shop, call, "shop { name version }", input={"version": 1, "name": "新铺"})
    stale = await change(shop, call, "shop { name }", input={"version": 1, "name": "旧铺"})

    assert made["locationCreate"]["location"] == {"name": "华东仓", "isDefault": True}
    assert renamed["shopUpdate"]["shop"] == {"name": "新铺", "version": 2}
    assert stale.refusals == [Refused("CONFLICT", "input.version")]


async def test_who_may_not_is_refused_before_anything_runs(shop: SandboxShop) -> None:
    analyst = await shop.staff_with(Role.ANALYTICS)

    for asker in (shop.visitor, analyst):
        answer = await asker(CREATE, {"input": TEE, "key": "k"})
        assert answer.codes == ["FORBIDDEN"]
    assert (await shop.staff("{ products(first: 10) { nodes { id } } }"))["products"]["nodes"] == []
