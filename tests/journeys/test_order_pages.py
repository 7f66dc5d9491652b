"""The pages of a mini-program about orders, each one document: what they need is there, for one statement each."""

from typing import Final

from tests.conftest import Counting
from tests.harness.buying import buyer, on_sale
from tests.harness.shops import SandboxShop
from tests.journeys.test_statement_counts import asked
from tests.journeys.test_storefront import COST_MOST, cost

ORDERS: Final = """query Orders($tab: OrderTab, $after: Cursor) {
  viewer {
    orderCounts { toPay toShip toReceive toReview afterSale }
    orders(first: 20, tab: $tab, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id orderNo status total { amount } itemCount expiresAt createdAt actions { kind allowed reason }
        lines { title variantTitle imageUrl quantity unitPrice { amount } }
      }
    }
  }
}"""

ORDER: Final = """query Order($id: ID!) {
  order(id: $id) {
    id orderNo status paymentStatus fulfilmentStatus refundStatus cancelReason payToken
    actions { kind allowed reason }
    lines { id title variantTitle imageUrl quantity unitPrice { amount } total { amount } product { id handle } }
    subtotal { amount } freight { amount } total { amount } paid { amount } refunded { amount }
    adjustments { kind title amount { amount } }
    deliveries { method recipient { name phone detail regionText } }
    holds { kind reason } shipments { carrier { name } trackingNo lines { quantity } }
    history { axis fromValue toValue createdAt } payments { state amount { amount } }
    refunds { state amount { amount } allocations { state } } afterSales { id status type }
    note attributes { key value } expiresAt paidAt autoConfirmAt
  }
}"""


async def test_the_pages_of_orders_are_one_document_and_one_statement_each(
    shop: SandboxShop, statements: Counting
) -> None:
    tea, cup = await on_sale(shop, "tea", 5, 5)
    ming = await buyer(shop)
    placed = [await ming.places((tea, 1), (cup, 2)), await ming.places((tea, 1))]

    async with statements() as seen:
        listed = await ming.ask(ORDERS, {"tab": "TO_PAY"})
    assert len(asked(seen)) == 1
    async with statements() as seen:
        shown = await ming.ask(ORDER, {"id": placed[0]["id"]})
    assert len(asked(seen)) == 1

    viewer = listed["viewer"]
    assert viewer["orderCounts"] == {"toPay": 2, "toShip": 0, "toReceive": 0, "toReview": 0, "afterSale": 0}
    assert [node["id"] for node in viewer["orders"]["nodes"]] == [one["id"] for one in reversed(placed)]
    assert len(shown["order"]["lines"]) == 2
    assert shown["order"]["payToken"]
    assert max(cost(listed), cost(shown)) < COST_MOST
