"""A WeChat Pay that says what a test tells it to, signed or spoilt; and a merchant whom it knows.

What the sandbox would never say is said here: bad signatures, cut answers, states that nobody has met.
"""

import asyncio
import base64
import dataclasses
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import Response

from clock import wall_now
from wechat.pay import Prepay, RefundWish
from wechat.pay_merchant import PayMerchant, PayMode

API_V3_KEY = "0123456789abcdef0123456789ABCDEF"
PUBLIC_KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"
MCHID = "1900007291"
SUB_MCHID = "1900000109"
PROVIDER_APPID = "wx8888888888888888"
SERIAL = "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"
APPID = "wx2421b1c4370ec43b"
AUTHORIZATION = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(\d+)",nonce_str="(\w+)",signature="([^"]+)",timestamp="(\d+)",serial_no="(\w+)"'
)

NO = "T2026112200000001"
WISH = Prepay(
    appid=APPID,
    out_trade_no=NO,
    description="小铺 · 茶叶",
    amount_fen=8800,
    openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    expires_at=datetime(2026, 11, 22, 10, 30, 15, 250000, UTC),
    notify_url="https://shop.test/webhooks/wechat-pay/abc",
)
REFUND = RefundWish("4200001", NO, "R1", "不想要了", 800, 8800, "https://shop.test/webhooks/wechat-pay/abc")
ORDER = {"mchid": MCHID, "appid": APPID, "out_trade_no": NO, "trade_state": "NOTPAY"}
REFUNDED = {
    "out_refund_no": "R1",
    "refund_id": "5030",
    "out_trade_no": NO,
    "transaction_id": "4200001",
    "status": "PROCESSING",
    "amount": {"refund": 800, "total": 8800},
}


@lru_cache
def key_pair(name: str) -> rsa.RSAPrivateKey:
    """A key pair of a test run, by any name."""
    return rsa.generate_private_key(65537, 2048)


def private_pem(name: str) -> bytes:
    """The private key of a pair, as the merchant platform gives it."""
    key = key_pair(name)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(name: str) -> bytes:
    """The public key of a pair."""
    key = key_pair(name).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@lru_cache
def certificate_pem(name: str, serial: int) -> bytes:
    """A certificate of the pair's public key, good today."""
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = wall_now().replace(microsecond=0, hour=0)
    made = x509.CertificateBuilder(whose, whose, key_pair(name).public_key(), serial)
    made = made.not_valid_before(begins).not_valid_after(begins + timedelta(days=365))
    return made.sign(key_pair(name), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def partner(**changed: Any) -> PayMerchant:
    """A service provider that asks for one of its merchants."""
    known = merchant(mode=PayMode.PARTNER, sub_mchid=SUB_MCHID, provider_appid=PROVIDER_APPID)
    return dataclasses.replace(known, **changed)


def merchant(**changed: Any) -> PayMerchant:
    """A merchant in public-key mode."""
    known = PayMerchant(
        mode=PayMode.DIRECT,
        mchid=MCHID,
        sub_mchid=None,
        provider_appid=None,
        api_v3_key=API_V3_KEY.encode(),
        private_key_pem=private_pem("merchant"),
        serial_no=SERIAL,
        platform_keys={PUBLIC_KEY_ID: public_pem("platform")},
        base_url="http://127.0.0.1:1",
    )
    return dataclasses.replace(known, **changed)


def signed(body: bytes, key: str = "platform", serial: str = PUBLIC_KEY_ID, at: int | None = None) -> dict[str, str]:
    """The headers by which WeChat vouches for a body."""
    timestamp, nonce = str(int(time.time()) if at is None else at), secrets.token_hex(16)
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    signature = key_pair(key).sign(message, padding.PKCS1v15(), hashes.SHA256())
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Serial": serial,
    }


def sealed(plain: bytes, associated_data: str = "transaction") -> dict[str, str]:
    """What WeChat seals under the APIv3 key."""
    nonce = secrets.token_hex(6)
    ciphertext = AESGCM(API_V3_KEY.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(ciphertext).decode(),
        "associated_data": associated_data,
        "nonce": nonce,
    }


@dataclasses.dataclass(slots=True)
class Office:
    """An ASGI application: keeps what it was asked, answers what it was told, once each; the last one stays."""

    asked: list[tuple[str, str, bytes, dict[str, str]]] = dataclasses.field(default_factory=list)
    answers: list[tuple[int, bytes, dict[str, str]]] = dataclasses.field(default_factory=list)
    way: str = ""
    """What stands before the published paths here, and is signed by nobody."""
    seconds: float = 0.0
    """How long an answer takes."""

    def will_say(self, status: int, said: Any = None, *, is_signed: bool = True, request_id: str = "") -> None:
        """Prepare the next answer; anything but bytes is said as JSON."""
        body = said if isinstance(said, bytes) else b"" if said is None else orjson.dumps(said)
        self.answers.append((status, body, (signed(body) if is_signed else {}) | {"Request-ID": request_id}))

    def forget(self) -> None:
        """Begin anew."""
        self.asked.clear()
        self.answers.clear()
        self.way, self.seconds = "", 0.0

    @property
    def body(self) -> Any:
        """The last question's body."""
        return orjson.loads(self.asked[-1][2])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, and hold every question to its signature first."""
        if scope["type"] != "http":
            await receive()
            await send({"type": f"{scope['type']}.startup.complete"})
            await receive()
            await send({"type": f"{scope['type']}.shutdown.complete"})
            return
        request = Request(scope, receive)
        body, query = await request.body(), request.url.query
        path = scope["raw_path"].decode() + (f"?{query}" if query else "")
        self.asked.append((request.method, path, body, dict(request.headers)))
        found = AUTHORIZATION.fullmatch(request.headers["authorization"])
        assert found is not None
        _, nonce, signature, timestamp, _ = found.groups()
        message = f"{request.method}\n{path.removeprefix(self.way)}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        key = key_pair("merchant").public_key()
        key.verify(base64.b64decode(signature), message, padding.PKCS1v15(), hashes.SHA256())
        status, content, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(self.seconds)
        await Response(content, status, headers)(scope, receive, send)
