"""Many log in at once, and phones ask again before they have heard: a person is one customer, a wish one session."""

import asyncio
import secrets
from collections import Counter
from typing import Any

import pytest

from models.database import pool
from settings import Settings
from tests.harness.asking import Answer
from tests.harness.phones import REFRESH, Phone, phone_in_another_app, phone_of
from tests.harness.shops import SandboxShop

RIVALS = 20
PATIENCE_SECONDS = 60


@pytest.fixture
def phone(shop: SandboxShop) -> Phone:
    """Somebody nobody else is."""
    return phone_of(shop, f"u{secrets.token_hex(8)}")


async def count(phone: Phone, table: str) -> int:
    found: int = await pool().fetchval(f"select count(*) from {table} where shop_id = $1", phone.shop.id)
    return found


async def gets_in(phone: Phone, code: str) -> dict[str, Any]:
    """Log in as a phone does: told to come back, it asks with the same code; told the code is used up, with a new one.

    Either is only heard on a machine so busy that somebody waited for seconds.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while refusals := (answer := await phone.try_login(code)).refusals:
            [refusal] = refusals
            assert refusal.code in {"BUSY", "LOGIN_CODE_EXPIRED"}
            if refusal.code == "LOGIN_CODE_EXPIRED":
                code = await phone.code()
    payload: dict[str, Any] = answer["loginWithWechat"]
    return payload


async def test_twenty_first_logins_at_once_make_one_customer(phone: Phone) -> None:
    codes = [await phone.code() for _ in range(RIVALS)]

    logins = await asyncio.gather(*(gets_in(phone, code) for code in codes))

    assert len({login["customer"]["id"] for login in logins}) == 1
    assert len({login["session"]["refreshToken"] for login in logins}) == RIVALS
    assert [await count(phone, table) for table in ("customer", "identity", "session")] == [1, 1, RIVALS]
    created = "select count(*) from outbox_event where shop_id = $1 and topic = 'customer.created'"
    assert await pool().fetchval(created, phone.shop.id) == 1


async def test_first_logins_in_two_apps_at_once_make_one_customer(phone: Phone, settings: Settings) -> None:
    second = await phone_in_another_app(phone, settings, f"wx{secrets.token_hex(8)}")
    codes = [(one, await one.code()) for one in [phone, second] * 5]

    logins = await asyncio.gather(*(gets_in(one, code) for one, code in codes))

    assert len({login["customer"]["id"] for login in logins}) == 1
    assert [await count(phone, table) for table in ("customer", "identity")] == [1, 2]


async def test_one_code_sent_twenty_times_at_once_is_one_login(phone: Phone) -> None:
    code = await phone.code()
    # So that the others find the first still at work.
    await phone.switch("SLOW", "jscode2session", delayMs=300)

    logins = await asyncio.gather(*(gets_in(phone, code) for _ in range(RIVALS)))

    assert len({str(login) for login in logins}) == 1
    assert await count(phone, "session") == 1


async def test_who_waits_too_long_for_a_rival_is_asked_to_come_back(phone: Phone) -> None:
    code = await phone.code()
    await phone.switch("SLOW", "jscode2session", delayMs=3_500)

    first = asyncio.create_task(phone.login(code))
    await asyncio.sleep(0.3)
    [refusal] = (await phone.try_login(code)).refusals

    assert (refusal.code, refusal.more["retryAfterMs"]) == ("BUSY", 1000)
    heard = await first
    assert await phone.login(code) == heard


async def test_a_claim_whose_process_died_is_taken_over(phone: Phone) -> None:
    code = await phone.code()
    await phone.login(code)
    # As if the process had gone after it claimed the code and before it said anything.
    await pool().execute(
        "update wechat_code set answered_at = null, answer_sealed = null, claimed_at = claimed_at - interval '16 s'"
        " where shop_id = $1",
        phone.shop.id,
    )

    [refusal] = (await phone.try_login(code)).refusals

    assert refusal.code == "LOGIN_CODE_EXPIRED"
    assert await count(phone, "wechat_code") == 0


async def test_twenty_refreshes_at_once_give_the_same_pair(phone: Phone) -> None:
    token = (await phone.login())["session"]["refreshToken"]

    def refresh() -> asyncio.Future[Answer]:
        return asyncio.ensure_future(phone.visitor(REFRESH, {"token": token}))

    answers = await asyncio.gather(*(refresh() for _ in range(RIVALS)))

    assert Counter(len(answer.refusals) for answer in answers) == {0: RIVALS}
    assert len({str(answer["sessionRefresh"]["session"]) for answer in answers}) == 1
    assert await count(phone, "refresh_token") == 2


async def test_a_phone_that_loses_every_other_answer_stays_logged_in(phone: Phone) -> None:
    token = (await phone.login())["session"]["refreshToken"]

    for _ in range(10):
        lost, heard = await asyncio.gather(*(phone.visitor(REFRESH, {"token": token}) for _ in range(2)))
        assert lost["sessionRefresh"]["session"] == heard["sessionRefresh"]["session"]
        token = heard["sessionRefresh"]["session"]["refreshToken"]

    assert await pool().fetchval(
        "select count(*) from session where shop_id = $1 and revoked_at is null", phone.shop.id
    )


async def test_of_an_old_token_and_its_heir_at_once_the_session_ends_once(phone: Phone) -> None:
    old = (await phone.login())["session"]["refreshToken"]
    new = (await phone.visitor(REFRESH, {"token": old}))["sessionRefresh"]["session"]["refreshToken"]
    await pool().execute(
        "update refresh_token set used_at = used_at - interval '61 s' where shop_id = $1 and used_at is not null",
        phone.shop.id,
    )

    answers = await asyncio.gather(*(phone.visitor(REFRESH, {"token": token}) for token in [old, new] * 5))

    codes = Counter(refusal.code for answer in answers for refusal in answer.refusals)
    assert codes["SESSION_REVOKED"] == 1
    assert set(codes) == {"SESSION_REVOKED", "SESSION_EXPIRED"}
    last = await phone.visitor(REFRESH, {"token": new})
    assert [refusal.code for refusal in last.refusals] == ["SESSION_EXPIRED"]
