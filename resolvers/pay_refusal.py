"""What who pays is told when WeChat Pay says no, or says nothing."""

from typing import Final

from models.refusal import Refusal, RetryRefusal, UserErrorCode
from wechat.pay_errors import PayBusy, PayError, PayUnknown

_MS: Final = 1000


def pay_refusal(error: PayError) -> Refusal:
    """Return the refusal for an error: come back with the same wish, or let whoever runs the shop mend it."""
    after_ms = round((error.retry_after_seconds or 1.0) * _MS)
    if isinstance(error, PayBusy):
        return RetryRefusal(
            UserErrorCode.WECHAT_RATE_LIMITED,
            "操作过于频繁，请稍后再试",
            "WeChat Pay was asked too often; send the same again later",
            retry_after_ms=after_ms,
        )
    if isinstance(error, PayUnknown):
        return RetryRefusal(
            UserErrorCode.BUSY,
            "微信支付繁忙，请稍后重试",
            "WeChat Pay did not answer; send the same again shortly, nothing is paid twice",
            retry_after_ms=after_ms,
        )
    return Refusal(
        UserErrorCode.WECHAT_APP_REJECTED,
        "店铺的微信支付配置有误，请联系商家",
        "WeChat Pay does not accept what the shop asks; see the log",
    )
