"""Merchants of the sandbox's WeChat Pay: who may take money for which apps, and with which keys both sides sign."""

import hashlib
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from models.database import pool
from wechat.sandbox.pay_keys import USUAL, KeyName, keys

_MCHID_NUMBERS: Final = 9 * 10**8
_KEY_CHARS: Final = 32
_KEY_ALPHABET: Final = string.ascii_letters + string.digits


class KeyMode(StrEnum):
    """With what WeChat Pay signs: its public key (merchants since 2024), a platform certificate, or both in turn.

    MIGRATING: answers by the certificate unless the question names the public key, notifications by the public key.
    """

    PUBLIC_KEY = "PUBLIC_KEY"
    CERTIFICATE = "CERTIFICATE"
    MIGRATING = "MIGRATING"


class Rotation(StrEnum):
    """Where the change to the next key stands: the next is listed too; it signs; it alone is left."""

    NONE = "NONE"
    ANNOUNCED = "ANNOUNCED"
    SWITCHED = "SWITCHED"
    DONE = "DONE"


class RefundStatus(StrEnum):
    """What has become of a refund."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    ABNORMAL = "ABNORMAL"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class SandboxMerchant:
    """All that a shop enters of its merchant account. In partner mode `mchid`, app and keys are the partner's."""

    mchid: str
    sub_mchid: str | None
    provider_appid: str | None
    api_v3_key: bytes = field(repr=False)
    private_key_pem: str = field(repr=False)
    serial_no: str
    """Of the merchant's certificate, which requests are signed under."""
    public_key_id: str
    public_key_pem: str
    platform_serial_no: str
    platform_certificate_pem: str


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant as WeChat Pay keeps it; `appids` are a partner's own, those of its merchants are kept with these."""

    mchid: str
    shop_id: UUID | None
    appids: list[str]
    api_v3_key: str = field(repr=False)
    key_mode: KeyMode = KeyMode.PUBLIC_KEY
    rotation: Rotation = Rotation.NONE
    is_certificate_expired: bool = False
    refunds_become: RefundStatus = RefundStatus.SUCCESS
    is_holding: bool = False

    @property
    def certificate_names(self) -> list[KeyName]:
        """The platform certificates that are listed, the one that signs first."""
        if self.key_mode is KeyMode.PUBLIC_KEY:
            return []
        if self.is_certificate_expired:
            return [KeyName.CERTIFICATE_EXPIRED]
        return self._rotated(KeyName.CERTIFICATE, KeyName.CERTIFICATE_NEXT)

    @property
    def public_key_names(self) -> list[KeyName]:
        """The public keys that are good, the one that signs first."""
        if self.key_mode is KeyMode.CERTIFICATE:
            return []
        return self._rotated(KeyName.PUBLIC_KEY, KeyName.PUBLIC_KEY_NEXT)

    def _rotated(self, now: KeyName, then: KeyName) -> list[KeyName]:
        stages = {Rotation.NONE: [now], Rotation.ANNOUNCED: [now, then], Rotation.SWITCHED: [then, now]}
        return stages.get(self.rotation, [then])


_KINDS: Final[dict[str, type[StrEnum]]] = {"key_mode": KeyMode, "rotation": Rotation, "refunds_become": RefundStatus}
_COLUMNS = ", ".join(each.name for each in fields(Merchant))
_FIND = f"select {_COLUMNS} from wechat_sandbox.pay_merchant where mchid = $1"  # noqa: S608 - fixed words
# Somebody who has the number already keeps key and settings, and may take money for more apps.
_MEET = f"""
insert into wechat_sandbox.pay_merchant (mchid, shop_id, appids, api_v3_key) values ($1, $2, $3, $4)
on conflict (mchid) do update set appids = array(
    select distinct unnest(pay_merchant.appids || excluded.appids) order by 1
)
returning {_COLUMNS}
"""  # noqa: S608 - fixed words
_TAKE_NUMBER = f"""
insert into wechat_sandbox.pay_merchant (mchid, shop_id, appids, api_v3_key) values ($1, $2, $3, $4)
on conflict (mchid) do nothing
returning {_COLUMNS}
"""  # noqa: S608 - fixed words
_SET = f"""
update wechat_sandbox.pay_merchant set
    shop_id = $2, appids = $3, key_mode = $4, rotation = $5, is_certificate_expired = $6, refunds_become = $7,
    is_holding = $8
where mchid = $1
returning {_COLUMNS}
"""  # noqa: S608 - fixed words


