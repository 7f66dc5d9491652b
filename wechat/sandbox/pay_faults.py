"""What the sandbox's WeChat Pay refuses: its code, the HTTP status that goes with it, and its usual words."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final


class PayCode(StrEnum):
    """The codes that the sandbox knows; a tester's switch may say any other."""

    PARAM_ERROR = "PARAM_ERROR"
    INVALID_REQUEST = "INVALID_REQUEST"
    APPID_MCHID_NOT_MATCH = "APPID_MCHID_NOT_MATCH"
    MCH_NOT_EXISTS = "MCH_NOT_EXISTS"
    OPENID_MISMATCH = "OPENID_MISMATCH"
    ORDER_CLOSED = "ORDER_CLOSED"
    ORDER_PAID = "ORDER_PAID"
    NO_STATEMENT_EXIST = "NO_STATEMENT_EXIST"
    STATEMENT_CREATING = "STATEMENT_CREATING"
    SIGN_ERROR = "SIGN_ERROR"
    NO_AUTH = "NO_AUTH"
    RULE_LIMIT = "RULE_LIMIT"
    OUT_TRADE_NO_USED = "OUT_TRADE_NO_USED"
    NOT_ENOUGH = "NOT_ENOUGH"
    TRADE_ERROR = "TRADE_ERROR"
    ACCOUNT_ERROR = "ACCOUNT_ERROR"
    USER_ACCOUNT_ABNORMAL = "USER_ACCOUNT_ABNORMAL"
    RESOURCE_NOT_EXISTS = "RESOURCE_NOT_EXISTS"
    ORDER_NOT_EXIST = "ORDER_NOT_EXIST"
    FREQUENCY_LIMITED = "FREQUENCY_LIMITED"
    SYSTEM_ERROR = "SYSTEM_ERROR"
    BANK_ERROR = "BANK_ERROR"


_KNOWN: Final[dict[str, tuple[int, str]]] = {
    PayCode.PARAM_ERROR: (HTTPStatus.BAD_REQUEST, "参数错误"),
    PayCode.INVALID_REQUEST: (HTTPStatus.BAD_REQUEST, "请求参数符合参数格式，但不符合业务规则"),
    PayCode.APPID_MCHID_NOT_MATCH: (HTTPStatus.BAD_REQUEST, "AppID和mch_id不匹配"),
    PayCode.MCH_NOT_EXISTS: (HTTPStatus.BAD_REQUEST, "商户号不存在"),
    PayCode.OPENID_MISMATCH: (HTTPStatus.BAD_REQUEST, "openid和appid不匹配"),
    PayCode.ORDER_CLOSED: (HTTPStatus.BAD_REQUEST, "订单已关闭"),
    PayCode.ORDER_PAID: (HTTPStatus.BAD_REQUEST, "订单已支付"),
    PayCode.NO_STATEMENT_EXIST: (HTTPStatus.BAD_REQUEST, "账单文件不存在"),
    PayCode.STATEMENT_CREATING: (HTTPStatus.BAD_REQUEST, "账单生成中"),
    PayCode.SIGN_ERROR: (HTTPStatus.UNAUTHORIZED, "签名错误"),
    PayCode.NO_AUTH: (HTTPStatus.FORBIDDEN, "商户无权限"),
    PayCode.RULE_LIMIT: (HTTPStatus.FORBIDDEN, "业务规则限制"),
    PayCode.OUT_TRADE_NO_USED: (HTTPStatus.FORBIDDEN, "商户订单号重复"),
    PayCode.NOT_ENOUGH: (HTTPStatus.FORBIDDEN, "余额不足"),
    PayCode.TRADE_ERROR: (HTTPStatus.FORBIDDEN, "交易错误"),
    PayCode.ACCOUNT_ERROR: (HTTPStatus.FORBIDDEN, "账号异常"),
    PayCode.USER_ACCOUNT_ABNORMAL: (HTTPStatus.FORBIDDEN, "退款请求失败，用户账户异常"),
    PayCode.RESOURCE_NOT_EXISTS: (HTTPStatus.NOT_FOUND, "查询的资源不存在"),
    PayCode.ORDER_NOT_EXIST: (HTTPStatus.NOT_FOUND, "订单不存在"),
    PayCode.FREQUENCY_LIMITED: (HTTPStatus.TOO_MANY_REQUESTS, "频率超限"),
    PayCode.SYSTEM_ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, "系统异常，请用相同参数重新调用"),
    PayCode.BANK_ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, "银行系统异常"),
}


class PayFault(Exception):  # noqa: N818 - WeChat Pay's no, which is one of its answers
    """A no of WeChat Pay's: `raise PayFault(PayCode.NOT_ENOUGH)`; `message` goes before the usual words."""

    def __init__(self, code: str, message: str = "", *, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status, words = _KNOWN.get(code, (HTTPStatus.BAD_REQUEST, code))
        self.message = message or words
        self.field = field

    @property
    def answer(self) -> dict[str, object]:
        """The answer's body."""
        detail = {"detail": {"location": "body", "field": self.field}} if self.field else {}
        return {"code": self.code, "message": self.message, **detail}
