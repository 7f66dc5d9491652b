"""Buying: the roots of quotes and orders, and what customers and staff do with an order that is not paid."""

from typing import Any, Final

from tests.journeys.corpus_write import Write, instead, open_to_all, their, write
from tests.journeys.world import World

_FEN: Final = "{ fen }"
LINE: Final = f"""id position title variantTitle sku imageUrl quantity unitPrice {_FEN} subtotal {_FEN} total {_FEN}
  refunded {_FEN} refundedQuantity shippedQuantity requiresShipping weightGrams origin reviewedAt
  selectedOptions {{ name value }} attributes {{ key value }} adjustments {{ kind title amount {_FEN} }}
  offer {{ kind }} product {{ id title }} variant {{ id title }} review {{ id }}"""
DELIVERY: Final = f"""id method origin freight {_FEN} recipient {{
    name phone detail nameMasked phoneMasked regionCode regionText postcode }}"""
ORDER: Final = f"""id orderNo status paymentStatus fulfilmentStatus refundStatus nextStates cancelReason itemCount
  actions {{ kind allowed reason }} lines {{ {LINE} }} subtotal {_FEN} freight {_FEN} total {_FEN} paid {_FEN}
  refunded {_FEN} refunding {_FEN}
  adjustments {{ kind title amount {_FEN} source {{ kind id }} allocations {{ lineId }} }}
  deliveries {{ {DELIVERY} }} holds {{ kind }} history {{ axis fromValue toValue actorKind reason createdAt }}
  payments {{ id }} note attributes {{ key value }} metafields(first: 2) {{ id value }}
  secret: metafield(namespace: "secret", key: "margin") {{ id value }} expiresAt paidAt shippedAt autoConfirmAt
  isConfirmExtended completedAt cancelledAt closedAt hiddenAt version createdAt updatedAt"""
FOR_STAFF: Final = f"""{ORDER} staffNotes {{ text createdAt }} promoter {{ name }} channel campaign sceneValue
  priorPaidOrders shippingRemindedAt tasks"""
ORDER_PAGE: Final = "totalCount pageInfo { hasNextPage endCursor }"
QUOTE: Final = f"""lines {{ index variantId productId cartLineId title variantTitle imageUrl quantity unitPrice {_FEN}
    subtotal {_FEN} total {_FEN} }} subtotal {_FEN} freight {_FEN} total {_FEN} token expiresAt
  adjustments {{ kind title amount {_FEN} }} deliveries {{ method freight {_FEN} }}
  priceExplanation {{ kind applied reason amount {_FEN} missing {_FEN} }} problems {{ code field message }}"""


def wish(of: World, **more: Any) -> dict[str, Any]:
    """What is bought: one piece, to an address of the customer's."""
    return {
        "source": {"lines": [{"variantId": of["sibling.variant"], "quantity": 1}]},
        "delivery": {"address": {"addressId": of["address"]}}, **more,
    }  # fmt: skip


def _placed(of: World, **more: Any) -> dict[str, Any]:
    return wish(of, expectedTotal={"fen": 9900}, note=of.mark, idempotencyKey="corpus", **more)


def _by_customer(told: Write) -> Write:
    return open_to_all(told, lambda world: world.customer)


ORDER_WRITES: Final = (
    _by_customer(write(
        "orderPlace", "$input: PlacementInput!", f"order {{ {ORDER} }}", lambda of: {"input": _placed(of)},
        instead("input.source.lines.0", input=lambda mine, theirs: _placed(
            mine, source={"lines": [{"variantId": theirs["sibling.variant"], "quantity": 1}]},
        )),
        instead("input.delivery.address.addressId", input=lambda mine, theirs: _placed(
            mine, delivery={"address": {"addressId": theirs["address"]}},
        )),
        instead("input.source.cartLineIds.0", input=lambda mine, theirs: _placed(
            mine, source={"cartLineIds": [theirs["cart.line"]]},
        )),
    )),
    write(
        "orderPriceChange", "$orderId: ID!, $change: Int!", f"order {{ {ORDER} }}",
        lambda of: {"orderId": of["spareOrder"], "change": -100},
        instead("orderId", orderId=their("spareOrder")),
    ),
    write(
        "orderNoteAdd", "$orderId: ID!, $text: String!, $idempotencyKey: String!", f"order {{ {ORDER} }}",
        lambda of: {"orderId": of["spareOrder"], "text": of.hidden, "idempotencyKey": "corpus"},
        instead("orderId", orderId=their("spareOrder")),
    ),
    _by_customer(write(
        "orderCancel", "$orderId: ID!, $reason: String!", f"order {{ {ORDER} }}",
        lambda of: {"orderId": of["spareOrder"], "reason": of.mark},
        instead("orderId", orderId=their("spareOrder")),
    )),
    _by_customer(write(
        "orderHide", "$orderId: ID!", f"order {{ {ORDER} }}", lambda of: {"orderId": of["endedOrder"]},
        instead("orderId", orderId=their("endedOrder")),
    )),
)  # fmt: skip
