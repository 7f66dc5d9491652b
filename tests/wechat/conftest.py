"""A WeChat of our own over real sockets, an app nobody else has, and the hand of a tester."""

import dataclasses
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from settings import Settings
from tests.harness.server import serving_app
from tests.wechat import pay_office
from tests.wechat.hand import Hand
from tests.wechat.pay_office import Office
from tests.wechat.pay_world import Till, open_till
from wechat.access_token import AccessTokens
from wechat.client import MiniProgram
from wechat.pay import Pay
from wechat.sandbox.app import PATH
from wechat.transport import Transport, open_http
from wechat.website import Website

SILENT_SECONDS = 2.0


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
    return dataclasses.replace(pay, merchant=pay_office.partner(base_url=pay.merchant.base_url))


@pytest.fixture
async def till(http: httpx.AsyncClient, server: str) -> AsyncIterator[Till]:
    """A merchant that nobody else has."""
    async with open_till(Hand(http, f"wx{secrets.token_hex(8)}"), server) as found:
        yield found


@pytest.fixture
async def other_till(http: httpx.AsyncClient, server: str) -> AsyncIterator[Till]:
    """Another one."""
    async with open_till(Hand(http, f"wx{secrets.token_hex(8)}"), server) as found:
        yield found
