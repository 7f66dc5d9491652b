"""The way on which httpx sends what we ask WeChat: the connections of aiohttp, which cost a third of httpx's own.

Questions go as they were signed, to the letter. Whether one may have arrived decides what may be done next, so each
fault gets httpx's name by what aiohttp knows of it.
"""

from typing import Final

import aiohttp
import httpx
from yarl import URL

KEPT_SECONDS: Final = 4.0
"""Less than servers keep a connection that says nothing: many wait for five."""

# The first that fits counts. By the first four nothing has left us.
_NAMES: Final[tuple[tuple[type[Exception], type[httpx.TransportError]], ...]] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectionError, httpx.ReadError),
    (aiohttp.ClientPayloadError, httpx.ReadError),
    (aiohttp.ClientError, httpx.RemoteProtocolError),
)


class Way(httpx.AsyncBaseTransport):
    """At most so many connections at once; questions and answers are whole, never streams."""

    def __init__(self, most: int) -> None:
        """Open nothing yet; in a running loop."""
        tls = httpx.create_ssl_context(trust_env=False)
        connector = aiohttp.TCPConnector(limit=most, keepalive_timeout=KEPT_SECONDS, ssl=tls)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        # Else a question that a used connection broke off is sent again, unasked, and what became of the first is lost.
        self._session._retry_connection = False  # noqa: SLF001 - aiohttp has no public word for it; a test holds it

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one question; raises httpx's TransportError in one of its kinds."""
        patience = request.extensions["timeout"]
        try:
            async with self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=await request.aread() or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    connect=patience["pool"], sock_connect=patience["connect"], sock_read=patience["read"]
                ),
            ) as response:
                body = await response.read()
        except aiohttp.ClientError as fault:
            raise _named(fault) from None
        return httpx.Response(response.status, headers=response.raw_headers, stream=httpx.ByteStream(body))

    async def aclose(self) -> None:
        """Close what is kept."""
        await self._session.close()


def _named(fault: aiohttp.ClientError) -> httpx.TransportError:
    name = next(name for known, name in _NAMES if isinstance(fault, known))
    return name(type(fault).__name__)
