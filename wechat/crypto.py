"""WeChat's own cryptography: data that a phone brings from WeChat, signatures, and messages that WeChat pushes to us.

Whatever is wrong with encrypted data, the error is the same: whoever sends it learns nothing from trying.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

AES_BLOCK_BYTES: Final = 16
SESSION_KEY_BYTES: Final = 16
ENCODING_AES_KEY_CHARS: Final = 43
WATERMARK_SECONDS: Final = 600
"""How far the moment of encrypted data may lie from now; WeChat seals it when the page asks."""

_BLOCK_BITS: Final = 128
# Of pushed messages, and unlike anywhere else.
_PUSH_BLOCK_BITS: Final = 256
_PREFIX_BYTES: Final = 16
_LENGTH_BYTES: Final = 4


class SessionDataError(ValueError):
    """Encrypted data is not what WeChat sealed for this app and this session, or not now."""

    def __init__(self) -> None:
        super().__init__("the data was not sealed for this app and session")


class PushError(ValueError):
    """A pushed message is not WeChat's, or not for this app."""

    def __init__(self) -> None:
        super().__init__("the message was not signed or sealed for this app")


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """Sign the exact text of `rawData` as `wx.getUserProfile` does: SHA-1 in hex, after it the session key."""
    return hashlib.sha1(_bytes(raw_data + session_key), usedforsecurity=False).hexdigest()


def is_raw_data_genuine(raw_data: str, signature: str, session_key: str) -> bool:
    """Whether `rawData` and `signature` from a phone belong together under the session key."""
    return _is_same(raw_data_signature(raw_data, session_key), signature)


def session_signature(session_key: str, message: str = "") -> str:
    """Sign for calls that prove a session: HMAC-SHA256 in hex; the key is the base64 text itself, not its bytes."""
    return hmac.new(_bytes(session_key), _bytes(message), hashlib.sha256).hexdigest()


def decrypt_session_data(encrypted: str, iv: str, *, session_key: str, appid: str, now: datetime) -> dict[str, Any]:
    """Open `encryptedData` of a phone: profile, group or phone number as WeChat wrote it, with its watermark.

    Raises SessionDataError: wrong key or initial vector, changed bytes, the watermark of another app, or one more
    than WATERMARK_SECONDS away from `now`.
    """
    try:
        key, vector, sealed = (_from_base64(text) for text in (session_key, iv, encrypted))
        if len(key) != SESSION_KEY_BYTES:
            raise SessionDataError
        data = orjson.loads(_unpad(_aes(key, vector).decryptor(), sealed, _BLOCK_BITS))
    except ValueError:
        raise SessionDataError from None
    watermark = data.get("watermark") if isinstance(data, dict) else None
    if not isinstance(watermark, dict) or watermark.get("appid") != appid:
        raise SessionDataError
    sealed_at = watermark.get("timestamp")
    if not isinstance(sealed_at, int) or abs(now.timestamp() - sealed_at) > WATERMARK_SECONDS:
        raise SessionDataError
    found: dict[str, Any] = data
    return found


def encrypt_session_data(data: dict[str, Any], session_key: str) -> tuple[str, str]:
    """Seal data as WeChat does for a phone; returns `encryptedData` and `iv`, both base64."""
    vector = secrets.token_bytes(AES_BLOCK_BYTES)
    sealed = _pad(_aes(_from_base64(session_key), vector).encryptor(), orjson.dumps(data), _BLOCK_BITS)
    return base64.b64encode(sealed).decode(), base64.b64encode(vector).decode()


def push_signature(token: str, timestamp: str, nonce: str, encrypted: str | None = None) -> str:
    """Sign a pushed message or the check of our URL (SHA-1 in hex); in safe mode the sealed text is signed too."""
    parts = [token, timestamp, nonce] if encrypted is None else [token, timestamp, nonce, encrypted]
    return hashlib.sha1(_bytes("".join(sorted(parts))), usedforsecurity=False).hexdigest()


def check_push(signature: str, *, token: str, timestamp: str, nonce: str, encrypted: str | None = None) -> None:
    """Hold a push to its signature: `signature` in plain mode, `msg_signature` with `encrypted` in safe mode.

    Raises PushError. Without a token of our own nothing is genuine.
    """
    if not token or not _is_same(push_signature(token, timestamp, nonce, encrypted), signature):
        raise PushError


def decrypt_push(encrypted: str, *, encoding_aes_key: str, appid: str) -> bytes:
    """Open the `Encrypt` of a message pushed in safe mode. Raises PushError, also for the message of another app."""
    try:
        key = _push_key(encoding_aes_key)
        plain = _unpad(_aes(key, key[:AES_BLOCK_BYTES]).decryptor(), _from_base64(encrypted), _PUSH_BLOCK_BITS)
    except ValueError:
        raise PushError from None
    begins = _PREFIX_BYTES + _LENGTH_BYTES
    ends = begins + int.from_bytes(plain[_PREFIX_BYTES:begins], "big")
    if len(plain) < begins or ends > len(plain) or not hmac.compare_digest(plain[ends:], _bytes(appid)):
        raise PushError
    return plain[begins:ends]


def encrypt_push(message: bytes, *, encoding_aes_key: str, appid: str, prefix: bytes | None = None) -> str:
    """Seal a message as WeChat does in safe mode; `prefix` is 16 random bytes unless a test names them."""
    key = _push_key(encoding_aes_key)
    head = (prefix or secrets.token_bytes(_PREFIX_BYTES)) + len(message).to_bytes(_LENGTH_BYTES, "big")
    cipher = _aes(key, key[:AES_BLOCK_BYTES]).encryptor()
    return base64.b64encode(_pad(cipher, head + message + _bytes(appid), _PUSH_BLOCK_BITS)).decode()


def _push_key(encoding_aes_key: str) -> bytes:
    if len(encoding_aes_key) != ENCODING_AES_KEY_CHARS:
        raise PushError
    return _from_base64(encoding_aes_key + "=")


def _aes(key: bytes, vector: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(vector))


def _pad(encryptor: Any, plain: bytes, block_bits: int) -> bytes:  # noqa: ANN401 - the library's contexts share no type
    padder = PKCS7(block_bits).padder()
    sealed: bytes = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return sealed


def _unpad(decryptor: Any, sealed: bytes, block_bits: int) -> bytes:  # noqa: ANN401 - as above
    unpadder = PKCS7(block_bits).unpadder()
    return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, UnicodeError) as broken:
        raise ValueError from broken


def _is_same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(_bytes(ours), _bytes(theirs))


def _bytes(text: str) -> bytes:
    # Half a surrogate pair can come from a phone; it matches nothing and must break nothing.
    return text.encode("utf-8", "surrogatepass")
