"""Signatures of WeChat Pay: ours on what we send and on what a phone opens, WeChat's on what it says.

RSA PKCS#1 v1.5 with SHA-256 over lines that each end in a line feed, the last as well; the body is the bytes as they
travel, never read and written again.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from wechat.pay_errors import BadSignature, Replayed
from wechat.pay_keys import private_key
from wechat.pay_merchant import PayMerchant

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
PROBE: Final = "WECHATPAY/SIGNTEST/"
"""Begins a signature by which WeChat tries whether anybody looks; it has to be refused."""

SKEW_SECONDS: Final = 300
_TIMESTAMP_CHARS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it travels; `path` is without the merchant's base URL, and with the query."""

    method: str
    path: str
    body: bytes = field(default=b"", repr=False)


def request_message(asked: Question, timestamp: str, nonce: str) -> bytes:
    """Return what is signed of a question; without a body its line stays, empty."""
    return f"{asked.method}\n{asked.path}\n{timestamp}\n{nonce}\n".encode() + asked.body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what WeChat signs of an answer or a notification."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def payment_message(appid: str, timestamp: str, nonce: str, package: str) -> bytes:
    """Return what is signed of `wx.requestPayment`; `package` is `prepay_id=...` with the prefix."""
    return f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode()


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """Sign, in base64."""
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def is_signed(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether a signature in base64 is of these bytes and under that key."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def authorization(merchant: PayMerchant, asked: Question, timestamp: str, nonce: str) -> str:
    """Return the header that says who asks, with the signature of exactly these bytes. Raises NotAKeyError."""
    signature = sign(private_key(merchant.private_key_pem), request_message(asked, timestamp, nonce))
    return (
        f'{SCHEME} mchid="{merchant.mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{merchant.serial_no}"'
    )


def check_signature(headers: Mapping[str, str], body: bytes, merchant: PayMerchant, now: datetime) -> None:
    """Hold an answer or a notification to WeChat's signature; names of headers may have any case.

    Raises BadSignature, Replayed (signed more than SKEW_SECONDS from `now`), UnknownSerial.
    """
    said = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = said.get("wechatpay-signature", ""), said.get("wechatpay-timestamp", "")
    if said.get("wechatpay-signature-type", SCHEME) != SCHEME or signature.startswith(PROBE):
        raise BadSignature
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_CHARS_MAX):
        raise BadSignature
    if abs(now.timestamp() - int(timestamp)) > SKEW_SECONDS:
        raise Replayed
    key = merchant.platform_key(said.get("wechatpay-serial", ""))
    message = answer_message(timestamp, said.get("wechatpay-nonce", ""), body)
    if not is_signed(key, message, signature):
        raise BadSignature
