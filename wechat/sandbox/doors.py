"""What testers do to the sandbox's WeChat: be a phone, make calls fail, and read what happened. Plain JSON."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clock import wall_now
from wechat.crypto import encrypt_session_data, raw_data_signature
from wechat.sandbox.apps import USUAL_SECRET, App, find_app, save_app
from wechat.sandbox.calls import calls_of, clear_calls
from wechat.sandbox.codes import CodeKind, mint
from wechat.sandbox.faults import Fault
from wechat.sandbox.inputs import (
    AccountInput,
    AppidInput,
    AppInput,
    ClearInput,
    CodeInput,
    GrantInput,
    InputError,
    ListInput,
    PhoneCodeInput,
    PushInput,
    ReminderInput,
    SealInput,
    SwitchInput,
    read_body,
    read_query,
)
from wechat.sandbox.messages import grant, messages_of
from wechat.sandbox.people import Person, group_id, meet
from wechat.sandbox.pictures import follow
from wechat.sandbox.push import check_url, push
from wechat.sandbox.push_reminder import remind
from wechat.sandbox.switches import Aim, clear, set_switch, switches_of
from wechat.sandbox.tokens import expire_all

Door = Callable[[Request], Awaitable[Mapping[str, Any] | Sequence[Any] | None]]
_JSON: Final = "application/json"


def door(path: str, method: str, work: Door) -> Route:
    """Return a door's route: what the work returns is the answer, None is 204, a bad input is 400."""

    @wraps(work)
    async def answered(request: Request) -> Response:
        try:
            answer = await work(request)
        except InputError as invalid:
            return _json({"code": "INVALID", "message": str(invalid)}, HTTPStatus.BAD_REQUEST)
        except Fault as fault:
            return _json({"code": "INVALID", **fault.answer}, HTTPStatus.BAD_REQUEST)
        return Response(status_code=HTTPStatus.NO_CONTENT) if answer is None else _json(answer)

    return Route(path, answered, methods=[method])


async def set_app_up(request: Request) -> None:
    """Set an app up: its secret, its Open Platform account, where logins return and messages are pushed."""
    asked = await read_body(request, AppInput)
    await save_app(App(**{**asked.model_dump(), "secret": asked.secret or USUAL_SECRET}))


async def login_code(request: Request) -> dict[str, Any]:
    """Give the code that `wx.login` would."""
    asked = await read_body(request, CodeInput)
    code, person = await mint(CodeKind.LOGIN, asked.appid, asked.user, seconds=asked.seconds)
    return {"code": code, "openid": person.openid, "unionid": person.unionid}


async def phone_code(request: Request) -> dict[str, Any]:
    """Give the code that the phone button would."""
    asked = await read_body(request, PhoneCodeInput)
    code, _ = await mint(CodeKind.PHONE, asked.appid, asked.user, seconds=asked.seconds, phone=asked.phone)
    return {"code": code}


async def sealed_data(request: Request) -> dict[str, Any]:
    """Seal a user's profile as `wx.getUserProfile` does, or a group as `wx.getGroupEnterInfo`; a login comes first."""
    asked = await read_body(request, SealInput)
    person = await meet(asked.appid, asked.user)
    if not person.session_key:
        message = f"user: {asked.user} has not logged in; exchange a code first"
        raise InputError(message)
    mark = {"watermark": {"timestamp": int(wall_now().timestamp()), "appid": person.appid}}
    if asked.group:
        encrypted, iv = encrypt_session_data(
            {"openGId": group_id(person.appid, asked.group)} | mark, person.session_key
        )
        return {"encryptedData": encrypted, "iv": iv}
    profile = _profile(person)
    raw = orjson.dumps(profile).decode()
    ids = {"openId": person.openid} | ({"unionId": person.unionid} if person.unionid else {})
    encrypted, iv = encrypt_session_data(ids | profile | mark, person.session_key)
    signature = raw_data_signature(raw, person.session_key)
    return {"rawData": raw, "signature": signature, "encryptedData": encrypted, "iv": iv}


def _profile(person: Person) -> dict[str, Any]:
    """Return what WeChat tells of everybody since 2022: no name of their own, a grey face."""
    unknown = dict.fromkeys(("city", "province", "country"), "")
    return {"nickName": "微信用户", "gender": 0, "language": "zh_CN", **unknown, "avatarUrl": person.avatar_url}


async def agree_to_messages(request: Request) -> dict[str, Any]:
    """Agree to messages as in `wx.requestSubscribeMessage`."""
    asked = await read_body(request, GrantInput)
    await meet(asked.appid, asked.user)
    return {"remaining": await grant(asked.appid, asked.user, asked.template_id, asked.times)}


async def list_messages(request: Request) -> list[dict[str, Any]]:
    """List the messages that users got."""
    asked = read_query(request, ListInput)
    return await messages_of(asked.appid, asked.user)


