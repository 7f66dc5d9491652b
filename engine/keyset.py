"""Keyset cursors: opaque, and worth something only in the shop, field, order and filter they came from.

A cursor is base64url of 12 bytes of MAC and a payload: 32 hex digits of the row's id, then its sort key as
text. The MAC is sha256(key || payload) cut to 12 bytes; cut, it cannot be extended. The key differs for each
shop, field, order and set of filters, so a cursor of another list fails like a forged one (a nested list's is one
field, whatever row it hangs from). It is made inside the statement with core sha256, and checked here.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from engine.errors import RequestFault, bad_input

MAC_BYTES = 12
ID_DIGITS = 32
SIGNATURE_KEPT_BYTES = 256
"""Keys of lists with few filters are kept. Longer ones are made anew, for filters may hold half a megabyte."""
_CURSOR = re.compile(r"[A-Za-z0-9_-]{60,3000}")


@dataclass(frozen=True, slots=True)
class KeyType:
    """A sort key's journey: column -> text in the cursor -> value bound as `cast` and compared."""

    cast: str
    text: Callable[[str], str]
    value: Callable[[str], Any]
    compared: str = "{}"
    """How the bound value is written in the comparison."""


INTEGER = KeyType("bigint", lambda sql: f"({sql})::text", int)
TEXT = KeyType("text", lambda sql: f"({sql})", str, '({}) collate "C"')
TIME = KeyType(
    "bigint",
    lambda sql: f"((extract(epoch from {sql}) * 1000000)::bigint)::text",
    int,
    # Days and the rest of a day apart: PostgreSQL multiplies intervals as doubles, exact to 2**53.
    "(timestamptz 'epoch' + {0} / 86400000000 * interval '1 day' + {0} % 86400000000 * interval '1 microsecond')",
)


def mac_key(secret: bytes, shop_id: UUID, signature: bytes) -> bytes:
    """The key of one list of one shop: `signature` names the field, its order and its filters."""
    made = _kept_mac_key if len(signature) <= SIGNATURE_KEPT_BYTES else _mac_key
    return made(secret, shop_id, signature)


def _mac_key(secret: bytes, shop_id: UUID, signature: bytes) -> bytes:
    return hmac.digest(secret, shop_id.bytes + signature, "sha256")


_kept_mac_key = lru_cache(maxsize=1024)(_mac_key)


def sealed_by_sql(key_bind: str, payload: str) -> str:
    """The SQL expression of a cursor for a payload expression (text)."""
    mac = f"substr(sha256({key_bind} || convert_to({payload}, 'UTF8')), 1, {MAC_BYTES})"
    return f"rtrim(translate(encode({mac} || convert_to({payload}, 'UTF8'), 'base64'), E'+/\\n', '-_'), '=')"


def payload_by_sql(id_sql: str, key_type: KeyType, key_sql: str) -> str:
    """The SQL expression of a cursor's payload for one row."""
    return f"replace(({id_sql})::text, '-', '') || {key_type.text(key_sql)}"


def seal(key: bytes, payload: str) -> str:
    """The cursor for a payload, as SQL would write it."""
    raw = payload.encode()
    mac = hashlib.sha256(key + raw).digest()[:MAC_BYTES]
    return urlsafe_b64encode(mac + raw).rstrip(b"=").decode()


def opened(key: bytes, cursor: str) -> tuple[UUID, str]:
    """The row's id and sort key in a cursor. Refused as BAD_USER_INPUT when anything about it is not ours."""
    # One character over a multiple of four is no base64 of anything.
    if not _CURSOR.fullmatch(cursor) or len(cursor) % 4 == 1:
        raise _not_ours()
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
    is_ours = hmac.compare_digest(mac, hashlib.sha256(key + payload).digest()[:MAC_BYTES])
    is_canonical = urlsafe_b64encode(raw).rstrip(b"=").decode() == cursor
    if not (is_ours and is_canonical):
        raise _not_ours()
    text = payload.decode()
    return UUID(text[:ID_DIGITS]), text[ID_DIGITS:]


def _not_ours() -> RequestFault:
    return bad_input("The cursor does not belong to this list: take it from the same field, order and filters.")
