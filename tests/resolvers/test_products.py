"""Products are saved as a whole: parts, prices, stock and figures agree afterwards, or nothing happened."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.database import pool
from models.metafield import MetafieldType
from models.product import ProductStatus
from models.refusal import ConflictRefusal, Refusal, Refusals
from resolvers.caller import Caller
from resolvers.media import MediaDraft
from resolvers.metafield_draft import MetafieldDraft
from resolvers.option import OptionDraft
from resolvers.product import (
    product_create,
    product_delete,
    product_update,
    products_publish,
    products_unpublish,
    products_upsert,
)
from resolvers.product_draft import ProductDraft
from tests.harness.statements import Statements
from tests.resolvers.drafts import tee, variant


async def row(table: str, **where: Any) -> dict[str, Any]:
    """The one row of a table that meets the conditions."""
    found = await rows(table, **where)
    assert len(found) == 1, found
    return found[0]


async def rows(table: str, **where: Any) -> list[dict[str, Any]]:
    """All rows of a table that meet the conditions, oldest first."""
    condition = " and ".join(f"{column} = ${index}" for index, column in enumerate(where, start=1))
    return [
        dict(found)
        for found in await pool().fetch(f"select * from {table} where {condition} order by id", *where.values())
    ]


def ours(statements: Statements) -> list[str]:
    """What a new connection asks about types, once in its life, is the driver's own."""
    return [
        sql for sql in statements.sql if "typeinfo_tree" not in sql and "AS cur_jit" not in sql and "'jit'" not in sql
    ]


def told(refusals: Refusals) -> list[tuple[str, str]]:
    """What a client would read: code and path."""
    return [(refusal.code, ".".join(refusal.field)) for refusal in refusals.refusals]


async def test_a_new_product_has_its_figures_and_first_prices(caller: Caller) -> None:
    draft = tee(media=[MediaDraft(url="https://a.cn/1.jpg"), MediaDraft(url="https://a.cn/2.jpg")])

    product_id = await product_create(caller, draft, "k1")

    product = await row("product", id=product_id)
    figures = ("min_price_fen", "max_price_fen", "in_stock", "variant_count", "image_count", "rating_count")
    assert [product[figure] for figure in figures] == [9900, 10900, True, 2, 2, 0]
    assert (product["status"], product["version"], product["published_at"]) == ("DRAFT", 1, caller.now)
    variants = await rows("variant", product_id=product_id)
    assert [(v["title"], v["position"], v["available"]) for v in variants] == [("S", 1, 10), ("M", 2, 10)]
    history = await rows("price_history", shop_id=caller.shop_id)
    assert [entry["price_fen"] for entry in history] == [9900, 10900]
    moves = await rows("stock_move", shop_id=caller.shop_id)
    assert [(move["delta"], move["on_hand_after"], move["staff_id"]) for move in moves] == [
        (10, 10, caller.subject_id),
        (10, 10, caller.subject_id),
    ]


async def test_the_same_upsert_twice_changes_nothing_but_the_version(caller: Caller) -> None:
    draft = tee(
        media=[MediaDraft(url="https://a.cn/1.jpg")],
        variants=[variant("S", media_url="https://a.cn/1.jpg"), variant("M")],
    )
    first = await products_upsert(caller, [draft], "k1")
    before = [
        await rows(t, shop_id=caller.shop_id)
        for t in ("variant", "media", "product_option", "stock_level", "stock_move", "price_history")
    ]

    second = await products_upsert(caller, [draft], "k2")

    assert second == first
    after = [
        await rows(t, shop_id=caller.shop_id)
        for t in ("variant", "media", "product_option", "stock_level", "stock_move", "price_history")
    ]
    assert after == before
    assert (await row("product", id=first[0]))["version"] == 2


