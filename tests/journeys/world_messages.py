"""By which templates a furnished shop tells its customers, and what one of them agreed to."""

from typing import Any, Final

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
