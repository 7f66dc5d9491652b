"""The owner enters by which templates customers are told, and customers agree: what is taken and what is refused."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from models.staff import Role
from tests.harness.messages import LIST, PAID, SAVE, records, remaining, save, tells
from tests.harness.paying import payer
from tests.harness.shops import SandboxShop


async def test_an_answer_is_counted_once_for_each_wish(shop: SandboxShop) -> None:
    person = await payer(shop)
    paid = await tells(shop, "ORDER_PAID")
    shipped = await tells(shop, "ORDER_SHIPPED")

    for _ in range(2):
        answer = await records(person.ask, paid, shipped, accepted=[paid], key="one")
        assert answer["messageOptInRecord"]["messageTemplates"] == [
            {"event": "ORDER_PAID", "remaining": 1}, {"event": "ORDER_SHIPPED", "remaining": 0},
        ]  # fmt: skip
    await asyncio.gather(*(records(person.ask, paid) for _ in range(110)))
    assert await remaining(person) == 100
    stranger = await payer(shop, "小红")
    assert await remaining(stranger) == 0
    assert {one["remaining"] for one in (await shop.visitor(LIST))["messageTemplates"]} == {0}


async def test_what_is_no_answer_is_refused(shop: SandboxShop) -> None:
    person = await payer(shop)
    paid = await tells(shop, "ORDER_PAID")

    async def codes(*templates: str, **more: Any) -> list[tuple[str, list[str]]]:
        answer = await records(person.ask, *templates, **more)
        return [(one["code"], one["field"]) for one in answer["messageOptInRecord"]["userErrors"]]

    assert await codes() == [("BLANK", ["templateIds"])]
    assert await codes(paid, "unknown") == [("NOT_FOUND", ["templateIds", "1"])]
    assert await codes(paid, accepted=["other"]) == [("INVALID", ["accepted", "0"])]
    assert await codes(paid, paid, accepted=[]) == [("DUPLICATE", ["templateIds", "1"])]
    assert ("TOO_LONG", ["templateIds"]) in await codes(*(f"T{number}" for number in range(6)), accepted=[])
    assert [one.code for one in (await records(shop.visitor.also(x_visitor_id=str(uuid4())), paid)).refusals] == [
        "LOGIN_REQUIRED"
    ]


async def test_templates_are_the_owners_to_enter_and_everybodys_to_read(shop: SandboxShop) -> None:
    first = (await save(shop, "ORDER_PAID", "T1"))["messageTemplateUpsert"]["messageTemplate"]
    assert (first["appid"], first["templateId"], first["version"]) == (shop.app.appid, "T1", 1)
    assert first["keywords"][0] == {"keyword": "character_string1", "value": "ORDER_NO", "text": None}
    assert first["keywords"][4] == {"keyword": "phrase5", "value": None, "text": "已付款"}

    again = (await save(shop, "ORDER_PAID", "T2", version=1))["messageTemplateUpsert"]["messageTemplate"]
    assert (again["id"], again["templateId"], again["version"]) == (first["id"], "T2", 2)
    stale = (await save(shop, "ORDER_PAID", "T3", version=1))["messageTemplateUpsert"]["userErrors"]
    assert [(one["code"], one["version"]) for one in stale] == [("CONFLICT", 2)]
    await save(shop, "ORDER_SHIPPED", "T4", active=False)
    assert [one["templateId"] for one in (await shop.visitor(LIST))["messageTemplates"]] == ["T2"]
    assert [one["templateId"] for one in (await shop.staff(LIST))["messageTemplates"]] == ["T2", "T4"]
    wish = {"appid": shop.app.appid, "event": "ORDER_PAID", "templateId": "T", "keywords": PAID}
    for asker in (shop.visitor, await shop.staff_with(Role.ORDERS, Role.CATALOGUE)):
        assert (await asker(SAVE, {"input": wish})).codes == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("keyword", "where", "code"),
    [
        ({"keyword": "things1", "value": "GOODS"}, "keyword", "INVALID"),
        ({"keyword": "thing", "value": "GOODS"}, "keyword", "INVALID"),
        ({"keyword": "amount1", "value": "GOODS"}, "value", "INVALID"),
        ({"keyword": "time1", "value": "TOTAL"}, "value", "INVALID"),
        ({"keyword": "amount1", "value": "REFUND_AMOUNT"}, "value", "INVALID"),
        ({"keyword": "phrase1", "text": "六个字太长了"}, "text", "INVALID"),
        ({"keyword": "thing1", "text": "两\n行"}, "text", "INVALID"),
        ({"keyword": "amount1", "text": "很多"}, "text", "INVALID"),
        ({"keyword": "thing1"}, "", "INVALID"),
        ({"keyword": "thing1", "value": "GOODS", "text": "都有"}, "", "INVALID"),
    ],
)
async def test_a_keyword_that_wechat_would_refuse_is_refused_at_once(
    shop: SandboxShop, keyword: dict[str, str], where: str, code: str
) -> None:
    answer = await save(shop, "ORDER_PAID", "T1", keyword)

    [error] = answer["messageTemplateUpsert"]["userErrors"]
    assert (error["code"], error["field"]) == (code, ["input", "keywords", "0", *filter(None, [where])])


async def test_a_template_of_another_app_or_page_is_refused(shop: SandboxShop, other_shop: SandboxShop) -> None:
    for more, field in (
        ({"appid": other_shop.app.appid}, ["input", "appid"]),
        ({"page": "/pages/order"}, ["input", "page"]),
        ({"keywords": []}, ["input", "keywords"]),
    ):
        [error] = (await save(shop, "ORDER_PAID", "T1", **more))["messageTemplateUpsert"]["userErrors"]
        assert error["field"] == field