async def test_a_list_of_variants_is_the_whole_list_and_keeps_ids_by_choice(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    small, medium = await rows("variant", product_id=product_id)

    await product_update(
        caller,
        product_id,
        ProductDraft(options=[OptionDraft("尺码", ["M", "L"])], variants=[variant("M", price_fen=5000), variant("L")]),
    )

    left = {v["title"]: v for v in await rows("variant", product_id=product_id)}
    assert sorted(left) == ["L", "M"]
    assert left["M"]["id"] == medium["id"]
    assert [entry["price_fen"] for entry in await rows("price_history", variant_id=medium["id"])] == [10900, 5000]
    assert (await row("product", id=product_id))["min_price_fen"] == 5000
    assert await rows("variant", id=small["id"]) == []


async def test_two_variants_may_swap_their_values(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    small, medium = await rows("variant", product_id=product_id)

    await product_update(
        caller,
        product_id,
        ProductDraft(variants=[variant("M", id=small["id"]), variant("S", id=medium["id"])]),
    )

    assert (await row("variant", id=small["id"]))["option_values"] == ["M"]
    assert (await row("variant", id=medium["id"]))["option_values"] == ["S"]


async def test_all_that_is_wrong_is_said_with_its_place_and_nothing_is_saved(caller: Caller) -> None:
    foreign = uuid4()
    drafts = [
        tee("good"),
        tee("bad", title=" ", variants=[variant("S", price_fen=-1), variant("XL")]),
        tee("far", variants=[variant("S"), variant("XL"), variant("S")], category_id=foreign),
        ProductDraft(id=foreign, title="无"),
        tee("good"),
        tee("nothing", variants=[]),
    ]

    with pytest.raises(Refusals) as refused:
        await products_upsert(caller, drafts, "k1")

    assert sorted(told(refused.value)) == sorted(
        [
            ("BLANK", "products.1.title"),
            ("OUT_OF_RANGE", "products.1.variants.0.price"),
            ("NOT_FOUND", "products.2.categoryId"),
            ("INVALID", "products.2.variants.1.optionValues.0"),
            ("DUPLICATE", "products.2.variants.2.optionValues"),
            ("NOT_FOUND", "products.3.id"),
            ("DUPLICATE", "products.4"),
            ("TAKEN", "products.4.handle"),
            ("BLANK", "products.5.variants"),
        ]
    )
    assert await rows("product", shop_id=caller.shop_id) == []


async def test_a_stale_version_is_a_conflict_that_names_the_one_that_stands(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    await product_update(caller, product_id, ProductDraft(version=1, title="新名"))

    with pytest.raises(Refusals) as refused:
        await product_update(caller, product_id, ProductDraft(version=1, title="旧名"))

    (refusal,) = refused.value.refusals
    assert isinstance(refusal, ConflictRefusal)
    assert (refusal.version, refusal.field) == (2, ["input", "version"])
    assert (await row("product", id=product_id))["title"] == "新名"


async def test_a_handle_comes_from_the_title_and_stays_unique(caller: Caller) -> None:
    draft = replace(tee(title="春季 Tee（白）"), handle=ProductDraft().handle)

    first, second = await products_upsert(caller, [draft, draft], "k1")

    handles = [(await row("product", id=product_id))["handle"] for product_id in (first, second)]
    assert handles[0] == "春季-tee-白"
    assert handles[1] == f"春季-tee-白-{second.hex[-8:]}"


async def test_metafields_are_set_one_by_one(caller: Caller) -> None:
    care = MetafieldDraft(namespace="custom", key="care", value="手洗")
    product_id = await product_create(caller, tee(metafields=[care]), "k1")

    await product_update(
        caller,
        product_id,
        ProductDraft(
            metafields=[MetafieldDraft(namespace="custom", key="weight", value="1.50", type=MetafieldType.DECIMAL)]
        ),
    )

    stored = await rows("metafield", product_id=product_id)
    assert sorted((m["key"], m["value"]) for m in stored) == [("care", "手洗"), ("weight", "1.50")]


async def test_250_products_with_3_variants_take_a_bounded_number_of_statements(
    caller: Caller, statements: Callable[[], AbstractAsyncContextManager[Statements]]
) -> None:
    def products(price_fen: int) -> list[ProductDraft]:
        options = [OptionDraft("尺码", ["S", "M", "L"])]
        return [
            tee(f"p-{i}", options=options, variants=[variant(v, price_fen=price_fen) for v in "SML"])
            for i in range(250)
        ]

    async with statements() as made:
        await products_upsert(caller, products(100), "k1")
    async with statements() as changed:
        await products_upsert(caller, products(200), "k2")

    assert (len(ours(made)), len(ours(changed))) == (17, 17)
    assert len(await rows("variant", shop_id=caller.shop_id, price_fen=200)) == 750


async def test_publishing_opens_a_window_and_unpublishing_closes_it(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    until = caller.now + timedelta(days=7)

    await products_publish(caller, [product_id], None, until)
    shown = await row("product", id=product_id)
    assert (shown["status"], shown["published_at"], shown["unpublish_at"]) == ("ACTIVE", caller.now, until)

    await products_unpublish(caller, [product_id])
    assert (await row("product", id=product_id))["status"] == "DRAFT"


async def test_publishing_an_unknown_product_publishes_none(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")

    with pytest.raises(Refusals) as refused:
        await products_publish(caller, [product_id, uuid4()])

    assert told(refused.value) == [("NOT_FOUND", "ids.1")]
    assert (await row("product", id=product_id))["status"] == "DRAFT"


async def test_a_product_that_was_reviewed_is_kept(caller: Caller) -> None:
    product_id = await product_create(caller, tee(status=ProductStatus.ACTIVE), "k1")
    await review(caller, product_id)

    with pytest.raises(Refusal) as refused:
        await product_delete(caller, product_id)

    assert (refused.value.code, refused.value.field) == ("IN_USE", ["id"])


async def test_a_deleted_product_is_gone_with_all_it_had(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")

    await product_delete(caller, product_id, 1)

    for table in ("product", "variant", "product_option", "stock_level", "price_history"):
        assert await rows(table, shop_id=caller.shop_id) == []


async def review(caller: Caller, product_id: UUID, *, rating: int = 5, status: str = "PENDING") -> UUID:
    """What a customer said."""
    review_id = uuid4()
    await pool().execute(
        """insert into review (id, shop_id, product_id, author_name, rating, body, image_urls, status, hidden_reason,
                               source, version, created_at)
           values ($1, $2, $3, '王**', $4, '好', '{}', $5, '', '', 1, $6)""",
        review_id,
        caller.shop_id,
        product_id,
        rating,
        status,
        caller.now,
    )
    return review_id


async def test_an_external_id_may_pass_to_the_variant_that_takes_its_place(caller: Caller) -> None:
    supplied = {"source": "erp", "external_id": "9"}
    product_id = await product_create(caller, tee(variants=[variant("S", **supplied)]), "k1")

    await product_update(caller, product_id, ProductDraft(variants=[variant("M", **supplied)]))
    with pytest.raises(Refusals) as refused:
        await product_create(caller, tee("other", variants=[variant("S", **supplied)]), "k2")

    assert (await row("variant", shop_id=caller.shop_id))["title"] == "M"
    assert told(refused.value) == [("TAKEN", "input.variants.0.externalId")]


async def test_what_buyers_hold_cannot_be_counted_away_or_deleted(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    small = (await rows("variant", product_id=product_id))[0]["id"]
    await pool().execute("update stock_level set reserved = 4 where variant_id = $1", small)

    with pytest.raises(Refusals) as counted:
        await product_update(caller, product_id, ProductDraft(variants=[variant("S", on_hand=3), variant("M")]))
    with pytest.raises(Refusals) as gone:
        await product_update(caller, product_id, ProductDraft(variants=[variant("M")]))

    assert told(counted.value) == [("OUT_OF_STOCK", "input.variants.0.onHand")]
    assert told(gone.value) == [("IN_USE", "input.variants")]
