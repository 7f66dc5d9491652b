"""Telling customers: the roots of message templates and of what customers agreed to."""

import secrets
from typing import Any, Final

from tests.journeys.corpus_write import instead, open_to_all, write
from tests.journeys.world import World

TEMPLATE: Final = """id appid event templateId remaining page active version createdAt updatedAt
  keywords { keyword value text }"""

MESSAGE: Final = """id event state reason wechatCode keyword attempts appid createdAt nextAttemptAt sentAt
  recipient { customerId nickname phone } order { id note } template { id templateId }"""


def _template(of: World, **more: Any) -> dict[str, Any]:
    wish = {"appid": of.shop.app.appid, "event": "ORDER_SHIPPED", "templateId": f"S{of.mark}"}
    return {"input": {**wish, "keywords": [{"keyword": "thing1", "value": "GOODS"}], **more}}


PUSH: Final = "appid path createdAt updatedAt"


def push(appid: str) -> dict[str, str]:
    """By what WeChat proves itself, made up."""
    return {"appid": appid, "token": secrets.token_hex(8), "encodingAesKey": secrets.token_hex(22)[:43]}


MESSAGE_WRITES: Final = (
    write(
        "messagePushUpsert", "$input: MessagePushInput!", f"messagePush {{ {PUSH} }}",
        lambda of: {"input": push(of.shop.app.appid)},
        instead("input.appid", input=lambda _, theirs: push(theirs.shop.app.appid)),
    ),
    write(
        "messageTemplateUpsert", "$input: MessageTemplateInput!", f"messageTemplate {{ {TEMPLATE} }}", _template,
        instead("input.appid", input=lambda mine, theirs: _template(mine, appid=theirs.shop.app.appid)["input"]),
    ),
    open_to_all(
        write(
            "messageOptInRecord", "$templateIds: [String!]!, $accepted: [String!]!, $idempotencyKey: String!",
            f"messageTemplates {{ {TEMPLATE} }}",
            lambda of: {
                "templateIds": [of["messageTemplate.wechat"]], "accepted": [of["messageTemplate.wechat"]],
                "idempotencyKey": "corpus",
            },
            instead(
                "templateIds.0",
                templateIds=lambda _, theirs: [theirs["messageTemplate.wechat"]],
                accepted=lambda _, theirs: [theirs["messageTemplate.wechat"]],
            ),
        ),
        lambda world: world.customer,
    ),
)  # fmt: skip
