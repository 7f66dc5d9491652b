"""Idempotency: twenty taps on one button are one wish, and a refused wish may be made again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from clock import wall_now
from ids import new_id
from models.database import Connection, pool, transaction
from models.refusal import Refusal, RetryRefusal, UserErrorCode
from resolvers.caller import ActorKind, Caller
from resolvers.idempotency import input_sha256, once, reap_idempotency_keys
from settings import Settings
from tests.harness.shops import open_shop

WISH = {"title": "雨伞", "price": Decimal("19.90"), "tags": ["雨", "伞"]}

_ADD = "insert into location (id, shop_id, name, is_default, created_at) values ($1, $2, $3, false, $4)"


def adding(caller: Caller, name: str | None = None, pause: float = 0) -> Callable[[Connection], Awaitable[Any]]:
    """A command with one visible effect: a location more. A fixed name makes a second effect impossible to miss."""

    async def command(sql: Connection) -> dict[str, object]:
        location_id = new_id()
        await sql.execute(_ADD, location_id, caller.shop_id, name or location_id.hex, caller.now)
        await asyncio.sleep(pause)
        return {"id": location_id}

    return command


async def effects(caller: Caller) -> int:
    """How many locations were added to the default one that each shop has."""
    found = await pool().fetchval("select count(*) from location where shop_id = $1 and not is_default", caller.shop_id)
    return int(found)


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> UserErrorCode:
    return refused.value.code


async def test_twenty_rivals_with_one_key_have_one_effect_and_one_answer(caller: Caller) -> None:
    rivals = [once(caller, "locationCreate", "k1", WISH, adding(caller, pause=0.05)) for _ in range(20)]
    answers = await asyncio.gather(*rivals)

    assert await effects(caller) == 1
    assert len({answer["id"] for answer in answers}) == 1


async def test_asked_again_the_first_outcome_comes_back_as_it_was(caller: Caller) -> None:
    first = await once(caller, "locationCreate", "k1", WISH, adding(caller))
    again = await once(caller, "locationCreate", "k1", WISH, adding(caller))

    assert again == first
    assert isinstance(first["id"], str)


async def test_ids_read_from_the_database_are_an_outcome_like_any(caller: Caller) -> None:
    async def command(sql: Connection) -> dict[str, object]:
        return {"ids": [await sql.fetchval("select id from shop where id = $1", caller.shop_id)]}

    assert await once(caller, "look", "k1", {}, command) == {"ids": [str(caller.shop_id)]}


async def test_the_same_key_for_another_wish_is_refused(caller: Caller) -> None:
    await once(caller, "locationCreate", "k1", WISH, adding(caller))

    with pytest.raises(Refusal) as refused:
        await once(caller, "locationCreate", "k1", {**WISH, "title": "雨衣"}, adding(caller))

    assert code_of(refused) is UserErrorCode.IDEMPOTENCY_KEY_REUSED
    assert await effects(caller) == 1


async def test_the_order_of_names_in_an_input_is_no_difference(caller: Caller) -> None:
    first = await once(caller, "locationCreate", "k1", WISH, adding(caller))
    turned = dict(reversed(WISH.items()))

    assert await once(caller, "locationCreate", "k1", turned, adding(caller)) == first


async def test_a_refusal_does_not_use_up_the_key(caller: Caller) -> None:
    async def refusing(_sql: Connection) -> None:
        raise Refusal(UserErrorCode.TAKEN, "已被使用", "Taken", "handle")

    with pytest.raises(Refusal) as refused:
        await once(caller, "locationCreate", "k1", WISH, refusing)
    assert code_of(refused) is UserErrorCode.TAKEN

    await once(caller, "locationCreate", "k1", {"another": "wish"}, adding(caller))
    assert await effects(caller) == 1


async def test_a_fault_leaves_neither_effect_nor_key(caller: Caller) -> None:
    async def breaking(sql: Connection) -> None:
        await adding(caller)(sql)
        message = "the machine lost power"
        raise OSError(message)

    with pytest.raises(OSError, match="power"):
        await once(caller, "locationCreate", "k1", WISH, breaking)
    assert await effects(caller) == 0

    await once(caller, "locationCreate", "k1", WISH, adding(caller))
    assert await effects(caller) == 1


async def test_keys_of_other_people_mutations_and_shops_never_meet(caller: Caller, settings: Settings) -> None:
    stranger = caller._replace(actor=ActorKind.VISITOR, subject_id=None, visitor_id=new_id())
    askers = [caller, stranger, stranger._replace(visitor_id=new_id()), (await open_shop(settings)).caller]
    answers = [await once(asker, "locationCreate", "k1", WISH, adding(asker)) for asker in askers]
    answers.append(await once(caller, "shelfCreate", "k1", WISH, adding(caller)))

    assert len({answer["id"] for answer in answers}) == len(answers)


async def test_a_rival_still_at_work_after_two_seconds_is_said(caller: Caller) -> None:
    slow = asyncio.create_task(once(caller, "locationCreate", "k1", WISH, adding(caller, pause=2.6)))
    await asyncio.sleep(0.1)

    with pytest.raises(RetryRefusal) as refused:
        await once(caller, "locationCreate", "k1", WISH, adding(caller))

    assert code_of(refused) is UserErrorCode.IDEMPOTENCY_IN_PROGRESS
    assert refused.value.retry_after_ms == 1000
    first = await slow
    assert await once(caller, "locationCreate", "k1", WISH, adding(caller)) == first


async def test_the_short_wait_for_a_rival_is_not_put_on_the_command(caller: Caller) -> None:
    async def limit(sql: Connection) -> str:
        found: str = await sql.fetchval("show lock_timeout")
        return found

    async with transaction() as sql:
        usual = await limit(sql)
    assert await once(caller, "look", "k1", {}, limit) == usual


@pytest.mark.parametrize("key", ["", "x" * 129, "nul\0"])
async def test_a_key_has_one_to_128_characters(caller: Caller, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        await once(caller, "locationCreate", key, WISH, adding(caller))
    assert (code_of(refused), refused.value.field) == (UserErrorCode.INVALID, ["idempotencyKey"])


async def test_a_key_of_128_characters_of_any_script_works(caller: Caller) -> None:
    await once(caller, "locationCreate", "钥" * 128, WISH, adding(caller))
    assert await effects(caller) == 1


async def test_a_visitor_without_an_id_has_no_keys_of_their_own(caller: Caller) -> None:
    nobody = caller._replace(actor=ActorKind.VISITOR, subject_id=None)
    with pytest.raises(Refusal) as refused:
        await once(nobody, "locationCreate", "k1", WISH, adding(nobody))
    assert code_of(refused) is UserErrorCode.INVALID


async def test_keys_are_kept_three_days_of_wall_time(caller: Caller) -> None:
    await once(caller, "locationCreate", "k1", WISH, adding(caller))

    await reap_idempotency_keys(wall_now() + timedelta(days=2, hours=23))
    await once(caller, "locationCreate", "k1", WISH, adding(caller))
    assert await effects(caller) == 1

    assert await reap_idempotency_keys(wall_now() + timedelta(days=3, seconds=1)) >= 1
    await once(caller, "locationCreate", "k1", WISH, adding(caller))
    assert await effects(caller) == 2


@dataclass(frozen=True)
class Draft:
    """What a command might be given."""

    title: str
    price: Decimal | None = None


def test_a_fingerprint_reads_values_not_objects() -> None:
    assert input_sha256(Draft("伞")) == input_sha256({"price": None, "title": "伞"})
    assert input_sha256(Draft("伞", Decimal("1.0"))) != input_sha256(Draft("伞", Decimal("1.00")))
    assert input_sha256({1, 2}) == input_sha256({2, 1})


def test_what_has_no_canonical_form_is_a_fault_not_a_guess() -> None:
    with pytest.raises(TypeError):
        input_sha256({"made": object()})
