"""WeChat tells customers of their orders: as often as they agreed to, and no order ever waits for it.

The witness is the sandbox's WeChat, which keeps what arrived on phones and an account of agreements of its own.
"""

import asyncio
import re
from uuid import uuid4

import pytest

from clock import wall_now
from models.database import pool
from models.failpoint import FailpointError
from resolvers.message_send import send_messages
from tests.harness.buying import on_sale
from tests.harness.messages import CALL, agrees, arrived, log_of, records, remaining, tells
from tests.harness.paying import Payer, count, payer, settled
from tests.harness.refunding import APPROVE, complains, paid_order
from tests.harness.shipping import NUMBER, ships
from tests.harness.shops import SandboxShop
from wechat.sandbox import messages


async def hurried(shop: SandboxShop) -> None:
    """Let the time pass that a message waits before it is tried again."""
    await pool().execute(
        "update message set next_attempt_at = $2 where shop_id = $1 and state = 'WAITING'", shop.id, wall_now()
    )
    await send_messages(wall_now(), shop.id)


@pytest.fixture
async def variant(shop: SandboxShop) -> str:
    """Something to buy."""
    [found] = await on_sale(shop, f"tea-{uuid4().hex}", 99, title="明前龙井\n特级 西湖产区 罐装 二百五十克 礼盒装")
    return found


async def buys(person: Payer, variant: str) -> str:
    """Order and pay."""
    order: str = (await person.places((variant, 1)))["id"]
    await person.has_paid(order)
    await settled(person.shop)
    return order


