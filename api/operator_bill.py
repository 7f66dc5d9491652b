"""The operator's edge for WeChat's bills."""

import argparse
from contextlib import AsyncExitStack

from models.redis_server import connect_redis
from models.refusal import Refusal, UserErrorCode
from resolvers.bill_check import check_bill
from resolvers.keys import Keys, holding
from resolvers.shop import shop_named
from settings import Settings
from wechat.connection import NoSandboxError, connect_wechat
from wechat.pay_errors import PayError


async def bill(settings: Settings, arguments: argparse.Namespace) -> str:
    """Hold WeChat's bill of a day against a shop's books. Exit code 1 when they do not agree."""
    shop = await shop_named(arguments.shop)
    async with AsyncExitStack() as opened:
        opened.enter_context(holding(Keys.of(settings)))
        await opened.enter_async_context(connect_redis(settings.redis_url or ""))
        await opened.enter_async_context(connect_wechat(settings.derive("sealing"), settings.sandbox_wechat))
        try:
            seen = await check_bill(shop.id, arguments.date)
        except (PayError, NoSandboxError) as fault:
            why = f"WeChat gives no bill: {fault}"
            raise Refusal(UserErrorCode.NOT_ALLOWED, "微信支付没有给出账单", why) from None
    arguments.exit_code = 1 if seen.differences else 0
    lines = [f"{'BAD ' if seen.differences else 'ok  '} {seen.rows} rows, {len(seen.differences)} differences"]
    lines += [
        f"     {one.fault:<20} {one.mchid} {one.number} billed {_fen(one.billed_fen)} ours {_fen(one.ours_fen)}"
        for one in seen.differences
    ]
    return "\n".join(lines)


def _fen(amount: int | None) -> str:
    return "-" if amount is None else f"{amount} fen"
