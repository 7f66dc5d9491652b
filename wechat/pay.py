"""A merchant's side of WeChat Pay: each call that we make, as a function with values in and out.

Never call inside a database transaction. After PayUnknown ask what became of it, under the same number.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from clock import wall_now
from wechat.pay_answers import RefundState, Transaction, refund_in, text_in, transaction_in
from wechat.pay_bill import BillRow, download_trade_bill
from wechat.pay_certificates import fetch_certificates
from wechat.pay_errors import BAD_ANSWER, UNKNOWN_SERIAL, PayUnknown, UnknownSerial
from wechat.pay_keys import private_key, seal_for
from wechat.pay_merchant import PayMerchant, PayMode
from wechat.pay_signature import payment_message, sign
from wechat.pay_transport import PayTransport

DESCRIPTION_CHARS: Final = 127
REASON_CHARS: Final = 80
CURRENCY: Final = "CNY"
CHINA: Final = timezone(timedelta(hours=8))

PREPAY: Final = "prepay"
QUERY: Final = "query"
CLOSE: Final = "close"
REFUND: Final = "refund"
QUERY_REFUND: Final = "query_refund"
ABNORMAL_REFUND: Final = "abnormal_refund"

_REFUNDS: Final = "/v3/refund/domestic/refunds"


@dataclass(frozen=True, slots=True)
class Prepay:
    """A payment to be made. The same `out_trade_no` again must say the same: another amount takes another number."""

    appid: str
    """The mini-program in which it is paid."""
    out_trade_no: str
    description: str
    amount_fen: int
    """1 at least: an order that costs nothing never comes here."""
    openid: str = field(repr=False)
    """Of who pays, in the app `appid`."""
    expires_at: datetime
    notify_url: str
    """A public address without a query."""
    provider_appid: str | None = None
    """The service provider's own app in partner mode, and there alone."""


@dataclass(frozen=True, slots=True)
class RefundWish:
    """A refund. Until it has ended it is asked for again under the same `out_refund_no`: another one refunds twice."""

    transaction_id: str | None
    out_trade_no: str
    out_refund_no: str
    reason: str
    refund_fen: int
    total_fen: int
    notify_url: str


class AbnormalWay(StrEnum):
    """Where the money of an abnormal refund goes instead of to where it came from."""

    USER_BANK_CARD = "USER_BANK_CARD"
    MERCHANT_BANK_CARD = "MERCHANT_BANK_CARD"


