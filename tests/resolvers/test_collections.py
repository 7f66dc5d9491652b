"""Shelves: by hand they keep their order, by rule they fill themselves, and both know how many they hold."""

from uuid import UUID, uuid4

import pytest

from ids import encode_id
from models.collection import CollectionKind, RuleField, RuleMatch, RuleRelation
from models.refusal import Refusal, Refusals
from resolvers.caller import Caller
from resolvers.category import CategoryDraft, category_create, category_update
from resolvers.collection import (
    collection_create,
    collection_delete,
    collection_products_add,
    collection_products_move,
    collection_products_remove,
    collection_update,
)
from resolvers.collection_draft import CollectionDraft, RuleDraft
from resolvers.product import product_delete, product_update, products_upsert
from resolvers.product_draft import ProductDraft
from tests.resolvers.drafts import tee, variant
from tests.resolvers.test_products import row, rows, told


async def shelved(collection_id: UUID) -> list[UUID]:
    """Products of a shelf in the order in which they are shown."""
    placed = await rows("collection_product", collection_id=collection_id)
    return [found["product_id"] for found in sorted(placed, key=lambda found: (found["position"], found["product_id"]))]


async def products(caller: Caller, count: int) -> list[UUID]:
    return await products_upsert(caller, [tee(f"p-{number}") for number in range(count)], "products")


async def test_a_shelf_by_hand_keeps_its_order(caller: Caller) -> None:
    a, b, c, d = await products(caller, 4)
    shelf = await collection_create(caller, CollectionKind.MANUAL, CollectionDraft(title="春季上新"), "k")

    await collection_products_add(caller, shelf, [a, b, c])
    await collection_products_add(caller, shelf, [b, d])
    assert await shelved(shelf) == [a, b, c, d]

    await collection_products_move(caller, shelf, [d, a], b)
    assert await shelved(shelf) == [b, d, a, c]

    await collection_products_move(caller, shelf, [c])
    await collection_products_remove(caller, shelf, [b])
    assert await shelved(shelf) == [c, d, a]
    stored = await row("collection", id=shelf)
    assert (stored["handle"], stored["product_count"], stored["version"]) == ("春季上新", 3, 6)


async def test_a_missing_product_leaves_the_shelf_as_it_was(caller: Caller) -> None:
    (a,) = await products(caller, 1)
    shelf = await collection_create(caller, CollectionKind.MANUAL, CollectionDraft(title="x"), "k")

    with pytest.raises(Refusals) as refused:
        await collection_products_add(caller, shelf, [a, uuid4()])

    assert told(refused.value) == [("NOT_FOUND", "productIds.1")]
    assert await shelved(shelf) == []


RULES = [
    (RuleField.TITLE, RuleRelation.CONTAINS, "羊毛", {"wool"}),
    (RuleField.TITLE, RuleRelation.STARTS_WITH, "羊毛", {"wool"}),
    (RuleField.TAG, RuleRelation.EQUALS, "SALE", {"tee"}),
    (RuleField.TAG, RuleRelation.NOT_EQUALS, "sale", {"wool", "cup"}),
    (RuleField.VENDOR, RuleRelation.EQUALS, "网易", {"cup"}),
    (RuleField.MIN_PRICE, RuleRelation.GREATER_THAN, "9900", {"wool"}),
    (RuleField.MIN_PRICE, RuleRelation.LESS_THAN, "9900", {"cup"}),
    (RuleField.IN_STOCK, RuleRelation.EQUALS, "true", {"tee", "wool"}),
    (RuleField.IN_STOCK, RuleRelation.EQUALS, "false", {"cup"}),
]


@pytest.mark.parametrize(("field", "relation", "value", "handles"), RULES)
async def test_a_rule_fills_its_shelf(
    caller: Caller, field: RuleField, relation: RuleRelation, value: str, handles: set[str]
) -> None:
    plain = {"options": [], "title": "杯"}
    made = await products_upsert(
        caller,
        [
            tee("tee", tags=["Sale", "新品"]),
            tee("wool", **{**plain, "title": "羊毛被"}, variants=[variant(price_fen=50000)]),
            tee("cup", **plain, vendor="网易", variants=[variant(price_fen=1000, on_hand=0)]),
        ],
        "products",
    )
    by_id = dict(zip(made, ("tee", "wool", "cup"), strict=True))

    rules = [RuleDraft(field, relation, value)]
    shelf = await collection_create(caller, CollectionKind.RULE, CollectionDraft(title="x", rules=rules), "k")

    assert {by_id[product_id] for product_id in await shelved(shelf)} == handles
    assert (await row("collection", id=shelf))["product_count"] == len(handles)


