"""The process's way to WeChat: opened once, and from it a client for each app of each shop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx

from models.wechat_app import SANDBOX_URL, WechatApp
from sealing import unseal
from wechat.access_token import AccessTokens
from wechat.client import MiniProgram
from wechat.pay import Pay
from wechat.pay_merchant import PayMerchant
from wechat.transport import READ_SECONDS, Transport, open_http
from wechat.website import Website


class NoSandboxError(RuntimeError):
    """An app of a sandbox shop has no WeChat here: production keeps none unless WECHAT_SANDBOX_URL names it."""

    def __init__(self) -> None:
        super().__init__("the app speaks to a sandbox, and WECHAT_SANDBOX_URL names none")


@dataclass(frozen=True, slots=True)
class Wechat:
    """Connections, tokens and the key that opens the apps' secrets."""

    http: httpx.AsyncClient = field(repr=False)
    sealing_key: bytes = field(repr=False)
    sandbox_url: str | None
    tokens: AccessTokens = field(repr=False)
    public_address: str = ""
    """Where WeChat finds us with what it tells by itself."""

    def mini_program(self, app: WechatApp) -> MiniProgram:
        """Return the client of a mini-program. Raises NoSandboxError, SealBrokenError."""
        return MiniProgram(app.appid, unseal(app.secret_sealed, self.sealing_key), self._transport(app), self.tokens)

    def website(self, app: WechatApp) -> Website:
        """Return the client of a website app. Raises NoSandboxError, SealBrokenError."""
        return Website(app.appid, unseal(app.secret_sealed, self.sealing_key), self._transport(app))

    def pay(self, merchant: PayMerchant) -> Pay:
        """Return the client of a merchant; its base URL may be SANDBOX_URL, as an app's. Raises NoSandboxError."""
        return Pay(self.http, replace(merchant, base_url=self._url(merchant.base_url)))

    def _transport(self, app: WechatApp) -> Transport:
        return Transport(self.http, self._url(app.base_url))

    def _url(self, base_url: str) -> str:
        url = self.sandbox_url if base_url == SANDBOX_URL else base_url
        if url is None:
            raise NoSandboxError
        return url


_opened: list[Wechat] = []


@asynccontextmanager
async def connect_wechat(
    sealing_key: bytes, sandbox_url: str | None, *, public_address: str = "", read_seconds: float = READ_SECONDS
) -> AsyncIterator[Wechat]:
    """Open the connections for the process and close them at the end; Redis must be open.

    `sealing_key` is `settings.derive("sealing")`, `sandbox_url` is `settings.sandbox_wechat`, `public_address` is the
    setting of that name.
    """
    async with open_http(read_seconds) as http:
        opened = Wechat(http, sealing_key, sandbox_url, AccessTokens(sealing_key), public_address)
        _opened.append(opened)
        try:
            yield opened
        finally:
            _opened.remove(opened)


def wechat() -> Wechat:
    """Return the connections opened last. Raises RuntimeError outside `connect_wechat`."""
    if not _opened:
        message = "WeChat is not connected"
        raise RuntimeError(message)
    return _opened[-1]
