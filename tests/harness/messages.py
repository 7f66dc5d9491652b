"""Somebody whom WeChat may tell of their orders: templates of a shop, taps on 'allow', and what is on the phone."""

from typing import Any
from uuid import uuid4

from models.database import pool
from tests.harness.asking import Answer, Asker
from tests.harness.paying import Payer, wechat_pay
from tests.harness.shops import SandboxShop

CALL = "send"
TEMPLATE = """id appid event templateId remaining page active version keywords { keyword value text }"""
ERRORS = "userErrors { code field message ... on ConflictUserError { version } }"
SAVE = f"""mutation ($input: MessageTemplateInput!) {{
  messageTemplateUpsert(input: $input) {{ messageTemplate {{ {TEMPLATE} }} {ERRORS} }}
}}"""
LIST = f"query ($event: MessageEventName) {{ messageTemplates(event: $event) {{ {TEMPLATE} }} }}"
AGREE = f"""mutation ($asked: [String!]!, $accepted: [String!]!, $key: String!) {{
  messageOptInRecord(templateIds: $asked, accepted: $accepted, idempotencyKey: $key) {{
    messageTemplates {{ event remaining }} {ERRORS}
  }}
}}"""
PAID = [
    {"keyword": "character_string1", "value": "ORDER_NO"},
    {"keyword": "thing2", "value": "GOODS"},
    {"keyword": "amount3", "value": "TOTAL"},
    {"keyword": "time4", "value": "PAID_AT"},
    {"keyword": "phrase5", "text": "已付款"},
]


async def save(shop: SandboxShop, event: str, template: str, *keywords: dict[str, str], **more: Any) -> Answer:
    """Enter a template of the shop's mini-program."""
    asked = {"appid": shop.app.appid, "event": event, "templateId": template, "keywords": list(keywords) or PAID}
    return await shop.staff(SAVE, {"input": asked | more})


async def tells(shop: SandboxShop, event: str, *keywords: dict[str, str], **more: Any) -> str:
    """Enter one, which must be right; its id at WeChat."""
    template = f"T{uuid4().hex}"
    assert (await save(shop, event, template, *keywords, **more)).refusals == []
    return template


async def records(asker: Asker, *templates: str, accepted: list[str] | None = None, key: str | None = None) -> Answer:
    """Tell the shop what the page heard of WeChat."""
    said = {"asked": list(templates), "accepted": list(templates) if accepted is None else accepted}
    return await asker(AGREE, said | {"key": key or uuid4().hex})


async def agrees(person: Payer, *templates: str) -> None:
    """Tap on 'allow', at WeChat and so at the shop."""
    for template in templates:
        await person.phone.door("/subscriptions", user=person.phone.user, template_id=template)
    assert (await records(person.ask, *templates)).refusals == []


async def arrived(person: Payer) -> list[dict[str, Any]]:
    """What is on somebody's phone."""
    shop, user = person.shop, person.phone.user
    found: list[dict[str, Any]] = await wechat_pay(shop, "/messages", method="GET", appid=person.phone.appid, user=user)
    return found


async def remaining(person: Payer, event: str = "ORDER_PAID") -> int:
    """What the shop thinks somebody agreed to."""
    [template] = (await person.ask(LIST, {"event": event}))["messageTemplates"]
    found: int = template["remaining"]
    return found


async def log_of(shop: SandboxShop) -> list[tuple[str, str, str]]:
    """Event, state and error of every message, in their order."""
    rows = await pool().fetch("select event, state, last_error from message where shop_id = $1 order by id", shop.id)
    return [tuple(row) for row in rows]
