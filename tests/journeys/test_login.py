"""People log in through WeChat, over real sockets against the sandbox's: who they become, and every way it fails."""

import asyncio
import secrets
from typing import Any
from uuid import uuid4

import pytest

from ids import decode_id
from models.database import pool
from models.refusal import UserErrorCode
from resolvers.wechat_refusal import refusal_of
from settings import Settings
from tests.harness.asking import Refused
from tests.harness.phones import CONSENT, PHONE, PROFILE, VIEWER, Phone, phone_in_another_app, phone_of
from tests.harness.shops import SandboxShop
from wechat.errors import WechatError


@pytest.fixture
def phone(shop: SandboxShop) -> Phone:
    """Somebody nobody else is."""
    return phone_of(shop, f"u{secrets.token_hex(8)}")


async def test_a_first_login_makes_a_customer_and_the_next_finds_them(phone: Phone) -> None:
    first, again = await phone.login(), await phone.login()

    assert first["customer"]["id"] == again["customer"]["id"]
    assert first["customer"] | {"id": "", "createdAt": ""} == {
        "id": "", "nickname": "微信用户", "avatarUrl": None, "phone": None, "createdAt": "", "consents": [],
    }  # fmt: skip
    assert first["session"]["accessToken"] != again["session"]["accessToken"]
    assert first["session"]["refreshToken"] != again["session"]["refreshToken"]


async def test_a_customer_sees_themselves_and_nobody_else_does(phone: Phone, other_shop: SandboxShop) -> None:
    login = await phone.login()
    me, customer_id = phone.customer(login["session"]["accessToken"]), login["customer"]["id"]
    stranger = await phone_of(phone.shop, f"u{secrets.token_hex(8)}").logged_in()
    neighbour = await phone_of(other_shop, phone.user).logged_in()
    by_id = "query ($id: ID!) { node(id: $id) { id ... on Customer { nickname phone } } viewer { id } }"

    assert (await me(by_id, {"id": customer_id})).data == {
        "node": {"id": customer_id, "nickname": "微信用户", "phone": None}, "viewer": {"id": customer_id},
    }  # fmt: skip
    for other in (stranger, neighbour, phone.visitor, phone.shop.staff):
        assert (await other(by_id, {"id": customer_id}))["node"] is None
    assert [(await other(VIEWER))["viewer"] for other in (phone.visitor, phone.shop.staff)] == [None, None]
    assert (await neighbour(VIEWER))["viewer"]["id"] != customer_id


async def test_a_code_sent_again_answers_the_same_and_is_asked_once(phone: Phone) -> None:
    code = await phone.code()

    first, again = await phone.login(code), await phone.login(code)

    assert first == again
    calls = await phone.shop.http.get(
        "/sandbox/wechat/calls", params={"appid": phone.appid, "user": phone.user, "call": "jscode2session"}
    )
    assert len(calls.json()) == 1


@pytest.mark.parametrize(
    ("switch", "refused"),
    [
        ({"kind": "ERROR", "errcode": 40226}, "WECHAT_RISK_BLOCKED"),
        ({"kind": "RATE_LIMIT"}, "WECHAT_RATE_LIMITED"),
        ({"kind": "ERROR", "errcode": -1}, "BUSY"),
        ({"kind": "ERROR", "errcode": 40029}, "LOGIN_CODE_EXPIRED"),
        ({"kind": "ERROR", "errcode": 40163}, "LOGIN_CODE_EXPIRED"),
        ({"kind": "ERROR", "errcode": 40125}, "WECHAT_APP_REJECTED"),
        ({"kind": "ERROR", "errcode": 40013}, "WECHAT_APP_REJECTED"),
    ],
)
async def test_each_failure_of_wechat_has_its_own_code(phone: Phone, switch: dict[str, Any], refused: str) -> None:
    code = await phone.code()
    await phone.switch(call="jscode2session", **switch)

    answer = await phone.try_login(code)

    assert answer.refusals == [Refused(refused, "input.code")]
    assert {name: answer["loginWithWechat"][name] for name in ("session", "customer")} == dict.fromkeys(
        ("session", "customer")
    )
    # Nothing was done, so the same code may go through now.
    assert (await phone.login(code))["customer"]


async def test_who_may_come_again_is_told_when(phone: Phone) -> None:
    for kind, milliseconds in (({"kind": "RATE_LIMIT"}, 60_000), ({"kind": "ERROR", "errcode": -1}, 1_000)):
        await phone.switch(call="jscode2session", **kind)
        [refusal] = (await phone.try_login()).refusals
        assert refusal.more["retryAfterMs"] == milliseconds


