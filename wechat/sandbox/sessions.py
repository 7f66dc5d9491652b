"""Logins of mini-programs: codes become sessions, sessions are proven and reset, phone numbers are handed out."""

import base64
import hmac
import secrets
from typing import Any, Final

from wechat.crypto import SESSION_KEY_BYTES, session_signature
from wechat.sandbox.apps import check_secret
from wechat.sandbox.codes import CodeKind, use
from wechat.sandbox.faults import OK, Fault
from wechat.sandbox.people import Person, begin_session, by_openid
from wechat.sandbox.protocol import Call
from wechat.sandbox.tokens import stable_token

COUNTRY_CODE: Final = "86"


async def answer_stable_token(call: Call) -> dict[str, Any]:
    """`POST /cgi-bin/stable_token`."""
    return await stable_token(call.asked, call.now)


async def jscode2session(call: Call) -> dict[str, Any]:
    """`GET /sns/jscode2session`: each exchange makes a new session key."""
    app = await check_secret(call.asked)
    if call.text("grant_type") != "authorization_code":
        raise Fault(40002)
    person, _ = await use(CodeKind.LOGIN, app.appid, call.text("js_code"), call.now)
    return await _new_session(person, call)


async def checksession(call: Call) -> dict[str, Any]:
    """`GET /wxa/checksession`."""
    await _proven(call)
    return OK


async def resetusersessionkey(call: Call) -> dict[str, Any]:
    """`GET /wxa/resetusersessionkey`."""
    session = await _new_session(await _proven(call), call)
    session.pop("unionid", None)
    return {**OK, **session}


async def getuserphonenumber(call: Call) -> dict[str, Any]:
    """`POST /wxa/business/getuserphonenumber`; an `openid` has to be that of the code."""
    person, phone = await use(CodeKind.PHONE, call.appid, call.text("code"), call.now)
    if call.text("openid") and call.text("openid") != person.openid:
        raise Fault(40003)
    return {**OK, "phone_info": phone_info(person, phone, int(call.now.timestamp()))}


def phone_info(person: Person, phone: str | None, timestamp: int) -> dict[str, Any]:
    """Return a number as WeChat writes it; `phone` in the world's form (`+85291234567`) goes before the made-up one."""
    country, number = COUNTRY_CODE, person.phone
    if phone:
        country, _, number = phone.removeprefix("+").partition("-")
    return {
        # The country's code leads only where it is not China's.
        "phoneNumber": number if country == COUNTRY_CODE else f"+{country}{number}",
        "purePhoneNumber": number,
        "countryCode": country,
        "watermark": {"timestamp": timestamp, "appid": person.appid},
    }


async def _new_session(person: Person, call: Call) -> dict[str, Any]:
    session_key = base64.b64encode(secrets.token_bytes(SESSION_KEY_BYTES)).decode()
    await begin_session(person, session_key, call.now)
    session: dict[str, Any] = {"openid": person.openid, "session_key": session_key}
    return session | ({"unionid": person.unionid} if person.unionid else {})


async def _proven(call: Call) -> Person:
    person = await by_openid(call.appid, call.text("openid"))
    if call.text("sig_method") != "hmac_sha256" or not person.session_key:
        raise Fault(87009)
    ours = session_signature(person.session_key).encode()
    if not hmac.compare_digest(ours, call.text("signature").encode()):
        raise Fault(87009)
    return person
