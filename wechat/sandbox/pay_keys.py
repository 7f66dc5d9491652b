"""The RSA keys of the sandbox's WeChat Pay: made once for a database, on first need, and the same for all merchants.

A merchant's own secret is the APIv3 key. Making an RSA key takes a tenth of a second, and tests open many shops.
"""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from clock import wall_now
from models.database import Connection, pool

KEY_BITS: Final = 2048
CERTIFICATE_YEARS: Final = 5
PUBLIC_KEY_PREFIX: Final = "PUB_KEY_ID_"
_EXPONENT: Final = 65537
_DAY: Final = timedelta(days=1)
_YEAR: Final = timedelta(days=365)
_SERIAL_BYTES: Final = 20


class KeyName(StrEnum):
    """What a key is for. The NEXT ones are what rotation changes to."""

    MERCHANT = "MERCHANT"
    CERTIFICATE = "CERTIFICATE"
    PUBLIC_KEY = "PUBLIC_KEY"
    CERTIFICATE_NEXT = "CERTIFICATE_NEXT"
    PUBLIC_KEY_NEXT = "PUBLIC_KEY_NEXT"
    CERTIFICATE_EXPIRED = "CERTIFICATE_EXPIRED"


USUAL: Final = (KeyName.MERCHANT, KeyName.CERTIFICATE, KeyName.PUBLIC_KEY)
_WITHOUT_CERTIFICATE: Final = (KeyName.PUBLIC_KEY, KeyName.PUBLIC_KEY_NEXT)


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair under its serial number, which is `PUB_KEY_ID_...` where it has no certificate."""

    name: KeyName
    serial: str
    private_key_pem: str
    public_key_pem: str
    certificate_pem: str | None
    effective_at: datetime
    expires_at: datetime


_COLUMNS = ", ".join(field.name for field in fields(Key))
# Six rows at most.
_FIND = f"select {_COLUMNS} from wechat_sandbox.pay_key where name = any($1::text[])"  # noqa: S608 - fixed words
_SAVE = f"insert into wechat_sandbox.pay_key ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)"  # noqa: S608
# Of processes that start at once one makes the keys. Released with the transaction.
_LOCK = "select pg_advisory_xact_lock(hashtextextended('wechat_sandbox.pay_key', 0))"


async def keys(names: Iterable[KeyName]) -> dict[KeyName, Key]:
    """Return keys by name, making those that the database does not have yet."""
    wanted = list(names)
    found = await _found(pool(), wanted)
    if len(found) == len(set(wanted)):
        return found
    async with pool().acquire() as sql, sql.transaction():
        await sql.execute(_LOCK)
        found = await _found(sql, wanted)
        for name in wanted:
            if name not in found:
                # In a thread: the loop has others to serve meanwhile.
                found[name] = await asyncio.to_thread(_made, name, wall_now())
                await sql.execute(_SAVE, *(getattr(found[name], field.name) for field in fields(Key)))
    return found


async def _found(sql: Connection, names: list[KeyName]) -> dict[KeyName, Key]:
    rows = await sql.fetch(_FIND, names)
    return {KeyName(row["name"]): Key(**{**dict(row), "name": KeyName(row["name"])}) for row in rows}


@lru_cache(maxsize=32)
def private_key(pem: str) -> rsa.RSAPrivateKey:
    """Read a private key, once per process: checking one takes longer than signing with it."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        message = "the sandbox's keys are RSA"
        raise TypeError(message)
    return key


@lru_cache(maxsize=32)
def public_key(pem: str) -> rsa.RSAPublicKey:
    """Read a public key, once per process."""
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        message = "the sandbox's keys are RSA"
        raise TypeError(message)
    return key


def _made(name: KeyName, now: datetime) -> Key:
    key = rsa.generate_private_key(_EXPONENT, KEY_BITS)
    private_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public_pem = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    # A certificate's end must lie behind us to be over; its seconds are whole.
    ends = now.replace(microsecond=0) + (
        -_YEAR / 365 if name is KeyName.CERTIFICATE_EXPIRED else CERTIFICATE_YEARS * _YEAR
    )
    begins = ends - CERTIFICATE_YEARS * _YEAR
    if name in _WITHOUT_CERTIFICATE:
        serial = f"{PUBLIC_KEY_PREFIX}{secrets.randbelow(10**30):032d}"
        return Key(name, serial, private_pem, public_pem, None, begins, ends)
    # The first bit stays zero, as in the real ones: a serial number is positive.
    number = secrets.randbits(_SERIAL_BYTES * 8 - 2) | 1 << (_SERIAL_BYTES * 8 - 2)
    certificate = _certificate(name, key, number, (begins, ends))
    return Key(name, f"{number:X}", private_pem, public_pem, certificate, begins, ends)


def _certificate(name: KeyName, key: rsa.RSAPrivateKey, number: int, lives: tuple[datetime, datetime]) -> str:
    whose = "xiaopu-sandbox-merchant" if name is KeyName.MERCHANT else "Tenpay.com sign"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, whose)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Xiaopu Sandbox Root CA")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(lives[0])
        .not_valid_after(lives[1])
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
