"""Merchant accounts as the owner sees them: never with a secret."""

from datetime import datetime
from enum import Enum

import strawberry

from engine.declare import Order, expression, field, many, reads
from engine.keyset import TIME
from models.merchant_account import MerchantAccount as AccountRow
from models.staff import Role
from schema.node import Node

_OLDEST_FIRST = Order("{t}.created_at", TIME)
_APPIDS = (
    "(select coalesce(jsonb_agg(a.appid order by a.appid), '[]') from merchant_account_app b"
    " join wechat_app a on a.shop_id = b.shop_id and a.id = b.app_id"
    " where b.shop_id = {shop} and b.merchant_account_id = {t}.id)"
)
_KEYS = "(select coalesce(jsonb_agg(k order by k), '[]') from jsonb_object_keys({t}.platform_keys) k)"


@strawberry.enum(description="Whose merchant number takes the money.")
class MerchantMode(Enum):
    """As stored."""

    DIRECT = strawberry.enum_value("DIRECT", description="The shop's own.")
    PARTNER = strawberry.enum_value("PARTNER", description="A service provider's, for the shop's `subMchid`.")


@reads(AccountRow, prefix="mac", guard="false", keeper="OWNER")
@strawberry.type(description="An account at WeChat Pay. Its key and private key can be written, and never be read.")
class MerchantAccount(Node):
    """Rows of the shop."""

    name: str = field(description="What the shop calls it.")
    mode: MerchantMode = field(description="Whose number it is.")
    mchid: str = field(description="The merchant number; the service provider's in mode PARTNER.")
    sub_mchid: str | None = field(description="The shop's own number in mode PARTNER, else null.")
    provider_appid: str | None = field(description="The service provider's own app in mode PARTNER, else null.")
    serial_no: str = field(description="The serial number of the merchant's certificate.")
    platform_key_ids: list[str] = field(
        expression(_KEYS), description="WeChat's keys that are believed: `PUB_KEY_ID_...` or serial numbers."
    )
    appids: list[str] = field(expression(_APPIDS), description="The apps that pay through it.")
    channel: str = field(description="The last part of the address that WeChat tells its news to.")
    version: int = field(description="Send it back when changing the account; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was entered.")
    updated_at: datetime = field(description="When it was last changed.")


@strawberry.type
class MerchantAccountQuery:
    """Part of Query."""

    merchant_accounts: list[MerchantAccount] | None = field(
        many(order=_OLDEST_FIRST),
        description="The shop's accounts at WeChat Pay, the oldest first. Requires: OWNER.",
        roles=[Role.OWNER],
    )
