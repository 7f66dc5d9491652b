"""What a furnished shop takes money by, and an order that its customer has placed and not paid."""

from typing import Final

from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop

_ACCOUNTS: Final = "{ merchantAccounts { id mode mchid } }"
_NAME: Final = """
mutation ($input: MerchantAccountInput!) {
  merchantAccountUpsert(input: $input) { merchantAccount { id } userErrors { code field message } }
}"""
_QUOTE: Final = """
query ($input: QuoteInput!) { quote(input: $input) { quote { token } userErrors { code field message } } }
"""
_PLACE: Final = """
mutation ($input: PlacementInput!) {
  orderPlace(input: $input) { order { id payToken lines { id } } userErrors { code field message } }
}"""


async def take_money(shop: SandboxShop, mark: str) -> dict[str, str]:
    """Put the mark on the account that a sandbox shop is opened with."""
    [account] = (await shop.staff(_ACCOUNTS))["merchantAccounts"]
    named = {"mode": account["mode"], "mchid": account["mchid"], "name": mark}
    answer = await shop.staff(_NAME, {"input": named})
    assert answer.refusals == []
    return {"merchantAccount": account["id"], "merchantAccount.mchid": account["mchid"]}


async def buy(customer: Asker, mark: str, variant: str, address: str, quantity: int = 1) -> dict[str, str]:
    """Place an order, with the mark in what the customer says of it."""
    wish = {
        "source": {
            "lines": [{"variantId": variant, "quantity": quantity, "attributes": [{"key": "字", "value": mark}]}]
        },
        "delivery": {"address": {"addressId": address}},
    }
    quoted = (await customer(_QUOTE, {"input": wish}))["quote"]
    assert quoted["userErrors"] == []
    placed = await customer(
        _PLACE,
        {
            "input": {
                "source": {"quoteToken": quoted["quote"]["token"]},
                "note": mark,
                "attributes": [{"key": "字", "value": mark}],
                "idempotencyKey": f"order {mark}",
            }
        },
    )
    assert placed.refusals == []
    order = placed["orderPlace"]["order"]
    return {"order": order["id"], "order.line": order["lines"][0]["id"], "order.payToken": order["payToken"]}