@dataclass(frozen=True, slots=True)
class BankCard:
    """A debit card of the payer's. `bank_type` is WeChat's word for the bank, such as ICBC_DEBIT."""

    bank_type: str
    account: str = field(repr=False)
    real_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pay:
    """One merchant's way to WeChat Pay. Every call raises PayError in one of its kinds."""

    http: httpx.AsyncClient = field(repr=False)
    merchant: PayMerchant

    async def prepay(self, wish: Prepay) -> str:
        """Return the prepay_id, good for two hours. Raises PayOrderPaid, PayRefused (ORDER_CLOSED, ...)."""
        body: dict[str, Any] = {
            **self._payee,
            "description": wish.description[:DESCRIPTION_CHARS],
            "out_trade_no": wish.out_trade_no,
            "time_expire": wish.expires_at.astimezone(CHINA).isoformat(timespec="seconds"),
            "notify_url": wish.notify_url,
            "amount": {"total": wish.amount_fen, "currency": CURRENCY},
        }
        if self._is_partner:
            body |= {"sp_appid": wish.provider_appid, "sub_appid": wish.appid, "payer": {"sub_openid": wish.openid}}
        else:
            body |= {"appid": wish.appid, "payer": {"openid": wish.openid}}
        return text_in(await self._transport.post(PREPAY, f"{self._transactions}/jsapi", body), "prepay_id", PREPAY)

    async def query(self, out_trade_no: str) -> Transaction:
        """Ask where a payment stands. Raises PayNotFound when its prepay never arrived."""
        found = transaction_in(await self._transport.get(QUERY, self._order(out_trade_no), self._payee), QUERY)
        if found.out_trade_no != out_trade_no:
            raise PayUnknown(QUERY, BAD_ANSWER)
        return found

    async def close(self, out_trade_no: str) -> None:
        """Let nobody pay any more; closing again is no error. Raises PayOrderPaid: then it is too late."""
        await self._transport.post(CLOSE, f"{self._order(out_trade_no)}/close", self._payee)

    async def refund(self, wish: RefundWish) -> RefundState:
        """Ask for a refund; what comes back is where it stands. Raises PayRefused (NOT_ENOUGH, ...)."""
        known = {"transaction_id": wish.transaction_id} if wish.transaction_id else {"out_trade_no": wish.out_trade_no}
        body = {
            **self._sub_merchant,
            **known,
            "out_refund_no": wish.out_refund_no,
            "reason": wish.reason[:REASON_CHARS],
            "notify_url": wish.notify_url,
            "amount": {"refund": wish.refund_fen, "total": wish.total_fen, "currency": CURRENCY},
        }
        return _of(wish.out_refund_no, refund_in(await self._transport.post(REFUND, _REFUNDS, body), REFUND))

    async def query_refund(self, out_refund_no: str) -> RefundState:
        """Ask where a refund stands. Raises PayNotFound when it never arrived."""
        path = f"{_REFUNDS}/{quote(out_refund_no, safe='')}"
        said = await self._transport.get(QUERY_REFUND, path, self._sub_merchant)
        return _of(out_refund_no, refund_in(said, QUERY_REFUND))

    async def apply_abnormal_refund(self, refund_id: str, out_refund_no: str, card: BankCard | None) -> RefundState:
        """Have an abnormal refund made under its own number by another way: to the payer's card, else to the merchant.

        Raises PayRefused when it is not abnormal any more, or WeChat does not take the card.
        """
        way = AbnormalWay.USER_BANK_CARD if card else AbnormalWay.MERCHANT_BANK_CARD
        body = {**self._sub_merchant, "out_refund_no": out_refund_no, "type": way}
        serial = None
        if card:
            serial, key = self._sealing_key()
            sealed = {"bank_account": seal_for(key, card.account), "real_name": seal_for(key, card.real_name)}
            body |= {"bank_type": card.bank_type, **sealed}
        path = f"{_REFUNDS}/{quote(refund_id, safe='')}/apply-abnormal-refund"
        said = await self._transport.post(ABNORMAL_REFUND, path, body, serial)
        return _of(out_refund_no, refund_in(said, ABNORMAL_REFUND))

    async def certificates(self) -> dict[str, bytes]:
        """Return WeChat's certificates of now, PEM by serial number. Merchants with a public key may have none."""
        return await fetch_certificates(self._transport)

    async def trade_bill(self, day: date) -> list[BillRow]:
        """Return all payments and refunds of a day in China, ready at ten the next morning. Raises PayRefused."""
        return await download_trade_bill(self._transport, day, self._sub_merchant)

    @property
    def _is_partner(self) -> bool:
        return self.merchant.mode is PayMode.PARTNER

    @property
    def _transport(self) -> PayTransport:
        return PayTransport(self.http, self.merchant)

    @property
    def _transactions(self) -> str:
        return "/v3/pay/partner/transactions" if self._is_partner else "/v3/pay/transactions"

    @property
    def _sub_merchant(self) -> dict[str, str]:
        return {"sub_mchid": self.merchant.sub_mchid} if self._is_partner and self.merchant.sub_mchid else {}

    @property
    def _payee(self) -> dict[str, str]:
        if self._is_partner:
            return {"sp_mchid": self.merchant.mchid, **self._sub_merchant}
        return {"mchid": self.merchant.mchid}

    def _sealing_key(self) -> tuple[str, RSAPublicKey]:
        try:
            return self.merchant.sealing_key(wall_now())
        except UnknownSerial:
            # Whoever asks fetches the certificates, and asks again.
            raise PayUnknown(ABNORMAL_REFUND, UNKNOWN_SERIAL) from None

    def _order(self, out_trade_no: str) -> str:
        return f"{self._transactions}/out-trade-no/{quote(out_trade_no, safe='')}"


def request_payment(merchant: PayMerchant, appid: str, prepay_id: str, timestamp: int, nonce: str) -> dict[str, str]:
    """Return the parameters of `wx.requestPayment`, signed for the mini-program `appid`; `timestamp` in seconds."""
    package = f"prepay_id={prepay_id}"
    message = payment_message(appid, str(timestamp), nonce, package)
    return {
        "timeStamp": str(timestamp),
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": sign(private_key(merchant.private_key_pem), message),
    }


def _of(out_refund_no: str, found: RefundState) -> RefundState:
    if found.out_refund_no != out_refund_no:
        raise PayUnknown(REFUND, BAD_ANSWER)
    return found
