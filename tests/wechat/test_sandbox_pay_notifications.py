"""Notifications: repeated until accepted, kept, released in any order, doubled, and forged; and keys that change."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from clock import wall_now
from models.database import pool
from tests.wechat.pay_world import Till, wechatpayv3_of
from wechat.sandbox.app import PATH
from wechat.sandbox.pay_notifications import RETRY_SECONDS, deliver_pay_notifications, waiting_notifications

OURS = "select id from wechat_sandbox.notification where mchid = $1 order by id"


async def due_in(till: Till, seconds: float) -> int:
    [number] = [row["id"] for row in await pool().fetch(OURS, till.merchant.mchid)]
    return await deliver_pay_notifications(wall_now() + timedelta(seconds=seconds), numbers=[number])


async def test_a_deaf_shop_is_told_again_and_again_by_the_wall_clock(till: Till) -> None:
    till.shop_server.deaf = 2
    await till.paid()
    assert await due_in(till, 10) == 0
    assert await due_in(till, 20) == 0
    assert await due_in(till, 60) == 1
    assert await due_in(till, 10**6) == 0

    [one] = await till.read("/notifications")
    assert (one["attempts"], one["lastStatus"], one["dueAt"]) == (3, 204, None)
    assert len({body for _, body in till.shop_server.got}) == 3
    assert len({told["id"] for told in await till.heard(3)}) == 1


async def test_nobody_is_told_more_than_sixteen_times(till: Till) -> None:
    till.shop_server.deaf = 100
    await till.paid()
    for days in range(1, 21):
        await due_in(till, days * 86_400)
    [one] = await till.read("/notifications")
    assert (one["attempts"], one["dueAt"]) == (1 + len(RETRY_SECONDS), None)


async def test_a_shop_that_is_away_hears_later(till: Till, opened: Any) -> None:
    await till.door("/merchants", shopId=opened.global_id)
    await till.paid(notify_url="http://127.0.0.1:1/away")
    [one] = await till.read("/notifications")
    assert (one["lastStatus"], one["lastAnswer"]) == (0, "ConnectError")
    assert await waiting_notifications(opened.id) == 0
    await pool().execute("update wechat_sandbox.notification set due_at = $2 where id = $1", one["id"], wall_now())
    assert await waiting_notifications(opened.id) == 1


async def test_notifications_are_kept_and_released_in_any_order(till: Till) -> None:
    await till.door("/notifications/hold")
    orders = [await till.paid() for _ in range(3)]
    assert till.shop_server.got == []
    listed = await till.read("/notifications")
    assert [one["held"] for one in listed] == [True] * 3

    first, second, third = [one["id"] for one in listed]
    assert await till.door("/notifications/release", ids=[third, first]) == {"released": [third, first]}
    assert await till.door("/notifications/release") == {"released": [second]}
    told = [one["resource"]["out_trade_no"] for one in await till.heard(3)]
    assert told == [orders[place]["out_trade_no"] for place in (2, 0, 1)]
    assert (await till.door("/notifications/hold", hold=False)) == {"hold": False, "held": []}
    await till.paid()
    await till.heard(4)


async def test_a_notification_comes_as_often_as_a_tester_likes(till: Till) -> None:
    paid = await till.paid()
    sent = await till.http.post(
        f"{PATH}/notifications/{paid['notification']}/send", json={"times": 20, "parallel": True}
    )
    assert [one["status"] for one in sent.json()["answers"]] == [204] * 20
    assert len({told["id"] for told in await till.heard(21)}) == 1


@pytest.mark.parametrize("forgery", ["SIGNATURE", "SIGNTEST", "BODY", "SERIAL", "KEY"])
async def test_wechatpayv3_refuses_what_is_forged(till: Till, forgery: str) -> None:
    paid = await till.paid()
    await till.http.post(f"{PATH}/notifications/{paid['notification']}/send", json={"forge": forgery})
    headers, body = till.shop_server.got[1]
    # In a thread: for a serial that it does not know the package asks for certificates.
    assert not await asyncio.to_thread(till.opened, headers, body)


async def test_some_forgeries_are_signed_rightly(till: Till) -> None:
    paid = await till.paid(fen=100)
    for forgery in ("AMOUNT", "MCHID", "APPID", "TIMESTAMP"):
        await till.http.post(f"{PATH}/notifications/{paid['notification']}/send", json={"forge": forgery})

    true, amount, mchid, appid, _ = [told["resource"] for told in await till.heard(5)]
    assert (true["amount"]["total"], amount["amount"]["total"]) == (100, 101)
    assert (mchid["mchid"], appid["appid"]) == ("1999999999", "wx0000000000000000")
    old = int(till.shop_server.got[4][0]["wechatpay-timestamp"])
    assert 590 < wall_now().timestamp() - old < 700


async def test_certificates_are_listed_change_with_overlap_and_end(till: Till) -> None:
    async def serials(**changed: Any) -> tuple[list[str], str]:
        await till.door("/merchants", **changed)
        answer = await till.ask("GET", "/v3/certificates")
        return [one["serial_no"] for one in answer.body.get("data", [])], answer.headers["wechatpay-serial"]

    assert await serials() == ([], till.merchant.public_key_id)
    first = till.merchant.platform_serial_no
    assert await serials(keyMode="CERTIFICATE") == ([first], first)
    announced, signs = await serials(rotation="ANNOUNCED")
    assert (announced[0], len(announced), signs) == (first, 2, first)
    second = announced[1]
    assert await serials(rotation="SWITCHED") == ([second, first], second)
    assert await serials(rotation="DONE") == ([second], second)
    [expired], signs = await serials(certificateExpired=True)
    assert expired == signs not in {first, second}


async def test_wechatpayv3_fetches_the_certificates_and_verifies_by_them(till: Till, server: str) -> None:
    await till.door("/merchants", keyMode="MIGRATING")
    answer = await till.ask("GET", "/v3/certificates")
    [one] = answer.body["data"]
    sealed = one["encrypt_certificate"]
    package = wechatpayv3_of(till.merchant, server)
    assert till.decrypted(sealed, till.merchant.api_v3_key.decode()) == till.merchant.platform_certificate_pem
    # The question may name the key that it understands.
    named = await till.ask("GET", "/v3/certificates", **{"Wechatpay-Serial": till.merchant.public_key_id})
    assert named.headers["wechatpay-serial"] == till.merchant.public_key_id
    assert package._core._verify_signature(named.headers, named.text)
