"""Tokens: a signed statement, good for minutes, of who asks in which shop. The database is still asked if it stands.

EdDSA over Ed25519, written in the header by the name RFC 9864 gives it: the older "EdDSA" leaves the curve open.
"""

import secrets
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from clock import wall_now
from ids import decode_id, encode_id
from resolvers.caller import ActorKind

MINUTES: Final = 15
MINUTES_MAX: Final = 24 * 60
"""Only the command line and the sandbox give tokens longer than 15 minutes."""

TOKEN_BYTES_MAX: Final = 8 * 1024
SIGNED_KEPT: Final = 4_096
"""Tokens whose signature was checked and is not checked again; about a kilobyte each."""

STAFF_AUDIENCE: Final = "staff"
_ISSUER: Final = "xiaopu"
_ALGORITHM: Final = "Ed25519"
LEEWAY_SECONDS: Final = 30
_SUBJECTS: Final = {ActorKind.STAFF: "stf", ActorKind.CUSTOMER: "cus"}
_SESSION: Final = "ses"


class TokenFault(StrEnum):
    """Why a token proves nothing, in words for the caller."""

    TOO_LONG = "The token is longer than 8 kB"
    FOREIGN = "The token was not issued here"
    FORGED = "The token's signature is not ours"
    INCOMPLETE = "The token lacks a claim"
    AUDIENCE = "The token is for another audience"
    EXPIRED = "The token has expired"
    EARLY = "The token is not good yet"


class BadTokenError(Exception):
    """The token proves nothing. The message is for the caller and never quotes the token."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token is for: `audience` is the appid, or "staff"; `version` the token_version it was made under.

    `session_id` is the customer's session: the token is worth nothing once that is revoked.
    """

    kind: ActorKind
    shop_id: UUID
    audience: str
    subject_id: UUID
    version: int = 1
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: for whom, and until when (seconds since 1970, wall time)."""

    bearer: Bearer
    expires_at: int


class Tokens:
    """Makes and reads tokens under one key, which is `settings.derive("token")`."""

    def __init__(self, seed: bytes) -> None:
        pem = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        self._key = OKPKey.import_key(pem)
        # The only headers we write, so the only ones we read: no key, certificate or critical extension of others.
        self._header: dict[str, str] = {"typ": "JWT", "alg": _ALGORITHM, "kid": self._key.thumbprint()}
        # A signature that was right stays right, and so does what is signed; times are looked at anew.
        self._signed = lru_cache(maxsize=SIGNED_KEPT)(self._verified)

    def issue(self, bearer: Bearer, minutes: int = MINUTES) -> str:
        """Return a token for a member of staff or a customer. Raises ValueError when `minutes` is out of 1-1440."""
        if not 1 <= minutes <= MINUTES_MAX:
            message = f"a token is good for 1 to {MINUTES_MAX} minutes, not {minutes}"
            raise ValueError(message)
        now = wall_now()
        claims = {
            "iss": _ISSUER,
            "aud": bearer.audience,
            "sub": encode_id(_SUBJECTS[bearer.kind], bearer.subject_id),
            "shop": encode_id("shp", bearer.shop_id),
            "kind": bearer.kind.value,
            "ver": bearer.version,
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=minutes)).timestamp()),
            "jti": secrets.token_urlsafe(12),
        }
        if bearer.session_id:
            claims["sid"] = encode_id(_SESSION, bearer.session_id)
        return jwt.encode(dict(self._header), claims, self._key, algorithms=[_ALGORITHM])

    def read(self, token: str) -> Claims:
        """Return what a token says if it is ours, whole and in its time (30 s of leeway). Raises BadTokenError."""
        if len(token) > TOKEN_BYTES_MAX:
            raise BadTokenError(TokenFault.TOO_LONG)
        claims, not_before = self._signed(token)
        now = wall_now().timestamp()
        if now >= claims.expires_at + LEEWAY_SECONDS:
            raise BadTokenError(TokenFault.EXPIRED)
        if now < not_before - LEEWAY_SECONDS:
            raise BadTokenError(TokenFault.EARLY)
        return claims

    def _verified(self, token: str) -> tuple[Claims, int]:
        if _header_of(token) != self._header:
            raise BadTokenError(TokenFault.FOREIGN)
        try:
            signed = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError):
            raise BadTokenError(TokenFault.FORGED) from None
        return _claims(signed)


def _header_of(token: str) -> object:
    """Return the header, read before anything in it is believed; None when it is none."""
    if not token.isascii() or token.count(".") != 2:  # noqa: PLR2004 - header, claims, signature
        return None
    head = token.partition(".")[0]
    try:
        return orjson.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (NotBase64, ValueError):
        return None


def _claims(claims: dict[str, Any]) -> tuple[Claims, int]:
    """Whom a token is for and until when, and from when on."""
    try:
        kind = ActorKind(claims["kind"])
        subject_id = decode_id(_SUBJECTS[kind], claims["sub"])
        shop_id = decode_id("shp", claims["shop"])
        expires_at, not_before = int(claims["exp"]), int(claims["nbf"])
        audience, version = str(claims["aud"]), int(claims["ver"])
        session_id = decode_id(_SESSION, claims["sid"]) if "sid" in claims else None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadTokenError(TokenFault.INCOMPLETE) from None
    if claims.get("iss") != _ISSUER or subject_id is None or shop_id is None:
        raise BadTokenError(TokenFault.FOREIGN)
    if session_id is None and "sid" in claims:
        raise BadTokenError(TokenFault.FOREIGN)
    if (kind is ActorKind.STAFF) is not (audience == STAFF_AUDIENCE):
        raise BadTokenError(TokenFault.AUDIENCE)
    return Claims(Bearer(kind, shop_id, audience, subject_id, version, session_id), expires_at), not_before
