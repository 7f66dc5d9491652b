"""Staff look up what customers were told, and what they were not told and why."""

from typing import Any, Final
from uuid import uuid4

import pytest

from ids import encode_id
from models.database import transaction
from models.staff import Role
from resolvers.customer_merge import merge_customers
from tests.conftest import Counting
from tests.harness.asking import Asker
from tests.harness.buying import on_sale
from tests.harness.messages import CALL, PAID, agrees, tells
from tests.harness.paying import Payer, payer, settled
from tests.harness.shops import SandboxShop
from tests.journeys.test_statement_counts import asked

LOG: Final = """
query ($order: ID, $customer: ID, $event: MessageEventName, $state: MessageState, $first: PageSize, $after: Cursor) {
  messages(orderId: $order, customerId: $customer, event: $event, state: $state, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes {
      id event state reason wechatCode keyword attempts appid createdAt sentAt nextAttemptAt
      order { id } recipient { customerId nickname phone } template { templateId }
    }
  }
}"""


@pytest.fixture
async def variant(shop: SandboxShop) -> str:
    """Something to buy."""
    [found] = await on_sale(shop, f"tea-{uuid4().hex}", 99)
    return found


async def log(asker: Asker, **given: Any) -> list[dict[str, Any]]:
    """What staff find."""
    nodes: list[dict[str, Any]] = (await asker(LOG, given))["messages"]["nodes"]
    return nodes


async def buys(person: Payer, variant: str) -> str:
    """Order and pay."""
    order: str = (await person.places((variant, 1)))["id"]
    await person.has_paid(order)
    await settled(person.shop)
    return order


async def test_a_message_that_was_sent_says_so(shop: SandboxShop, variant: str) -> None:
    person, clerk = await payer(shop), await shop.staff_with(Role.ORDERS)
    template = await tells(shop, "ORDER_PAID")
    await agrees(person, template)
    order = await buys(person, variant)

    [message] = await log(clerk, order=order)

    told = [message[name] for name in ("event", "state", "reason", "wechatCode", "keyword", "attempts")]
    assert told == ["ORDER_PAID", "SENT", None, None, None, 1]
    assert message["sentAt"]
    assert message["nextAttemptAt"] is None
    assert (message["order"], message["template"]) == ({"id": order}, {"templateId": template})
    assert message["appid"] == shop.app.appid
    assert message["recipient"] == {
        "customerId": encode_id("cus", person.customer_id), "nickname": "微信用户", "phone": None,
    }  # fmt: skip
    code = await person.phone.phone_code()
    bound = await person.ask("mutation ($c: String!) { phoneBind(code: $c) { userErrors { code } } }", {"c": code})
    assert bound.refusals == []
    [message] = await log(clerk)
    assert "****" in message["recipient"]["phone"]


@pytest.mark.parametrize(
    ("errcode", "told"),
    [
        (None, ("UNWANTED", "NOT_AGREED", None)),
        (43101, ("UNWANTED", "NOT_AGREED", 43101)),
        (47003, ("FAILED", "REFUSED", 47003)),
        (-1, ("WAITING", "REFUSED", -1)),
    ],
)
async def test_a_message_that_was_not_sent_says_why(
    shop: SandboxShop, variant: str, errcode: int | None, told: tuple[str, str, int | None]
) -> None:
    person = await payer(shop)
    template = await tells(shop, "ORDER_PAID")
    if errcode is not None:
        await agrees(person, template)
        await person.phone.switch("ERROR", CALL, errcode=errcode)

    await buys(person, variant)

    [message] = await log(shop.staff)
    assert (message["state"], message["reason"], message["wechatCode"]) == told
    assert (message["sentAt"], message["nextAttemptAt"] is None) == (None, told[0] != "WAITING")


async def test_the_log_is_narrowed_and_paged_in_one_statement(
    shop: SandboxShop, variant: str, statements: Counting
) -> None:
    ming, hong = await payer(shop), await payer(shop, "小红")
    await tells(shop, "ORDER_PAID")
    await tells(shop, "ORDER_EXPIRING", *(word for word in PAID if word.get("value") != "PAID_AT"))
    template = await tells(shop, "ORDER_SHIPPED")
    await agrees(ming, template)
    first, second, third = await buys(ming, variant), await buys(hong, variant), await buys(ming, variant)

    async def orders(**given: Any) -> list[str]:
        return [message["order"]["id"] for message in await log(shop.staff, **given)]

    customer = encode_id("cus", ming.customer_id)
    assert await orders() == [third, second, first]
    assert await orders(customer=customer) == [third, first]
    assert await orders(customer=customer, order=second) == []
    assert await orders(event="ORDER_PAID", state="UNWANTED") == [third, second, first]
    assert await orders(event="ORDER_SHIPPED") == await orders(state="SENT") == await orders(order="ord_x") == []

    found: list[str] = []
    after: str | None = None
    while True:
        async with statements() as seen:
            page = (await shop.staff(LOG, {"first": 2, "after": after}))["messages"]
        assert len(asked(seen)) == 1
        found += [message["order"]["id"] for message in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert (found, page["totalCount"]) == ([third, second, first], 3)

    async with transaction() as sql:
        await merge_customers(sql, shop.caller, [ming.customer_id, hong.customer_id])
    assert await orders(customer=customer) == await orders(customer=encode_id("cus", hong.customer_id))
    assert len(await orders(customer=customer)) == 3


async def test_nobody_else_reads_it(shop: SandboxShop, other_shop: SandboxShop, variant: str) -> None:
    person = await payer(shop)
    await tells(shop, "ORDER_PAID")
    order = await buys(person, variant)
    [message] = await log(shop.staff)
    node = "query ($id: ID!) { node(id: $id) { id } }"

    for asker in (shop.visitor, person.ask, await shop.staff_with(Role.CATALOGUE, Role.ANALYTICS, Role.KOL)):
        answer = await asker(LOG)
        assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
        assert (await asker(node, {"id": message["id"]}))["node"] is None
    assert (await shop.staff(node, {"id": message["id"]}))["node"] == {"id": message["id"]}
    assert await log(other_shop.staff, order=order) == await log(other_shop.staff) == []
