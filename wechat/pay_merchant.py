"""A merchant of WeChat Pay: who receives the money, and the keys that sign, verify and open what is said about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from wechat.pay_errors import UnknownSerial
from wechat.pay_keys import API_V3_KEY_BYTES, NotAKeyError, certificate, private_key, public_key

PAY_URL: Final = "https://api.mch.weixin.qq.com"
PUBLIC_KEY_ID: Final = "PUB_KEY_ID_"
"""How the name of a public key of WeChat Pay begins; any other name is the serial number of a certificate."""

_MCHID: Final = re.compile(r"[0-9]{1,32}")
_APPID: Final = re.compile(r"wx[0-9a-zA-Z]{16}", re.ASCII)
_SERIAL: Final = re.compile(r"[0-9A-Fa-f]{1,64}")
_PUBLIC_KEY_NAME: Final = re.compile(rf"{PUBLIC_KEY_ID}[0-9A-Za-z]{{1,64}}")


class PayMode(StrEnum):
    """Whether the merchant asks for itself, or a service provider asks for a sub-merchant."""

    DIRECT = "DIRECT"
    PARTNER = "PARTNER"


class Part(StrEnum):
    """What of a merchant may be malformed: a field of PayMerchant."""

    MCHID = "mchid"
    SUB_MCHID = "sub_mchid"
    PROVIDER_APPID = "provider_appid"
    API_V3_KEY = "api_v3_key"
    PRIVATE_KEY_PEM = "private_key_pem"
    SERIAL_NO = "serial_no"
    PLATFORM_KEYS = "platform_keys"
    BASE_URL = "base_url"


class PayMerchantError(ValueError):
    """A merchant's settings cannot work; `which` names the part, and `serial` the platform key."""

    def __init__(self, which: Part, why: str, serial: str | None = None) -> None:
        super().__init__(f"{which}: {why}")
        self.which = which
        self.why = why
        self.serial = serial


@dataclass(frozen=True, slots=True)
class PayMerchant:
    """In PARTNER mode `mchid`, keys and serial are the service provider's, and the money is `sub_mchid`'s.

    `provider_appid` is then the provider's own app, under which WeChat knows it; the shop's mini-program is a sub-app.

    `platform_keys` are WeChat's own, by serial number of the platform certificate or PUB_KEY_ID_..., as PEM of a
    certificate or a public key; while a merchant moves from one kind to the other both are there.
    """

    mode: PayMode
    mchid: str
    sub_mchid: str | None
    provider_appid: str | None
    api_v3_key: bytes = field(repr=False)
    private_key_pem: bytes = field(repr=False)
    serial_no: str
    platform_keys: Mapping[str, bytes] = field(repr=False)
    base_url: str = PAY_URL

    def platform_key(self, serial: str) -> RSAPublicKey:
        """Return WeChat's key of that name. Raises UnknownSerial, NotAKeyError."""
        pem = self.platform_keys.get(serial)
        if pem is None:
            raise UnknownSerial(serial)
        return public_key(pem)

    @property
    def public_key_id(self) -> str | None:
        """The public key that WeChat is to answer with; None while the merchant has certificates only."""
        return next((name for name in self.platform_keys if name.startswith(PUBLIC_KEY_ID)), None)

    def sealing_key(self, now: datetime) -> tuple[str, RSAPublicKey]:
        """Return what to seal for WeChat with, and its name: the public key, else the newest certificate of now.

        Raises UnknownSerial when every certificate is over.
        """
        name = self.public_key_id
        if name is None:
            lives = {serial: found for serial, pem in self.platform_keys.items() if (found := certificate(pem))}
            good = [serial for serial, found in lives.items() if _is_good(found, now)]
            if not good:
                raise UnknownSerial(serial="")
            name = max(good, key=lambda serial: lives[serial].not_valid_before_utc)
        return name, self.platform_key(name)


def _is_good(found: Certificate, now: datetime) -> bool:
    return found.not_valid_before_utc <= now < found.not_valid_after_utc


def check_merchant(merchant: PayMerchant) -> None:
    """Refuse a merchant with whom no call could succeed. Raises PayMerchantError naming the field."""
    if not _MCHID.fullmatch(merchant.mchid):
        raise PayMerchantError(Part.MCHID, "digits only")
    if (merchant.sub_mchid is not None) != (merchant.mode is PayMode.PARTNER):
        raise PayMerchantError(Part.SUB_MCHID, "wanted in partner mode, and there alone")
    if merchant.sub_mchid is not None and not _MCHID.fullmatch(merchant.sub_mchid):
        raise PayMerchantError(Part.SUB_MCHID, "digits only")
    _check_provider(merchant)
    if len(merchant.api_v3_key) != API_V3_KEY_BYTES:
        raise PayMerchantError(Part.API_V3_KEY, f"{API_V3_KEY_BYTES} bytes")
    if not _SERIAL.fullmatch(merchant.serial_no):
        raise PayMerchantError(Part.SERIAL_NO, "the hexadecimal number of the merchant's certificate")
    if urlsplit(merchant.base_url).scheme not in {"https", "http"} or "?" in merchant.base_url:
        raise PayMerchantError(Part.BASE_URL, "an address without a query")
    try:
        own = private_key(merchant.private_key_pem).public_key()
    except NotAKeyError as fault:
        raise PayMerchantError(Part.PRIVATE_KEY_PEM, str(fault)) from None
    if not merchant.platform_keys:
        raise PayMerchantError(Part.PLATFORM_KEYS, "at least one")
    for serial, pem in merchant.platform_keys.items():
        _check_platform_key(serial, pem, own)


def _check_provider(merchant: PayMerchant) -> None:
    if (merchant.provider_appid is not None) != (merchant.mode is PayMode.PARTNER):
        raise PayMerchantError(Part.PROVIDER_APPID, "wanted in partner mode, and there alone")
    if merchant.provider_appid is not None and not _APPID.fullmatch(merchant.provider_appid):
        raise PayMerchantError(Part.PROVIDER_APPID, "wx and 16 letters or digits")


def _check_platform_key(serial: str, pem: bytes, own: RSAPublicKey) -> None:
    is_public_key = _PUBLIC_KEY_NAME.fullmatch(serial) is not None
    if not is_public_key and not _SERIAL.fullmatch(serial):
        raise PayMerchantError(Part.PLATFORM_KEYS, f"named by a serial number or {PUBLIC_KEY_ID}...", serial)
    try:
        key, found = public_key(pem), certificate(pem)
    except NotAKeyError as fault:
        raise PayMerchantError(Part.PLATFORM_KEYS, str(fault), serial) from None
    if key == own:
        # The mistake seen most: both lie in the same download page.
        raise PayMerchantError(Part.PLATFORM_KEYS, "the merchant's own key, where WeChat's is wanted", serial)
    if found and not is_public_key and found.serial_number != int(serial, 16):
        raise PayMerchantError(Part.PLATFORM_KEYS, "the certificate has another serial number", serial)
