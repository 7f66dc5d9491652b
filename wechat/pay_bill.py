"""The bill of a day: every payment and refund as WeChat booked it, for holding our own books against."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from wechat.pay_answers import text_in
from wechat.pay_errors import BAD_ANSWER, BAD_HASH, PayRefused, PayUnknown
from wechat.pay_transport import PayTransport

TRADE_BILL: Final = "tradebill"
NO_BILL: Final = "NO_STATEMENT_EXIST"
"""What WeChat says of a day on which nothing was sold."""

FEN_PER_YUAN: Final = 100
_PATH: Final = "/v3/bill/tradebill"
_FOOT: Final = "总交易单数,"
# Some columns have five digits after the point; money has two, and the rest has to be nothing.
_YUAN: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,2})0*)?")


@dataclass(frozen=True, slots=True)
class BillRow:
    """A payment, or with `refund_id` a refund of it. Amounts in fen."""

    booked_at: str
    """In China, as written: 2026-11-22 10:00:00."""
    transaction_id: str
    out_trade_no: str
    trade_state: str
    """SUCCESS, or REFUND or REVOKED for money that went back."""
    appid: str
    mchid: str
    sub_mchid: str | None
    openid: str = field(repr=False)
    order_fen: int
    """What the order cost; 0 in a refund's row."""
    refund_id: str | None
    out_refund_no: str | None
    refund_fen: int
    """What was asked to go back; 0 in a payment's row."""
    refund_status: str | None


async def download_trade_bill(transport: PayTransport, day: date, whose: dict[str, str]) -> list[BillRow]:
    """Return the rows of a day, none when nothing was sold. Raises PayRefused before WeChat has made it, PayUnknown."""
    try:
        said = await transport.get(TRADE_BILL, _PATH, {"bill_date": day.isoformat(), "bill_type": "ALL", **whose})
    except PayRefused as refused:
        if refused.code == NO_BILL:
            return []
        raise
    # The file itself is not signed; its hash stands in an answer that is.
    file = (await transport.send(TRADE_BILL, "GET", text_in(said, "download_url", TRADE_BILL), {})).content
    told = text_in(said, "hash_value", TRADE_BILL).lower()
    ours = hashlib.sha1(file, usedforsecurity=False).hexdigest()
    if text_in(said, "hash_type", TRADE_BILL) != "SHA1" or not hmac.compare_digest(told.encode(), ours.encode()):
        raise PayUnknown(TRADE_BILL, BAD_HASH)
    return rows_of(file)


def rows_of(file: bytes) -> list[BillRow]:
    """Read a bill: a head, a row for each booking, a head of sums, and the sums. Raises PayUnknown."""
    try:
        lines = [line.removesuffix("\r") for line in file.decode("utf-8-sig").rstrip().split("\n")]
        head, booked, foot = lines[0].split(","), lines[1:-2], lines[-2]
        # Without its sums a bill was cut.
        if not foot.startswith(_FOOT):
            raise PayUnknown(TRADE_BILL, BAD_ANSWER)
        rows = [_row(dict(zip(head, _cells(line), strict=True))) for line in booked]
    except (UnicodeDecodeError, IndexError, KeyError, ValueError):
        raise PayUnknown(TRADE_BILL, BAD_ANSWER) from None
    return rows


def fen_of(yuan: str) -> int:
    """Turn yuan as a bill writes them into fen, without a float on the way. Raises ValueError."""
    found = _YUAN.fullmatch(yuan)
    if found is None:
        message = "not an amount in yuan"
        raise ValueError(message)
    sign, whole, part = found.groups()
    fen = int(whole) * FEN_PER_YUAN + int((part or "").ljust(2, "0"))
    return -fen if sign else fen


def _cells(line: str) -> list[str]:
    # Every value has a back-tick in front, so that spreadsheets leave it alone; a comma alone may be part of one.
    return line.removeprefix("`").split(",`")


def _row(row: dict[str, str]) -> BillRow:
    return BillRow(
        booked_at=row["交易时间"],
        transaction_id=row["微信订单号"],
        out_trade_no=row["商户订单号"],
        trade_state=row["交易状态"],
        appid=row["公众账号ID"],
        mchid=row["商户号"],
        sub_mchid=_named(row["特约商户号"]),
        openid=row["用户标识"],
        order_fen=fen_of(row["订单金额"]),
        refund_id=_named(row["微信退款单号"]),
        out_refund_no=_named(row["商户退款单号"]),
        refund_fen=fen_of(row["申请退款金额"]),
        refund_status=_named(row["退款状态"]),
    )


def _named(text: str) -> str | None:
    # Nothing is written as nothing, or as a zero.
    return text if text.strip("0") else None
