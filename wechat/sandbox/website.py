"""The website login: a page where one picks who scans, then tokens and a profile for the code."""

import html
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from wechat.sandbox.apps import App, check_secret, find_app
from wechat.sandbox.codes import CodeKind, mint, use
from wechat.sandbox.faults import OK, Fault
from wechat.sandbox.inputs import PERSON_NAME
from wechat.sandbox.people import NAMES, Person, meet
from wechat.sandbox.protocol import Call
from wechat.sandbox.tokens import TOKEN_SECONDS, Holder, TokenKind, holder_of, issue

SCOPE: Final = "snsapi_login"
_KEPT: Final = ("appid", "redirect_uri", "response_type", "scope", "state")

_PAGE: Final = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>微信登录（沙箱）</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px sans-serif;max-width:24em;margin:3em auto;text-align:center}}
a,button{{display:block;width:100%;box-sizing:border-box;margin:.5em 0;padding:.6em;border:1px solid #07c160;
border-radius:4px;background:#fff;color:#07c160;font:inherit;text-decoration:none}}
input{{width:100%;box-sizing:border-box;padding:.6em;font:inherit}}</style>
<h1>微信登录</h1>{body}</html>"""


async def qrconnect(request: Request) -> Response:
    """`GET /connect/qrconnect`: in place of a QR code, the people who might scan it."""
    asked = {name: request.query_params.get(name, "") for name in _KEPT}
    fault = await _fault(asked)
    if fault:
        return _page(f"<p>{fault}</p>")
    confirm = f"{request.scope.get('root_path', '')}/connect/qrconnect/confirm"
    there = {name: html.escape(f"{confirm}?{urlencode({**asked, 'user': name})}") for name in NAMES}
    links = [f'<a id="user-{name}" href="{url}">{name}</a>' for name, url in there.items()]
    kept = [f'<input type="hidden" name="{name}" value="{html.escape(asked[name])}">' for name in _KEPT]
    form = f'<form action="{html.escape(confirm)}">{"".join(kept)}<input name="user" required placeholder="其他人">'
    return _page(f"<p>选择扫码的人</p>{''.join(links)}{form}<button>登录</button></form>")


async def confirm_login(request: Request) -> Response:
    """`GET /connect/qrconnect/confirm`: somebody has scanned and agreed; back to the website with a code."""
    asked = {name: request.query_params.get(name, "") for name in (*_KEPT, "user")}
    fault = await _fault(asked) or (None if PERSON_NAME.fullmatch(asked["user"]) else "没有这个人")
    if fault:
        return _page(f"<p>{fault}</p>")
    code, _ = await mint(CodeKind.WEBSITE, asked["appid"], asked["user"])
    back = urlsplit(asked["redirect_uri"])
    query = urlencode([*parse_qsl(back.query, keep_blank_values=True), ("code", code), ("state", asked["state"])])
    return RedirectResponse(back._replace(query=query).geturl(), 302)


async def _fault(asked: dict[str, str]) -> str | None:
    """Say what the real page says, in its words."""
    try:
        app = await find_app(asked["appid"])
    except Fault:
        return "AppID 参数错误"
    if not _may_return(app, asked["redirect_uri"]):
        return "redirect_uri 参数错误"
    if asked["scope"] != SCOPE or asked["response_type"] != "code":
        return "Scope 参数错误或没有 Scope 权限"
    return None


def _may_return(app: App, redirect_uri: str) -> bool:
    """Whether the host is the one that is set up; port and path are free, as at the real one."""
    try:
        back = urlsplit(redirect_uri)
        host = back.hostname
    except ValueError:
        return False
    return back.scheme in {"http", "https"} and bool(host) and app.redirect_host in {"", host}


def _page(body: str) -> Response:
    return HTMLResponse(_PAGE.format(body=body), headers={"Content-Security-Policy": "frame-ancestors 'none'"})


async def access_token(call: Call) -> dict[str, Any]:
    """`GET /sns/oauth2/access_token`."""
    app = await check_secret(call.asked)
    if call.text("grant_type") != "authorization_code":
        raise Fault(40002)
    person, _ = await use(CodeKind.WEBSITE, app.appid, call.text("code"), call.now)
    refresh = await issue(TokenKind.REFRESH, Holder(app.appid, person.name), call.now)
    return await _tokens(person, refresh, call)


async def refresh_token(call: Call) -> dict[str, Any]:
    """`GET /sns/oauth2/refresh_token`: a new access token, the same refresh token, and no secret asked."""
    await find_app(call.appid)
    if call.text("grant_type") != "refresh_token":
        raise Fault(40002)
    holder = await holder_of(TokenKind.REFRESH, call.text("refresh_token"), call.now)
    if holder.appid != call.appid:
        raise Fault(40030)
    return await _tokens(await meet(holder.appid, holder.name), call.text("refresh_token"), call)


async def userinfo(call: Call) -> dict[str, Any]:
    """`GET /sns/userinfo`."""
    person = await _bearer(call)
    return _with_unionid(
        person,
        {
            "openid": person.openid,
            "nickname": person.nickname,
            "sex": 0,
            "province": "",
            "city": "",
            "country": "",
            "headimgurl": person.avatar_url,
            "privilege": [],
        },
    )


async def auth(call: Call) -> dict[str, Any]:
    """`GET /sns/auth`: whether a website's token is good."""
    await _bearer(call)
    return OK


async def _bearer(call: Call) -> Person:
    if call.holder is None:
        raise Fault(41001)
    person = await meet(call.holder.appid, call.holder.name)
    if person.openid != call.text("openid"):
        raise Fault(40003)
    return person


async def _tokens(person: Person, refresh: str, call: Call) -> dict[str, Any]:
    token = await issue(TokenKind.WEBSITE, Holder(person.appid, person.name), call.now)
    answer = {"access_token": token, "expires_in": TOKEN_SECONDS, "refresh_token": refresh}
    return _with_unionid(person, answer | {"openid": person.openid, "scope": SCOPE})


def _with_unionid(person: Person, answer: dict[str, Any]) -> dict[str, Any]:
    return answer | ({"unionid": person.unionid} if person.unionid else {})
