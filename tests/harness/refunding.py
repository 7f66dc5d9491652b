"""Money that goes back, and customers who complain: what is asked, as a mini-program and the shop's desk ask it."""

from typing import Any
from uuid import uuid4

from tests.harness.asking import Answer
from tests.harness.paying import Payer, mchid_of, settled, wechat_pay
from tests.harness.shipping import CONFIRM, ships
from tests.harness.shops import SandboxShop

ERRORS = "userErrors { code field message ... on LimitUserError { limit used } }"
REFUND = """
id reason state amount { fen } freight { fen } restock succeededAt lines { orderLine { id } quantity amount { fen } }
allocations { state amount { fen } outRefundNo payment { id } }
"""
ORDER = f"""
id status paymentStatus fulfilmentStatus refundStatus paid {{ fen }} refunding {{ fen }} refunded {{ fen }} closedAt
lines {{ id quantity total {{ fen }} refunded {{ fen }} refundedQuantity }} refunds {{ {REFUND} }}
afterSales {{ id status }} history {{ axis fromValue toValue }}
"""
AFTER_SALE = f"""
id afterSaleNo type status quantity amount {{ fen }} reason description evidence deadlineAt actions orderLine {{ id }}
returnCarrierCode returnTrackingNo exchangeCarrierCode exchangeTrackingNo version
timeline {{ fromStatus toStatus actorKind note }} refund {{ {REFUND} }}
"""
LOOK = f"query ($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}"
GIVE_BACK = f"""
mutation ($input: OrderRefundInput!, $key: String!) {{
  orderRefund(input: $input, idempotencyKey: $key) {{ refund {{ {REFUND} note }} order {{ {ORDER} }} {ERRORS} }}
}}"""
RETRY = f"mutation ($id: ID!) {{ refundRetry(id: $id) {{ refund {{ {REFUND} }} {ERRORS} }} }}"
APPLY = f"""
mutation ($input: AfterSaleApplyInput!, $key: String!) {{
  afterSaleApply(input: $input, idempotencyKey: $key) {{ afterSale {{ {AFTER_SALE} }} {ERRORS} }}
}}"""


def step(name: str, head: str = "", **arguments: str) -> str:
    """Return the mutation of one step of an after-sale; `head` declares what it takes beside the id."""
    given = "".join(f", {argument}: ${variable}" for argument, variable in arguments.items())
    return f"mutation ($id: ID!{head}) {{ {name}(id: $id{given}) {{ afterSale {{ {AFTER_SALE} }} {ERRORS} }} }}"


CANCEL = step("afterSaleCancel")
RETURN_SHIP = step("afterSaleReturnShip", ", $by: String!, $no: String!", carrierCode="by", trackingNo="no")
EXCHANGE_CONFIRM = step("afterSaleExchangeConfirm")
APPROVE = step("afterSaleApprove", ", $amount: MoneyInput", amount="amount")
REJECT = step("afterSaleReject", ", $why: String!", reason="why")
RECEIVE = step("afterSaleReceive")
REFUSE_RECEIPT = step("afterSaleRefuseReceipt", ", $why: String!", reason="why")
EXCHANGE_SHIP = step("afterSaleExchangeShip", ", $by: String!, $no: String!", carrierCode="by", trackingNo="no")
PARCEL = {"by": "SF", "no": "SF1234567890123"}


async def paid_order(person: Payer, *lines: tuple[str, int]) -> Any:
    """Buy and pay; returns the order as it is then, by LOOK."""
    order = await person.places(*lines)
    await person.has_paid(order["id"])
    await settled(person.shop)
    return await seen(person, order["id"])


async def seen(person: Payer, order_id: str) -> Any:
    """Look at an order with its refunds and after-sales."""
    return (await person.ask(LOOK, {"id": order_id}))["order"]


async def tries_to_refund(shop: SandboxShop, order_id: str, *, key: str | None = None, **more: Any) -> Answer:
    """Ask for a refund as staff."""
    return await shop.staff(GIVE_BACK, {"input": {"orderId": order_id, **more}, "key": key or uuid4().hex})


async def refunds(shop: SandboxShop, order_id: str, **more: Any) -> Any:
    """Ask for one, which must be given."""
    answer = await tries_to_refund(shop, order_id, **more)
    assert answer.refusals == [], answer.body
    return answer["orderRefund"]["refund"]


def piece(line: Any, quantity: int = 1, fen: int | None = None) -> dict[str, Any]:
    """Return so many pieces of a line, as the input takes them."""
    asked = {"orderLineId": line["id"], "quantity": quantity}
    return asked if fen is None else asked | {"amount": {"fen": fen}}


async def tries_to_complain(person: Payer, line: Any, **more: Any) -> Answer:
    """Ask for an after-sale of one line."""
    key = more.pop("key", None) or uuid4().hex
    asked = {"orderLineId": line["id"], "quantity": 1, "type": "REFUND", "reason": "不想要了", **more}
    return await person.ask(APPLY, {"input": asked, "key": key})


async def complains(person: Payer, line: Any, **more: Any) -> Any:
    """Ask for one, which must be taken on."""
    answer = await tries_to_complain(person, line, **more)
    assert answer.refusals == [], answer.body
    return answer["afterSaleApply"]["afterSale"]


async def sent(person: Payer, order: Any, *, received: bool = False) -> None:
    """Have an order on its way, or with its customer."""
    await ships(person.shop, order["id"])
    if received:
        assert (await person.ask(CONFIRM, {"id": order["id"]})).refusals == []


async def ledger(shop: SandboxShop) -> tuple[int, int]:
    """Return what the sandbox's own books say of the shop's merchant: its balance, and what is on its way back."""
    said = await wechat_pay(shop, "/ledger", method="GET", mchid=await mchid_of(shop))
    return said["balanceFen"], said["refundingFen"]


async def refunds_become(shop: SandboxShop, state: str) -> None:
    """Say what becomes of the merchant's refunds at WeChat from now on."""
    await wechat_pay(shop, "/merchants", mchid=await mchid_of(shop), refunds=state)


async def wechat_moves(shop: SandboxShop, refund: Any, state: str) -> Any:
    """Have the last part of a refund become something at WeChat."""
    number = refund["allocations"][-1]["outRefundNo"]
    return await wechat_pay(shop, f"/refunds/{number}", status=state, mchid=await mchid_of(shop))
