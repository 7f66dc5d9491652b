"""What a request says of itself: key, token, visitor, visit, language. Nothing here is proven yet."""

import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple
from uuid import UUID

from api.errors import ErrorCode, RequestError
from ids import client_uuid
from resolvers.caller import Language

_ACCEPT_LANGUAGE_CHARS: Final = 200
_USER_AGENT_CHARS: Final = 512
# `mpcrawler` is WeChat's own; the others are the words that crawlers have agreed on.
_CRAWLER: Final = re.compile(
    r"bot\b|bot[/;)_-]|spider|crawl|slurp|lighthouse|preview|externalhit|monitor|uptime|pingdom|archiver"
    r"|feedfetcher|yisou|petalbot",
    re.IGNORECASE,
)


class Credentials(NamedTuple):
    """What a request or a socket's connection_init says of itself; empty text where it says nothing."""

    shop_key: str = ""
    authorization: str = ""
    visitor_id: str = ""
    visit_id: str = ""
    accept_language: str = ""
    user_agent: str = ""


def credentials_from(headers: Mapping[bytes, bytes]) -> Credentials:
    """Pick the headers that say who asks; names are in lower case, as in an ASGI scope."""
    return Credentials(
        headers.get(b"x-shop-key", b"").decode("latin-1"),
        headers.get(b"authorization", b"").decode("latin-1"),
        headers.get(b"x-visitor-id", b"").decode("latin-1"),
        headers.get(b"x-visit-id", b"").decode("latin-1"),
        headers.get(b"accept-language", b"").decode("latin-1"),
        headers.get(b"user-agent", b"").decode("latin-1"),
    )


def header_uuid(text: str, header: str) -> UUID:
    """Return the UUID a client made up, in the usual 36 characters. Raises RequestError BAD_USER_INPUT."""
    found = client_uuid(text)
    if found is None:
        raise RequestError(ErrorCode.BAD_USER_INPUT, f"{header} must be a UUID", HTTPStatus.BAD_REQUEST)
    return found


@lru_cache(maxsize=1024)
def is_crawler(user_agent: str) -> bool:
    """Whether a client calls itself a crawler, a link preview or a watchdog; a library of HTTP says nothing of that."""
    return _CRAWLER.search(user_agent[:_USER_AGENT_CHARS]) is not None


@lru_cache(maxsize=256)
def preferred_language(accept: str) -> Language | None:
    """Return the language of ours that is liked best; None when none of them is named."""
    best: Language | None = None
    most = 0.0
    for part in accept[:_ACCEPT_LANGUAGE_CHARS].lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            liking = float(weight) if weight else 1.0
        except ValueError:
            continue
        if liking > most and tag[:2] in {"zh", "en"}:
            best, most = "en" if tag.startswith("en") else "zh-CN", liking
    return best
