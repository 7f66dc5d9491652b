"""A WeChat of our own over real sockets, an app nobody else has, and the hand of a tester."""

import dataclasses
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from settings import Settings
from tests.harness.server import serving_app
from tests.wechat import pay_office
from tests.wechat.pay_office import Office
from wechat.access_token import AccessTokens
from wechat.client import MiniProgram
from wechat.pay import Pay
from wechat.pay_merchant import PayMode
from wechat.sandbox.app import PATH
from wechat.transport import Transport, open_http
from wechat.website import Website

SILENT_SECONDS = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Hand:
    """What somebody with a phone and a switchboard does to one app."""

    http: httpx.AsyncClient
    appid: str

    async def post(self, path: str, **asked: Any) -> Any:
        """Say something at a door about the app."""
        answer = await self.http.post(f"{PATH}{path}", json={"appid": self.appid} | asked)
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str, **asked: Any) -> Any:
        """Read something at a door about the app."""
        answer = await self.http.get(f"{PATH}{path}", params={"appid": self.appid} | asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def code(self, user: str = "xiaoming", **more: Any) -> str:
        """Take a login code from the phone."""
        return str((await self.post("/codes", user=user, **more))["code"])

    async def phone_code(self, user: str = "xiaoming", **more: Any) -> str:
        """Take a code from the phone button."""
        return str((await self.post("/phone-codes", user=user, **more))["code"])

    async def switch(self, kind: str, **more: Any) -> Any:
        """Make the next calls fail."""
        return await self.post("/switches", kind=kind, **more)

    async def calls(self, call: str) -> list[dict[str, Any]]:
        """What the app asked by one call."""
        found: list[dict[str, Any]] = await self.get("/calls", call=call)
        return found


@pytest.fixture
def tester(http: httpx.AsyncClient) -> Hand:
    """A tester of an app that nobody set up and nobody else uses."""
    return Hand(http, f"wx{secrets.token_hex(8)}")


@pytest.fixture
async def transport(server: str) -> AsyncIterator[Transport]:
    """The way to the sandbox, with less patience than production has."""
    async with open_http(SILENT_SECONDS) as http:
        yield Transport(http, f"{server}{PATH}")


@pytest.fixture
def mini(transport: Transport, tester: Hand, settings: Settings) -> MiniProgram:
    """The app's server side, as production would use it."""
    return MiniProgram(tester.appid, "sandbox", transport, AccessTokens(settings.derive("sealing")))


@pytest.fixture
def website(transport: Transport, tester: Hand) -> Website:
    """The same appid as a website."""
    return Website(tester.appid, "sandbox", transport)


@pytest.fixture(scope="package")
async def pay_desk() -> AsyncIterator[tuple[Office, Pay]]:
    """A WeChat Pay that says what it is told to, and a merchant's way there, with little patience."""
    office = Office()
    async with serving_app(office) as base_url, open_http(0.5) as http:
        yield office, Pay(http, pay_office.merchant(base_url=base_url))


@pytest.fixture
def office(pay_desk: tuple[Office, Pay]) -> Office:
    """The office, as new."""
    pay_desk[0].forget()
    return pay_desk[0]


@pytest.fixture
def pay(pay_desk: tuple[Office, Pay]) -> Pay:
    """The way there."""
    return pay_desk[1]


@pytest.fixture
def partner(pay: Pay) -> Pay:
    """A service provider's way, for a sub-merchant."""
    return dataclasses.replace(
        pay, merchant=dataclasses.replace(pay.merchant, mode=PayMode.PARTNER, sub_mchid=pay_office.SUB_MCHID)
    )
