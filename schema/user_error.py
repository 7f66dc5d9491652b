"""User errors: every no that is part of business, as clients read it."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why a mutation was refused.")
class UserErrorCode(Enum):
    """The same names as models.refusal.UserErrorCode; a test holds them equal."""

    INVALID = strawberry.enum_value("INVALID", description="The value has not the form it must have.")
    BLANK = strawberry.enum_value("BLANK", description="Something that must be said was left out or empty.")
    TOO_LONG = strawberry.enum_value("TOO_LONG", description="Too many characters, or too many items in a list.")
    OUT_OF_RANGE = strawberry.enum_value("OUT_OF_RANGE", description="A number or moment outside its bounds.")
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="An id names nothing of this shop.")
    TAKEN = strawberry.enum_value("TAKEN", description="Something else has this handle, name, external id or time.")
    DUPLICATE = strawberry.enum_value("DUPLICATE", description="The same thing comes twice in one list.")
    CONFLICT = strawberry.enum_value(
        "CONFLICT", description="Somebody else changed it since you read it; a ConflictUserError has the version."
    )
    IN_USE = strawberry.enum_value("IN_USE", description="It cannot go while something else needs it.")
    LIMIT_REACHED = strawberry.enum_value(
        "LIMIT_REACHED", description="A limit is used up; a LimitUserError says which."
    )
    OUT_OF_STOCK = strawberry.enum_value(
        "OUT_OF_STOCK", description="Not enough is there; a StockUserError says how much is."
    )
    NOT_ALLOWED = strawberry.enum_value("NOT_ALLOWED", description="Not possible in the state that things are in.")
    LOGIN_REQUIRED = strawberry.enum_value(
        "LOGIN_REQUIRED", description="Visitors may not do this: log in, then send it again."
    )
    BUSY = strawberry.enum_value(
        "BUSY", description="The catalogue is being written by somebody else; a RetryUserError says when to try again."
    )
    IDEMPOTENCY_KEY_REUSED = strawberry.enum_value(
        "IDEMPOTENCY_KEY_REUSED", description="This idempotency key came before with other input: a bug of the client."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS",
        description="The same wish is still being carried out; a RetryUserError says when to ask again.",
    )
    LOGIN_CODE_EXPIRED = strawberry.enum_value(
        "LOGIN_CODE_EXPIRED", description="The code is too old, used, or another app's: call `wx.login` again."
    )
    PHONE_CODE_EXPIRED = strawberry.enum_value(
        "PHONE_CODE_EXPIRED", description="The code is too old or used: let the customer tap the phone button again."
    )
    WECHAT_RISK_BLOCKED = strawberry.enum_value(
        "WECHAT_RISK_BLOCKED", description="WeChat holds the person for dangerous; trying again does not help."
    )
    WECHAT_RATE_LIMITED = strawberry.enum_value(
        "WECHAT_RATE_LIMITED", description="WeChat was asked too often; a RetryUserError says when to try again."
    )
    WECHAT_ANSWER_LOST = strawberry.enum_value(
        "WECHAT_ANSWER_LOST", description="WeChat's answer got lost and the code may be used up: take a new code."
    )
    WECHAT_APP_REJECTED = strawberry.enum_value(
        "WECHAT_APP_REJECTED", description="WeChat does not accept the shop's app: whoever runs the shop can mend it."
    )
    SESSION_EXPIRED = strawberry.enum_value(
        "SESSION_EXPIRED", description="The refresh token is unknown, too old, another app's or revoked: log in again."
    )
    SESSION_REVOKED = strawberry.enum_value(
        "SESSION_REVOKED",
        description="The refresh token had been used more than a minute ago, so the session was ended: log in again.",
    )
    CONTENT_REJECTED = strawberry.enum_value(
        "CONTENT_REJECTED", description="WeChat takes exception to a text that others would read."
    )
    PRICE_CHANGED = strawberry.enum_value(
        "PRICE_CHANGED", description="The total is no longer what the customer saw: show the new quote and ask again."
    )
    QUOTE_EXPIRED = strawberry.enum_value(
        "QUOTE_EXPIRED", description="The quote is too old or not of this customer: ask for a new one."
    )
    NO_LONGER_SOLD = strawberry.enum_value("NO_LONGER_SOLD", description="It is not on sale any more.")
    NOT_DELIVERABLE = strawberry.enum_value("NOT_DELIVERABLE", description="It is not sent to that region.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="Too late: the time there was for it is over.")
    OFFER_CLOSED = strawberry.enum_value(
        "OFFER_CLOSED", description="The offer is not open: not published, not begun yet, or over."
    )
    NEW_CUSTOMERS_ONLY = strawberry.enum_value(
        "NEW_CUSTOMERS_ONLY", description="The offer is for people who have not bought in this shop before."
    )
    SHARE_ONLY = strawberry.enum_value(
        "SHARE_ONLY", description="This team is joined through a link that one of its members shared."
    )
    TEAM_FULL = strawberry.enum_value("TEAM_FULL", description="The team has no seat left.")
    TEAM_ENDED = strawberry.enum_value(
        "TEAM_ENDED", description="The team is no longer forming: start or join another."
    )
    ALREADY_JOINED = strawberry.enum_value("ALREADY_JOINED", description="This person has a place in the team already.")
    NOT_CONFIGURED = strawberry.enum_value(
        "NOT_CONFIGURED", description="The shop has not set up what this needs, such as a merchant account."
    )


@strawberry.interface(
    description="One reason why nothing was done. Show `message` beside the input that `field` names."
)
class UserError:
    """Whatever else a kind of error knows is on its own type."""

    code: UserErrorCode = strawberry.field(description="The reason, for programs.")
    field: list[str] = strawberry.field(
        description="The path into the arguments, with list indexes: `[products, 3, variants, 0, price]`; may be empty."
    )
    message: str = strawberry.field(
        description="The reason in words, in the language of Accept-Language (Chinese first)."
    )


@strawberry.type(description="A reason that needs no more than its words.")
class PlainUserError(UserError):
    """Most are of this kind."""


@strawberry.type(description="Not enough in stock.")
class StockUserError(UserError):
    """OUT_OF_STOCK."""

    available: int = strawberry.field(description="Pieces that could be had.")


@strawberry.type(description="Somebody else was quicker.")
class ConflictUserError(UserError):
    """CONFLICT."""

    version: int = strawberry.field(description="The version that stands now: read again, then send this one.")


@strawberry.type(description="A limit is used up.")
class LimitUserError(UserError):
    """LIMIT_REACHED."""

    limit: int = strawberry.field(description="How much is allowed.")
    used: int = strawberry.field(description="How much it is, or would be.")


@strawberry.type(description="Not now: ask for the same again a little later.")
class RetryUserError(UserError):
    """BUSY and IDEMPOTENCY_IN_PROGRESS."""

    retry_after_ms: int = strawberry.field(description="Milliseconds to wait first.")


USER_ERRORS = (PlainUserError, StockUserError, ConflictUserError, LimitUserError, RetryUserError)
"""Every kind, for the schema: an interface alone does not lead to them."""