async def test_an_answer_that_got_lost_burns_the_code(phone: Phone) -> None:
    code = await phone.code()
    await phone.switch("LOST_ANSWER", "jscode2session")

    assert (await phone.try_login(code)).refusals == [Refused("WECHAT_ANSWER_LOST", "input.code")]
    assert (await phone.try_login(code)).refusals == [Refused("LOGIN_CODE_EXPIRED", "input.code")]
    assert await phone.login()


async def test_codes_that_are_none_are_refused(phone: Phone) -> None:
    for code, refused in (
        (await phone.code(seconds=0), "LOGIN_CODE_EXPIRED"),
        (await phone.phone_code(), "LOGIN_CODE_EXPIRED"),
        ("nonsense", "LOGIN_CODE_EXPIRED"),
        (" ", "BLANK"),
        ("x" * 201, "INVALID"),
        ("a\nb", "INVALID"),
    ):
        assert (await phone.try_login(code)).refusals == [Refused(refused, "input.code")], code


async def test_without_a_mini_programs_key_nobody_logs_in(phone: Phone) -> None:
    document = 'mutation { loginWithWechat(input: {code: "1"}) { customer { id } userErrors { code field } } }'

    assert (await phone.shop.staff(document)).refusals == [Refused("NOT_ALLOWED", "input")]


async def test_a_phone_number_is_bound_once_and_shown_masked(phone: Phone) -> None:
    me = await phone.logged_in()
    code = await phone.phone_code(phone="+86-13812345678")

    bound, again = await me(PHONE, {"code": code}), await me(PHONE, {"code": code})

    assert bound["phoneBind"] == again["phoneBind"]
    assert bound["phoneBind"]["customer"]["phone"] == "138****5678"
    assert (await me(VIEWER))["viewer"]["phone"] == "138****5678"
    row = await pool().fetchrow("select * from customer where shop_id = $1", phone.shop.id)
    assert row
    assert b"13812345678" not in bytes(row["phone_sealed"])
    abroad = await me(PHONE, {"code": await phone.phone_code(phone="+852-91234567")})
    assert abroad["phoneBind"]["customer"]["phone"] == "+852 ****67"


async def test_a_phone_code_fails_in_its_own_ways(phone: Phone) -> None:
    me = await phone.logged_in()
    stranger = phone_of(phone.shop, f"u{secrets.token_hex(8)}")

    assert (await phone.visitor(PHONE, {"code": "1"})).refusals == [Refused("LOGIN_REQUIRED")]
    assert (await me(PHONE, {"code": await phone.phone_code(seconds=0)})).refusals == [
        Refused("PHONE_CODE_EXPIRED", "code")
    ]
    assert (await me(PHONE, {"code": await stranger.phone_code()})).refusals == [Refused("WECHAT_APP_REJECTED", "code")]
    await phone.switch("ERROR", "getuserphonenumber", errcode=-1)
    assert (await me(PHONE, {"code": await phone.phone_code()})).refusals == [Refused("BUSY", "code")]


async def test_a_name_is_looked_at_before_others_read_it(phone: Phone) -> None:
    me = await phone.logged_in()
    picture = "https://img.example/me.png"

    kept = await me(PROFILE, {"input": {"nickname": " 小王 ", "avatarUrl": picture}})
    refused = await me(PROFILE, {"input": {"nickname": "诈骗专家"}})
    bare = await me(PROFILE, {"input": {"avatarUrl": None}})

    assert kept["profileUpdate"]["customer"]["nickname"] == "小王"
    assert kept["profileUpdate"]["customer"]["avatarUrl"] == picture
    assert refused.refusals == [Refused("CONTENT_REJECTED", "input.nickname")]
    assert (bare["profileUpdate"]["customer"]["nickname"], bare["profileUpdate"]["customer"]["avatarUrl"]) == (
        "小王",
        None,
    )
    assert (await me(PROFILE, {"input": {"nickname": " "}})).refusals == [Refused("BLANK", "input.nickname")]
    assert (await phone.visitor(PROFILE, {"input": {}})).refusals == [Refused("LOGIN_REQUIRED", "input")]


