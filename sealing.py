"""Secrets at rest: AES-256-GCM, so that a copy of the database alone gives no WeChat secret away."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# The first byte says how the rest was made, so that a later scheme can be told from this one.
_SCHEME = b"\x01"
_NONCE_BYTES = 12


class SealBrokenError(ValueError):
    """The sealed bytes were made with another key, were changed, or were never sealed."""


def seal(plain: str, key: bytes) -> bytes:
    """Encrypt a text under a key of 32 bytes. The same text gives other bytes each time."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _SCHEME + nonce + AESGCM(key).encrypt(nonce, plain.encode(), _SCHEME)


def unseal(sealed: bytes, key: bytes) -> str:
    """Return the text that was sealed. Raises SealBrokenError, which never carries the bytes."""
    if sealed[:1] != _SCHEME:
        message = "not sealed by a scheme this version knows"
        raise SealBrokenError(message)
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, _SCHEME).decode()
    except (InvalidTag, ValueError) as broken:
        message = "sealed with another SECRET_KEY, or damaged"
        raise SealBrokenError(message) from broken