async def make_merchant(
    *, mchid: str | None, shop_id: UUID | None, seed: int, appids: Sequence[str]
) -> SandboxMerchant:
    """Open a merchant account for a shop and say what the shop has to enter; never inside a transaction.

    Without `mchid` it gets a number of its own that follows the seed: of two shops with one seed the second gets the
    next, for the numbers of their orders may be the same. An `mchid` that is there keeps its key and may take money
    for these apps too. Times follow the clock of `shop_id`, the wall's when it is None. The APIv3 key is random.
    """
    return await account_of(await meet_merchant(mchid, shop_id, seed, appids))


async def meet_merchant(mchid: str | None, shop_id: UUID | None, seed: int, appids: Sequence[str]) -> Merchant:
    """Return the merchant of this number, or one of a new number."""
    return await (_met(mchid, shop_id, appids) if mchid else _numbered(seed, shop_id, appids))


async def account_of(
    merchant: Merchant, sub_mchid: str | None = None, provider_appid: str | None = None
) -> SandboxMerchant:
    """Return what a shop enters of a merchant account; of a partner's apps the first, unless one is named."""
    found = await keys(USUAL)
    ours, certificate, public = (found[name] for name in USUAL)
    return SandboxMerchant(
        mchid=merchant.mchid,
        sub_mchid=sub_mchid,
        provider_appid=(provider_appid or merchant.appids[0]) if sub_mchid else None,
        api_v3_key=merchant.api_v3_key.encode(),
        private_key_pem=ours.private_key_pem,
        serial_no=ours.serial,
        public_key_id=public.serial,
        public_key_pem=public.public_key_pem,
        platform_serial_no=certificate.serial,
        platform_certificate_pem=certificate.certificate_pem or "",
    )


async def find_merchant(mchid: str) -> Merchant | None:
    """Return a merchant; None for a number that nobody has."""
    row = await pool().fetchrow(_FIND, mchid)
    return _merchant(row) if row else None


async def change_merchant(merchant: Merchant) -> Merchant:
    """Store a merchant's settings; its number and key stay."""
    given = (getattr(merchant, each.name) for each in fields(Merchant) if each.name != "api_v3_key")
    return _merchant(await pool().fetchrow(_SET, *given))


async def _met(mchid: str, shop_id: UUID | None, appids: Sequence[str]) -> Merchant:
    return _merchant(await pool().fetchrow(_MEET, mchid, shop_id, sorted(appids), _new_key()))


async def _numbered(seed: int, shop_id: UUID | None, appids: Sequence[str]) -> Merchant:
    nth = 0
    while True:
        drawn = int.from_bytes(hashlib.sha256(f"mchid:{seed}:{nth}".encode()).digest()[:8])
        mchid = str(10**9 + drawn % _MCHID_NUMBERS)
        row = await pool().fetchrow(_TAKE_NUMBER, mchid, shop_id, sorted(appids), _new_key())
        if row:
            return _merchant(row)
        nth += 1


def _new_key() -> str:
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_KEY_CHARS))


def _merchant(row: Any) -> Merchant:  # noqa: ANN401 - a row, or None where the statement always gives one
    stored: dict[str, Any] = dict(row)
    for name, kind in _KINDS.items():
        stored[name] = kind(stored[name])
    return Merchant(**stored)
