"""Many want the same pieces at the same moment: what is there is given once, and everybody else is told so."""

import asyncio
from collections import Counter

import pytest

from ids import encode_id
from models.database import pool
from models.refusal import ConflictRefusal, Refusals, RetryRefusal, StockRefusal
from models.stock import StockReason
from resolvers.caller import Caller
from resolvers.product import product_create, product_update
from resolvers.product_draft import ProductDraft
from resolvers.stock import StockAdjustment, stock_adjust
from tests.harness.shops import SandboxShop
from tests.resolvers.drafts import tee, variant
from tests.resolvers.test_products import row, rows


async def test_fifty_rivals_for_seven_pieces_get_seven(caller: Caller) -> None:
    product_id = await product_create(caller, tee(variants=[variant("S", on_hand=7)]), "k")
    variant_id = (await row("variant", product_id=product_id))["id"]

    async def take(rival: int) -> str:
        wish = StockAdjustment(variant_id=variant_id, delta=-1, reason=StockReason.DAMAGED)
        try:
            await stock_adjust(caller, [wish], f"rival-{rival}")
        except Refusals as refused:
            (refusal,) = refused.refusals
            assert isinstance(refusal, StockRefusal)
            return f"{refusal.code} {refusal.available}"
        return "served"

    answers = Counter(await asyncio.gather(*(take(rival) for rival in range(50))))

    assert answers == {"served": 7, "OUT_OF_STOCK 0": 43}
    moves = await rows("stock_move", variant_id=variant_id)
    assert sum(move["delta"] for move in moves) == 0
    assert (await row("stock_level", variant_id=variant_id))["on_hand"] == 0


async def test_one_wish_sent_ten_times_at_once_moves_once(caller: Caller) -> None:
    product_id = await product_create(caller, tee(variants=[variant("S", on_hand=7)]), "k")
    variant_id = (await row("variant", product_id=product_id))["id"]
    wish = StockAdjustment(variant_id=variant_id, delta=-2, reason=StockReason.DAMAGED)

    answers = await asyncio.gather(*(stock_adjust(caller, [wish], "one") for _ in range(10)))

    assert answers == [[variant_id]] * 10
    assert (await row("stock_level", variant_id=variant_id))["on_hand"] == 5


async def test_lists_in_opposite_order_never_wait_for_each_other(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")
    small, medium = [found["id"] for found in await rows("variant", product_id=product_id)]

    async def take(rival: int) -> None:
        pair = [small, medium] if rival % 2 else [medium, small]
        wishes = [StockAdjustment(variant_id=wanted, delta=1, reason=StockReason.RECEIVED) for wanted in pair]
        await stock_adjust(caller, wishes, f"rival-{rival}")

    await asyncio.gather(*(take(rival) for rival in range(20)))

    assert [level["on_hand"] for level in await rows("stock_level", shop_id=caller.shop_id)] == [30, 30]


async def test_of_ten_editors_with_one_version_one_is_first(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")

    async def edit(rival: int) -> str:
        try:
            await product_update(caller, product_id, ProductDraft(version=1, title=f"名 {rival}"))
        except Refusals as refused:
            (refusal,) = refused.refusals
            assert isinstance(refusal, ConflictRefusal)
            return f"{refusal.code} {refusal.version}"
        return "saved"

    answers = Counter(await asyncio.gather(*(edit(rival) for rival in range(10))))

    assert answers == {"saved": 1, "CONFLICT 2": 9}


ADJUST = """mutation($id: ID!, $key: String!) {
  stockAdjust(adjustments: [{variantId: $id, delta: -1, reason: DAMAGED}], idempotencyKey: $key) {
    variants { id } userErrors { code ... on StockUserError { available } }
  }
}"""


async def test_over_http_nobody_meets_a_fault(shop: SandboxShop) -> None:
    product_id = await product_create(shop.caller, tee(variants=[variant("S", on_hand=5)]), "k")
    variant_id = encode_id("var", (await row("variant", product_id=product_id))["id"])

    answers = await asyncio.gather(
        *(shop.staff(ADJUST, {"id": variant_id, "key": f"rival-{rival}"}) for rival in range(30))
    )

    assert Counter(answer.status for answer in answers) == {200: 30}
    payloads = [answer["stockAdjust"] for answer in answers]
    assert [payload["variants"] for payload in payloads if payload["variants"]] == [[{"id": variant_id}]] * 5
    refused = [payload["userErrors"] for payload in payloads if payload["userErrors"]]
    assert refused == [[{"code": "OUT_OF_STOCK", "available": 0}]] * 25


@pytest.mark.slow
async def test_who_waits_too_long_for_the_catalogue_is_asked_to_come_back(caller: Caller) -> None:
    async with pool().acquire() as rival, rival.transaction():
        await rival.execute("select from shop where id = $1 for update", caller.shop_id)

        with pytest.raises(RetryRefusal) as refused:
            await product_create(caller, tee(), "k")

    assert (refused.value.code, refused.value.retry_after_ms) == ("BUSY", 1000)
