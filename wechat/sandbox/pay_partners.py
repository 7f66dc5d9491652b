"""Partners of the sandbox's WeChat Pay, which take money for merchants of theirs, each in apps of its own."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from models.database import pool
from wechat.sandbox.pay_merchants import SandboxMerchant, account_of, meet_merchant

_APPID_CHARS: Final = 16

# Primary key.
_MEET = """
insert into wechat_sandbox.pay_sub_merchant (mchid, sub_mchid, shop_id, appids) values ($1, $2, $3, $4)
on conflict (mchid, sub_mchid) do update set shop_id = excluded.shop_id, appids = array(
    select distinct unnest(pay_sub_merchant.appids || excluded.appids) order by 1
)
"""
_APPIDS = "select appids from wechat_sandbox.pay_sub_merchant where mchid = $1 and sub_mchid = $2"
_SIBLING = """
select sub_mchid from wechat_sandbox.pay_sub_merchant where mchid = $1 and sub_mchid <> $2 order by sub_mchid limit 1
"""


@dataclass(frozen=True, slots=True)
class SubMerchant:
    """A merchant of a partner, and the apps in which it takes money; times follow the clock of `shop_id`."""

    sub_mchid: str
    shop_id: UUID | None
    appids: Sequence[str]


async def make_sub_merchant(
    sub: SubMerchant, *, mchid: str | None, seed: int, provider_appid: str | None = None
) -> SandboxMerchant:
    """Open a partner, or meet the one of this `mchid`, with this merchant; returns what its shop has to enter.

    The partner asks through `provider_appid`; when left out through an app that it has, or a made up one. Never inside
    a transaction.
    """
    partner = await meet_merchant(mchid, None, seed, [provider_appid] if provider_appid else [])
    if not partner.appids:
        partner = await meet_merchant(partner.mchid, None, seed, [_made_up_appid(partner.mchid)])
    await pool().execute(_MEET, partner.mchid, sub.sub_mchid, sub.shop_id, sorted(sub.appids))
    return await account_of(partner, sub.sub_mchid, provider_appid)


async def sub_appids(mchid: str, sub_mchid: str) -> list[str]:
    """Return the apps in which a partner's merchant takes money; none for a stranger."""
    return await pool().fetchval(_APPIDS, mchid, sub_mchid) or []


async def sibling_of(mchid: str, sub_mchid: str) -> str | None:
    """Return another merchant of the same partner; None when there is none."""
    found: str | None = await pool().fetchval(_SIBLING, mchid, sub_mchid)
    return found


def _made_up_appid(mchid: str) -> str:
    return f"wx{hashlib.sha256(f'provider:{mchid}'.encode()).hexdigest()[:_APPID_CHARS]}"
