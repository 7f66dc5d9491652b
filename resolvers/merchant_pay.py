"""A shop's way to WeChat Pay: its merchant accounts as WeChat's client takes them, and WeChat's keys kept fresh.

Nothing here is called inside a transaction.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from logs import log
from models.database import pool
from resolvers.keys import keys
from sealing import unseal
from wechat.connection import wechat
from wechat.pay import Pay
from wechat.pay_errors import UNKNOWN_SERIAL, PayError, PayUnknown
from wechat.pay_merchant import PayMerchant, PayMode

T = TypeVar("T")

WEBHOOK_PATH: Final = "/webhooks/wechat-pay"
REFRESH_SECONDS: Final = 60
"""Of unknown serial numbers, which anybody can make up, one in this time has the certificates fetched."""

FETCH_SECONDS: Final = 3.0
"""WeChat gives up on an answer to a notification after five."""

_CHANNEL: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)

ACCOUNT_COLUMNS: Final = """account.id, account.shop_id, account.mode, account.mchid, account.sub_mchid,
    account.provider_appid, account.serial_no, account.api_v3_key_sealed, account.private_key_sealed,
    account.platform_keys, account.channel, account.base_url"""

# Primary key; unique (channel).
_BY_ID: Final = f"select {ACCOUNT_COLUMNS} from merchant_account account where shop_id = $1 and id = $2"  # noqa: S608 - fixed
_BY_CHANNEL: Final = f"select {ACCOUNT_COLUMNS} from merchant_account account where channel = $1"  # noqa: S608 - fixed words
# Of rivals one gets the turn.
_TAKE_TURN: Final = """
update merchant_account set keys_fetched_at = $3
where shop_id = $1 and id = $2 and (keys_fetched_at is null or keys_fetched_at < $4)
returning id
"""
# Older ones stay: while keys change hands both sign.
_LEARN: Final = """
update merchant_account set platform_keys = platform_keys || $3::jsonb where shop_id = $1 and id = $2
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant account of a shop, opened."""

    id: UUID
    shop_id: UUID
    channel: str
    merchant: PayMerchant = field(repr=False)

    @property
    def notify_url(self) -> str:
        """Where WeChat tells by itself what became of this account's payments and refunds."""
        return f"{wechat().public_address}{WEBHOOK_PATH}/{self.channel}"


async def account_by_id(shop_id: UUID, account_id: UUID) -> Account | None:
    """Return a shop's account; None when there is none."""
    return account_in(await pool().fetchrow(_BY_ID, shop_id, account_id))


async def account_by_channel(channel: str) -> Account | None:
    """Return the account whose notifications come by this channel, of whatever shop; None when nobody's do."""
    if not _CHANNEL.fullmatch(channel):
        return None
    return account_in(await pool().fetchrow(_BY_CHANNEL, channel))


async def ask(account: Account, call: Callable[[Pay], Awaitable[T]]) -> T:
    """Ask WeChat Pay; an answer under a key that is new to us has the keys fetched once and is asked for again.

    So `call` may be carried out twice: it keeps to one number. Raises PayError in one of its kinds, NoSandboxError.
    """
    try:
        return await call(wechat().pay(account.merchant))
    except PayUnknown as unknown:
        if unknown.code != UNKNOWN_SERIAL:
            raise
        renewed = await with_fresh_keys(account)
        if renewed is None:
            raise
        return await call(wechat().pay(renewed.merchant))


async def with_fresh_keys(account: Account) -> Account | None:
    """Fetch WeChat's certificates and keep them beside those we have, at most once a minute.

    None when it is too soon, or WeChat gives none.
    """
    now = wall_now()
    too_soon_since = now - timedelta(seconds=REFRESH_SECONDS)
    if await pool().fetchval(_TAKE_TURN, account.shop_id, account.id, now, too_soon_since) is None:
        # A rival may just have learnt it.
        stored = await account_by_id(account.shop_id, account.id)
        return stored if stored and stored.merchant.platform_keys != account.merchant.platform_keys else None
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            found = await wechat().pay(account.merchant).certificates()
    except (PayError, TimeoutError) as fault:
        log("platform_keys_not_fetched", level="warning", account=account.id.hex, fault=type(fault).__name__)
        return None
    said = orjson.dumps({serial: pem.decode() for serial, pem in found.items()}).decode()
    await pool().execute(_LEARN, account.shop_id, account.id, said)
    return await account_by_id(account.shop_id, account.id)


def platform_keys_of(said: str | Mapping[str, str]) -> dict[str, bytes]:
    """Read WeChat's keys as they are stored."""
    known: Mapping[str, str] = orjson.loads(said) if isinstance(said, str) else said
    return {serial: pem.encode() for serial, pem in known.items()}


def account_in(row: Record | None) -> Account | None:
    """Read an account from ACCOUNT_COLUMNS, which are all null where there is none."""
    if row is None or row["channel"] is None:
        return None
    columns: dict[str, Any] = dict(row)
    merchant = PayMerchant(
        mode=PayMode(columns["mode"]),
        mchid=columns["mchid"],
        sub_mchid=columns["sub_mchid"],
        provider_appid=columns["provider_appid"],
        api_v3_key=unseal(columns["api_v3_key_sealed"], keys().sealing).encode(),
        private_key_pem=unseal(columns["private_key_sealed"], keys().sealing).encode(),
        serial_no=columns["serial_no"],
        platform_keys=platform_keys_of(columns["platform_keys"]),
        base_url=columns["base_url"],
    )
    return Account(columns["id"], columns["shop_id"], columns["channel"], merchant)
