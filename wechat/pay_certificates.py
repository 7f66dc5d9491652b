"""WeChat's own certificates: fetched, opened under the APIv3 key, and believed if one of them signed the answer."""

from dataclasses import replace
from typing import Final

from wechat.pay_errors import BAD_ANSWER, PayUnknown, Untrusted
from wechat.pay_keys import ALGORITHM, NotAKeyError, certificate, open_sealed
from wechat.pay_transport import PayTransport, json_in

CERTIFICATES: Final = "certificates"
_PATH: Final = "/v3/certificates"


async def fetch_certificates(transport: PayTransport) -> dict[str, bytes]:
    """Return the certificates by serial number, those that begin or end beside each other included. Raises PayError."""
    response = await transport.send(CERTIFICATES, "GET", _PATH, {})
    merchant = transport.merchant
    found: dict[str, bytes] = {}
    try:
        for one in json_in(CERTIFICATES, response)["data"]:
            sealed, serial = one["encrypt_certificate"], one["serial_no"]
            if sealed["algorithm"] != ALGORITHM:
                raise PayUnknown(CERTIFICATES, BAD_ANSWER)
            parts = sealed["nonce"], sealed.get("associated_data") or "", sealed["ciphertext"]
            pem = open_sealed(merchant.api_v3_key, *parts)
            opened = certificate(pem)
            if opened is None or opened.serial_number != int(serial, 16):
                raise PayUnknown(CERTIFICATES, BAD_ANSWER)
            found[serial] = pem
    except (KeyError, TypeError, AttributeError, ValueError, NotAKeyError, Untrusted):
        raise PayUnknown(CERTIFICATES, BAD_ANSWER) from None
    # The first certificate of a merchant can be checked by nothing older: the APIv3 key vouches for it.
    known = replace(merchant, platform_keys={**found, **merchant.platform_keys})
    PayTransport(transport.http, known).believed(CERTIFICATES, response)
    return found
