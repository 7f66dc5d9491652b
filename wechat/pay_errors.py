"""What goes wrong with WeChat Pay: one class for each thing a caller may do about it, and what is not WeChat's word.

No message quotes what was sent or answered: both carry people and secrets. `code` is WeChat's own, or one of ours.
"""

from typing import Final

NO_CONNECTION: Final = "NO_CONNECTION"
NO_ANSWER: Final = "NO_ANSWER"
BAD_SIGNATURE: Final = "BAD_SIGNATURE"
UNKNOWN_SERIAL: Final = "UNKNOWN_SERIAL"
BAD_ANSWER: Final = "BAD_ANSWER"
BAD_HASH: Final = "BAD_HASH"


class PayError(Exception):
    """A call to WeChat Pay did not bring what was asked. `request_id` is WeChat's name of it, for its support."""

    retry_after_seconds: float | None = None
    """When asking again, with the same number, may help; None when it never does."""

    def __init__(self, call: str, code: str, status: int | None = None, request_id: str = "") -> None:
        super().__init__(f"{call}: {code}" + (f" (request {request_id})" if request_id else ""))
        self.call = call
        self.code = code
        self.status = status
        self.request_id = request_id


class PayRefused(PayError):
    """WeChat refused for good, and nothing was done; `code` says why."""


class PayOrderPaid(PayRefused):
    """The order that was to be closed or paid is paid already: query it, and take the way of a payment."""


class PayNotFound(PayRefused):
    """WeChat knows no such order or refund: a question that asked for it never arrived."""


class PayBusy(PayError):
    """Asked too often; nothing was done."""

    retry_after_seconds = 5.0


class PayUnknown(PayError):
    """Nobody knows whether it was done: no answer, a cut one, WeChat's own fault, or one that WeChat did not sign.

    Ask what became of it, or ask for it again under the same number; never under a new one.
    """

    retry_after_seconds = 1.0


class Untrusted(Exception):
    """Something came that claims to be from WeChat, and is not believed."""


class BadSignature(Untrusted):
    """The signature is missing, no signature, a probe, or of other bytes."""

    def __init__(self) -> None:
        super().__init__("the message does not carry WeChat's signature")


class UnknownSerial(Untrusted):
    """Signed under a key that we do not know: the caller may fetch the certificates, once in a while, and try again."""

    def __init__(self, serial: str) -> None:
        super().__init__("the message is signed under a key that is not known")
        self.serial = serial


class Replayed(Untrusted):
    """The message was signed too long ago, or in time to come."""

    def __init__(self) -> None:
        super().__init__("the message was signed too far from now")


class BadResource(Untrusted):
    """The message is WeChat's, but what it seals does not open under the APIv3 key, or is not as published."""

    def __init__(self) -> None:
        super().__init__("the sealed part of the message does not open")


_BUSY: Final = {"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED", "RATELIMIT_EXCEED"}
_PAID: Final = {"ORDER_PAID", "ORDERPAID"}
_NOT_FOUND: Final = {
    "RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST", "ORDER_NOT_EXISTS", "ORDERNOTEXIST", "REFUND_NOT_EXISTS",
}  # fmt: skip
# Said with 4xx by some calls; the way out is the same as after 5xx.
_UNKNOWN: Final = {"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BIZ_ERR_NEED_RETRY", "USERPAYING"}

_TOO_MANY_REQUESTS: Final = 429
_SERVER_FAULT: Final = 500


def pay_error_of(call: str, code: str, status: int, request_id: str = "") -> PayError:
    """Return the error for an answer other than success; a code that nobody has met decides by its status."""
    if status >= _SERVER_FAULT or code in _UNKNOWN:
        kind: type[PayError] = PayUnknown
    elif status == _TOO_MANY_REQUESTS or code in _BUSY:
        kind = PayBusy
    elif code in _PAID:
        kind = PayOrderPaid
    else:
        kind = PayNotFound if code in _NOT_FOUND else PayRefused
    return kind(call, code, status, request_id)
