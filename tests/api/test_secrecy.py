"""Whoever listens to the suite hears what leaks: each kind of secret, planted where it must not be."""

import secrets

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from logs import log
from models.database import pool
from settings import Settings
from tests.conftest import SECRET_KEY
from tests.harness.phones import PHONE, phone_of
from tests.harness.secrecy import SECRECY, Secrecy
from tests.harness.server import client, serving_app
from tests.harness.shops import SandboxShop

LINES = b"A" * 64, b"B1" * 32, b"C2" * 32
FILE = b"-----BEGIN KEY-----\\n%s\\n%s\\n%s\\n" % LINES


@pytest.fixture
def planted() -> Secrecy:
    """Somebody who has learned one secret of each kind."""
    secrecy = Secrecy()
    secrecy.hear_wechat(b'{"openid": "oAbcdefghijklmnopqrstuvwxyz0", "session_key": "tiihtNczf5v6AKRyjwEUhQ=="}')
    secrecy.hear_wechat(b'{"phone_info": {"purePhoneNumber": "13812345678"}, "secret": "0123456789abcdef"}')
    secrecy.hear_wechat(b'{"apiV3Key": "0123456789abcdefghijklmnopqrstuv", "privateKey": "%s"}' % FILE)
    answer = b'{"data":{"session":{"refreshToken":"rt_0123456789abcdef","accessToken":"a.b.9876543210zyxw"}}}'
    secrecy.hear_answer("/graphql", answer)
    assert secrecy.leaks == []
    return secrecy


@pytest.mark.parametrize(
    "said",
    [
        '{"id":"oAbcdefghijklmnopqrstuvwxyz0"}', "x-who: oAbcdefghijklmnopqrstuvwxyz0", '"tiihtNczf5v6AKRyjwEUhQ=="',
        "call me at 13812345678.", '{"note":"0123456789abcdef"}', "cannot connect to postgresql://root@db",
        '{"key":"0123456789abcdefghijklmnopqrstuv"}', f"half of a key: {LINES[1].decode()}", FILE[30:].decode(),
        '{"sessionKey":"x"}', "-----BEGIN PRIVATE KEY-----", "Traceback (most recent call last):",
    ],
)  # fmt: skip
def test_what_nobody_may_hear_is_found_in_answers_and_logs(planted: Secrecy, said: str) -> None:
    planted.hear_answer("/graphql", said.encode())
    planted.hear_log("the log", said.encode())

    assert len(planted.leaks) == 2
    assert "test_what_nobody_may_hear" in planted.leaks[0]


@pytest.mark.parametrize(
    "said",
    [
        '{"path":"/x?token=rt_0123456789abcdef"}',
        "a.b.9876543210zyxw",
        "Bearer 5555555555abcdef",
        '{"to":"+8619900000001"}',
    ],
)
def test_what_only_its_owner_may_hear_is_found_in_logs(planted: Secrecy, said: str) -> None:
    planted.hear_answer("/graphql", said.encode())
    assert planted.leaks == []
    planted.hear_log("the log", said.encode())

    assert len(planted.leaks) == 1


@pytest.mark.parametrize(
    "said",
    [
        '{"phone":"138****5678","at":"2026-11-22T02:07:05.781Z"}', "01a20101-d019-71df-9534-902109b62544",
        '{"took_ms":13912345678.5}',
        '{"token":"aB3dE5gH1j"}', '{"secret":null}', "tiihtNczf5v6",
    ],
)  # fmt: skip
def test_what_is_nobodys_is_no_leak(planted: Secrecy, said: str) -> None:
    planted.hear_answer("/graphql", said.encode())
    planted.hear_log("the log", said.encode())

    assert planted.leaks == []


async def _leak(request: Request) -> Response:
    return PlainTextResponse(f"hello {request.query_params['who']}", headers={"x-key": SECRET_KEY})


async def test_the_suite_listens_to_servers_and_logs(shop: SandboxShop, settings: Settings) -> None:
    phone = phone_of(shop, f"u{secrets.token_hex(8)}")
    me = await phone.logged_in()
    await me(PHONE, {"code": await phone.phone_code(phone="+86-13900008888")})
    row = await pool().fetchrow("select openid, session_key from wechat_sandbox.person where name = $1", phone.user)
    api_key = await pool().fetchval("select api_v3_key from wechat_sandbox.pay_merchant where shop_id = $1", shop.id)
    private = await pool().fetchval("select private_key_pem from wechat_sandbox.pay_key where name = 'MERCHANT'")
    assert row
    assert SECRECY.leaks == []
    told: list[str] = []

    async with serving_app(Starlette(routes=[Route("/", _leak)])) as base_url, client(base_url) as http:
        for secret in (row["openid"], row["session_key"], "13900008888", "nothing", api_key, private.splitlines()[5]):
            assert (await http.get("/", params=httpx.QueryParams(who=secret))).status_code == 200
            told += SECRECY.leaks
            SECRECY.leaks = []
    log("greeting", who=row["openid"])
    told += SECRECY.leaks
    SECRECY.leaks = []

    assert [one.partition(" in ")[0] for one in told] == [
        "SECRET_KEY, openid", "SECRET_KEY, session_key", "SECRET_KEY, purePhoneNumber", "SECRET_KEY",
        "SECRET_KEY, apiV3Key", "SECRET_KEY, privateKey", "openid",
    ]  # fmt: skip
