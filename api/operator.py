"""The operator's edge: what the command line does with shops, apps, keys, staff and the outbox.

Each command gets the settings and its arguments, inside an open database, and returns what is to be printed.
"""

import argparse
import asyncio
import secrets
import signal
from contextlib import AsyncExitStack
from typing import Final

import orjson

from api.sandbox_input import SEED_MAX
from clock import wall_now
from ids import decode_id, encode_id
from models.failpoint import heeding_failpoints
from models.redis_server import connect_redis
from models.refusal import Refusal, UserErrorCode
from models.shop import ShopMode
from models.staff import Role, Staff
from models.wechat_app import WechatAppKind
from resolvers.caller import ActorKind
from resolvers.check import check_shop
from resolvers.keys import Keys, holding
from resolvers.outbox import dead_letters, replay
from resolvers.sandbox_shop import open_sandbox
from resolvers.search_index import outdate_all_words, renew_stale_words
from resolvers.shop import create_shop, delete_shop, find_shop, shop_named
from resolvers.staff import staff_named
from resolvers.staff_login import staff_invite as invite
from resolvers.tokens import MINUTES, STAFF_AUDIENCE, Bearer, Tokens
from resolvers.visitor_key import create_key, revoke_key
from resolvers.wechat_app import add_app, find_app
from settings import Settings
from wechat.connection import connect_wechat
from worker import due_work, run_worker

_HANDLE_BYTES: Final = 4


async def shop_create(settings: Settings, arguments: argparse.Namespace) -> str:
    """Open a shop; a sandbox comes with an app, a visitor key and an owner."""
    handle = arguments.handle or f"shop-{secrets.token_hex(_HANDLE_BYTES)}"
    name = arguments.name or handle
    if arguments.mode == "live":
        shop = await create_shop(mode=ShopMode.LIVE, handle=handle, name=name)
        return _said(shopId=encode_id("shp", shop.id), handle=handle, mode=shop.mode)
    # Shops of one seed share an appid, and so whatever is set up for it at WeChat: who names none gets one of its own.
    seed = secrets.randbelow(SEED_MAX + 1) if arguments.seed is None else arguments.seed
    opened = await open_sandbox(handle=handle, name=name, seed=seed, sealing_key=settings.derive("sealing"))
    return _said(
        shopId=encode_id("shp", opened.shop.id),
        handle=handle,
        mode=opened.shop.mode,
        seed=seed,
        visitorKey=opened.key,
        appid=opened.app.appid,
        staffToken=_token(settings, opened.owner, MINUTES),
    )


async def shop_delete(_settings: Settings, arguments: argparse.Namespace) -> str:
    """Throw a sandbox shop away with every row it has; a LIVE shop is refused."""
    shop = await find_shop(arguments.shop)
    await delete_shop(shop.id)
    return f"{shop.handle} is gone."


async def app_add(settings: Settings, arguments: argparse.Namespace) -> str:
    """Add a WeChat app to a shop; its secret is read from standard input and kept sealed."""
    app = await add_app(
        await find_shop(arguments.shop),
        appid=arguments.appid,
        secret=arguments.secret,
        sealing_key=settings.derive("sealing"),
        kind=WechatAppKind(arguments.kind),
        name=arguments.name or "",
        open_account=arguments.open_account or "",
        base_url=arguments.base_url,
        landing_page=arguments.landing_page,
    )
    return _said(appid=app.appid, kind=app.kind, openAccount=app.open_account, baseUrl=app.base_url)


async def key_create(_settings: Settings, arguments: argparse.Namespace) -> str:
    """Make a visitor key for an app of a shop and print it."""
    shop = await find_shop(arguments.shop)
    return (await create_key(await find_app(shop.id, arguments.appid))).key


async def key_revoke(_settings: Settings, arguments: argparse.Namespace) -> str:
    """Make a visitor key worthless for ever."""
    await revoke_key(arguments.key)
    return "Revoked; every process refuses it within a second."


async def staff_token(settings: Settings, arguments: argparse.Namespace) -> str:
    """Print a token for a member of staff, who is taken on when nobody has the name."""
    shop = await find_shop(arguments.shop)
    staff = await staff_named(shop.id, arguments.name, [Role(role) for role in arguments.role or [Role.OWNER]])
    return _token(settings, staff, arguments.minutes)


async def staff_invite(settings: Settings, arguments: argparse.Namespace) -> str:
    """Print a link by which a person becomes a member of staff, who is taken on when nobody has the name."""
    shop = await find_shop(arguments.shop)
    roles = [Role(role) for role in arguments.role or [Role.OWNER]]
    made = await invite(shop.id, arguments.name, roles)
    address = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    return f"{address}{made.path}"


async def check(_settings: Settings, arguments: argparse.Namespace) -> str:
    """Ask every invariant of a shop, and say of each how often it is broken and where. Exit code 1 when one is."""
    shop = await shop_named(arguments.shop)
    findings = await check_shop(shop.id)
    arguments.exit_code = 1 if any(finding.count for finding in findings) else 0
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{'BAD ' if finding.count else 'ok  '} {finding.count:>6}  {finding.name}")
        if finding.count:
            lines.append(f"{'':13}{finding.meaning}")
            lines.append(f"{'':13}{' '.join(finding.examples)}")
    return "\n".join(lines)


async def outbox_list(_settings: Settings, arguments: argparse.Namespace) -> str:
    """List the events that could not be told, oldest first, one JSON line each."""
    shop = await shop_named(arguments.shop) if arguments.shop else None
    letters = [
        orjson.dumps(
            {
                "id": encode_id("evt", letter.event.id),
                "shopId": encode_id("shp", letter.event.shop_id),
                "topic": letter.event.topic,
                "attempts": letter.event.attempt,
                "createdAt": letter.event.created_at,
                "lastError": letter.last_error,
            },
            option=orjson.OPT_UTC_Z,
        ).decode()
        for letter in await dead_letters(shop.id if shop else None)
    ]
    return "\n".join(letters) or "No dead letters."


async def outbox_replay(_settings: Settings, arguments: argparse.Namespace) -> str:
    """Make one dead letter due again, with all its attempts."""
    event_id = decode_id("evt", arguments.id)
    if event_id is None or not await replay(event_id):
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个死信", "There is no such dead letter; see `outbox list`", "id")
    return "Due again; a worker will tell it."


async def reindex(_settings: Settings, _arguments: argparse.Namespace) -> str:
    """Make the words of all products anew, after the rules of searching changed; the shops go on meanwhile."""
    await outdate_all_words()
    return f"Made the words of {await renew_stale_words(wall_now(), None)} products anew."


async def work(settings: Settings, _arguments: argparse.Namespace) -> str:
    """Do what falls due until stopped; any number of workers may run."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    sealing_key, address = settings.derive("sealing"), settings.public_address
    async with AsyncExitStack() as opened:
        opened.enter_context(holding(Keys.of(settings)))
        if settings.database_url and not settings.is_production:
            await opened.enter_async_context(heeding_failpoints(settings.database_url))
        await opened.enter_async_context(connect_redis(settings.redis_url or ""))
        await opened.enter_async_context(connect_wechat(sealing_key, settings.sandbox_wechat, public_address=address))
        await run_worker(stop, due_work(is_production=settings.is_production))
    return "Stopped."


def _token(settings: Settings, staff: Staff, minutes: int) -> str:
    bearer = Bearer(ActorKind.STAFF, staff.shop_id, STAFF_AUDIENCE, staff.id, staff.token_version)
    return Tokens(settings.derive("token")).issue(bearer, minutes)


def _said(**facts: object) -> str:
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()
