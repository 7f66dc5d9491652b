"""A login by hand: the same question to WeChat, the same rows, the same sealing and signing, in fewer statements."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Final

import httpx
import orjson

from clock import wall_now
from ids import encode_id, new_id
from models.database import pool
from resolvers.caller import ActorKind
from resolvers.keys import keys
from resolvers.login import DEFAULT_NICKNAME
from resolvers.session import REFRESH_DAYS
from resolvers.tokens import MINUTES, Bearer
from sealing import seal, unseal

_APP: Final = """
select app.id, app.appid, app.secret_sealed, app.open_account, app.shop_id
from visitor_key join wechat_app app on app.shop_id = visitor_key.shop_id and app.id = visitor_key.app_id
where visitor_key.key = $1 and visitor_key.revoked_at is null
"""
_CLAIM: Final = """
insert into wechat_code (id, shop_id, app_id, kind, code_sha256, claimed_at) values ($1, $2, $3, 'LOGIN', $4, $5)
on conflict (shop_id, app_id, kind, code_sha256) do nothing returning id
"""
_HOLD: Final = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
_KNOWN: Final = """
select customer_id from identity where shop_id = $1
and (appid = $2 and openid = $3 or $5::text is not null and open_account = $4 and unionid = $5) limit 1
"""
_CUSTOMER: Final = "insert into customer (id, shop_id, nickname, created_at) values ($1, $2, $3, $4)"
_ENTER: Final = """
with known as (
    insert into identity (id, shop_id, customer_id, appid, openid, open_account, unionid, person_hash,
                          session_key_sealed, created_at, seen_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
    on conflict (shop_id, appid, openid) do update set customer_id = excluded.customer_id,
        unionid = excluded.unionid, person_hash = excluded.person_hash,
        session_key_sealed = excluded.session_key_sealed, seen_at = excluded.seen_at
), joined as (
    insert into visitor as v (id, shop_id, visitor_id, customer_id, joined_at) values ($11, $2, $12, $3, $10)
    on conflict (shop_id, visitor_id) do update set customer_id = excluded.customer_id, joined_at = excluded.joined_at
        where v.customer_id <> excluded.customer_id
), visits as (
    update visit set customer_id = $3 where shop_id = $2 and visitor_id = $12 and customer_id is null
), views as (
    update viewed_product set customer_id = $3, visitor_id = null
    where shop_id = $2 and visitor_id = $12 and customer_id is null
), opened as (
    insert into session (id, shop_id, customer_id, app_id, created_at) values ($13, $2, $3, $14, $10)
), given as (
    insert into refresh_token (id, shop_id, session_id, token_sha256, created_at, expires_at)
    values ($15, $2, $13, $16, $10, $17)
)
update wechat_code set answered_at = $10, answer_sealed = $18 where id = $19
"""


class Logins:
    """Answers logins of one shop's mini-program."""

    def __init__(self, http: httpx.AsyncClient, wechat_url: str) -> None:
        self._http = http
        self._wechat_url = wechat_url
        self._known: Any = None

    async def log_in(self, key: str, code: str, visitor_id: str) -> bytes:
        """Exchange the code and let whoever it is in."""
        app = await self._app_of(key)
        claim, shop_id = new_id(), app["shop_id"]
        digest = hashlib.sha256(code.encode()).digest()
        if not await pool().fetchval(_CLAIM, claim, shop_id, app["id"], digest, wall_now()):
            message = "the code was used before"
            raise RuntimeError(message)
        params = {
            "appid": app["appid"], "secret": unseal(app["secret_sealed"], keys().sealing), "js_code": code,
            "grant_type": "authorization_code",
        }  # fmt: skip
        said = orjson.loads((await self._http.get(f"{self._wechat_url}/sns/jscode2session", params=params)).content)
        openid, unionid = said["openid"], said.get("unionid")
        async with pool().acquire() as sql, sql.transaction():
            # Logins of one person one after the other, as ours; a statement of its own, to see what a rival has done.
            await sql.execute(_HOLD, f"person {shop_id} {app['appid']} {openid}")
            await sql.execute(_HOLD, f"person {shop_id} {app['open_account']} {unionid}")
            now = wall_now()
            customer_id = await sql.fetchval(_KNOWN, shop_id, app["appid"], openid, app["open_account"], unionid)
            if customer_id is None:
                customer_id = new_id()
                await sql.execute(_CUSTOMER, customer_id, shop_id, DEFAULT_NICKNAME, now)
            session_id, refresh = new_id(), secrets.token_urlsafe(32)
            expires_at = now + timedelta(days=REFRESH_DAYS)
            bearer = Bearer(ActorKind.CUSTOMER, shop_id, app["appid"], customer_id, session_id=session_id)
            answer = orjson.dumps({
                "customer": {"id": encode_id("cus", customer_id)},
                "session": {
                    "accessToken": keys().tokens.issue(bearer), "refreshToken": refresh,
                    "accessTokenExpiresAt": now + timedelta(minutes=MINUTES), "refreshTokenExpiresAt": expires_at,
                },
            })  # fmt: skip
            await sql.execute(
                _ENTER, new_id(), shop_id, customer_id, app["appid"], openid, app["open_account"], unionid,
                keys().person_hash(app["appid"], openid, unionid), seal(said["session_key"], keys().sealing), now,
                new_id(), visitor_id, session_id, app["id"], new_id(), hashlib.sha256(refresh.encode()).digest(),
                expires_at, seal(answer.decode(), keys().sealing), claim,
            )  # fmt: skip
        return answer

    async def _app_of(self, key: str) -> Any:  # noqa: ANN401 - a row
        """Remembered for ever: there is one."""
        if self._known is None:
            self._known = await pool().fetchrow(_APP, key)
        return self._known
