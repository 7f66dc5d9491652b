"""Stock moves as a whole list or not at all, and every move is written down."""

from uuid import uuid4

import pytest

from models.database import pool
from models.refusal import Refusal, Refusals, StockRefusal
from models.stock import StockReason
from models.variant import InventoryPolicy
from resolvers.caller import Caller
from resolvers.product import product_create
from resolvers.stock import StockAdjustment, stock_adjust
from resolvers.variant import variants_upsert
from resolvers.variant_draft import VariantDraft
from tests.resolvers.drafts import tee, variant
from tests.resolvers.test_products import row, rows, told


def take(variant_id: object, delta: int, **more: object) -> StockAdjustment:
    return StockAdjustment(variant_id=variant_id, delta=delta, reason=StockReason.CORRECTION, **more)  # type: ignore[arg-type]


async def test_a_list_is_carried_out_as_a_whole(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    small, medium = [v["id"] for v in await rows("variant", product_id=product_id)]

    await stock_adjust(caller, [take(small, -10), take(medium, 5, note="补货")], "k2")

    assert (await row("variant", id=small))["available"] == 0
    assert (await row("variant", id=medium))["available"] == 15
    moves = await rows("stock_move", variant_id=medium)
    assert [(m["delta"], m["on_hand_after"], m["reason"], m["note"]) for m in moves] == [
        (10, 10, "COUNTED", ""),
        (5, 15, "CORRECTION", "补货"),
    ]


async def test_one_shortage_stops_the_whole_list_and_says_what_is_left(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    small, medium = [v["id"] for v in await rows("variant", product_id=product_id)]

    with pytest.raises(Refusals) as refused:
        await stock_adjust(caller, [take(small, -1), take(medium, -11)], "k2")

    (refusal,) = refused.value.refusals
    assert isinstance(refusal, StockRefusal)
    assert (refusal.field, refusal.available) == (["adjustments", "1", "delta"], 10)
    assert [level["on_hand"] for level in await rows("stock_level", shop_id=caller.shop_id)] == [10, 10]


async def test_the_same_key_moves_once_and_another_wish_under_it_is_refused(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    small = (await rows("variant", product_id=product_id))[0]["id"]

    first = await stock_adjust(caller, [take(small, -3)], "k2")
    again = await stock_adjust(caller, [take(small, -3)], "k2")
    with pytest.raises(Refusal) as refused:
        await stock_adjust(caller, [take(small, -4)], "k2")

    assert first == again == [small]
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert (await row("variant", id=small))["available"] == 7


async def test_what_is_wrong_with_a_list_is_said_at_its_place(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k1")
    small = (await rows("variant", product_id=product_id))[0]["id"]

    with pytest.raises(Refusals) as refused:
        await stock_adjust(
            caller, [take(small, 1), take(small, 1), take(uuid4(), 1), take(small, 1, location_id=uuid4())], "k2"
        )

    assert told(refused.value) == [
        ("DUPLICATE", "adjustments.1.variantId"),
        ("NOT_FOUND", "adjustments.2.variantId"),
        ("NOT_FOUND", "adjustments.3.locationId"),
    ]


async def test_a_variant_that_sells_on_may_go_below_zero_until_it_may_not(caller: Caller) -> None:
    sells_on = variant("S", inventory_policy=InventoryPolicy.CONTINUE, on_hand=0)
    product_id = await product_create(caller, tee(variants=[sells_on, variant("M")]), "k1")
    small = (await rows("variant", product_id=product_id))[0]["id"]

    await stock_adjust(caller, [take(small, -2)], "k2")
    assert (await row("product", id=product_id))["in_stock"] is True

    with pytest.raises(Refusals) as refused:
        await variants_upsert(caller, product_id, [VariantDraft(id=small, inventory_policy=InventoryPolicy.DENY)], "k3")
    assert told(refused.value) == [("OUT_OF_STOCK", "variants.0.inventoryPolicy")]


async def test_the_last_piece_gone_takes_the_product_out_of_stock(caller: Caller) -> None:
    product_id = await product_create(caller, tee(variants=[variant("S", on_hand=1)]), "k1")
    small = (await rows("variant", product_id=product_id))[0]["id"]
    version = await pool().fetchval("select catalogue_version from shop where id = $1", caller.shop_id)

    await stock_adjust(caller, [take(small, -1)], "k2")

    assert (await row("product", id=product_id))["in_stock"] is False
    assert await pool().fetchval("select catalogue_version from shop where id = $1", caller.shop_id) == version + 1
