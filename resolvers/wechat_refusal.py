"""What customers are told when WeChat says no: one code for each thing that a page can do about it."""

from typing import Final

from models.refusal import Refusal, RetryRefusal, UserErrorCode
from wechat.errors import (
    LoginCodeExpired,
    LostAnswer,
    PhoneCodeExpired,
    RateLimited,
    RiskBlocked,
    SystemBusy,
    Unreachable,
    WechatError,
)

_MS: Final = 1000
_AGAIN_SECONDS: Final = 1.0

Words = tuple[type[WechatError], UserErrorCode, str, str]

# The first that fits.
_FINAL: Final[tuple[Words, ...]] = (
    (
        LoginCodeExpired, UserErrorCode.LOGIN_CODE_EXPIRED, "登录凭证已失效，请重新登录",
        "The login code is too old, used, or another app's; call wx.login again",
    ),
    (
        PhoneCodeExpired, UserErrorCode.PHONE_CODE_EXPIRED, "手机号凭证已失效，请重新获取",
        "The phone code is too old or used; let the customer tap again",
    ),
    (
        RiskBlocked, UserErrorCode.WECHAT_RISK_BLOCKED, "微信判定该账号存在风险，暂时无法登录",
        "WeChat holds this account for dangerous and lets it in nowhere",
    ),
    (
        LostAnswer, UserErrorCode.WECHAT_ANSWER_LOST, "与微信的连接中断，请重新操作",
        "WeChat's answer got lost and the code may be used up; take a new code",
    ),
    (
        WechatError, UserErrorCode.WECHAT_APP_REJECTED, "店铺的微信配置有误，请联系商家",
        "WeChat does not accept the shop's app or what it asked; see the log",
    ),
)  # fmt: skip
_AGAIN: Final[tuple[Words, ...]] = (
    (
        RateLimited, UserErrorCode.WECHAT_RATE_LIMITED, "操作过于频繁，请稍后再试",
        "WeChat was asked too often; try again later",
    ),
    (
        SystemBusy, UserErrorCode.BUSY, "微信繁忙，请稍后重试",
        "WeChat is busy and did nothing; send the same again shortly",
    ),
    (
        Unreachable, UserErrorCode.BUSY, "暂时无法连接微信，请稍后重试",
        "WeChat can't be reached and heard nothing; send the same again shortly",
    ),
)  # fmt: skip


def refusal_of(error: WechatError, *field: str) -> Refusal:
    """Return the refusal for an error of WeChat; what only whoever runs the shop can mend is WECHAT_APP_REJECTED."""
    for kind, code, zh, en in _AGAIN:
        if isinstance(error, kind):
            after_ms = round((error.retry_after_seconds or _AGAIN_SECONDS) * _MS)
            return RetryRefusal(code, zh, en, *field, retry_after_ms=after_ms)
    code, zh, en = next((code, zh, en) for kind, code, zh, en in _FINAL if isinstance(error, kind))
    return Refusal(code, zh, en, *field)
