"""Carriers: whether there is one, and whether a number can be of a parcel of theirs."""

import re

from models.database import Connection
from models.refusal import Refusal, UserErrorCode

# By primary key.
_PATTERN = "select tracking_pattern from carrier where code = $1"


def is_tracking_number(pattern: str, number: str) -> bool:
    """Whether the whole number is of this form."""
    return re.fullmatch(pattern, number) is not None


async def require_tracking(sql: Connection, carrier_code: str, number: str, *under: str | int) -> None:
    """Refuse a carrier that is not there (NOT_FOUND), or a number that can't be theirs (INVALID).

    Paths are `carrierCode` and `trackingNo` below `under`. The carrier is never guessed from the number.
    """
    pattern = await sql.fetchval(_PATTERN, carrier_code)
    if pattern is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该快递公司", "No such carrier", *under, "carrierCode")
    if not is_tracking_number(pattern, number):
        raise Refusal(
            UserErrorCode.INVALID, "运单号格式不正确", "Not a tracking number of this carrier", *under, "trackingNo"
        )
