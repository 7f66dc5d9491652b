"""Sessions: short tokens to ask with, and refresh tokens that follow one another, each good for one change.

A phone loses answers. So the same refresh token again within a minute gives the same new pair; later than that it is
taken for stolen, and the whole session ends.
"""

import hashlib
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import orjson
from asyncpg import Record

from clock import wall_now
from ids import new_id
from models.database import Connection, pool, transaction
from models.refusal import Refusal, UserErrorCode
from models.wechat_app import WechatApp
from resolvers.caller import ActorKind, Caller
from resolvers.keys import keys
from resolvers.retried import retried
from resolvers.tokens import MINUTES, STAFF_AUDIENCE, Bearer
from sealing import seal, unseal

REFRESH_DAYS: Final = 30
REPEAT_SECONDS: Final = 60
_TOKEN_BYTES: Final = 32
_REAP_ROWS: Final = 10_000

# A session of a customer in an app, or of a member of staff, and its first token.
_OPEN = """
with opened as (
    insert into session (id, shop_id, customer_id, app_id, staff_id, created_at) values ($3, $2, $7, $8, $9, $5)
)
insert into refresh_token (id, shop_id, session_id, token_sha256, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6)
"""
_GIVE = """
insert into refresh_token (id, shop_id, session_id, token_sha256, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6)
"""
# Unique key (shop_id, token_sha256), then primary keys. Rivals with one token wait for the first and see what it did.
# A customer's belongs to the app; staff may send any key of the shop.
_FIND = """
select token.id, token.session_id, token.expires_at, token.used_at, token.next_pair_sealed, session.revoked_at,
       coalesce(customer.merged_into, customer.id) as customer_id, app.appid, staff.id as staff_id, staff.token_version
from refresh_token token
join session on session.shop_id = token.shop_id and session.id = token.session_id
left join customer on customer.shop_id = session.shop_id and customer.id = session.customer_id
left join wechat_app app on app.shop_id = session.shop_id and app.id = session.app_id
left join staff on staff.shop_id = session.shop_id and staff.id = session.staff_id and staff.active
where token.shop_id = $1 and token.token_sha256 = $2
    and (session.app_id = $3 or (session.app_id is null and staff.id is not null))
for update of token, session
"""
_USE = "update refresh_token set used_at = $2, next_pair_sealed = $3 where id = $1"
_REVOKE = "update session set revoked_at = $2 where id = $1 and revoked_at is null"
_END = """
update session set revoked_at = $4 from refresh_token token
where token.shop_id = $1 and token.token_sha256 = $2 and session.shop_id = token.shop_id
    and session.id = token.session_id and coalesce(session.app_id = $3, session.app_id is null)
    and session.revoked_at is null
"""
# Partial index (used_at).
_FORGET_PAIRS = """
update refresh_token set next_pair_sealed = null where next_pair_sealed is not null and used_at < $1
"""
# Index (claimed_at); codes are too old for WeChat long before.
_FORGET_CODES = """
delete from wechat_code where id in (select id from wechat_code where claimed_at < $1 limit $2 for update skip locked)
"""
# Index (expires_at). A session goes with its last token.
_REAP = """
with gone as (
    delete from refresh_token where id in (
        select id from refresh_token where expires_at < $1 limit $2 for update skip locked
    ) returning id, session_id
), over as (
    delete from session where id in (select session_id from gone) and not exists (
        select 1 from refresh_token token
        where token.shop_id = session.shop_id and token.session_id = session.id and token.expires_at >= $1
    )
)
select count(*) from gone
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a client gets: a token to ask with and one to refresh with, and until when each is good (wall time)."""

    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime

    @classmethod
    def read(cls, said: dict[str, Any]) -> Self:
        """Read it from JSON."""
        times = {name: datetime.fromisoformat(said[name]) for name in ("access_expires_at", "refresh_expires_at")}
        return cls(**{**said, **times})

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can carry it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who is logged in, None when that is a member of staff, and the tokens for it."""

    customer_id: UUID | None
    pair: Pair

    @classmethod
    def read(cls, said: dict[str, Any]) -> Self:
        """Read it from JSON."""
        return cls(UUID(said["customer_id"]), Pair.read(said["pair"]))


async def open_session(sql: Connection, app: WechatApp, customer_id: UUID) -> Pair:
    """Log a customer in through an app, inside the open transaction."""
    bearer = Bearer(ActorKind.CUSTOMER, app.shop_id, app.appid, customer_id, session_id=new_id())
    pair, told = _next_pair(bearer)
    await sql.execute(_OPEN, *told, customer_id, app.id, None)
    return pair


async def open_staff_session(sql: Connection, shop_id: UUID, staff_id: UUID, token_version: int) -> Pair:
    """Log a member of staff in, inside the open transaction."""
    pair, told = _next_pair(_staff_bearer(shop_id, staff_id, token_version, new_id()))
    await sql.execute(_OPEN, *told, None, None, staff_id)
    return pair


@retried
async def session_refresh(caller: Caller, refresh_token: str) -> LoggedIn:
    """Change a refresh token for a new pair.

    The same token within a minute gives the same pair. Raises Refusal SESSION_EXPIRED (unknown, too old, of another
    app, or the session was revoked), SESSION_REVOKED when a token that was used before ends the session.
    """
    async with transaction() as sql:
        row = await sql.fetchrow(_FIND, caller.shop_id, _sha256(refresh_token), caller.app_id)
        pair = await _changed(sql, caller, row)
    if row is None or pair is None:
        # Outside of the transaction: that the session was ended must stay.
        raise _used_before() if _is_replayed(row) else _expired()
    return LoggedIn(row["customer_id"], pair)


async def session_revoke(caller: Caller, refresh_token: str) -> None:
    """End the session of a refresh token, with all its tokens; one that is unknown is worth nothing already."""
    await pool().execute(_END, caller.shop_id, _sha256(refresh_token), caller.app_id, wall_now())


async def forget_answers(wall: datetime, _shop_id: UUID | None) -> int:
    """Forget pairs and codes that were kept for lost answers; returns how many."""
    pairs: str = await pool().execute(_FORGET_PAIRS, wall - timedelta(seconds=REPEAT_SECONDS))
    # The hash stays as long as the pair would: who comes later hears the same from WeChat.
    codes: str = await pool().execute(_FORGET_CODES, wall - timedelta(seconds=2 * REPEAT_SECONDS), _REAP_ROWS)
    return sum(int(done.rpartition(" ")[2]) for done in (pairs, codes))


async def reap_sessions(wall: datetime, _shop_id: UUID | None) -> int:
    """Delete refresh tokens that are too old, and sessions with their last one; returns how many tokens went."""
    gone = 0
    while True:
        bite: int = await pool().fetchval(_REAP, wall, _REAP_ROWS)
        gone += bite
        if bite < _REAP_ROWS:
            return gone


async def _changed(sql: Connection, caller: Caller, row: Record | None) -> Pair | None:
    """Use a token that was found; None when it is good for nothing (one used too long ago ends its session)."""
    now = wall_now()
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= now:
        return None
    if row["used_at"] is None:
        pair, told = _next_pair(_bearer_of(caller.shop_id, row))
        await sql.execute(_GIVE, *told)
        await sql.execute(_USE, row["id"], now, seal(orjson.dumps(pair.as_json()).decode(), keys().sealing))
        return pair
    if row["next_pair_sealed"] is not None and row["used_at"] > now - timedelta(seconds=REPEAT_SECONDS):
        return Pair.read(orjson.loads(unseal(row["next_pair_sealed"], keys().sealing)))
    await sql.execute(_REVOKE, row["session_id"], now)
    return None


def _bearer_of(shop_id: UUID, row: Record) -> Bearer:
    if row["staff_id"] is not None:
        return _staff_bearer(shop_id, row["staff_id"], row["token_version"], row["session_id"])
    return Bearer(ActorKind.CUSTOMER, shop_id, row["appid"], row["customer_id"], session_id=row["session_id"])


def _staff_bearer(shop_id: UUID, staff_id: UUID, token_version: int, session_id: UUID) -> Bearer:
    return Bearer(ActorKind.STAFF, shop_id, STAFF_AUDIENCE, staff_id, token_version, session_id)


def _next_pair(bearer: Bearer) -> tuple[Pair, tuple[Any, ...]]:
    """Make tokens for a session, and what `_GIVE` is bound to."""
    now = wall_now()
    pair = Pair(
        access_token=keys().tokens.issue(bearer),
        access_expires_at=now + timedelta(minutes=MINUTES),
        refresh_token=secrets.token_urlsafe(_TOKEN_BYTES),
        refresh_expires_at=now + timedelta(days=REFRESH_DAYS),
    )
    digest = _sha256(pair.refresh_token)
    return pair, (new_id(), bearer.shop_id, bearer.session_id, digest, now, pair.refresh_expires_at)


def _sha256(token: str) -> bytes:
    # Random enough to need neither salt nor key.
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _is_replayed(row: Record | None) -> bool:
    """Whether the session stood until somebody came with this token a second time."""
    return (
        row is not None and row["revoked_at"] is None and row["used_at"] is not None and row["expires_at"] > wall_now()
    )


def _expired() -> Refusal:
    return Refusal(
        UserErrorCode.SESSION_EXPIRED,
        "登录已过期，请重新登录",
        "The session is over; log in again",
        "refreshToken",
    )


def _used_before() -> Refusal:
    return Refusal(
        UserErrorCode.SESSION_REVOKED,
        "登录状态异常，请重新登录",
        "This refresh token was used before, so the session was ended; log in again",
        "refreshToken",
    )
