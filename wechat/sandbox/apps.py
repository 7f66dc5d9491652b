"""The apps that the sandbox's WeChat knows: every appid of the right shape, unless somebody set it up otherwise."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from models.database import pool
from wechat.sandbox.faults import Fault

USUAL_SECRET: Final = "sandbox"  # noqa: S105 - opens nothing: the real WeChat knows none of these apps
USUAL_ACCOUNT: Final = "sandbox"
_SHAPE: Final = re.compile(r"wx[0-9a-z]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class App:
    """An app as its owner set it up; `open_account` is the Open Platform account that gives its users a unionid."""

    appid: str
    secret: str = USUAL_SECRET
    open_account: str | None = USUAL_ACCOUNT
    redirect_host: str = ""
    """Where website logins may come back to; empty for anywhere."""
    push_url: str = ""
    push_token: str = ""
    encoding_aes_key: str = ""


# Primary key.
_FIND = f"select {', '.join(field.name for field in fields(App))} from wechat_sandbox.app where appid = $1"  # noqa: S608
_SAVE = """
insert into wechat_sandbox.app (appid, secret, open_account, redirect_host, push_url, push_token, encoding_aes_key)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (appid) do update set
    secret = excluded.secret, open_account = excluded.open_account, redirect_host = excluded.redirect_host,
    push_url = excluded.push_url, push_token = excluded.push_token, encoding_aes_key = excluded.encoding_aes_key
"""


async def find_app(appid: str) -> App:
    """Return an app. Raises Fault: 41002 without an appid, 40013 for one that nobody has."""
    if not appid:
        raise Fault(41002)
    row = await pool().fetchrow(_FIND, appid)
    if row:
        return App(**dict(row))
    if not _SHAPE.fullmatch(appid):
        raise Fault(40013)
    return App(appid)


async def check_secret(asked: Mapping[str, object]) -> App:
    """Return the app that `appid` and `secret` name. Raises Fault 41002, 41004, 40013, 40125."""
    app = await find_app(str(asked.get("appid", "")))
    secret = str(asked.get("secret", ""))
    if not secret:
        raise Fault(41004)
    if not hmac.compare_digest(secret.encode(), app.secret.encode()):
        raise Fault(40125)
    return app


async def save_app(app: App) -> None:
    """Set an app up, or anew."""
    await pool().execute(_SAVE, *(getattr(app, field.name) for field in fields(App)))
