"""Whom a call of WeChat Pay is about: app, user and order, for its record and for the switches that name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.database import pool

_WHOSE = """
select coalesce(nullif(t.sub_appid, ''), t.appid) as appid, coalesce(p.name, '') as name, t.out_trade_no
from wechat_sandbox.pay_transaction t
left join wechat_sandbox.person p on p.appid = t.payer_appid and p.openid = t.openid
"""
_BY_ORDER = f"{_WHOSE} where t.mchid = $1 and t.out_trade_no = $2 limit 1"
_BY_ID = f"{_WHOSE} where t.mchid = $1 and t.transaction_id = $2"
_BY_REFUND = f"""{_WHOSE}
join wechat_sandbox.pay_refund r on r.payment_id = t.id where r.mchid = $1 and r.out_refund_no = $2 limit 1
"""
_WAYS = (("out_trade_no", _BY_ORDER), ("transaction_id", _BY_ID), ("out_refund_no", _BY_REFUND))
_PERSON = "select name from wechat_sandbox.person where appid = $1 and openid = $2"
_OPENIDS = (("openid", "appid"), ("sub_openid", "sub_appid"), ("sp_openid", "sp_appid"))


@dataclass(frozen=True, slots=True)
class About:
    """Empty texts for what a call does not name; `order_nos` are all numbers by which a switch may mean it."""

    appid: str = ""
    name: str = ""
    order_no: str = ""
    order_nos: tuple[str, ...] = ()


async def about(mchid: str, given: Mapping[str, Any]) -> About:
    """Find out whom a call is about, by what it says, right or wrong."""
    named = tuple(_text(given, name) for name, _ in _WAYS if _text(given, name))
    payer = given.get("payer")
    if isinstance(payer, dict):
        return await _of_payer(given, payer, named)
    for name, statement in _WAYS:
        if _text(given, name):
            row = await pool().fetchrow(statement, mchid, _text(given, name))
            if row:
                order_no = row["out_trade_no"]
                return About(row["appid"], row["name"], order_no, (*named, order_no))
    return About("", "", named[0] if named else "", named)


async def _of_payer(given: Mapping[str, Any], payer: Mapping[str, Any], named: tuple[str, ...]) -> About:
    # A partner's call is about the app of its merchant.
    appid = _text(given, "appid") or _text(given, "sub_appid") or _text(given, "sp_appid")
    for openid, whose in _OPENIDS:
        if _text(payer, openid):
            name = await pool().fetchval(_PERSON, _text(given, whose), _text(payer, openid))
            return About(appid, name or "", _text(given, "out_trade_no"), named)
    return About(appid, "", _text(given, "out_trade_no"), named)


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""
