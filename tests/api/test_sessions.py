"""Sessions over HTTP: tokens follow one another, survive a lost answer, and end when somebody comes with an old one."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from clock import wall_now
from models.database import pool
from resolvers.session import forget_answers, reap_sessions
from settings import Settings
from tests.harness.asking import Answer, Refused
from tests.harness.phones import REFRESH, REVOKE, VIEWER, Phone, phone_in_another_app, phone_of
from tests.harness.shops import SandboxShop

_AGE = """
update refresh_token set used_at = used_at - $2::interval, created_at = created_at - $2::interval,
    expires_at = expires_at - $3::interval
where shop_id = $1
"""


@pytest.fixture
def phone(shop: SandboxShop) -> Phone:
    """Somebody nobody else is."""
    return phone_of(shop, f"u{secrets.token_hex(8)}")


async def refresh(phone: Phone, token: str) -> Answer:
    return await phone.visitor(REFRESH, {"token": token})


async def refreshed(phone: Phone, token: str) -> dict[str, Any]:
    answer = await refresh(phone, token)
    assert answer.refusals == []
    session: dict[str, Any] = answer["sessionRefresh"]["session"]
    return session


async def later(phone: Phone, seconds: int = 61) -> None:
    """Let time pass for tokens that were used."""
    age = timedelta(seconds=seconds)
    await pool().execute(_AGE, phone.shop.id, age, timedelta())


def refused(code: str) -> list[Refused]:
    return [Refused(code, "refreshToken")]


async def test_tokens_say_until_when_they_are_good(phone: Phone) -> None:
    session = (await phone.login())["session"]
    now = wall_now()

    def left(name: str) -> timedelta:
        return datetime.fromisoformat(session[name]) - now

    assert timedelta(minutes=14) < left("accessTokenExpiresAt") <= timedelta(minutes=15)
    assert timedelta(days=29) < left("refreshTokenExpiresAt") <= timedelta(days=30)


async def test_a_refresh_token_is_changed_for_new_ones(phone: Phone) -> None:
    login = await phone.login()
    first = login["session"]

    answer = await refresh(phone, first["refreshToken"])

    second = answer["sessionRefresh"]["session"]
    assert answer["sessionRefresh"]["customer"]["id"] == login["customer"]["id"]
    assert {first["refreshToken"], first["accessToken"]} & {second["refreshToken"], second["accessToken"]} == set()
    assert (await phone.customer(second["accessToken"])(VIEWER))["viewer"]["id"] == login["customer"]["id"]
    assert (await refreshed(phone, second["refreshToken"]))["refreshToken"] != second["refreshToken"]


async def test_a_lost_answer_is_given_again_within_a_minute(phone: Phone) -> None:
    token = (await phone.login())["session"]["refreshToken"]

    first, again = await refreshed(phone, token), await refreshed(phone, token)
    await refreshed(phone, first["refreshToken"])

    assert first == again == await refreshed(phone, token)


async def test_a_token_that_comes_again_later_ends_the_session(phone: Phone) -> None:
    first = (await phone.login())["session"]
    second = await refreshed(phone, first["refreshToken"])
    await later(phone)

    assert (await refresh(phone, first["refreshToken"])).refusals == refused("SESSION_REVOKED")

    for token in (first["refreshToken"], second["refreshToken"]):
        assert (await refresh(phone, token)).refusals == refused("SESSION_EXPIRED")
    await asyncio.sleep(1.05)
    for token in (first["accessToken"], second["accessToken"]):
        assert (await phone.customer(token)(VIEWER)).codes == ["UNAUTHENTICATED"]
    # Other sessions of the same person go on.
    assert await phone.login()


async def test_who_logs_out_is_out_and_other_sessions_stay(phone: Phone) -> None:
    stays, goes = await phone.login(), await phone.login()
    access, token = goes["session"]["accessToken"], goes["session"]["refreshToken"]
    assert (await phone.customer(access)(VIEWER))["viewer"]

    for _ in range(2):
        assert (await phone.visitor(REVOKE, {"token": token}))["sessionRevoke"] == {"revoked": True, "userErrors": []}
    await asyncio.sleep(1.05)

    assert (await phone.customer(access)(VIEWER)).codes == ["UNAUTHENTICATED"]
    assert (await refresh(phone, token)).refusals == refused("SESSION_EXPIRED")
    assert (await phone.customer(stays["session"]["accessToken"])(VIEWER))["viewer"]
    assert await refreshed(phone, stays["session"]["refreshToken"])


async def test_tokens_of_another_shop_or_app_or_of_nobody_are_worth_nothing(
    phone: Phone, other_shop: SandboxShop, settings: Settings
) -> None:
    token = (await phone.login())["session"]["refreshToken"]
    neighbour = phone_of(other_shop, phone.user)
    second = await phone_in_another_app(phone, settings, f"wx{secrets.token_hex(8)}")

    for other in (neighbour, second):
        assert (await refresh(other, token)).refusals == refused("SESSION_EXPIRED")
        assert (await other.visitor(REVOKE, {"token": token}))["sessionRevoke"]["revoked"]
    for nonsense in ("", "x", "é" * 5000, (await phone.login())["session"]["accessToken"]):
        assert (await refresh(phone, nonsense)).refusals == refused("SESSION_EXPIRED")
    assert await refreshed(phone, token)


async def test_a_token_that_is_too_old_is_refused_and_forgotten(phone: Phone) -> None:
    token = (await phone.login())["session"]["refreshToken"]
    await pool().execute(_AGE, phone.shop.id, timedelta(days=31), timedelta(days=31))

    assert (await refresh(phone, token)).refusals == refused("SESSION_EXPIRED")
    assert await reap_sessions(wall_now(), None) >= 1
    for table in ("refresh_token", "session"):
        assert await pool().fetchval(f"select count(*) from {table} where shop_id = $1", phone.shop.id) == 0


async def test_answers_are_kept_sealed_and_for_a_minute(phone: Phone) -> None:
    code = await phone.code()
    session = (await phone.login(code))["session"]
    after = await refreshed(phone, session["refreshToken"])
    pairs = "select next_pair_sealed as sealed from refresh_token where shop_id = $1 and next_pair_sealed is not null"
    codes = "select answer_sealed as sealed from wechat_code where shop_id = $1"
    for statement in (pairs, codes):
        [row] = await pool().fetch(statement, phone.shop.id)
        for secret in (*session.values(), *after.values()):
            assert secret.encode() not in bytes(row["sealed"])

    await forget_answers(wall_now() + timedelta(seconds=121), None)

    assert await pool().fetch(pairs, phone.shop.id) + await pool().fetch(codes, phone.shop.id) == []
    assert (await phone.try_login(code)).refusals == [Refused("LOGIN_CODE_EXPIRED", "input.code")]


async def test_a_token_moved_by_a_byte_is_no_token(phone: Phone, http: httpx.AsyncClient) -> None:
    access = (await phone.login())["session"]["accessToken"]
    head, claims, signature = access.split(".")
    other = "A" if signature[5] != "A" else "B"

    answer = await phone.customer(f"{head}.{claims}.{signature[:5]}{other}{signature[6:]}")(VIEWER)

    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
