"""Pay tokens: with one a friend may pay an order, until it has to be paid, and see what for."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from models.refusal import Refusal, UserErrorCode
from resolvers.keys import keys

_ID_BYTES: Final = 16
_MOMENT_BYTES: Final = 5
_MAC_BYTES: Final = 16
_TOKEN_CHARS: Final = 50


def pay_token(shop_id: UUID, order_id: UUID, expires_at: datetime) -> str:
    """Return the token of an order that may be paid until `expires_at`, on the shop's clock."""
    said = order_id.bytes + int(expires_at.timestamp()).to_bytes(_MOMENT_BYTES)
    return _text(said + _mac(shop_id, said))


def order_of_token(shop_id: UUID, token: str, now: datetime) -> UUID:
    """Return whose token it is. Raises Refusal NOT_FOUND for what we did not sign, EXPIRED when it is too late."""
    said = _bytes(token)
    known, mac = said[: _ID_BYTES + _MOMENT_BYTES], said[_ID_BYTES + _MOMENT_BYTES :]
    if not hmac.compare_digest(mac, _mac(shop_id, known)):
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该订单", "No such pay token", *("payToken",))
    ends_at = datetime.fromtimestamp(int.from_bytes(known[_ID_BYTES:]), UTC)
    if ends_at <= now:
        raise Refusal(UserErrorCode.EXPIRED, "已超过付款时间", "The time to pay is over", *("payToken",))
    return UUID(bytes=known[:_ID_BYTES])


def _bytes(token: str) -> bytes:
    if len(token) != _TOKEN_CHARS or not token.isascii():
        return b""
    try:
        said = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (NotBase64, ValueError):
        return b""
    # The last letter has bits to spare: one token is one text.
    return said if _text(said) == token else b""


def _text(said: bytes) -> str:
    return urlsafe_b64encode(said).rstrip(b"=").decode()


def _mac(shop_id: UUID, said: bytes) -> bytes:
    return hmac.digest(keys().payment, b"pay token\n" + shop_id.bytes + said, sha256)[:_MAC_BYTES]
