"""Whatever is sent to the sandbox's WeChat, it answers in WeChat's way and never with a fault."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wechat.hand import Hand
from wechat.client import MiniProgram
from wechat.sandbox.app import PATH, ROUTES
from wechat.sandbox.doors import DOORS

PROTOCOL = [route for route in ROUTES if route not in DOORS and "connect" not in route.path]
# What would be done, but for one word of it.
SENSIBLE: dict[str, dict[str, Any]] = {
    "/cgi-bin/stable_token": {"grant_type": "client_credential", "secret": "sandbox", "force_refresh": False},
    "/wxa/business/getuserphonenumber": {"code": "c", "openid": "o"},
    "/wxa/getwxacodeunlimit": {"scene": "t=1", "page": "p", "width": 430, "env_version": "release"},
    "/wxa/generate_urllink": {
        "path": "p", "query": "q", "expire_type": 1, "expire_interval": 1, "expire_time": 1, "env_version": "trial"
    },
    "/wxa/msg_sec_check": {"version": 2, "scene": 1, "content": "好"},
    "/cgi-bin/message/wxopen/updatablemsg/send": {
        "activity_id": "a", "target_state": 0, "template_info": {"parameter_list": [{"name": "path", "value": "p"}]}
    },
    "/cgi-bin/message/subscribe/send": {
        "template_id": "T", "data": {"thing1": {"value": "x"}}, "page": "p", "miniprogram_state": "trial"
    },
}  # fmt: skip
COMMON = ("appid", "openid", "touser", "access_token", "code", "js_code", "refresh_token", "signature", "sig_method")

texts = st.text(max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
SOME = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def method_of(route: Any) -> str:
    [method] = {"GET", "POST"} & set(route.methods)
    return method


@pytest.mark.parametrize("route", PROTOCOL, ids=lambda route: route.path)
@given(data=st.data())
@SOME
async def test_a_question_with_one_odd_word_gets_an_answer(
    mini: MiniProgram, tester: Hand, route: Any, data: st.DataObject
) -> None:
    met = await tester.post("/codes", user="xiaoming")
    token = await mini.tokens.token(mini.transport, mini.appid, mini.secret)
    sensible = {"appid": mini.appid, "openid": met["openid"], "touser": met["openid"]} | SENSIBLE.get(route.path, {})
    odd = data.draw(st.sampled_from([*sensible, *COMMON, "data"]))
    body = json.dumps(sensible | {odd: data.draw(values)}).encode()

    answer = await tester.http.request(
        method_of(route), f"{PATH}{route.path}", params={"access_token": token}, content=body
    )

    assert answer.status_code == 200
    if answer.headers["content-type"] != "image/png":
        assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("route", PROTOCOL, ids=lambda route: route.path)
@given(body=st.binary(max_size=50), query=st.dictionaries(st.sampled_from(COMMON), st.text(max_size=20), max_size=4))
@SOME
async def test_junk_is_refused_by_number(tester: Hand, route: Any, body: bytes, query: dict[str, str]) -> None:
    asked = {name: text.encode(errors="surrogatepass") for name, text in query.items()}

    answer = await tester.http.request(method_of(route), f"{PATH}{route.path}", params=asked, content=body)

    assert (answer.status_code, answer.json()["errcode"] != 0) == (200, True)


@pytest.mark.parametrize("query", ["access_token=%ff%fe", "appid=%00", "js_code=%ED%A0%80", "a=" + "x" * 5000])
async def test_a_query_that_is_no_text_is_refused_too(tester: Hand, query: str) -> None:
    for route in PROTOCOL:
        answer = await tester.http.request(method_of(route), f"{PATH}{route.path}?{query}")
        assert (answer.status_code, answer.json()["errcode"] != 0) == (200, True)


async def test_a_body_without_end_is_refused(tester: Hand) -> None:
    answer = await tester.http.post(f"{PATH}/cgi-bin/stable_token", content=b'{"appid":"' + b"x" * 200_000)
    assert answer.json()["errcode"] == 45002
