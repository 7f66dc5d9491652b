"""What merchants ask of the sandbox's WeChat Pay, read strictly: whatever is out of shape is PARAM_ERROR."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from wechat.sandbox.pay_faults import PayCode, PayFault

FEN_MAX: Final = 10**12

DEBIT_CARDS: Final = {
    "CMB_DEBIT": "招商银行", "COMM_DEBIT": "交通银行", "ABC_DEBIT": "农业银行", "CCB_DEBIT": "建设银行",
    "ICBC_DEBIT": "工商银行", "BOC_DEBIT": "中国银行", "PAB_DEBIT": "平安银行", "SPDB_DEBIT": "浦发银行",
    "CITIC_DEBIT": "中信银行", "CEB_DEBIT": "光大银行", "CMBC_DEBIT": "民生银行", "CIB_DEBIT": "兴业银行",
    "GDB_DEBIT": "广发银行", "PSBC_DEBIT": "邮储银行", "NBCB_DEBIT": "宁波银行",
}  # fmt: skip
"""The banks whose cards an abnormal refund may go to."""

Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-|*]{6,32}$")]
RefundNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]
NotifyUrl = Annotated[str, StringConstraints(max_length=255, pattern=r"^https?://[^\s?#]+$")]
Fen = Annotated[int, Field(ge=1, le=FEN_MAX, strict=True)]


class _Wish(BaseModel):
    """Fields that the sandbox does nothing with pass, as goods and scenes."""

    model_config = ConfigDict(extra="ignore")


class OrderAmount(_Wish):
    """Fen."""

    total: Fen
    currency: Literal["CNY"] = "CNY"


class Payer(_Wish):
    """The payer in the app of the prepay; partners say whose openid it is."""

    openid: Word | None = None
    sp_openid: Word | None = None
    sub_openid: Word | None = None


class _Prepay(_Wish):
    description: Annotated[str, StringConstraints(min_length=1, max_length=127)]
    out_trade_no: Number
    notify_url: NotifyUrl
    amount: OrderAmount
    payer: Payer
    time_expire: AwareDatetime | None = None
    attach: Annotated[str, StringConstraints(max_length=128)] = ""
    goods_tag: Annotated[str, StringConstraints(max_length=32)] = ""


class DirectPrepay(_Prepay):
    """Of a merchant for itself."""

    appid: Word
    mchid: Word

    @property
    def parties(self) -> tuple[str, str, str, str]:
        """Merchant, sub-merchant, app, sub-app."""
        return self.mchid, "", self.appid, ""

    @property
    def payer_is(self) -> tuple[str, str]:
        """The payer's app and openid."""
        return self.appid, self.payer.openid or ""


class PartnerPrepay(_Prepay):
    """Of a partner for one of its merchants."""

    sp_appid: Word
    sp_mchid: Word
    sub_appid: Word | None = None
    sub_mchid: Word

    @property
    def parties(self) -> tuple[str, str, str, str]:
        """Merchant, sub-merchant, app, sub-app."""
        return self.sp_mchid, self.sub_mchid, self.sp_appid, self.sub_appid or ""

    @property
    def payer_is(self) -> tuple[str, str]:
        """The payer's app and openid."""
        if self.payer.sub_openid:
            return self.sub_appid or "", self.payer.sub_openid
        return self.sp_appid, self.payer.sp_openid or ""


class RefundAmount(_Wish):
    """Fen; `total` repeats what was paid."""

    refund: Fen
    total: Fen
    currency: Literal["CNY"]


class RefundWish(_Wish):
    """A refund of a payment, named by either number."""

    transaction_id: Word | None = None
    out_trade_no: Number | None = None
    out_refund_no: RefundNumber
    sub_mchid: Word | None = None
    reason: Annotated[str, StringConstraints(max_length=80)] = ""
    notify_url: NotifyUrl | None = None
    amount: RefundAmount

    @model_validator(mode="after")
    def _a_payment_is_named(self) -> Self:
        if not self.transaction_id and not self.out_trade_no:
            message = "transaction_id或out_trade_no必填其一"
            raise ValueError(message)
        return self


class AbnormalRefundWish(_Wish):
    """Where the money of an abnormal refund goes instead."""

    out_refund_no: RefundNumber
    sub_mchid: Word | None = None
    type: Literal["USER_BANK_CARD", "MERCHANT_BANK_CARD"]
    bank_type: Word | None = None
    bank_account: Annotated[str, StringConstraints(min_length=1, max_length=1024)] | None = None
    real_name: Annotated[str, StringConstraints(min_length=1, max_length=1024)] | None = None

    @model_validator(mode="after")
    def _a_card_is_whole(self) -> Self:
        if self.type == "USER_BANK_CARD" and not (self.bank_type and self.bank_account and self.real_name):
            message = "退款至用户时bank_type、bank_account、real_name必填"
            raise ValueError(message)
        if self.bank_type and self.bank_type not in DEBIT_CARDS:
            message = "bank_type不支持"
            raise ValueError(message)
        return self


class CloseWish(_Wish):
    """Whose order is closed."""

    mchid: Word | None = None
    sp_mchid: Word | None = None
    sub_mchid: Word | None = None


Wish = TypeVar("Wish", bound=_Wish)


def read_wish(body: Mapping[str, Any], kind: type[Wish]) -> Wish:
    """Read a body. Raises PayFault PARAM_ERROR naming the field."""
    try:
        return kind.model_validate(body)
    except ValidationError as invalid:
        fault = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
        place = "/".join(str(part) for part in fault["loc"])
        raise PayFault(PayCode.PARAM_ERROR, f"输入源“/body/{place}”有误：{fault['msg']}", field=place) from None
