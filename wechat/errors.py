"""What WeChat says when it does not do what was asked: one class for each thing a caller may do about it.

No message quotes what was sent: queries carry secrets, codes and people.
"""

import re
from typing import Final


class WechatError(Exception):
    """WeChat answered with an `errcode`. `rid` is WeChat's own name of the request, for asking its support."""

    retry_after_seconds: float | None = None
    """When asking again may help; None when it never does."""

    def __init__(self, call: str, errcode: int, rid: str = "") -> None:
        super().__init__(f"{call}: {errcode}" + (f" (rid {rid})" if rid else ""))
        self.call = call
        self.errcode = errcode
        self.rid = rid


class LoginCodeExpired(WechatError):
    """The code of a login is too old, used, or another app's: the page calls `wx.login` again."""


class PhoneCodeExpired(WechatError):
    """The code of the phone button is too old or used: the customer taps again."""


class RiskBlocked(WechatError):
    """WeChat holds the customer for dangerous and lets nobody in."""


class RateLimited(WechatError):
    """Asked too often: 45011 by one user within a minute, 45009 by the app within a day or minute."""

    retry_after_seconds = 60.0


class SystemBusy(WechatError):
    """WeChat is overloaded and did nothing."""

    retry_after_seconds = 1.0


class InvalidApp(WechatError):
    """WeChat does not know the appid, or the code came from another app."""


class InvalidAppSecret(WechatError):
    """The secret is wrong or missing: whoever runs the shop enters it anew."""


class IpNotAllowed(WechatError):
    """This server's address is not on the app's white list."""


class NoPermission(WechatError):
    """The app, or the person's consent, does not cover the call."""


class AccessTokenInvalid(WechatError):
    """An access token ended early. The client asks once more with a new one before anybody sees this."""


class RefreshTokenExpired(WechatError):
    """A website login is over: the person scans again."""


class InvalidOpenid(WechatError):
    """The openid is not one of this app's."""


class SessionOver(WechatError):
    """The session key is no longer the newest: the page calls `wx.login` again."""


class InvalidScene(WechatError):
    """The scene of a code has other characters than WeChat draws, or more than 32."""


class PageNotPublished(WechatError):
    """The mini-program has no such page in the wanted version."""


class InvalidLink(WechatError):
    """Path, query or life of a link is not as WeChat wants it."""


class NotSeenLately(WechatError):
    """The user was not in the mini-program within two hours: a person has to look at the text."""


class MessageNotWanted(WechatError):
    """The customer has not agreed to one more message of this template; asking again never helps."""


class TemplateUnknown(WechatError):
    """The app has no such template."""


class MessageInvalid(WechatError):
    """A value of a message is empty or longer than its kind allows; `keyword` is what it stands under, if known."""

    keyword: str = ""


class MessageCollision(WechatError):
    """Another message to the same customer is just being sent."""

    retry_after_seconds = 1.0


class ActivityOver(WechatError):
    """The id of a dynamic message is over or unknown: its cards stay as they are, and a new id is for new cards."""


class CardStateRefused(WechatError):
    """A card of a dynamic message can't go from its state to the wanted one, or WeChat does not know the state."""


class CardInvalid(WechatError):
    """What was said for a card lacks a part that its state needs, or names no version of a mini-program."""


class ShippingKnown(WechatError):
    """WeChat has all it takes about the shipping of a payment: there is nothing left to upload."""


class PaymentNotSeen(WechatError):
    """Where shippings are kept the payment is not known yet; it is some time after the payment."""

    retry_after_seconds = 60.0


class ShippingNotWanted(WechatError):
    """The payment cannot be shipped any more, for it was refunded, or it is another person's."""


class ShippingInvalid(WechatError):
    """What was said of a shipping is not as WeChat wants it: a kind, a text, a number of a parcel."""


class Unreachable(WechatError):
    """No connection: WeChat never heard the question, so it may be asked again."""

    retry_after_seconds = 1.0

    def __init__(self, call: str) -> None:
        super().__init__(call, 0)


