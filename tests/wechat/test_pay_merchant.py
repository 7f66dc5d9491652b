"""A merchant's settings: what could never work is refused when it is entered, by the name of what is wrong."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.wechat import pay_office
from wechat.pay_keys import private_key, public_key
from wechat.pay_merchant import Part, PayMerchantError, PayMode, check_merchant

SERIAL = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1
PKCS8 = serialization.PrivateFormat.PKCS8
OPEN = serialization.NoEncryption()


def private_pem(key: Any, encryption: serialization.KeySerializationEncryption = OPEN) -> bytes:
    """Any private key in PEM."""
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, PKCS8, encryption)
    return pem


SHORT = private_pem(rsa.generate_private_key(65537, 1024))  # noqa: S505 - to be refused
PARTNER = {"mode": PayMode.PARTNER, "sub_mchid": pay_office.SUB_MCHID}


def test_good_merchants_pass() -> None:
    check_merchant(pay_office.merchant())
    check_merchant(pay_office.partner())
    certificate = {f"{SERIAL:X}": pay_office.certificate_pem("old", SERIAL)}
    check_merchant(pay_office.merchant(platform_keys=certificate))
    both = certificate | {pay_office.PUBLIC_KEY_ID: pay_office.public_pem("platform")}
    moving = pay_office.merchant(platform_keys=both)
    check_merchant(moving)
    assert moving.public_key_id == pay_office.PUBLIC_KEY_ID
    assert pay_office.merchant(platform_keys=certificate).public_key_id is None


@pytest.mark.parametrize(
    ("changed", "which", "serial"),
    [
        ({"mchid": "wx1"}, Part.MCHID, None),
        ({"mchid": "１９"}, Part.MCHID, None),
        ({"sub_mchid": pay_office.SUB_MCHID}, Part.SUB_MCHID, None),
        ({"mode": PayMode.PARTNER}, Part.SUB_MCHID, None),
        ({"mode": PayMode.PARTNER, "sub_mchid": ""}, Part.SUB_MCHID, None),
        (PARTNER, Part.PROVIDER_APPID, None),
        ({"provider_appid": pay_office.PROVIDER_APPID}, Part.PROVIDER_APPID, None),
        (PARTNER | {"provider_appid": "wx1"}, Part.PROVIDER_APPID, None),
        ({"api_v3_key": b"short"}, Part.API_V3_KEY, None),
        ({"serial_no": "no number"}, Part.SERIAL_NO, None),
        ({"base_url": "sandbox"}, Part.BASE_URL, None),
        ({"base_url": "https://pay.test?a=b"}, Part.BASE_URL, None),
        ({"private_key_pem": b""}, Part.PRIVATE_KEY_PEM, None),
        (
            {"private_key_pem": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
            Part.PRIVATE_KEY_PEM,
            None,
        ),
        ({"private_key_pem": pay_office.public_pem("merchant")}, Part.PRIVATE_KEY_PEM, None),
        ({"private_key_pem": private_pem(ec.generate_private_key(ec.SECP256R1()))}, Part.PRIVATE_KEY_PEM, None),
        ({"private_key_pem": SHORT}, Part.PRIVATE_KEY_PEM, None),
        (
            {
                "private_key_pem": private_pem(
                    pay_office.key_pair("merchant"), serialization.BestAvailableEncryption(b"secret")
                )
            },
            Part.PRIVATE_KEY_PEM,
            None,
        ),
        ({"platform_keys": {}}, Part.PLATFORM_KEYS, None),
        ({"platform_keys": {"my key": pay_office.public_pem("platform")}}, Part.PLATFORM_KEYS, "my key"),
        ({"platform_keys": {"PUB_KEY_ID_1": b"-----BEGIN CERTIFICATE-----"}}, Part.PLATFORM_KEYS, "PUB_KEY_ID_1"),
        ({"platform_keys": {"PUB_KEY_ID_1": b"\xff"}}, Part.PLATFORM_KEYS, "PUB_KEY_ID_1"),
        ({"platform_keys": {"7F": pay_office.certificate_pem("old", SERIAL)}}, Part.PLATFORM_KEYS, "7F"),
        (
            {"platform_keys": {f"{SERIAL:X}": pay_office.certificate_pem("merchant", SERIAL)}},
            Part.PLATFORM_KEYS,
            f"{SERIAL:X}",
        ),
    ],
)
def test_what_cannot_work_is_named(changed: dict[str, Any], which: Part, serial: str | None) -> None:
    with pytest.raises(PayMerchantError) as refused:
        check_merchant(pay_office.merchant(**changed))
    assert (refused.value.which, refused.value.serial) == (which, serial)
    assert "BEGIN" not in str(refused.value)


def test_secrets_are_not_printed() -> None:
    printed = str(pay_office.merchant())
    assert pay_office.API_V3_KEY not in printed
    assert "BEGIN" not in printed


def test_a_key_is_read_once() -> None:
    assert private_key(pay_office.private_pem("merchant")) is private_key(pay_office.private_pem("merchant"))
    assert public_key(pay_office.public_pem("platform")) is public_key(pay_office.public_pem("platform"))
