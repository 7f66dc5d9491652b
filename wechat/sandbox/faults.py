"""What the sandbox refuses, in WeChat's own numbers and words."""

import secrets
from typing import Final

MESSAGES: Final = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40165: "invalid weapp pagepath",
    40212: "invalid query",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    42002: "refresh_token expired",
    43101: "user refuse to accept the msg",
    43108: "concurrent requests to the same openid",
    44002: "empty post data",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, please retry next minute",
    47001: "data format error",
    47003: "argument invalid!",
    47501: "invalid activity_id",
    47502: "invalid target_state",
    47503: "invalid version_type",
    47504: "activity_id expired",
    48001: "api unauthorized",
    50002: "user limited",
    61010: "user access record timeout",
    85401: "time limit between 1min and 1year",
    87009: "invalid signature",
    10060001: "支付单不存在",
    10060003: "支付单已使用重新发货机会",
    10060004: "支付单处于不可发货的状态",
    10060005: "物流类型有误",
    10060006: "非快递发货时不允许分拆发货",
    10060007: "分拆发货模式下必须填写 is_all_delivered 字段",
    10060008: "商品描述 item_desc 字段不能为空",
    10060009: "商品描述 item_desc 字段太长",
    10060014: "参数错误",
    10060023: "发货信息未更新",
    10060024: "物流信息列表太长",
    10060031: "该笔支付单不属于 openid 所指定的用户",
    89503: "this ip needs the admin's approval",
}


class Fault(Exception):  # noqa: N818 - WeChat's no, which is one of its answers
    """A no of WeChat's: `raise Fault(40029)`; `detail` follows its usual words."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.detail = detail

    @property
    def answer(self) -> dict[str, object]:
        """The answer's body, with a name of the request as the real one gives."""
        words = f"{MESSAGES.get(self.errcode, 'error')} {self.detail}".strip()
        rid = "-".join(secrets.token_hex(4) for _ in range(3))
        return {"errcode": self.errcode, "errmsg": f"{words}, rid: {rid}"}


OK: Final[dict[str, object]] = {"errcode": 0, "errmsg": "ok"}