class LostAnswer(WechatError):
    """The question left and no answer came back: nobody knows whether it was done, and a code is burnt."""

    def __init__(self, call: str) -> None:
        super().__init__(call, 0)


class BadAnswer(LostAnswer):
    """Something answered that is not WeChat as documented: a proxy's page, a missing field."""


SYSTEM_BUSY: Final = -1
INVALID_SIGNATURE: Final = 87009

_SHIPPING_INVALID: Final = (
    *range(10060005, 10060010), 10060014, 10060020, *range(10060024, 10060027), 268485216, *range(268485224, 268485229),
)  # fmt: skip

_BY_ERRCODE: Final[dict[int, type[WechatError]]] = {
    **dict.fromkeys(_SHIPPING_INVALID, ShippingInvalid),
    SYSTEM_BUSY: SystemBusy,
    40001: AccessTokenInvalid,
    40003: InvalidOpenid,
    40013: InvalidApp,
    40014: AccessTokenInvalid,
    40029: LoginCodeExpired,
    40030: RefreshTokenExpired,
    40037: TemplateUnknown,
    40125: InvalidAppSecret,
    40129: InvalidScene,
    40163: LoginCodeExpired,
    40164: IpNotAllowed,
    40165: InvalidLink,
    40212: InvalidLink,
    40226: RiskBlocked,
    41002: InvalidApp,
    41004: InvalidAppSecret,
    41030: PageNotPublished,
    42001: AccessTokenInvalid,
    42002: RefreshTokenExpired,
    43101: MessageNotWanted,
    43108: MessageCollision,
    45009: RateLimited,
    45011: RateLimited,
    47003: MessageInvalid,
    47501: ActivityOver,
    47502: CardStateRefused,
    47503: CardInvalid,
    47504: ActivityOver,
    48001: NoPermission,
    50002: NoPermission,
    61010: NotSeenLately,
    85401: InvalidLink,
    89503: IpNotAllowed,
    INVALID_SIGNATURE: SessionOver,
    10060001: PaymentNotSeen,
    10060002: ShippingKnown,
    10060003: ShippingKnown,
    10060004: ShippingNotWanted,
    10060012: SystemBusy,
    10060019: SystemBusy,
    10060023: ShippingKnown,
    10060031: ShippingNotWanted,
}

# The same number means another thing to do.
_BY_CALL: Final[dict[tuple[str, int], type[WechatError]]] = {
    ("getuserphonenumber", 40029): PhoneCodeExpired,
    ("getuserphonenumber", 40163): PhoneCodeExpired,
    # Answered by stable_token alone: there 40001 speaks of the secret, for a token is what it makes.
    ("stable_token", 40001): InvalidAppSecret,
    # The body is no JSON as published: here nearly always a list that is not one.
    ("upload_shipping_info", 47001): ShippingInvalid,
    ("updatablemsg/send", 44002): CardInvalid,
    ("updatablemsg/send", 47001): CardInvalid,
}


_KEYWORD: Final = re.compile(r"data\.([a-z_]{1,20}[0-9]{1,3})\.value")
"""Our own name of a value, in a message that is otherwise kept to itself."""


def error_of(call: str, errcode: int, errmsg: str = "") -> WechatError:
    """Return the error for an answer; a number nobody has met is a plain WechatError."""
    kind = _BY_CALL.get((call, errcode)) or _BY_ERRCODE.get(errcode, WechatError)
    error = kind(call, errcode, _rid(errmsg))
    if isinstance(error, MessageInvalid) and (found := _KEYWORD.search(errmsg)):
        error.keyword = found[1]
    return error


def _rid(errmsg: str) -> str:
    """Take WeChat's name of the request out of its message; the rest may quote what was sent."""
    _, _, rid = errmsg.partition("rid: ")
    return rid.split()[0] if rid.split() else ""