async def test_who_agreed_hears_of_their_payment_once(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    template = await tells(shop, "ORDER_PAID", page="pages/order?id={orderId}")
    await agrees(person, template)
    assert await remaining(person) == 1

    order = await buys(person, variant)

    [message] = await arrived(person)
    row = await person.order(order)
    assert message["templateId"] == template
    assert message["page"] == f"pages/order?id={order}"
    said = {name: held["value"] for name, held in message["data"].items()}
    assert said["character_string1"] == row["orderNo"]
    assert said["thing2"] == "明前龙井 特级 西湖产区 罐装 二百五…"
    assert said["amount3"] == f"¥{row['total']['fen'] / 100:.2f}"
    assert said["phrase5"] == "已付款"
    assert said["time4"].count(":") == 1
    assert await remaining(person) == 0
    assert await log_of(shop) == [("ORDER_PAID", "SENT", "")]
    # Told again, it is not sent again.
    await pool().execute(
        "update outbox_event set delivered_at = null, next_attempt_at = created_at"
        " where shop_id = $1 and topic = 'order.paid'",
        shop.id,
    )
    await settled(shop)
    assert len(await arrived(person)) == 1


async def test_who_did_not_agree_hears_nothing_and_has_their_order(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    await tells(shop, "ORDER_PAID")

    order = await buys(person, variant)

    assert (await person.order(order))["paymentStatus"] == "PAID"
    assert await arrived(person) == []
    assert await log_of(shop) == [("ORDER_PAID", "UNWANTED", "NOT_AGREED")]


async def test_without_a_template_in_use_nothing_is_written_down(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    await tells(shop, "ORDER_PAID", active=False)

    await buys(person, variant)

    assert await count(shop, "message") == 0


async def test_a_page_that_says_too_much_is_set_right_by_wechat(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    template = await tells(shop, "ORDER_PAID")
    for _ in range(3):
        assert (await records(person.ask, template)).refusals == []
    assert await remaining(person) == 3

    await buys(person, variant)

    assert await arrived(person) == []
    assert await remaining(person) == 0
    assert await log_of(shop) == [("ORDER_PAID", "UNWANTED", "43101")]


@pytest.mark.parametrize("errcode", [-1, 45009, 43108])
async def test_what_passes_is_tried_again(shop: SandboxShop, variant: str, errcode: int) -> None:
    person = await payer(shop)
    await agrees(person, await tells(shop, "ORDER_PAID"))
    await person.phone.switch("ERROR", CALL, errcode=errcode)

    await buys(person, variant)
    assert await arrived(person) == []
    assert await log_of(shop) == [("ORDER_PAID", "WAITING", str(errcode))]
    await hurried(shop)

    assert len(await arrived(person)) == 1
    assert await log_of(shop) == [("ORDER_PAID", "SENT", "")]
    assert await remaining(person) == 0


@pytest.mark.parametrize("errcode", [47003, 40037, 41030])
async def test_what_does_not_pass_is_given_up_and_costs_no_agreement(
    shop: SandboxShop, variant: str, errcode: int
) -> None:
    person = await payer(shop)
    await agrees(person, await tells(shop, "ORDER_PAID"))
    await person.phone.switch("ERROR", CALL, errcode=errcode)

    await buys(person, variant)

    assert await arrived(person) == []
    assert await log_of(shop) == [("ORDER_PAID", "FAILED", str(errcode))]
    assert await remaining(person) == 1


async def test_a_value_that_wechat_refuses_is_named(
    shop: SandboxShop, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await payer(shop)
    await agrees(person, await tells(shop, "ORDER_PAID"))
    # As when WeChat's rules change.
    monkeypatch.setitem(messages._VALUES, "phrase", re.compile("[a-z]+"))

    await buys(person, variant)

    assert await log_of(shop) == [("ORDER_PAID", "FAILED", "47003 phrase5")]


async def test_after_too_many_tries_it_is_given_up(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    await agrees(person, await tells(shop, "ORDER_PAID"))
    await person.phone.switch("ERROR", CALL, errcode=-1, times=100)

    await buys(person, variant)
    for _ in range(10):
        await hurried(shop)

    assert await log_of(shop) == [("ORDER_PAID", "FAILED", "-1")]
    assert await count(shop, "message", "attempts = 6") == 1
    assert await remaining(person) == 1


async def test_a_lost_answer_is_asked_again_where_wechat_itself_keeps_it_to_one(
    shop: SandboxShop, variant: str
) -> None:
    person = await payer(shop)
    await agrees(person, await tells(shop, "ORDER_PAID"))
    await person.phone.switch("LOST_ANSWER", CALL)

    await buys(person, variant)
    assert await log_of(shop) == [("ORDER_PAID", "WAITING", "ANSWER_LOST")]
    await hurried(shop)

    assert len(await arrived(person)) == 1
    assert await log_of(shop) == [("ORDER_PAID", "SENT", "43101")]


async def test_a_lost_answer_is_not_asked_again_where_a_second_would_arrive(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    template = await tells(shop, "ORDER_PAID")
    await agrees(person, template)
    await agrees(person, template)
    await person.phone.switch("LOST_ANSWER", CALL)

    await buys(person, variant)
    await hurried(shop)

    assert len(await arrived(person)) == 1
    assert await log_of(shop) == [("ORDER_PAID", "FAILED", "ANSWER_LOST")]
    assert await remaining(person) == 1


async def test_who_dies_between_sending_and_writing_it_down_sends_no_second(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    await agrees(person, await tells(shop, "ORDER_PAID"))
    await person.phone.switch("ERROR", CALL, errcode=-1)
    await buys(person, variant)
    dies = {"name": "message.after_call", "action": "ERROR"}
    assert (await shop.http.post("/sandbox/failpoints", json=dies)).is_success

    with pytest.raises(FailpointError):
        await hurried(shop)
    assert await count(shop, "message", "state = 'WAITING' and may_have_arrived and holds_quota") == 1
    await hurried(shop)

    assert len(await arrived(person)) == 1
    assert await log_of(shop) == [("ORDER_PAID", "SENT", "43101")]


async def test_parcels_refunds_and_steps_of_after_sales_are_told(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    told = {
        "ORDER_SHIPPED": [("thing1", "CARRIER"), ("character_string2", "TRACKING_NO"), ("date3", "SHIPPED_AT")],
        "AFTER_SALE_CHANGED": [("phrase1", "AFTER_SALE_STATUS"), ("amount2", "AFTER_SALE_AMOUNT")],
        "REFUND_SUCCEEDED": [("amount1", "REFUND_AMOUNT"), ("time2", "REFUNDED_AT")],
    }
    templates = {}
    for event, words in told.items():
        keywords = [{"keyword": keyword, "value": value} for keyword, value in words]
        templates[await tells(shop, event, *keywords)] = event
    await agrees(person, *templates)
    order = await paid_order(person, (variant, 1))

    await ships(shop, order["id"])
    await settled(shop)
    complaint = await complains(person, order["lines"][0])
    assert (await shop.staff(APPROVE, {"id": complaint["id"], "amount": None})).refusals == []
    await settled(shop)
    await settled(shop)

    heard = {templates[one["templateId"]]: one["data"] for one in await arrived(person)}
    assert set(heard) == set(told)
    assert heard["ORDER_SHIPPED"]["character_string2"]["value"] == NUMBER
    # As it stands when the message is written, which may be a step later than what it tells of.
    assert heard["AFTER_SALE_CHANGED"]["phrase1"]["value"] in {"退款中", "已完成"}
    assert heard["REFUND_SUCCEEDED"]["amount1"] == heard["AFTER_SALE_CHANGED"]["amount2"]


async def test_of_two_events_at_once_one_is_told_when_one_was_agreed_to(shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    template = await tells(shop, "ORDER_PAID")
    await agrees(person, template)
    # The page said more than WeChat has: what the shop counts decides first.
    await person.phone.door("/subscriptions", user=person.phone.user, template_id=template, times=5)
    for _ in range(2):
        order = (await person.places((variant, 1)))["id"]
        await person.has_paid(order)

    await asyncio.gather(settled(shop), settled(shop), *(send_messages(wall_now(), shop.id) for _ in range(6)))
    await settled(shop)

    assert len(await arrived(person)) == 1
    assert sorted(state for _, state, _ in await log_of(shop)) == ["SENT", "UNWANTED"]
    assert await remaining(person) == 0


async def test_a_person_is_told_one_thing_at_a_time_by_any_number_of_workers(shop: SandboxShop, variant: str) -> None:
    people = [await payer(shop, f"人{number}") for number in range(2)]
    template = await tells(shop, "ORDER_PAID")
    for person in people:
        for _ in range(4):
            await agrees(person, template)
            order = (await person.places((variant, 1)))["id"]
            await person.has_paid(order)
        await person.phone.switch("SLOW", CALL, delay_ms=100, times=100)

    await asyncio.gather(settled(shop), *(send_messages(wall_now(), shop.id) for _ in range(8)))
    await settled(shop)

    for person in people:
        assert len(await arrived(person)) == 4
    assert {(state, error) for _, state, error in await log_of(shop)} == {("SENT", "")}
    assert await count(shop, "message", "attempts > 1") == 0


async def test_who_has_not_paid_is_reminded_before_it_is_too_late(shop: SandboxShop, variant: str) -> None:
    late, quick = await payer(shop), await payer(shop, "小红")
    keywords = [{"keyword": "time1", "value": "EXPIRES_AT"}, {"keyword": "thing2", "value": "GOODS"}]
    template = await tells(shop, "ORDER_EXPIRING", *keywords)
    for person in (late, quick):
        await agrees(person, template)
    await late.places((variant, 1))
    await buys(quick, variant)
    assert await arrived(late) == []

    answer = await shop.http.post(f"/sandbox/shops/{shop.global_id}/clock", json={"by": "PT21M"})
    assert answer.is_success, answer.text
    await settled(shop)

    assert [message["templateId"] for message in await arrived(late)] == [template]
    assert await arrived(quick) == []
