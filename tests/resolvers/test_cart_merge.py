"""Joining carts: whatever two carts hold, the one that stays holds it all, and every old id leads to it."""

import asyncio
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ids import new_id
from models.cart import Cart, CartLine
from models.customer import Customer
from models.database import pool, transaction
from resolvers.caller import Caller
from resolvers.cart_draft import QUANTITY_MAX, attributes_key
from resolvers.cart_merge import join_carts
from resolvers.customer_merge import merge_customers
from resolvers.product import product_create
from tests.resolvers.drafts import tee, variant
from tests.resolvers.test_products import rows

Held = dict[tuple[int, str], int]
"""Pieces by variant and words."""

CARTS = st.dictionaries(
    st.tuples(st.integers(0, 2), st.sampled_from(["", "王", "李"])),
    st.integers(1, QUANTITY_MAX),
    max_size=6,
)


async def customer(caller: Caller) -> UUID:
    made = await Customer.create(id=new_id(), shop_id=caller.shop_id, nickname="小明", created_at=caller.now)
    found: UUID = made.id
    return found


async def cart_of(caller: Caller, variants: list[UUID], held: Held, **owner: UUID) -> UUID:
    """Write a cart as it stands."""
    customer_id, visitor_id = owner.get("customer_id"), owner.get("visitor_id")
    cart = await Cart.create(
        shop_id=caller.shop_id, customer_id=customer_id, visitor_id=visitor_id, created_at=caller.now,
        updated_at=caller.now,
    )  # fmt: skip
    for (number, word), quantity in held.items():
        attributes = {"刻字": word} if word else {}
        await CartLine.create(
            shop_id=caller.shop_id, cart_id=cart.id, variant_id=variants[number], quantity=quantity,
            attributes=attributes, attributes_key=attributes_key(attributes), seen_price_fen=1,
            created_at=caller.now, updated_at=caller.now,
        )  # fmt: skip
    found: UUID = cart.id
    return found


async def held_by(caller: Caller, cart_id: UUID, variants: list[UUID]) -> Held:
    return {
        (variants.index(line.variant_id), line.attributes.get("刻字", "")): line.quantity
        for line in await CartLine.filter(shop_id=caller.shop_id, cart_id=cart_id)
    }


def together(one: Held, other: Held) -> Held:
    """The plain model of a merge."""
    return {key: min(one.get(key, 0) + other.get(key, 0), QUANTITY_MAX) for key in one | other}


async def sizes(caller: Caller) -> list[UUID]:
    """Make three variants."""
    for number in range(3):
        await product_create(caller, tee(handle=f"tee-{number}", variants=[variant("S")]), f"k{number}")
    return [row["id"] for row in await rows("variant", shop_id=caller.shop_id)]


async def test_whatever_is_in_two_carts_is_in_the_one_that_stays(caller: Caller) -> None:
    ids = await sizes(caller)
    loop = asyncio.get_running_loop()

    async def joined(ours: Held, theirs: Held, between: list[Held]) -> tuple[Held, Held]:
        mine, device, gone = await customer(caller), uuid4(), await customer(caller)
        stays = await cart_of(caller, ids, ours, customer_id=mine)
        left = await cart_of(caller, ids, theirs, visitor_id=device)
        expected = together(ours, theirs)
        async with transaction() as sql:
            await join_carts(sql, caller.shop_id, device, mine)
        once = await held_by(caller, stays, ids)
        assert once == expected
        for more in between:
            older = await cart_of(caller, ids, more, customer_id=gone)
            expected = together(expected, more)
            async with transaction() as sql:
                survivor = await merge_customers(sql, caller, [mine, gone])
            [living] = await Cart.filter(shop_id=caller.shop_id, customer_id=survivor, merged_into=None)
            names = {cart.id: cart.merged_into for cart in await Cart.filter(id__in=[stays, left, older])}
            assert {into or own for own, into in names.items()} == {living.id}
            return await held_by(caller, living.id, ids), expected
        return once, expected

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ours=CARTS, theirs=CARTS, between=st.lists(CARTS, max_size=1))
    def examples(ours: Held, theirs: Held, between: list[Held]) -> None:
        found, expected = asyncio.run_coroutine_threadsafe(joined(ours, theirs, between), loop).result()
        assert found == expected

    await asyncio.to_thread(examples)


async def test_a_device_without_a_cart_changes_nothing(caller: Caller) -> None:
    ids = await sizes(caller)
    mine = await customer(caller)
    stays = await cart_of(caller, ids, {(0, ""): 2}, customer_id=mine)

    async with transaction() as sql:
        await join_carts(sql, caller.shop_id, uuid4(), mine)

    assert await held_by(caller, stays, ids) == {(0, ""): 2}
    assert await pool().fetchval("select version from cart where id = $1", stays) == 1


async def test_a_cart_is_handed_over_whole_and_merges_follow_it(caller: Caller) -> None:
    ids = await sizes(caller)
    older, younger, device = await customer(caller), await customer(caller), uuid4()
    left = await cart_of(caller, ids, {(1, "王"): 3}, visitor_id=device)

    async with transaction() as sql:
        await join_carts(sql, caller.shop_id, device, younger)
        survivor = await merge_customers(sql, caller, [older, younger])

    cart = await Cart.get(id=left)
    assert (cart.customer_id, cart.merged_into) == (survivor, None)
    assert await held_by(caller, left, ids) == {(1, "王"): 3}
