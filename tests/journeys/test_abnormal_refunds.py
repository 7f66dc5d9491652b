"""Refunds that cannot go where the money came from: another way, the same number, and nobody's card kept."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import pytest

from logs import configure
from models.database import pool
from tests.harness.asking import Answer, Refused
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, wechat_pay
from tests.harness.refunding import RETRY, ledger, paid_order, refunds, refunds_become, seen, wechat_moves
from tests.harness.shops import SandboxShop

FEN: Final = 1990
APPLY: Final = """mutation ($input: RefundAbnormalApplyInput!, $key: String!) {
  refundAbnormalApply(input: $input, idempotencyKey: $key) {
    refund { id state lastError allocations { state outRefundNo } }
    userErrors { code field message ... on RetryUserError { retryAfterMs } }
  }
}"""
NAME: Final = "欧阳不存盘"


@pytest.fixture
async def ming(shop: SandboxShop) -> Payer:
    """Somebody who buys."""
    return await payer(shop)


@pytest.fixture
def loquacious() -> Iterator[None]:
    """Let logs say all they ever would."""
    configure("debug")
    yield
    configure("warning")


def card(**more: Any) -> dict[str, Any]:
    """A card that nobody else has."""
    number = f"6222{secrets.randbelow(10**15):015d}"
    return {"to": "USER_BANK_CARD", "bank": "ICBC", "bankAccount": number, "realName": NAME, **more}


async def stuck(shop: SandboxShop, ming: Payer) -> Any:
    """Have a refund that WeChat says is abnormal; the next are taken on, and wait."""
    [mug] = await on_sale(shop, f"mug-{secrets.token_hex(4)}", 5, fen=FEN)
    order = await paid_order(ming, (mug, 1))
    await refunds_become(shop, "ABNORMAL")
    await refunds(shop, order["id"])
    await settled(shop)
    await refunds_become(shop, "PROCESSING")
    [found] = (await seen(ming, order["id"]))["refunds"]
    assert found["state"] == "ABNORMAL"
    return found | {"order": order["id"]}


async def applies(shop: SandboxShop, refund: Any, key: str | None = None, **where: Any) -> Answer:
    wish = {"refundId": refund["id"], **(where or card())}
    return await shop.staff(APPLY, {"input": wish, "key": key or uuid4().hex})


async def asked(shop: SandboxShop) -> list[Any]:
    """How often WeChat was asked to send one another way."""
    found: list[Any] = await wechat_pay(
        shop, "/calls", method="GET", mchid=await mchid_of(shop), call="abnormal_refund"
    )
    return found


@pytest.mark.parametrize("where", ["USER_BANK_CARD", "MERCHANT_BANK_CARD"])
async def test_an_abnormal_refund_goes_another_way_under_its_number(shop: SandboxShop, ming: Payer, where: str) -> None:
    refund = await stuck(shop, ming)
    [part] = refund["allocations"]

    answer = await applies(shop, refund, **(card() if where == "USER_BANK_CARD" else {"to": where}))

    assert answer.refusals == []
    applied = answer["refundAbnormalApply"]["refund"]
    assert (applied["state"], applied["lastError"]) == ("PROCESSING", "")
    assert applied["allocations"] == [{"state": "PROCESSING", "outRefundNo": part["outRefundNo"]}]
    await wechat_moves(shop, refund, "SUCCESS")
    await settled(shop)
    after = await seen(ming, refund["order"])
    assert (after["status"], after["refunds"][0]["state"]) == ("CLOSED", "SUCCEEDED")
    assert await ledger(shop) == (0, 0)
    assert await all_right(shop)


@pytest.mark.usefixtures("loquacious")
async def test_the_card_is_nowhere_but_at_wechat(
    shop: SandboxShop, ming: Payer, capfd: pytest.CaptureFixture[str]
) -> None:
    refund = await stuck(shop, ming)
    mchid = await mchid_of(shop)
    where = card()
    number = where["bankAccount"]
    await wechat_pay(shop, "/switches", mchid=mchid, call="abnormal_refund", times=1, kind="ERROR", code="NO_AUTH")

    answers = [await applies(shop, refund, **where), await applies(shop, refund, **where)]
    answers.append(await applies(shop, refund, **card(bankAccount=f"{number}000")))
    await settled(shop)

    assert [[one.code for one in answer.refusals] for answer in answers] == [
        ["WECHAT_APP_REJECTED"], [], ["INVALID"],
    ]  # fmt: skip
    told = "".join(f"{answer.headers}{answer.body}" for answer in answers) + "".join(capfd.readouterr())
    for table in await pool().fetch("select format('%I.%I', schemaname, tablename) as name from pg_tables"):
        if not table["name"].startswith(("pg_catalog.", "information_schema.")):
            rows = await pool().fetch(f"select t::text as row from {table['name']} t")
            told += "".join(row["row"] for row in rows)
    assert "apply-abnormal-refund" in told or "abnormal_refund" in told
    assert number not in told
    assert NAME not in told


async def test_one_key_is_told_once_and_of_two_cards_one_goes(shop: SandboxShop, ming: Payer) -> None:
    refund, key, where = await stuck(shop, ming), uuid4().hex, card()

    same = await asyncio.gather(*(applies(shop, refund, key, **where) for _ in range(4)))
    other = await asyncio.gather(*(applies(shop, refund) for _ in range(4)))

    assert [answer.refusals for answer in same] == [[]] * 4
    assert {tuple(answer.refusals) for answer in other} == {(Refused("NOT_ALLOWED", "input.refundId"),)}
    assert len(await asked(shop)) == 1
    assert (await applies(shop, refund, key, **card())).refusals == [
        Refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]


async def test_what_wechat_refuses_is_abnormal_as_before_and_the_key_is_free(shop: SandboxShop, ming: Payer) -> None:
    refund, key, where = await stuck(shop, ming), uuid4().hex, card()
    mchid = await mchid_of(shop)
    for code, refused in (
        ("PARAM_ERROR", "INVALID"), ("NO_AUTH", "WECHAT_APP_REJECTED"), ("FREQUENCY_LIMITED", "WECHAT_RATE_LIMITED"),
    ):  # fmt: skip
        await wechat_pay(shop, "/switches", mchid=mchid, call="abnormal_refund", times=1, kind="ERROR", code=code)
        assert [one.code for one in (await applies(shop, refund, key, **where)).refusals] == [refused]
        [now] = (await seen(ming, refund["order"]))["refunds"]
        assert (now["state"], now["allocations"][0]["state"]) == ("ABNORMAL", "ABNORMAL")
        assert await count(shop, "refund_allocation", f"last_error = '{code}'") == 1

    assert (await applies(shop, refund, key, **where)).refusals == []
    assert (await seen(ming, refund["order"]))["refunds"][0]["state"] == "PROCESSING"


@pytest.mark.parametrize("how", [{"kind": "LOST_ANSWER"}, {"kind": "ERROR", "code": "SYSTEM_ERROR"}])
async def test_after_a_lost_answer_wechat_is_asked_where_it_stands(
    shop: SandboxShop, ming: Payer, how: dict[str, str]
) -> None:
    refund = await stuck(shop, ming)
    await wechat_pay(shop, "/switches", mchid=await mchid_of(shop), call="abnormal_refund", times=1, **how)

    answer = await applies(shop, refund)
    assert answer.refusals == []
    assert answer["refundAbnormalApply"]["refund"]["state"] == "PROCESSING"
    await pool().execute("update refund_allocation set next_attempt_at = created_at where shop_id = $1", shop.id)
    await settled(shop)

    # The one was done and its answer lost, of the other WeChat knows nothing: it waits for somebody again.
    [now] = (await seen(ming, refund["order"]))["refunds"]
    assert now["state"] == ("PROCESSING" if how["kind"] == "LOST_ANSWER" else "ABNORMAL")
    assert len(now["allocations"]) == 1


async def test_old_news_of_an_abnormal_refund_is_asked_about_once_more(shop: SandboxShop, ming: Payer) -> None:
    mchid = await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    [mug] = await on_sale(shop, "mug", 5, fen=FEN)
    order = await ming.places((mug, 1))
    await ming.has_paid(order["id"])
    assert (await ming.sync(order["id"])).refusals == []
    await refunds_become(shop, "ABNORMAL")
    refund = await refunds(shop, order["id"])
    for _ in range(2):
        await settled(shop)
        await pool().execute("update refund_allocation set next_attempt_at = created_at where shop_id = $1", shop.id)
    await settled(shop)
    await refunds_become(shop, "PROCESSING")
    assert (await applies(shop, refund)).refusals == []

    # What was kept back says ABNORMAL, of before.
    await wechat_pay(shop, "/notifications/release", mchid=mchid)
    await settled(shop)
    await pool().execute("update refund_allocation set next_attempt_at = created_at where shop_id = $1", shop.id)
    await settled(shop)

    assert (await seen(ming, order["id"]))["refunds"][0]["state"] == "PROCESSING"


async def test_only_what_wechat_has_as_abnormal_goes_another_way(
    shop: SandboxShop, other_shop: SandboxShop, ming: Payer
) -> None:
    refund = await stuck(shop, ming)
    wrong: list[tuple[dict[str, Any], Refused]] = [
        (card(bankAccount="12"), Refused("INVALID", "input.bankAccount")),
        (card(bankAccount=" "), Refused("BLANK", "input.bankAccount")),
        (card(realName=""), Refused("BLANK", "input.realName")),
        (card(realName="名" * 61), Refused("TOO_LONG", "input.realName")),
        (card(to="MERCHANT_BANK_CARD"), Refused("INVALID", "input.to")),
        (card(refundId="rfd_" + "0" * 32), Refused("NOT_FOUND", "input.refundId")),
    ]
    for where, refused in wrong:
        assert (await applies(shop, refund, **where)).refusals == [refused]
    assert (await applies(other_shop, refund)).refusals == [Refused("NOT_FOUND", "input.refundId")]
    missing = {"to": "USER_BANK_CARD"}
    assert {one.field for one in (await applies(shop, refund, **missing)).refusals} == {
        "input.bank", "input.bankAccount", "input.realName",
    }  # fmt: skip
    assert await asked(shop) == []

    # Refused before WeChat took it on: said again, not sent another way.
    [jar] = await on_sale(shop, "jar", 5, fen=FEN)
    order = await paid_order(ming, (jar, 1))
    await wechat_pay(
        shop, "/switches", mchid=await mchid_of(shop), call="refund", times=1, kind="ERROR", code="NO_AUTH"
    )
    other = await refunds(shop, order["id"])
    assert (await applies(shop, other)).refusals == [Refused("NOT_ALLOWED", "input.refundId")]
    await settled(shop)
    assert (await applies(shop, other)).refusals == [Refused("NOT_ALLOWED", "input.refundId")]
    assert (await shop.staff(RETRY, {"id": other["id"]})).refusals == []
