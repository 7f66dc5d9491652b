"""The door of WeChat Pay: what is not WeChat's word is refused, what is and does not fit changes nothing."""

import asyncio
from typing import Any

import pytest

from models.database import pool
from resolvers import payment_notification
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, wechat_pay
from tests.harness.shops import SandboxShop


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


async def channel_of(shop: SandboxShop) -> str:
    found: str = await pool().fetchval("select channel from merchant_account where shop_id = $1", shop.id)
    return found


async def paid_untold(shop: SandboxShop, ming: Payer) -> tuple[str, int]:
    """Pay an order without the shop's being told; returns the order and the notification's number."""
    [mug] = await on_sale(shop, "mug", 5)
    order = await ming.places((mug, 1))
    await wechat_pay(shop, "/notifications/hold", mchid=await mchid_of(shop), hold=True)
    return order["id"], (await ming.has_paid(order["id"]))["notification"]


async def sent(shop: SandboxShop, number: int, **how: Any) -> int:
    said = await wechat_pay(shop, f"/notifications/{number}/send", **how)
    status: int = said["answers"][0]["status"]
    return status


async def outcomes(shop: SandboxShop) -> list[str]:
    rows = await pool().fetch("select outcome from payment_notification where shop_id = $1 order by id", shop.id)
    return [row["outcome"] for row in rows]


@pytest.mark.parametrize("forgery", ["SIGNATURE", "SIGNTEST", "TIMESTAMP", "SERIAL", "BODY", "KEY"])
async def test_what_wechat_did_not_say_is_refused(shop: SandboxShop, ming: Payer, forgery: str) -> None:
    order_id, number = await paid_untold(shop, ming)

    assert await sent(shop, number, forge=forgery) == 401

    assert await count(shop, "payment_notification") == 0
    assert (await ming.order(order_id))["status"] == "PENDING_PAYMENT"
    assert await sent(shop, number) == 204
    await settled(shop)
    assert (await ming.order(order_id))["status"] == "PAID"


@pytest.mark.parametrize(
    ("forgery", "verdict"), [("AMOUNT", "WRONG_AMOUNT"), ("MCHID", "WRONG_MERCHANT"), ("APPID", "WRONG_APP")]
)
async def test_what_does_not_fit_changes_nothing_and_is_kept(
    shop: SandboxShop, ming: Payer, forgery: str, verdict: str, capfd: pytest.CaptureFixture[str]
) -> None:
    order_id, number = await paid_untold(shop, ming)

    assert await sent(shop, number, forge=forgery) == 204
    await settled(shop)

    assert await outcomes(shop) == [verdict]
    assert "payment_mismatch" in capfd.readouterr().err
    assert (await ming.order(order_id))["status"] == "PENDING_PAYMENT"
    assert await sent(shop, number) == 204
    await settled(shop)
    assert (await ming.order(order_id))["status"] == "PAID"
    assert await all_right(shop)


async def test_an_amount_that_was_really_paid_wrong_is_no_payment(shop: SandboxShop, ming: Payer) -> None:
    [mug] = await on_sale(shop, "mug", 5)
    order = await ming.places((mug, 1))

    await ming.has_paid(order["id"], amount=1)
    await settled(shop)

    assert await outcomes(shop) == ["WRONG_AMOUNT"]
    assert (await ming.order(order["id"]))["status"] == "PENDING_PAYMENT"


