"""One notification on its way: sealed, signed, sent, and for testers forged in every way that has to be refused."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import httpx
import orjson

from clock import wall_now
from models.database import pool
from wechat.sandbox.pay_keys import PUBLIC_KEY_PREFIX
from wechat.sandbox.pay_merchants import find_merchant
from wechat.sandbox.pay_partners import sibling_of
from wechat.sandbox.pay_ring import ring_of
from wechat.sandbox.pay_signing import seal, signed_headers
from wechat.sandbox.pay_time import stamp

ANSWER_SECONDS: Final = 5.0
_ANSWER_CHARS_KEPT: Final = 200
_OLD: Final = timedelta(minutes=10)
_SUMMARIES: Final = {
    "TRANSACTION.SUCCESS": ("transaction", "支付成功"),
    "REFUND.SUCCESS": ("refund", "退款成功"),
    "REFUND.ABNORMAL": ("refund", "退款异常"),
    "REFUND.CLOSED": ("refund", "退款关闭"),
}

# By pay_transaction_paid.
_OTHER_ADDRESS: Final = """
select notify_url from wechat_sandbox.pay_transaction where mchid = $1 and notify_url <> $2 order by id desc limit 1
"""


class Forgery(StrEnum):
    """What is wrong with a notification. The first six are signed rightly: only reading them tells.

    SUB_MCHID names another merchant of the same partner; CHANNEL goes to the address of another shop, word for word.
    """

    AMOUNT = "AMOUNT"
    MCHID = "MCHID"
    APPID = "APPID"
    SUB_MCHID = "SUB_MCHID"
    SUB_APPID = "SUB_APPID"
    CHANNEL = "CHANNEL"
    SIGNATURE = "SIGNATURE"
    SIGNTEST = "SIGNTEST"
    TIMESTAMP = "TIMESTAMP"
    SERIAL = "SERIAL"
    BODY = "BODY"
    KEY = "KEY"


@dataclass(frozen=True, slots=True)
class Letter:
    """A notification as it is stored; `resource` is what will be sealed."""

    number: int
    notification_id: str
    mchid: str
    event_type: str
    url: str
    resource: Mapping[str, Any]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What the shop's server answered; status 0 is silence."""

    number: int
    status: int
    answer: str

    @property
    def is_accepted(self) -> bool:
        """Whether WeChat Pay is content and sends it no more."""
        return self.status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}


async def tell(letter: Letter, forgery: Forgery | None = None) -> Told:
    """Send a notification to the shop's server, once. A forged one has an id of its own."""
    if forgery is not None:
        letter = await _misled(_lying(letter, forgery), forgery)
    body, headers = await _written(letter, forgery)
    try:
        async with httpx.AsyncClient(verify=_tls(), timeout=ANSWER_SECONDS, trust_env=False) as http:
            answer = await http.post(letter.url, content=body, headers=headers)
    except (httpx.TransportError, httpx.InvalidURL) as fault:
        return Told(letter.number, 0, type(fault).__name__)
    return Told(letter.number, answer.status_code, answer.text[:_ANSWER_CHARS_KEPT].replace("\x00", ""))


def _lying(letter: Letter, forgery: Forgery) -> Letter:
    told = dict(letter.resource)
    if forgery is Forgery.AMOUNT:
        told["amount"] = {
            name: value + 1 if isinstance(value, int) else value for name, value in told["amount"].items()
        }
    if forgery is Forgery.MCHID:
        told |= {name: "1999999999" for name in ("mchid", "sp_mchid", "sub_mchid") if name in told}
    if forgery is Forgery.APPID:
        told |= {name: "wx0000000000000000" for name in ("appid", "sp_appid") if name in told}
    if forgery is Forgery.SUB_APPID and "sub_appid" in told:
        told["sub_appid"] = "wx0000000000000000"
    return replace(letter, notification_id=str(uuid4()), resource=told)


async def _misled(letter: Letter, forgery: Forgery) -> Letter:
    told = letter.resource
    if forgery is Forgery.SUB_MCHID and "sub_mchid" in told:
        return replace(letter, resource={**told, "sub_mchid": await sibling_of(letter.mchid, told["sub_mchid"])})
    if forgery is Forgery.CHANNEL:
        return replace(letter, url=await pool().fetchval(_OTHER_ADDRESS, letter.mchid, letter.url) or letter.url)
    return letter


async def _written(letter: Letter, forgery: Forgery | None) -> tuple[bytes, dict[str, str]]:
    merchant = await find_merchant(letter.mchid)
    api_v3_key = merchant.api_v3_key if merchant else "0" * 32
    kind, summary = _SUMMARIES[letter.event_type]
    if forgery is Forgery.KEY:
        api_v3_key = api_v3_key[::-1]
    sealed = seal(orjson.dumps(letter.resource), api_v3_key, kind)
    body = orjson.dumps(
        {
            "id": letter.notification_id,
            "create_time": stamp(letter.made_at),
            "resource_type": "encrypt-resource",
            "event_type": letter.event_type,
            "summary": summary,
            "resource": {"original_type": kind, **sealed},
        }
    )
    wall = wall_now() - (_OLD if forgery is Forgery.TIMESTAMP else timedelta(0))
    headers = signed_headers(body, (await ring_of(merchant)).for_notification, wall)
    if forgery is Forgery.BODY:
        body = body.replace(summary.encode(), f"{summary}！".encode())
    return body, {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"} | _spoilt(headers, forgery)


def _spoilt(headers: dict[str, str], forgery: Forgery | None) -> dict[str, str]:
    signature = headers["Wechatpay-Signature"]
    if forgery is Forgery.SIGNATURE:
        flipped = "B" if signature[0] == "A" else "A"
        return headers | {"Wechatpay-Signature": flipped + signature[1:]}
    if forgery is Forgery.SIGNTEST:
        return headers | {"Wechatpay-Signature": f"WECHATPAY/SIGNTEST/{signature}"}
    if forgery is Forgery.SERIAL:
        is_public_key = headers["Wechatpay-Serial"].startswith(PUBLIC_KEY_PREFIX)
        return headers | {"Wechatpay-Serial": f"{PUBLIC_KEY_PREFIX}{0:032d}" if is_public_key else "7" * 40}
    return headers


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Read the machine's certificates once: that takes longer than a notification."""
    return ssl.create_default_context()
