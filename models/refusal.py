"""Refusals: a no that is part of business, with a code, words for the customer and the field it is about."""

from collections.abc import Sequence
from enum import StrEnum


class UserErrorCode(StrEnum):
    """Every reason a command may be refused for; documented to clients as the enum UserErrorCode."""

    INVALID = "INVALID"
    BLANK = "BLANK"
    TOO_LONG = "TOO_LONG"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    DUPLICATE = "DUPLICATE"
    CONFLICT = "CONFLICT"
    IN_USE = "IN_USE"
    LIMIT_REACHED = "LIMIT_REACHED"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    NOT_ALLOWED = "NOT_ALLOWED"
    LOGIN_REQUIRED = "LOGIN_REQUIRED"
    BUSY = "BUSY"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    LOGIN_CODE_EXPIRED = "LOGIN_CODE_EXPIRED"
    PHONE_CODE_EXPIRED = "PHONE_CODE_EXPIRED"
    WECHAT_RISK_BLOCKED = "WECHAT_RISK_BLOCKED"
    WECHAT_RATE_LIMITED = "WECHAT_RATE_LIMITED"
    WECHAT_ANSWER_LOST = "WECHAT_ANSWER_LOST"
    WECHAT_APP_REJECTED = "WECHAT_APP_REJECTED"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    SESSION_REVOKED = "SESSION_REVOKED"
    CONTENT_REJECTED = "CONTENT_REJECTED"
    PRICE_CHANGED = "PRICE_CHANGED"
    QUOTE_EXPIRED = "QUOTE_EXPIRED"
    NO_LONGER_SOLD = "NO_LONGER_SOLD"
    NOT_DELIVERABLE = "NOT_DELIVERABLE"
    EXPIRED = "EXPIRED"
    OFFER_CLOSED = "OFFER_CLOSED"
    NEW_CUSTOMERS_ONLY = "NEW_CUSTOMERS_ONLY"
    SHARE_ONLY = "SHARE_ONLY"
    TEAM_FULL = "TEAM_FULL"
    TEAM_ENDED = "TEAM_ENDED"
    ALREADY_JOINED = "ALREADY_JOINED"
    NOT_CONFIGURED = "NOT_CONFIGURED"


class Refusal(Exception):
    """One no. `field` is the path into the input (camelCase names and list indexes as strings); may be empty.

    `zh` is shown to callers in Chinese (the default), `en` to those who ask for English.
    """

    def __init__(self, code: UserErrorCode, zh: str, en: str, *field: str | int) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.zh = zh
        self.en = en
        self.field = [str(part) for part in field]

    def under(self, *prefix: str | int) -> "Refusal":
        """Move its field below `prefix` (a bulk command names the index of the item) and return it."""
        self.field = [*(str(part) for part in prefix), *self.field]
        return self


class StockRefusal(Refusal):
    """Not enough there; `available` is what could be had (pieces)."""

    def __init__(self, zh: str, en: str, *field: str | int, available: int) -> None:
        super().__init__(UserErrorCode.OUT_OF_STOCK, zh, en, *field)
        self.available = available


class ConflictRefusal(Refusal):
    """Somebody else was quicker; `version` is the version that stands now."""

    def __init__(self, *field: str | int, version: int) -> None:
        super().__init__(
            UserErrorCode.CONFLICT,
            "内容已被他人修改，请刷新后重试",
            "Changed by somebody else; reload and try again",
            *field,
        )
        self.version = version


class LimitRefusal(Refusal):
    """A limit is used up: `used` of `limit`."""

    def __init__(self, zh: str, en: str, *field: str | int, limit: int, used: int) -> None:
        super().__init__(UserErrorCode.LIMIT_REACHED, zh, en, *field)
        self.limit = limit
        self.used = used


class RetryRefusal(Refusal):
    """Not now: try the same again after `retry_after_ms` milliseconds."""

    def __init__(self, code: UserErrorCode, zh: str, en: str, *field: str | int, retry_after_ms: int) -> None:
        super().__init__(code, zh, en, *field)
        self.retry_after_ms = retry_after_ms


class Refusals(Exception):
    """Several at once: a bulk command says all that is wrong, and does nothing."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(str(refusal) for refusal in refusals))
        self.refusals = list(refusals)
