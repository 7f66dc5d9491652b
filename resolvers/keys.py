"""The keys of this process, each derived from the root secret for one purpose: opened once, asked for where needed."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from resolvers.tokens import Tokens
from settings import Settings


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs tokens, seals what is secret at rest, and hashes people so that only we can tell them again."""

    tokens: Tokens = field(repr=False)
    sealing: bytes = field(repr=False)
    person: bytes = field(repr=False)
    phone: bytes = field(repr=False)
    payment: bytes = field(repr=False)
    quote: bytes = field(repr=False)
    wish: bytes = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Derive them."""
        return cls(
            Tokens(settings.derive("token")),
            settings.derive("sealing"),
            settings.derive("person"),
            settings.derive("phone"),
            settings.derive("payment"),
            settings.derive("quote"),
            settings.derive("wish"),
        )

    def person_hash(self, appid: str, openid: str, unionid: str | None) -> bytes:
        """Return the hash of a person, the same in every shop: by the unionid where WeChat gives one."""
        named = f"union\n{unionid}" if unionid else f"open\n{appid}\n{openid}"
        return _keyed(self.person, named)

    def phone_hash(self, shop_id: UUID, e164: str) -> bytes:
        """Return the hash of a phone number in a shop; no two shops have the same, to join by."""
        return _keyed(self.phone, f"{shop_id.hex}\n{e164}")

    def wish_hash(self, shop_id: UUID, *said: str) -> bytes:
        """Return the hash of what is secret in a wish, by which it is known again when it comes twice."""
        return _keyed(self.wish, "\n".join((shop_id.hex, *said)))


_opened: list[Keys] = []


@contextmanager
def holding(keys: Keys) -> Iterator[Keys]:
    """Have these keys at hand within the block."""
    _opened.append(keys)
    try:
        yield keys
    finally:
        _opened.remove(keys)


def keys() -> Keys:
    """Return the keys opened last. Raises RuntimeError outside `holding`."""
    if not _opened:
        message = "no keys are at hand"
        raise RuntimeError(message)
    return _opened[-1]


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)
