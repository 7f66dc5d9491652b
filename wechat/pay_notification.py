"""What WeChat Pay tells us by itself: held to its signature first, opened after, and only then believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from wechat.pay_errors import BadResource
from wechat.pay_keys import ALGORITHM, open_sealed
from wechat.pay_merchant import PayMerchant
from wechat.pay_signature import check_signature

TRANSACTION_SUCCESS: Final = "TRANSACTION.SUCCESS"
REFUND_SUCCESS: Final = "REFUND.SUCCESS"
REFUND_ABNORMAL: Final = "REFUND.ABNORMAL"
REFUND_CLOSED: Final = "REFUND.CLOSED"

_RESOURCE_TYPE: Final = "encrypt-resource"


@dataclass(frozen=True, slots=True)
class Notification:
    """The same `id` comes again until it is answered well, also after; `resource` is read by `pay_answers`.

    Genuine is not right: whether merchant, app, order and amount are ours is for the caller to compare.
    """

    id: str
    event_type: str
    create_time: datetime
    resource: dict[str, Any] = field(repr=False)


def open_notification(headers: Mapping[str, str], body: bytes, merchant: PayMerchant, now: datetime) -> Notification:
    """Read the body of a notification as it came over the wire; `now` is the wall's.

    Raises BadSignature, Replayed, UnknownSerial (fetch certificates and try again, rarely), BadResource.
    """
    check_signature(headers, body, merchant, now)
    try:
        told = orjson.loads(body)
        resource = told["resource"]
        if told["resource_type"] != _RESOURCE_TYPE or resource["algorithm"] != ALGORITHM:
            raise BadResource
        plain = open_sealed(
            merchant.api_v3_key,
            resource["nonce"],
            # Left out, or empty, where nothing was added.
            resource.get("associated_data") or "",
            resource["ciphertext"],
        )
        opened = orjson.loads(plain)
        created = datetime.fromisoformat(told["create_time"])
        name, event_type = told["id"], told["event_type"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadResource from None
    is_as_published = isinstance(opened, dict) and isinstance(name, str) and isinstance(event_type, str)
    if not is_as_published or not name or created.tzinfo is None:
        raise BadResource
    return Notification(name, event_type, created, opened)