async def test_a_product_comes_and_goes_with_what_it_is(caller: Caller) -> None:
    (product_id,) = await products(caller, 1)
    cheap = RuleDraft(RuleField.MIN_PRICE, RuleRelation.LESS_THAN, "5000")
    wool = RuleDraft(RuleField.TITLE, RuleRelation.CONTAINS, "羊毛")
    both = await collection_create(caller, CollectionKind.RULE, CollectionDraft(title="都", rules=[cheap, wool]), "1")
    either = await collection_create(
        caller,
        CollectionKind.RULE,
        CollectionDraft(title="或", rules=[cheap, wool], rule_match=RuleMatch.ANY),
        "2",
    )

    await product_update(caller, product_id, ProductDraft(title="羊毛袜"))
    assert (await shelved(both), await shelved(either)) == ([], [product_id])

    await product_update(caller, product_id, ProductDraft(options=[], variants=[variant(price_fen=100)]))
    assert (await shelved(both), await shelved(either)) == ([product_id], [product_id])

    await collection_update(caller, both, CollectionDraft(rules=[]))
    assert await shelved(both) == []

    await product_delete(caller, product_id)
    assert [(await row("collection", id=found))["product_count"] for found in (both, either)] == [0, 0]


async def test_a_rule_on_a_category_follows_the_whole_branch(caller: Caller) -> None:
    home = await category_create(caller, CategoryDraft(name="居家"), "1")
    other = await category_create(caller, CategoryDraft(name="其他"), "2")
    bed = await category_create(caller, CategoryDraft(name="床品", parent_id=other), "3")
    (product_id,) = await products_upsert(caller, [tee(category_id=bed)], "4")
    in_home = RuleDraft(RuleField.CATEGORY, RuleRelation.EQUALS, encode_id("cat", home))
    shelf = await collection_create(caller, CollectionKind.RULE, CollectionDraft(title="x", rules=[in_home]), "5")
    assert await shelved(shelf) == []

    await category_update(caller, bed, CategoryDraft(parent_id=home))

    assert await shelved(shelf) == [product_id]
    assert (await row("category", id=bed))["path"] == [home, bed]


async def test_rules_that_cannot_be_asked_are_refused(caller: Caller) -> None:
    rules = [
        RuleDraft(RuleField.IN_STOCK, RuleRelation.CONTAINS, "true"),
        RuleDraft(RuleField.MIN_PRICE, RuleRelation.EQUALS, "9.90"),
        RuleDraft(RuleField.CATEGORY, RuleRelation.EQUALS, "家居"),
    ]

    with pytest.raises(Refusals) as refused:
        await collection_create(caller, CollectionKind.RULE, CollectionDraft(title="x", rules=rules), "k")

    assert told(refused.value) == [
        ("INVALID", "input.rules.0.relation"),
        ("INVALID", "input.rules.1.value"),
        ("INVALID", "input.rules.2.value"),
    ]


async def test_a_shelf_by_rule_takes_nothing_by_hand(caller: Caller) -> None:
    (a,) = await products(caller, 1)
    shelf = await collection_create(caller, CollectionKind.RULE, CollectionDraft(title="x"), "k")

    with pytest.raises(Refusal) as refused:
        await collection_products_add(caller, shelf, [a])

    assert refused.value.code == "NOT_ALLOWED"


async def test_a_deleted_shelf_leaves_its_products(caller: Caller) -> None:
    made = await products(caller, 2)
    shelf = await collection_create(caller, CollectionKind.MANUAL, CollectionDraft(title="x"), "k")
    await collection_products_add(caller, shelf, made)

    await collection_delete(caller, shelf, 2)

    assert len(await rows("product", shop_id=caller.shop_id)) == 2
    assert await rows("collection_product", shop_id=caller.shop_id) == []
