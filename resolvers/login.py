"""Logging in: a code of `wx.login` becomes a customer with a session, whoever they were before on this device."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.wechat_app import WechatApp
from models.wechat_code import WechatCodeKind
from resolvers.caller import ActorKind, Caller
from resolvers.cart_merge import cart_locks, join_carts
from resolvers.customer_merge import merge_customers
from resolvers.keys import keys
from resolvers.outbox import emit_statement, event_binds
from resolvers.session import LoggedIn, open_session
from resolvers.viewed_product import MOVE_DEVICES
from resolvers.visit import VisitDetails, visit_told
from resolvers.wechat_exchange import exchanged_once, mini_program_of
from sealing import seal
from wechat.answers import Session
from wechat.connection import wechat

DEFAULT_NICKNAME: Final = "微信用户"
"""WeChat tells no names any more: customers write one themselves, or stay this."""

# Logins of one person come one after the other: of twenty first ones the first makes the customer. By openid first,
# then by unionid where there is one, so that two apps of one person never wait for each other in a circle. Ends with
# the transaction.
_HOLD = "select pg_advisory_xact_lock(hashtextextended($1, 0)), pg_advisory_xact_lock(hashtextextended($2, 0))"

# Two indexes: (shop_id, appid, openid) and (shop_id, open_account, unionid). A statement of its own after the lock:
# only then does it see what a rival has committed.
_KNOWN = """
select distinct customer_id from identity
where shop_id = $1 and (
    (appid = $2 and openid = $3) or ($5::text is not null and open_account = $4 and unionid = $5)
)
"""

# A customer who is new, and the event of it; what WeChat said, where a login that tells no unionid takes none away; and
# whose device it is. That row is held before the locks of the carts that may join, which the next statement needs: it
# sees what rivals have committed.
_KEEP = f"""
with made as (
    insert into customer (id, shop_id, nickname, created_at) select $3, $2, $11, $12 where $13
), told as ({emit_statement(first=16)}), named as (
    insert into visitor as joined (id, shop_id, visitor_id, customer_id, joined_at)
    select $14, $2, $15, $3, $12 where $15::uuid is not null
    on conflict (shop_id, visitor_id) do update set customer_id = excluded.customer_id, joined_at = excluded.joined_at
    where joined.customer_id <> excluded.customer_id
    returning id
), kept as (
    insert into identity as known (
        id, shop_id, customer_id, appid, openid, open_account, unionid, person_hash, session_key_sealed, created_at,
        seen_at
    ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
    on conflict (shop_id, appid, openid) do update set
        customer_id = excluded.customer_id, open_account = excluded.open_account,
        unionid = coalesce(excluded.unionid, known.unionid),
        person_hash = case when excluded.unionid is null and known.unionid is not null
            then known.person_hash else excluded.person_hash end,
        session_key_sealed = excluded.session_key_sealed, seen_at = excluded.seen_at
)
select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest($22::text[]) name
where (select count(*) from named) is not null
"""  # noqa: S608 - numbers of binds

# What the device did before anybody logged in on it. Index (shop_id, visitor_id, arrived_at); locked in the order of
# the key, as the recorder writes them. The device's own row, which is held by now, lets in one login at a time.
# And whether it has a cart to join.
_TAKE_OVER = f"""
with before as (
    select id from visit where shop_id = $1 and visitor_id = $3 and customer_id is null
    order by shop_id, visit_id for update
), visited as (
    update visit set customer_id = $2 from before where visit.id = before.id
), {MOVE_DEVICES}
select exists (
    select from cart where shop_id = $1 and visitor_id = $3 and customer_id is null and merged_into is null
)
"""  # noqa: S608 - our own words


async def login_with_wechat(caller: Caller, code: str, share_token: str | None = None) -> LoggedIn:
    """Log the person in whose code it is, as a new customer or the one they are; the device is theirs from now on.

    The same code within a minute logs in once and answers the same. Raises Refusal: NOT_ALLOWED without the key of a
    mini-program, LOGIN_CODE_EXPIRED, WECHAT_RISK_BLOCKED, WECHAT_RATE_LIMITED, BUSY, WECHAT_ANSWER_LOST,
    WECHAT_APP_REJECTED.
    """
    app = await mini_program_of(caller)
    client = wechat().mini_program(app)
    said = await exchanged_once(
        app, WechatCodeKind.LOGIN, code, partial(client.code2session, code), partial(_enter, caller, app)
    )
    logged_in = LoggedIn.read(said)
    visit_told(as_customer(caller, UUID(said["customer_id"])), VisitDetails(share_token=share_token))
    return logged_in


def as_customer(caller: Caller, customer_id: UUID) -> Caller:
    """Return the caller as the customer they have just become."""
    return caller._replace(actor=ActorKind.CUSTOMER, subject_id=customer_id, roles=frozenset())


async def _enter(caller: Caller, app: WechatApp, sql: Connection, session: Session) -> dict[str, Any]:
    """Find or make the customer, keep what WeChat said, and open a session; all in the open transaction."""
    by_unionid = f"person {app.shop_id} {app.open_account} {session.unionid}" if session.unionid else None
    await sql.execute(_HOLD, f"person {app.shop_id} {app.appid} {session.openid}", by_unionid)
    rows = await sql.fetch(_KNOWN, app.shop_id, app.appid, session.openid, app.open_account, session.unionid)
    known = {row["customer_id"] for row in rows}
    customer_id = await merge_customers(sql, caller, known) if len(known) > 1 else next(iter(known), None) or new_id()
    await _keep(sql, caller, app, session, customer_id, is_new=not known)
    if caller.visitor_id:
        has_cart = await sql.fetchval(_TAKE_OVER, app.shop_id, customer_id, caller.visitor_id)
        if has_cart:
            await join_carts(sql, app.shop_id, caller.visitor_id, customer_id)
    return {"customer_id": customer_id, "pair": (await open_session(sql, app, customer_id)).as_json()}


async def _keep(  # noqa: PLR0913 - who logs in, by what, and as whom
    sql: Connection, caller: Caller, app: WechatApp, session: Session, customer_id: UUID, *, is_new: bool
) -> None:
    """Keep the customer who is new, what WeChat said, and whose device it is; hold the carts of both."""
    await sql.execute(
        _KEEP,
        new_id(),
        caller.shop_id,
        customer_id,
        app.appid,
        session.openid,
        app.open_account,
        session.unionid,
        keys().person_hash(app.appid, session.openid, session.unionid),
        seal(session.session_key, keys().sealing),
        wall_now(),
        DEFAULT_NICKNAME,
        caller.now,
        is_new,
        new_id(),
        caller.visitor_id,
        *event_binds(caller.shop_id, "customer.created", {customer_id: {}} if is_new else {}),
        cart_locks(caller.shop_id, customer_id, caller.visitor_id) if caller.visitor_id else [],
    )