async def test_another_shops_channel_may_not_speak_of_an_order(
    shop: SandboxShop, other_shop: SandboxShop, ming: Payer
) -> None:
    order_id, number = await paid_untold(shop, ming)
    theirs, ours = await channel_of(other_shop), await channel_of(shop)
    redirect = "update wechat_sandbox.notification set url = replace(url, $1, $2) where id = $3"

    # Their key does not open it.
    await pool().execute(redirect, ours, theirs, number)
    assert await sent(shop, number) == 401

    # Nor when both shops have one number, and so one key.
    copied = """
    update merchant_account theirs set mchid = ours.mchid, api_v3_key_sealed = ours.api_v3_key_sealed
    from merchant_account ours where theirs.shop_id = $1 and ours.shop_id = $2
    """
    await pool().execute(copied, other_shop.id, shop.id)
    assert await sent(shop, number) == 403

    assert await count(other_shop, "payment_notification") == await count(shop, "payment_notification") == 0
    assert (await ming.order(order_id))["status"] == "PENDING_PAYMENT"
    await pool().execute(redirect, theirs, ours, number)
    assert await sent(shop, number) == 204
    await settled(shop)
    assert (await ming.order(order_id))["status"] == "PAID"


async def test_an_unknown_channel_is_not_there(shop: SandboxShop) -> None:
    for channel in ("0" * 32, "x", "%00"):
        answer = await shop.http.post(f"/webhooks/wechat-pay/{channel}", content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (404, "FAIL")
    assert (await shop.http.get(f"/webhooks/wechat-pay/{await channel_of(shop)}")).status_code == 405


async def test_odd_bodies_are_refused(shop: SandboxShop) -> None:
    address = f"/webhooks/wechat-pay/{await channel_of(shop)}"
    for body in (b"", b"{", b"[]", b"\xff"):
        assert (await shop.http.post(address, content=body)).status_code == 401
    assert (await shop.http.post(address, content=b"x" * 70_000)).status_code == 413


async def test_a_key_that_is_new_is_fetched_once(shop: SandboxShop, ming: Payer) -> None:
    mchid = await mchid_of(shop)
    merchant = await wechat_pay(shop, "/merchants", mchid=mchid, keyMode="CERTIFICATE", appids=[shop.app.appid])
    serial = merchant["certificates"][0]["serialNo"]
    [mug] = await on_sale(shop, "mug", 5)
    order = await ming.places((mug, 1))

    await ming.has_paid(order["id"])
    await settled(shop)

    assert (await ming.order(order["id"]))["status"] == "PAID"
    known = await pool().fetchval("select platform_keys ? $2 from merchant_account where shop_id = $1", shop.id, serial)
    assert known
    fetched = "select count(*) from wechat_sandbox.call where mchid = $1 and call = 'certificates'"
    assert await pool().fetchval(fetched, mchid) == 1


async def test_made_up_serials_have_keys_fetched_once_a_minute(shop: SandboxShop, ming: Payer) -> None:
    _, number = await paid_untold(shop, ming)

    for _ in range(5):
        assert await sent(shop, number, forge="SERIAL") == 401

    fetched = "select count(*) from wechat_sandbox.call where mchid = $1 and call = 'certificates'"
    assert await pool().fetchval(fetched, await mchid_of(shop)) == 1


TRIED = "select * from payment_notification where shop_id = $1 and last_error <> ''"
TRIED_SECONDS = 10.0


async def test_what_cannot_be_handled_is_tried_again_and_kept(
    shop: SandboxShop, ming: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id, number = await paid_untold(shop, ming)

    async def broken(_told: payment_notification.Told) -> str:
        message = "broken"
        raise RuntimeError(message)

    monkeypatch.setitem(payment_notification.HANDLERS, "TRANSACTION.", broken)
    assert await sent(shop, number) == 204
    # The answer does not wait for the first try, which is made right after it.
    async with asyncio.timeout(TRIED_SECONDS):
        while not (row := await pool().fetchrow(TRIED, shop.id)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0)
    assert (row["attempts"], row["outcome"], row["last_error"]) == (1, "", "RuntimeError: broken")
    due = "update payment_notification set next_attempt_at = created_at, attempts = $2 where shop_id = $1"
    await pool().execute(due, shop.id, payment_notification.ATTEMPTS_MAX - 1)
    await settled(shop)
    assert await outcomes(shop) == ["DEAD"]

    monkeypatch.undo()
    await pool().execute(due, shop.id, 0)
    await settled(shop)
    assert (await ming.order(order_id))["status"] == "PAID"
