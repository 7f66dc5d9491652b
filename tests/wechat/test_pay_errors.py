"""How paying fails: a kind of error for each thing to do, and no word believed that WeChat did not sign."""

import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from traceback import format_exception
from typing import Any

import orjson
import pytest

from logs import configure
from tests.wechat import pay_office
from tests.wechat.pay_office import NO, ORDER, REFUND, WISH, Office
from wechat import pay_errors as errors
from wechat.pay import Pay

Ask = Callable[[Pay], Awaitable[Any]]
EACH: list[Ask] = [
    lambda pay: pay.prepay(WISH),
    lambda pay: pay.query(NO),
    lambda pay: pay.close(NO),
    lambda pay: pay.refund(REFUND),
    lambda pay: pay.query_refund("R1"),
    lambda pay: pay.certificates(),
    lambda pay: pay.trade_bill(date(2026, 11, 21)),
]


NOES = [
    (400, "PARAM_ERROR", errors.PayRefused),
    (400, "ORDERPAID", errors.PayOrderPaid),
    (401, "SIGN_ERROR", errors.PayRefused),
    (403, "NOT_ENOUGH", errors.PayRefused),
    (403, "OUT_TRADE_NO_USED", errors.PayRefused),
    (403, "FREQUENCY_LIMITED", errors.PayBusy),
    (404, "ORDER_NOT_EXIST", errors.PayNotFound),
    (404, "RESOURCE_NOT_EXISTS", errors.PayNotFound),
    (404, "USER_NOT_EXISTS", errors.PayRefused),
    (429, "FREQUENCY_LIMITED", errors.PayBusy),
    (400, "SYSTEM_ERROR", errors.PayUnknown),
    (500, "SYSTEM_ERROR", errors.PayUnknown),
    (502, "BAD_GATEWAY", errors.PayUnknown),
    (202, "USERPAYING", errors.PayUnknown),
    (302, "FOUND", errors.PayUnknown),
]


@pytest.mark.parametrize("ask", EACH)
@pytest.mark.parametrize("no", NOES)
async def test_each_no_is_of_its_kind(
    pay: Pay, office: Office, ask: Ask, no: tuple[int, str, type[errors.PayError]]
) -> None:
    status, code, kind = no
    office.will_say(status, {"code": code, "message": "no"}, request_id="08F7D1")
    with pytest.raises(errors.PayError) as refused:
        await ask(pay)
    found = refused.value
    assert (type(found), found.code, found.status, found.request_id) == (kind, code, status, "08F7D1")


async def test_only_what_can_be_tried_again_says_when() -> None:
    kinds = [errors.PayRefused, errors.PayOrderPaid, errors.PayNotFound, errors.PayBusy, errors.PayUnknown]
    assert [kind.retry_after_seconds for kind in kinds] == [None, None, None, 5.0, 1.0]


@pytest.mark.parametrize("ask", EACH)
@pytest.mark.parametrize("status", [200, 204, 400, 404])
async def test_what_wechat_did_not_sign_leaves_all_unknown(pay: Pay, office: Office, ask: Ask, status: int) -> None:
    office.will_say(status, b"" if status == 204 else {"code": "ORDER_NOT_EXIST", "data": []}, is_signed=False)
    with pytest.raises(errors.PayUnknown) as unknown:
        await ask(pay)
    assert unknown.value.code in {errors.BAD_SIGNATURE, errors.BAD_ANSWER}


async def test_a_good_answer_under_another_signature_is_unknown(pay: Pay, office: Office) -> None:
    for headers in (pay_office.signed(b"{}"), pay_office.signed(orjson.dumps(ORDER), at=1554208460)):
        office.answers = [(200, orjson.dumps(ORDER), headers)]
        with pytest.raises(errors.PayUnknown, match=errors.BAD_SIGNATURE):
            await pay.query(NO)


async def test_an_unsigned_no_of_the_gate_is_believed_where_it_harms_nothing(pay: Pay, office: Office) -> None:
    for status, kind in ((401, errors.PayRefused), (429, errors.PayBusy)):
        office.answers.clear()
        office.will_say(status, b"<html>", is_signed=False)
        with pytest.raises(kind):
            await pay.query(NO)


@pytest.mark.parametrize(
    "said",
    [
        b"<html>",
        b"[]",
        {},
        ORDER | {"out_trade_no": "another"},
        ORDER | {"amount": {"total": "88"}},
        ORDER | {"amount": {"total": -1}},
        ORDER | {"amount": {"total": True}},
        ORDER | {"success_time": "soon"},
        ORDER | {"success_time": "2026-11-22T18:00:00"},
    ],
)
async def test_what_is_not_as_published_is_unknown(pay: Pay, office: Office, said: Any) -> None:
    office.will_say(200, said)
    with pytest.raises(errors.PayUnknown, match=errors.BAD_ANSWER):
        await pay.query(NO)


async def test_silence_and_nobody_there_are_unknown(pay: Pay, office: Office) -> None:
    office.seconds = 2.0
    office.will_say(200, ORDER)
    with pytest.raises(errors.PayUnknown, match=errors.NO_ANSWER):
        await pay.query(NO)
    nowhere = dataclasses.replace(pay, merchant=pay_office.merchant())
    with pytest.raises(errors.PayUnknown, match=errors.NO_CONNECTION):
        await nowhere.query(NO)


@pytest.fixture
def loquacious() -> Iterator[None]:
    """Let logs say all they ever would."""
    configure("debug")
    yield
    configure("warning")


async def test_nothing_private_is_logged_or_said(
    pay: Pay, office: Office, loquacious: None, capfd: pytest.CaptureFixture[str]
) -> None:
    paid = {"trade_state": "SUCCESS", "transaction_id": "4200001", "payer": {"openid": WISH.openid}}
    office.will_say(200, ORDER | paid)
    found = await pay.query(NO)
    office.answers.clear()
    office.will_say(400, {"code": "PARAM_ERROR", "message": f"{WISH.openid} is wrong"})
    with pytest.raises(errors.PayRefused) as refused:
        await pay.prepay(WISH)
    captured = capfd.readouterr()
    said = " ".join([*format_exception(refused.value), captured.out, captured.err, str(found), str(WISH), str(pay)])
    assert all(word in said for word in ("wechat_pay_answered", "wechat_pay_refused", "PARAM_ERROR"))
    signature = office.asked[-1][3]["authorization"]
    for secret in (WISH.openid, pay_office.API_V3_KEY, "BEGIN PRIVATE", signature):
        assert secret not in said
