"""Nothing that is secret or personal leaves the house: the answers and logs of a customer's whole day are searched."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from logs import configure
from models.database import pool
from sealing import unseal
from settings import Settings
from tests.harness.asking import Answer
from tests.harness.phones import CONSENT, LOGIN, PHONE, PROFILE, REFRESH, REVOKE, VIEWER, phone_of
from tests.harness.shops import SandboxShop
from wechat.sandbox.apps import USUAL_SECRET

NUMBER = "13812345678"

# Everything that the schema would ever show of a customer and around them.
ALL = """{
  shop { id name } viewer { id nickname avatarUrl phone createdAt consents { kind policyVersion givenAt withdrawnAt } }
}"""
_PEOPLE = "select openid, unionid, session_key from wechat_sandbox.person where name = $1"


@pytest.fixture
def loquacious() -> Iterator[None]:
    """Let logs say all they ever would."""
    configure("debug")
    yield
    configure("warning")


@pytest.mark.usefixtures("loquacious")
async def test_a_customers_day_tells_nobody_what_it_should_not(
    shop: SandboxShop, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    phone = phone_of(shop, f"u{secrets.token_hex(8)}")
    answers: list[Answer] = []
    codes = [await phone.code() for _ in range(6)]
    switches: tuple[dict[str, Any], ...] = (
        {"kind": "ERROR", "errcode": 40226},
        {"kind": "RATE_LIMIT"},
        {"kind": "ERROR", "errcode": 40125},
    )
    for switch, code in zip(switches, codes, strict=False):
        await phone.switch(call="jscode2session", **switch)
        answers.append(await phone.try_login(code))
    await phone.switch("LOST_ANSWER", "jscode2session")
    answers += [await phone.try_login(codes[3]), await phone.try_login(codes[3])]
    login = await phone.visitor(LOGIN, {"code": codes[4]})
    session = login["loginWithWechat"]["session"]
    me = phone.customer(session["accessToken"])
    number = await phone.phone_code(phone=f"+86-{NUMBER}")
    answers += [
        login,
        await me(PHONE, {"code": number}),
        await me(PHONE, {"code": "nonsense"}),
        await me(PROFILE, {"input": {"nickname": "小王"}}),
        await me(CONSENT, {"input": {"kind": "TERMS", "policyVersion": "1", "agreed": True}}),
        await me(ALL),
        await me(VIEWER),
    ]
    refreshed = await phone.visitor(REFRESH, {"token": session["refreshToken"]})
    answers += [refreshed, await phone.visitor(REVOKE, {"token": session["refreshToken"]})]
    await shop.http.post(f"/sandbox/shops/{shop.global_id}/settle")
    logged = "".join(capfd.readouterr())

    [person] = [dict(row) for row in await pool().fetch(_PEOPLE, phone.user)]
    told = "".join(f"{answer.headers}{answer.body}" for answer in answers)
    assert all(person.values())
    assert len(logged) > 1_000
    pair = [token for name, token in session.items() if not name.endswith("At")]
    for secret in (*person.values(), NUMBER, *codes, number, f'"{USUAL_SECRET}"', settings.secret_key):
        assert secret not in told
        assert secret not in logged
    for token in pair:
        assert token in told
        assert token not in logged


async def test_what_is_kept_of_a_customer_is_sealed_or_hashed(shop: SandboxShop, settings: Settings) -> None:
    phone = phone_of(shop, f"u{secrets.token_hex(8)}")
    session = (await phone.login())["session"]
    me = phone.customer(session["accessToken"])
    await me(PHONE, {"code": await phone.phone_code(phone=f"+86-{NUMBER}")})
    [person] = [dict(row) for row in await pool().fetch(_PEOPLE, phone.user)]

    tables = ("customer", "identity", "session", "refresh_token", "visitor", "wechat_code", "outbox_event")
    stored = ""
    for table in tables:
        for row in await pool().fetch(f"select * from {table} where shop_id = $1", shop.id):
            stored += " ".join(
                bytes(value).decode("latin-1") if isinstance(value, bytes) else str(value) for value in row.values()
            )
    assert person["openid"] in stored
    for secret in (person["session_key"], NUMBER, session["accessToken"], session["refreshToken"]):
        assert secret not in stored

    sealing_key = settings.derive("sealing")
    session_key = await pool().fetchval("select session_key_sealed from identity where shop_id = $1", shop.id)
    assert unseal(session_key, sealing_key) == person["session_key"]
    sealed = await pool().fetchval("select phone_sealed from customer where shop_id = $1", shop.id)
    assert unseal(sealed, sealing_key) == f"+86{NUMBER}"
