"""The testers' door, shut in production: throwaway shops, their clocks, tokens for their staff. Plain JSON."""

import asyncio
import secrets
from http import HTTPStatus
from time import monotonic
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.identify import REMEMBER_SECONDS
from api.sandbox_answer import answers_json, json_answer, no_such_shop, shop_id_of
from api.sandbox_faults import fault_routes
from api.sandbox_input import ClockInput, ShopInput, StaffTokenInput, read_input
from clock import wall_now
from ids import encode_id
from models.refusal import Refusal, UserErrorCode
from models.shop import Shop, ShopMode
from models.staff import Staff
from resolvers.bulk_log import WRITE_SECONDS
from resolvers.caller import ActorKind
from resolvers.demo import fill_with_demo
from resolvers.sandbox_clock import advance_clock
from resolvers.sandbox_shop import open_sandbox
from resolvers.search_log import settle_searches
from resolvers.shop import delete_shop
from resolvers.staff import staff_named
from resolvers.tokens import MINUTES_MAX, STAFF_AUDIENCE, Bearer
from resolvers.viewed_product import settle_views
from worker import DUE_WORK, SANDBOX_WORK, WAITING

SETTLE_SECONDS: Final = 5.0
_SETTLE_POLL_SECONDS: Final = 0.02
_HANDLE_BYTES: Final = 6


@answers_json
async def open_shop(request: Request) -> Response:
    """Open a sandbox shop, empty or with the demo's goods, and say all one needs to use it."""
    asked = await read_input(request, ShopInput)
    opened = await open_sandbox(
        handle=f"sandbox-{secrets.token_hex(_HANDLE_BYTES)}",
        name="沙箱小铺",
        seed=asked.seed,
        sealing_key=request.app.state.settings.derive("sealing"),
    )
    if asked.source == "demo":
        await fill_with_demo(opened.shop)
    return json_answer(
        {
            "shopId": encode_id("shp", opened.shop.id),
            "handle": opened.shop.handle,
            # To open the same shop again, for who left it to chance.
            "seed": asked.seed,
            "visitorKey": opened.key,
            "appid": opened.app.appid,
            "staffToken": _token(request, opened.owner, MINUTES_MAX),
            "kolToken": _token(request, opened.kol, MINUTES_MAX),
        },
        HTTPStatus.CREATED,
    )


@answers_json
async def throw_away(request: Request) -> Response:
    """Delete a sandbox shop with every row it has."""
    await delete_shop(shop_id_of(request.path_params["shop_id"]))
    request.app.state.identities.forget()
    return Response(status_code=HTTPStatus.NO_CONTENT)


@answers_json
async def move_clock(request: Request) -> Response:
    """Move a shop's clock forward, stopping at every deadline; say where it stands and what ran."""
    shop_id = shop_id_of(request.path_params["shop_id"])
    asked = await read_input(request, ClockInput)
    moved = await advance_clock(shop_id, DUE_WORK, to=asked.to, by=asked.by)
    request.app.state.identities.forget()
    if request.app.state.settings.workers > 1:
        # The other processes remember the shop's clock for this long.
        await asyncio.sleep(REMEMBER_SECONDS)
    ran = [{"at": step.at, "work": step.name, "count": step.count} for step in moved.ran]
    return json_answer({"now": moved.now, "ran": ran})


@answers_json
async def settle(request: Request) -> Response:
    """Return when nothing of the shop is under way any more, or after 5 s say what still is."""
    shop_id = shop_id_of(request.path_params["shop_id"])
    if not await Shop.exists(id=shop_id):
        no_such_shop()
    deadline = monotonic() + SETTLE_SECONDS
    if request.app.state.settings.workers > 1:
        # What other processes have seen of visits is written by then.
        await asyncio.sleep(2 * WRITE_SECONDS)
    while True:
        await settle_searches()
        await settle_views()
        for work in (*DUE_WORK, *SANDBOX_WORK):
            if work.brings_to_rest:
                await work.run(wall_now(), shop_id)
        waiting = {name: await count(shop_id) for name, count in WAITING.items()}
        idle = not any(waiting.values())
        if idle or monotonic() >= deadline:
            return json_answer({"idle": idle, "waiting": waiting})
        await asyncio.sleep(_SETTLE_POLL_SECONDS)


@answers_json
async def staff_token(request: Request) -> Response:
    """Give a token for a member of staff of a sandbox shop, taken on when nobody has the name."""
    asked = await read_input(request, StaffTokenInput)
    shop = await Shop.get_or_none(id=shop_id_of(asked.shop_id))
    if shop is None:
        no_such_shop()
    if shop.mode is not ShopMode.SANDBOX:
        raise Refusal(UserErrorCode.NOT_ALLOWED, "只能用于沙箱店铺", "Only for the staff of a sandbox shop", "shopId")
    staff = await staff_named(shop.id, asked.name, asked.roles)
    request.app.state.identities.forget()
    return json_answer({"staffId": encode_id("stf", staff.id), "token": _token(request, staff, asked.minutes)})


def sandbox_routes() -> list[Route]:
    """Return the door's routes; in production nobody calls this, and the paths do not exist."""
    return [
        Route("/sandbox/shops", open_shop, methods=["POST"]),
        Route("/sandbox/shops/{shop_id}", throw_away, methods=["DELETE"]),
        Route("/sandbox/shops/{shop_id}/clock", move_clock, methods=["POST"]),
        Route("/sandbox/shops/{shop_id}/settle", settle, methods=["POST"]),
        Route("/sandbox/staff/tokens", staff_token, methods=["POST"]),
        *fault_routes(),
    ]


def _token(request: Request, staff: Staff, minutes: int) -> str:
    bearer = Bearer(ActorKind.STAFF, staff.shop_id, STAFF_AUDIENCE, staff.id, staff.token_version)
    token: str = request.app.state.tokens.issue(bearer, minutes)
    return token
