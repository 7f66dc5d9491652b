"""Staff log in by WeChat: a one-time link says who a member of staff is, and from then on the QR code does.

One person may work in many shops. Where they logged in they get a token for one of them, and may change to another.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import Connection, pool, transaction
from models.refusal import Refusal, UserErrorCode
from models.staff import Role
from resolvers.caller import Caller
from resolvers.session import Pair, open_staff_session
from resolvers.staff import staff_named

LOGIN_PATH: Final = "/auth/wechat/login"
INVITATION_HOURS: Final = 72
_TOKEN_BYTES: Final = 24

# Unique key (shop_id, staff_id): a new link makes the former worthless.
_INVITE = """
insert into staff_invitation (id, shop_id, staff_id, token_sha256, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (shop_id, staff_id) do update set
    token_sha256 = excluded.token_sha256, created_at = excluded.created_at, expires_at = excluded.expires_at,
    used_at = null
"""
# Index (token_sha256). Guard and use are one statement: of two who open one link, one gets in.
_ACCEPT = """
update staff_invitation invitation set used_at = $2
from staff
where invitation.token_sha256 = $1 and invitation.used_at is null and invitation.expires_at > $2
    and staff.shop_id = invitation.shop_id and staff.id = invitation.staff_id and staff.active
returning invitation.shop_id, invitation.staff_id
"""
_OTHER_ROW = "select 1 from staff_identity where shop_id = $1 and appid = $2 and openid = $3 and staff_id <> $4"
# Unique key (shop_id, staff_id). Somebody else was this member of staff before: their tokens end.
_BIND = """
insert into staff_identity as known (id, shop_id, staff_id, appid, openid, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict (shop_id, staff_id) do update set
    appid = excluded.appid, openid = excluded.openid, created_at = excluded.created_at
where (known.appid, known.openid) <> (excluded.appid, excluded.openid)
returning (xmax <> 0) as was_another
"""
_END_TOKENS = "update staff set token_version = token_version + 1 where shop_id = $1 and id = $2"
# Index (appid, openid), then primary keys.
_PLACES = """
select shop.id as shop_id, shop.handle, shop.name, staff.id as staff_id, staff.roles, staff.token_version
from staff_identity known
join staff on staff.shop_id = known.shop_id and staff.id = known.staff_id and staff.active
join shop on shop.id = known.shop_id
where known.appid = $1 and known.openid = $2
order by shop.created_at, shop.id
"""
# Unique key (shop_id, staff_id).
_WHO = "select appid, openid from staff_identity where shop_id = $1 and staff_id = $2"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time link: `path` is below the address of this server."""

    staff_id: UUID
    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A shop where somebody works, and as what."""

    shop_id: UUID
    handle: str
    name: str
    staff_id: UUID
    roles: tuple[Role, ...]
    token_version: int


@dataclass(frozen=True, slots=True)
class StaffLogin:
    """All shops of a person, and tokens for one of them."""

    places: tuple[Place, ...]
    chosen: Place
    pair: Pair


async def staff_invite(shop_id: UUID, name: str, roles: Collection[Role]) -> Invitation:
    """Make a link by which a person becomes a member of staff, who is taken on when nobody has the name.

    It works once, for 72 hours. Raises Refusal as `staff_named` does.
    """
    staff = await staff_named(shop_id, name, roles)
    token, now = secrets.token_urlsafe(_TOKEN_BYTES), wall_now()
    expires_at = now + timedelta(hours=INVITATION_HOURS)
    await pool().execute(_INVITE, new_id(), shop_id, staff.id, _sha256(token), now, expires_at)
    return Invitation(staff.id, f"{LOGIN_PATH}?invitation={token}", expires_at)


async def staff_log_in(appid: str, openid: str, invitation: str | None) -> StaffLogin:
    """Log in whoever scanned the code, as the member of staff of an invitation or in the first of their shops.

    Raises Refusal: NOT_FOUND for an invitation that is unknown, used or too old, TAKEN when the person works in that
    shop under another name already, NOT_ALLOWED when they work nowhere.
    """
    async with transaction() as sql:
        invited = await _accept(sql, appid, openid, invitation) if invitation else None
        places = await _places(sql, appid, openid)
        if not places:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "你还不是任何店铺的员工", "You work in no shop here")
        chosen = next((place for place in places if place.shop_id == invited), places[0])
        pair = await open_staff_session(sql, chosen.shop_id, chosen.staff_id, chosen.token_version)
    return StaffLogin(places, chosen, pair)


async def session_select_shop(caller: Caller, shop_id: UUID) -> Pair:
    """Give the person who asks tokens for another of their shops.

    Raises Refusal LOGIN_REQUIRED for whoever is not staff, NOT_FOUND for a shop where they do not work.
    """
    if caller.staff_id is None:
        raise Refusal(UserErrorCode.LOGIN_REQUIRED, "请先以员工身份登录", "Only staff may do this: log in first")
    async with transaction() as sql:
        who = await sql.fetchrow(_WHO, caller.shop_id, caller.staff_id)
        places = await _places(sql, who["appid"], who["openid"]) if who else ()
        for place in places:
            if place.shop_id == shop_id:
                return await open_staff_session(sql, place.shop_id, place.staff_id, place.token_version)
    raise Refusal(UserErrorCode.NOT_FOUND, "没有这个店铺", "You work in no such shop", "shopId")


async def _accept(sql: Connection, appid: str, openid: str, invitation: str) -> UUID:
    """Bind the person to the member of staff who was invited; returns the shop."""
    row = await sql.fetchrow(_ACCEPT, _sha256(invitation), wall_now())
    if row is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "邀请已失效，请重新获取", "The invitation is used, too old or unknown")
    shop_id, staff_id = row["shop_id"], row["staff_id"]
    if await sql.fetchval(_OTHER_ROW, shop_id, appid, openid, staff_id):
        raise Refusal(UserErrorCode.TAKEN, "你已是该店铺的另一名员工", "You work here already, as somebody else")
    if await sql.fetchval(_BIND, new_id(), shop_id, staff_id, appid, openid, wall_now()):
        await sql.execute(_END_TOKENS, shop_id, staff_id)
    found: UUID = shop_id
    return found


async def _places(sql: Connection, appid: str, openid: str) -> tuple[Place, ...]:
    rows = await sql.fetch(_PLACES, appid, openid)
    return tuple(Place(**{**row, "roles": tuple(Role(role) for role in row["roles"])}) for row in map(dict, rows))


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