async def test_consents_are_kept_with_their_times_and_the_last_word_shows(phone: Phone) -> None:
    me = await phone.logged_in()

    async def say(version: str, *, agreed: bool) -> list[dict[str, Any]]:
        answer = await me(CONSENT, {"input": {"kind": "PRIVACY", "policyVersion": version, "agreed": agreed}})
        consents: list[dict[str, Any]] = answer["consentSet"]["customer"]["consents"]
        return consents

    assert await say("1", agreed=False) == []
    [first] = await say("1", agreed=True)
    assert await say("1", agreed=True) == [first]
    [taken_back] = await say("1", agreed=False)
    [later] = await say("2", agreed=True)

    assert (first["policyVersion"], first["withdrawnAt"]) == ("1", None)
    assert taken_back == first | {"withdrawnAt": taken_back["withdrawnAt"]}
    assert taken_back["withdrawnAt"] >= first["givenAt"]
    assert (later["policyVersion"], later["withdrawnAt"]) == ("2", None)
    assert await pool().fetchval("select count(*) from consent where shop_id = $1", phone.shop.id) == 2
    assert (
        await phone.visitor(CONSENT, {"input": {"kind": "TERMS", "policyVersion": "1", "agreed": True}})
    ).refusals == [Refused("LOGIN_REQUIRED", "input")]


async def test_what_a_device_did_before_is_the_customers_once_they_log_in(phone: Phone) -> None:
    visit = str(uuid4())
    await phone.visitor.also(x_visit_id=visit)("{ shop { name } }")
    await phone.shop.http.post(f"/sandbox/shops/{phone.shop.global_id}/settle")
    login = await phone.login()
    customer_id = decode_id("cus", login["customer"]["id"])

    assert await pool().fetchval("select customer_id from visit where shop_id = $1", phone.shop.id) == customer_id
    joined = await pool().fetchrow("select visitor_id, customer_id from visitor where shop_id = $1", phone.shop.id)
    assert joined
    assert (joined["visitor_id"], joined["customer_id"]) == (phone.visitor_id, customer_id)

    other = phone_of(phone.shop, f"u{secrets.token_hex(8)}")
    borrowed = Phone(phone.shop, other.user, phone.key, phone.appid, phone.visitor_id)
    theirs = await borrowed.login()
    rows = await pool().fetch("select customer_id from visitor where shop_id = $1", phone.shop.id)
    assert [row["customer_id"] for row in rows] == [decode_id("cus", theirs["customer"]["id"])]
    assert await pool().fetchval("select customer_id from visit where shop_id = $1", phone.shop.id) == customer_id


async def test_one_person_in_two_apps_of_an_account_is_one_customer(phone: Phone, settings: Settings) -> None:
    second = await phone_in_another_app(phone, settings, f"wx{secrets.token_hex(8)}")

    first, other = await phone.login(), await second.login()

    assert first["customer"]["id"] == other["customer"]["id"]
    assert await pool().fetchval("select count(*) from identity where shop_id = $1", phone.shop.id) == 2


async def test_a_token_of_one_app_is_refused_with_the_key_of_another(phone: Phone, settings: Settings) -> None:
    second = await phone_in_another_app(phone, settings, f"wx{secrets.token_hex(8)}")
    token = (await phone.login())["session"]["accessToken"]

    answer = await second.customer(token)(VIEWER)

    assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])


async def test_two_customers_who_turn_out_to_be_one_are_merged_and_old_tokens_go_on(
    phone: Phone, settings: Settings
) -> None:
    appid = f"wx{secrets.token_hex(8)}"
    second = await phone_in_another_app(phone, settings, appid)
    await phone.door("/apps", openAccount="mine")
    await second.door("/apps", openAccount=None)
    older, younger = await phone.login(), await second.login()
    assert older["customer"]["id"] != younger["customer"]["id"]
    theirs = second.customer(younger["session"]["accessToken"])
    await theirs(PHONE, {"code": await second.phone_code(phone="+86-13900001234")})

    await second.door("/apps", openAccount="mine")
    merged = await second.login()

    assert merged["customer"]["id"] == older["customer"]["id"]
    assert merged["customer"]["phone"] == "139****1234"
    me = {"id": older["customer"]["id"], "nickname": "微信用户", "phone": "139****1234"}
    # Who stands behind a token is remembered for a second.
    await asyncio.sleep(1.05)
    assert (await theirs(VIEWER))["viewer"] == me
    [gone] = await pool().fetch(
        "select id, merged_into, phone_sealed from customer where shop_id = $1 and merged_into is not null",
        phone.shop.id,
    )
    assert gone["merged_into"] == decode_id("cus", older["customer"]["id"])
    assert gone["phone_sealed"] is None


@pytest.mark.parametrize("errcode", [40164, 48001, 99999])
def test_what_only_the_shop_can_mend_is_one_code(errcode: int) -> None:
    assert refusal_of(WechatError("jscode2session", errcode)).code is UserErrorCode.WECHAT_APP_REJECTED
