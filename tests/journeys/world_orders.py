"""Orders of a furnished shop beside the one that is to be paid: one to be changed and cancelled, one that has ended."""

from typing import Final

from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop
from tests.journeys.world_paying import buy

_CANCEL: Final = """
mutation ($id: ID!) { orderCancel(orderId: $id, reason: "先不买了") { userErrors { code field message } } }
"""
_NOTE: Final = """
mutation ($id: ID!, $text: String!) {
  orderNoteAdd(orderId: $id, text: $text, idempotencyKey: "note") { userErrors { code field message } }
}"""
_NUMBER: Final = "query ($id: ID!) { order(id: $id) { orderNo deliveries { id } } }"


async def order_more(  # noqa: PLR0913, PLR0917 - who buys what, where it goes, and under which marks
    shop: SandboxShop, customer: Asker, mark: str, hidden: str, variant: str, address: str, order: str
) -> dict[str, str]:
    """Place them, with a note of staff on the one there is; return what they are known by."""
    seen = (await customer(_NUMBER, {"id": order}))["order"]
    ids = {"order.no": seen["orderNo"], "order.delivery": seen["deliveries"][0]["id"]}
    for name in ("spareOrder", "endedOrder"):
        bought = await buy(customer, f"{name} {mark}", variant, address)
        ids |= {name: bought["order"], f"{name}.line": bought["order.line"]}
    answers = [
        await customer(_CANCEL, {"id": ids["endedOrder"]}),
        await shop.staff(_NOTE, {"id": order, "text": hidden}),
    ]
    assert [answer.refusals for answer in answers] == [[], []]
    return ids