async def list_calls(request: Request) -> list[dict[str, Any]]:
    """List what was asked, secrets masked."""
    asked = read_query(request, ListInput)
    return await calls_of(asked.appid, asked.call, asked.user, asked.limit, asked.mchid)


async def forget_calls(request: Request) -> None:
    """Forget what the app asked; its limits begin anew."""
    await clear_calls(read_query(request, AppidInput).appid)


async def add_switch(request: Request) -> dict[str, Any]:
    """Make the next calls of an app, or of a merchant, fail."""
    asked = await read_body(request, SwitchInput)
    aim = Aim(asked.appid, asked.mchid, asked.user, asked.call, asked.order)
    return await set_switch(
        aim, asked.kind, errcode=asked.answers, code=asked.code, delay_ms=asked.delay_ms, times=asked.times
    )


async def list_switches(request: Request) -> list[dict[str, Any]]:
    """List the switches of an app, or of a merchant."""
    asked = read_query(request, AccountInput)
    return await switches_of(asked.appid, asked.mchid)


async def remove_switches(request: Request) -> dict[str, Any]:
    """Remove one switch of an app or a merchant, or all."""
    asked = read_query(request, ClearInput)
    return {"removed": await clear(asked.appid, asked.mchid, asked.id)}


async def end_tokens(request: Request) -> None:
    """End every token of the app at once."""
    await expire_all((await read_body(request, AppidInput)).appid, wall_now())


async def push_message(request: Request) -> dict[str, Any]:
    """Push a message to the shop's server, and say what it answered each time."""
    asked = await read_body(request, PushInput)
    app = await _pushed_to(asked.appid)
    if asked.safe and not app.encoding_aes_key:
        message = "safe: the app has no encodingAesKey"
        raise InputError(message)
    person = await meet(asked.appid, asked.user)
    head = {"ToUserName": f"gh_{asked.appid}", "FromUserName": person.openid, "CreateTime": int(wall_now().timestamp())}
    message_body = head | asked.message
    return {"pushes": [await push(app, message_body, is_safe=asked.safe) for _ in range(asked.times)]}


async def remind_of_shipping(request: Request) -> dict[str, Any]:
    """Remind the shop's server of an order that is paid and not sent, in safe mode."""
    asked = await read_body(request, ReminderInput)
    app = await _pushed_to(asked.appid)
    if not app.encoding_aes_key:
        message = "appid: the app has no encodingAesKey"
        raise InputError(message)
    return {"pushes": await remind(app, asked.order, asked.times)}


async def prove_url(request: Request) -> dict[str, Any]:
    """Have the shop's server prove itself."""
    asked = await read_body(request, AppidInput)
    return {"ok": await check_url(await _pushed_to(asked.appid))}


async def _pushed_to(appid: str) -> App:
    app = await find_app(appid)
    if not app.push_url:
        message = "appid: the app has no pushUrl"
        raise InputError(message)
    return app


async def open_link(request: Request) -> dict[str, Any]:
    """Say where a link leads."""
    found = await follow(request.path_params["token"], wall_now())
    if found is None:
        message = "the link is unknown or over"
        raise InputError(message)
    return found


def _json(body: Mapping[str, Any] | Sequence[Any], status: int = HTTPStatus.OK) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(_camel(body), option=orjson.OPT_UTC_Z), status, headers, media_type=_JSON)


def _camel(value: Any) -> Any:  # noqa: ANN401 - rows of any table
    """Give rows the names that the rest of JSON has; what is inside `asked`, `data` and answers stays as it was."""
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if isinstance(value, dict):
        return {_NAMES.get(name, name): item for name, item in value.items()}
    return value


_NAMES: Final = {
    "name": "user",
    "delay_ms": "delayMs",
    "made_at": "madeAt",
    "switch_id": "switchId",
    "took_ms": "tookMs",
    "template_id": "templateId",
    "order_no": "order",
}


DOORS: Final = (
    door("/apps", "POST", set_app_up),
    door("/codes", "POST", login_code),
    door("/phone-codes", "POST", phone_code),
    door("/sealed-data", "POST", sealed_data),
    door("/subscriptions", "POST", agree_to_messages),
    door("/messages", "GET", list_messages),
    door("/calls", "GET", list_calls),
    door("/calls", "DELETE", forget_calls),
    door("/switches", "POST", add_switch),
    door("/switches", "GET", list_switches),
    door("/switches", "DELETE", remove_switches),
    door("/tokens/expire", "POST", end_tokens),
    door("/pushes", "POST", push_message),
    door("/pushes/check", "POST", prove_url),
    door("/pushes/remind-shipping", "POST", remind_of_shipping),
    door("/link/{token}", "GET", open_link),
)
