"""WeChat Pay's side of its own cryptography: what it signs and seals, and how it holds a request to its signature.

Kept apart from our client's on purpose: two that were made separately and agree are worth more than one.
"""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from wechat.sandbox.pay_keys import Key, private_key, public_key

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
SKEW_SECONDS: Final = 300
_NONCE_CHARS: Final = 12
_PART: Final = re.compile(r'\s*(mchid|nonce_str|signature|timestamp|serial_no)="([^"]*)"\s*')
_PARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a request says of itself in its `Authorization` header."""

    mchid: str
    nonce_str: str
    signature: str
    timestamp: str
    serial_no: str


def read_authorization(header: str) -> Authorization | None:
    """Read the header; None when it is not of WeChat Pay's scheme with its five parts, each once."""
    scheme, _, rest = header.partition(" ")
    parts = [_PART.fullmatch(part) for part in rest.split(",")]
    said = {part[1]: part[2] for part in parts if part}
    if scheme != SCHEME or len(parts) != _PARTS or len(said) != _PARTS:
        return None
    return Authorization(**said)


def is_timely(timestamp: str, wall: datetime) -> bool:
    """Whether a signed moment, in whole seconds, lies within five minutes of the wall's."""
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("9999999999")
    return is_number and abs(wall.timestamp() - int(timestamp)) <= SKEW_SECONDS


def sign(message: bytes, key: Key) -> str:
    """Sign bytes; base64."""
    return base64.b64encode(private_key(key.private_key_pem).sign(message, PKCS1v15(), SHA256())).decode()


def is_signed(message: bytes, signature: str, key: Key) -> bool:
    """Whether bytes carry the signature of a key."""
    try:
        public_key(key.public_key_pem).verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def request_message(method: str, target: bytes, said: Authorization, body: bytes) -> bytes:
    """Return the bytes that a request's signature is over; `target` is the path with its query, as sent."""
    return b"\n".join([method.encode(), target, said.timestamp.encode(), said.nonce_str.encode(), body, b""])


def signed_headers(body: bytes, key: Key, wall: datetime) -> dict[str, str]:
    """Return the headers that an answer or a notification carries."""
    timestamp, nonce = str(int(wall.timestamp())), secrets.token_hex(16)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sign(b"\n".join([timestamp.encode(), nonce.encode(), body, b""]), key),
        "Wechatpay-Signature-Type": SCHEME,
        "Wechatpay-Serial": key.serial,
    }


def seal(plain: bytes, api_v3_key: str, associated_data: str) -> dict[str, str]:
    """Seal what notifications and certificates carry; the nonce is 12 letters, as the real one's."""
    nonce = secrets.token_hex(_NONCE_CHARS // 2)
    sealed = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": associated_data,
        "nonce": nonce,
    }


def unseal(sealed: str, key: Key) -> str | None:
    """Open what a merchant sealed for WeChat Pay alone; None when it was not sealed under this key."""
    padding = OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303 - as WeChat Pay has it
    try:
        return private_key(key.private_key_pem).decrypt(base64.b64decode(sealed, validate=True), padding).decode()
    except (binascii.Error, ValueError):
        return None
