"""What testers may say to the sandbox's WeChat Pay."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from ids import decode_id
from wechat.sandbox.calls import LISTED_MAX
from wechat.sandbox.inputs import Appid, Input, Mchid, Name, OrderNo, Text
from wechat.sandbox.pay_letters import Forgery
from wechat.sandbox.pay_merchants import KeyMode, RefundStatus, Rotation
from wechat.sandbox.pay_paying import Outcome
from wechat.sandbox.pay_wishes import FEN_MAX

PrepayId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,64}$")]
NotificationNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
TIMES_MAX = 100


class MerchantInput(Input):
    """A merchant to be opened, or, when the `mchid` is there, changed; what is left out stays."""

    mchid: Mchid | None = None
    sub_mchid: Mchid | None = None
    provider_appid: Appid | None = None
    shop_id: str | None = None
    seed: int = Field(default=0, ge=0, le=2**53 - 1)
    appids: list[Appid] = Field(default=[], max_length=20)
    key_mode: KeyMode | None = None
    rotation: Rotation | None = None
    certificate_expired: bool | None = None
    refunds: RefundStatus | None = None

    @property
    def shop(self) -> UUID | None:
        """The shop whose clock the merchant follows."""
        return decode_id("shp", self.shop_id) if self.shop_id else None

    @model_validator(mode="after")
    def _it_fits_together(self) -> Self:
        if self.shop_id and self.shop is None:
            message = "shopId is none"
            raise ValueError(message)
        if self.provider_appid and not self.sub_mchid:
            message = "providerAppid belongs to a partner: name the subMchid"
            raise ValueError(message)
        return self


class PayInput(Input):
    """What the user does at the pay sheet; the last five as the page gave them to `wx.requestPayment`, all or none.

    `payer` pays for a friend. `amount` (fen) takes another amount than the order's. `afterClose` pays what is closed
    or too old, as when user and shop cross each other.
    """

    prepay_id: PrepayId = Field(alias="prepay_id")
    outcome: Outcome = Outcome.SUCCESS
    payer: Name | None = None
    amount: int | None = Field(default=None, ge=1, le=FEN_MAX)
    after_close: bool = False
    app_id: Appid | None = None
    time_stamp: Text | None = None
    nonce_str: Text | None = None
    sign_type: Literal["RSA"] | None = None
    pay_sign: Annotated[str, StringConstraints(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _a_request_is_whole(self) -> Self:
        parts = (self.app_id, self.time_stamp, self.nonce_str, self.sign_type, self.pay_sign)
        if any(parts) and not all(parts):
            message = "appId, timeStamp, nonceStr, signType and paySign come together"
            raise ValueError(message)
        return self


class PageInput(Input):
    """Which order the page is for."""

    prepay_id: PrepayId = Field(alias="prepay_id")


class MerchantListInput(Input):
    """What to list of a merchant."""

    mchid: Mchid
    sub_mchid: Mchid | None = None
    order: OrderNo | None = None
    limit: int = Field(default=100, ge=1, le=LISTED_MAX)


class ShipmentListInput(Input):
    """Whose shipments to list."""

    appid: Appid
    order: OrderNo | None = None


class RefundInput(Input):
    """What becomes of a refund; `mchid` where two merchants have one of this number."""

    mchid: Mchid | None = None
    status: Literal[RefundStatus.SUCCESS, RefundStatus.ABNORMAL, RefundStatus.CLOSED]


class HoldInput(Input):
    """Keep a merchant's further notifications here, or let them go again."""

    mchid: Mchid
    hold: bool = True


class ReleaseInput(Input):
    """Send what is held: all, the oldest first, or these in this order."""

    mchid: Mchid
    ids: list[NotificationNumber] | None = Field(default=None, max_length=LISTED_MAX)


class SendInput(Input):
    """Send one again, as often as wished, one after the other or all at once; or a forged one."""

    times: int = Field(default=1, ge=1, le=TIMES_MAX)
    parallel: bool = False
    forge: Forgery | None = None
