"""What only placing asks of a judged wish: a quote may lack it."""

from typing import Final

from models.delivery import DeliveryMethod
from models.refusal import LimitRefusal, Refusal, UserErrorCode
from resolvers.placement_facts import Facts
from resolvers.placement_judge import Judgement


class PriceRefusal(Refusal):
    """PRICE_CHANGED; `judgement` is the price that stands, for the new quote."""

    def __init__(self, judgement: Judgement) -> None:
        """Say so at the total that was expected."""
        super().__init__(
            UserErrorCode.PRICE_CHANGED,
            "价格已变动，请确认新的价格",
            "The price has changed; look at the new one",
            "expectedTotal",
        )
        self.judgement = judgement


_ADDRESS: Final = ("delivery", "address")


def check_terms(judgement: Judgement, facts: Facts) -> list[Refusal]:
    """Find what keeps a wish that could be quoted from being placed."""
    refusals: list[Refusal] = []
    placement, person = judgement.wish.placement, judgement.person
    is_sent = judgement.method is DeliveryMethod.EXPRESS
    if is_sent and placement.destination.address_id is None:
        refusals.append(Refusal(UserErrorCode.BLANK, "请选择收货地址", "Choose an address", *_ADDRESS))
    customer = judgement.wish.customer_id
    unpaid = person["unpaid_orders"] + (facts.placed[customer, None] if customer else 0)
    if unpaid >= person["unpaid_orders_max"]:
        refusals.append(
            LimitRefusal(
                f"您有 {unpaid} 笔订单待付款，请先付款或取消",
                f"You have {unpaid} orders to pay; pay or cancel them first",
                limit=person["unpaid_orders_max"],
                used=unpaid,
            )
        )
    is_priced = not judgement.problems and not refusals
    if is_priced and placement.expected_fen not in (None, judgement.price.total_fen):
        refusals.append(PriceRefusal(judgement))
    return refusals
