"""By which templates a furnished shop tells its customers, what one of them agreed to, and what they were not told."""

from typing import Any, Final

from ids import decode_id, encode_id, new_id
from models.database import pool
from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop

_SAVE: Final = """
mutation ($input: MessageTemplateInput!) {
  messageTemplateUpsert(input: $input) { messageTemplate { id } userErrors { code field message } }
}"""
_AGREE: Final = """
mutation ($templates: [String!]!) {
  messageOptInRecord(templateIds: $templates, accepted: $templates, idempotencyKey: "agreed") {
    userErrors { code field message }
  }
}"""


async def tell(shop: SandboxShop, customer: Asker, mark: str, hidden: str) -> dict[str, str]:
    """Enter a template that is in use and one that is not; the customer agrees to one message of the first."""
    shown = await _save(shop, "ORDER_PAID", mark, active=True)
    unused = await _save(shop, "ORDER_EXPIRING", hidden, active=False)
    assert (await customer(_AGREE, {"templates": [f"T{mark}"]})).refusals == []
    return {"messageTemplate": shown, "unusedTemplate": unused, "messageTemplate.wechat": f"T{mark}"}


# Written in SQL: the templates came after everything that this customer could have been told of.
_REFUSED: Final = """
insert into message (id, shop_id, event, occasion, subject_id, order_id, customer_id, identity_id, app_id, state,
    holds_quota, may_have_arrived, attempts, last_error, created_at)
select $1, $2, 'ORDER_PAID', $3::uuid::text, $3, $3, person.customer_id, person.id, $5, 'FAILED',
    false, false, 1, '47003 thing1', $6
from identity person where person.shop_id = $2 and person.customer_id = $4
"""


async def tell_in_vain(shop: SandboxShop, ids: dict[str, str]) -> dict[str, str]:
    """Note that WeChat refused to tell the customer of the order; returns the message's id."""
    message, order, customer = new_id(), decode_id("ord", ids["order"]), decode_id("cus", ids["customer"])
    done = await pool().execute(_REFUSED, message, shop.id, order, customer, shop.app.id, shop.caller.now)
    assert done == "INSERT 0 1"
    return {"message": encode_id("msg", message)}


async def _save(shop: SandboxShop, event: str, mark: str, **more: Any) -> str:
    wish = {
        "appid": shop.app.appid, "event": event, "templateId": f"T{mark}", "page": f"pages/{mark}",
        "keywords": [
            {"keyword": "thing1", "text": mark[-20:]}, {"keyword": "amount2", "value": "TOTAL"},
        ],
        **more,
    }  # fmt: skip
    answer = await shop.staff(_SAVE, {"input": wish})
    assert answer.refusals == []
    found: str = answer["messageTemplateUpsert"]["messageTemplate"]["id"]
    return found
