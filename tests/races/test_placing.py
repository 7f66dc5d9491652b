"""Many buyers at once, over sockets of two server processes: what there is is sold once, and everybody is told."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from models.database import pool
from tests.harness.asking import Answer
from tests.harness.buying import PLACE, Buyer, buyer, on_sale
from tests.harness.overlap import at_once
from tests.harness.paying import all_right, inside, settled, stock_of
from tests.harness.shops import SandboxShop

pytestmark = pytest.mark.slow

BUYERS = 64


async def buyers(shop: SandboxShop, count: int) -> list[Buyer]:
    return list(await asyncio.gather(*(buyer(shop, f"顾客 {number}") for number in range(count))))


async def all_at_once(second: httpx.AsyncClient, wishes: list[tuple[Buyer, dict[str, Any]]]) -> list[Answer]:
    """Place all wishes at the same moment, in turns at either process."""
    askers = [
        replace(person.ask, http=second) if number % 2 else person.ask for number, (person, _) in enumerate(wishes)
    ]
    return await at_once([ask(PLACE, {"input": wish}) for ask, (_, wish) in zip(askers, wishes, strict=True)])


def told(answers: list[Answer]) -> Counter[str]:
    """What became of them: the status of an order, or the code and figures of a refusal."""
    found = Counter[str]()
    for answer in answers:
        payload = answer["orderPlace"]
        errors = payload["userErrors"]
        found[
            payload["order"]["status"] if not errors else f"{errors[0]['code']} {errors[0].get('available', '')}"
        ] += 1
    return found


async def test_of_64_buyers_of_five_pieces_five_get_one(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [tee] = await on_sale(shop, "tee", 5)
    people = await buyers(shop, BUYERS)

    answers = await all_at_once(second, [(person, person.wish((tee, 1), total=1990)) for person in people])

    assert told(answers) == {"PENDING_PAYMENT": 5, "OUT_OF_STOCK 0": BUYERS - 5}
    assert await stock_of(shop, tee) == (5, 5)
    await settled(shop)
    assert await all_right(shop)


async def test_lines_in_opposite_order_never_wait_in_a_circle_and_leak_nothing(
    shop: SandboxShop, second: httpx.AsyncClient
) -> None:
    many, few = await on_sale(shop, "tee", 100, 5)
    people = await buyers(shop, BUYERS)
    orders = [((many, 1), (few, 1)), ((few, 1), (many, 1))]

    answers = await all_at_once(
        second,
        [(person, person.wish(*orders[number // 2 % 2], total=3980)) for number, person in enumerate(people)],
    )

    assert told(answers) == {"PENDING_PAYMENT": 5, "OUT_OF_STOCK 0": BUYERS - 5}
    assert (await stock_of(shop, many), await stock_of(shop, few)) == ((100, 5), (5, 5))
    await settled(shop)
    assert await all_right(shop)


async def test_fifty_placements_of_one_key_are_one_order(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [tee] = await on_sale(shop, "tee", 50)
    ming = await buyer(shop)
    wish = ming.wish((tee, 1), total=1990, key="one")

    answers = await all_at_once(second, [(ming, wish)] * 50)

    assert told(answers) == {"PENDING_PAYMENT": 50}
    assert len({answer["orderPlace"]["order"]["orderNo"] for answer in answers}) == 1
    assert await stock_of(shop, tee) == (50, 1)


async def test_nobody_gets_past_a_limit_by_hurrying(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [tee] = await on_sale(shop, "tee", 500, perPersonLimit=3)
    ming = await buyer(shop)

    answers = await all_at_once(second, [(ming, ming.wish((tee, 1), total=1990)) for _ in range(30)])

    assert told(answers) == {"PENDING_PAYMENT": 3, "LIMIT_REACHED ": 27}
    [cap] = await on_sale(shop, "cap", 500)
    more = await all_at_once(second, [(ming, ming.wish((cap, 1), total=1990)) for _ in range(30)])
    assert told(more) == {"PENDING_PAYMENT": 2, "LIMIT_REACHED ": 28}


async def test_a_poisoned_order_harms_nobody_beside_it(shop: SandboxShop, second: httpx.AsyncClient) -> None:
    [tee], [bad] = await on_sale(shop, "tee", 100), await on_sale(shop, "bad", 100)
    people = await buyers(shop, 20)
    # A level that the database itself refuses to lower, as a broken row would.
    trap = f"trap_{uuid4().hex}"
    level = "select id from stock_level where shop_id = $1 and variant_id = $2"
    id_ = await pool().fetchval(level, shop.id, inside("var", bad))
    await pool().execute(f"alter table stock_level add constraint {trap} check (id <> '{id_}' or reserved = 0)")
    try:
        answers = await asyncio.gather(
            *(
                person.ask(PLACE, {"input": person.wish((bad if number == 7 else tee, 1), total=1990)})
                for number, person in enumerate(people)
            )
        )
    finally:
        await pool().execute(f"alter table stock_level drop constraint {trap}")

    placed = [number for number, answer in enumerate(answers) if not answer.errors]
    assert placed == [number for number in range(20) if number != 7]
    assert await stock_of(shop, tee) == (100, 19)
