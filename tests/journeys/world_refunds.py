"""What a furnished shop gave back, and what its customer is not content with: a complaint at every place of its way."""

from typing import Any, Final
from uuid import UUID

from clock import wall_now
from ids import decode_id, encode_id, new_id
from models.database import pool
from resolvers.refund_send import send_refunds
from tests.harness.asking import Asker
from tests.harness.paying import PAY, SYNC, mchid_of, wechat_pay
from tests.harness.refunding import (
    APPLY,
    APPROVE,
    EXCHANGE_SHIP,
    GIVE_BACK,
    PARCEL,
    RETURN_SHIP,
    refunds_become,
)
from tests.harness.shipping import NUMBER, SHIP
from tests.harness.shops import SandboxShop

_PLACE: Final = """
mutation ($input: PlacementInput!) {
  orderPlace(input: $input) { order { id lines { id } } userErrors { code field message } }
}"""
_QUOTE: Final = "query ($input: QuoteInput!) { quote(input: $input) { quote { token total { fen } } } }"
_ASK: Final = "update refund_allocation set next_attempt_at = created_at where shop_id = $1 and refund_id = $2"
_SAID: Final = "update refund_allocation set last_error = $3 where shop_id = $1 and refund_id = $2"
# As WeChat told of money that came otherwise than it was asked for.
_WRONG: Final = """
insert into payment (id, shop_id, order_id, method, state, is_surplus, refunding_fen, refunded_fen, amount_fen,
                     merchant_account_id, mchid, out_trade_no, app_id, payer_customer_id, expires_at, queries,
                     last_error, problem, told_fen, told_at, created_at, updated_at)
select $3, shop_id, order_id, 'WECHAT', 'CLOSED', false, 0, 0, amount_fen, merchant_account_id, mchid, $4, app_id,
       payer_customer_id, expires_at, 0, $5, 'WRONG_AMOUNT', 1, created_at, created_at, updated_at
from payment where shop_id = $1 and order_id = $2
"""

# Name of the complaint -> its type, and how far it goes.
_WAYS: Final = {
    "claim.applied": ("REFUND", ()),
    "claim.toReject": ("REFUND", ()),
    "claim.toCancel": ("REFUND", ()),
    "claim.awaited": ("RETURN", ("grant",)),
    "claim.toReceive": ("RETURN", ("grant", "return")),
    "claim.toRefuse": ("RETURN", ("grant", "return")),
    "claim.toExchange": ("EXCHANGE", ("grant", "return")),
    "claim.exchanged": ("EXCHANGE", ("grant", "return", "send")),
}


async def give_back(  # noqa: PLR0913 - who buys what, under which marks
    shop: SandboxShop, customer: Asker, mark: str, hidden: str, *, variant: str, address: str
) -> dict[str, str]:
    """Sell two orders: of the first a refund is stuck; every line of the second is complained about."""
    first = await _sold(shop, customer, f"{mark} back", variant, address, lines=1)
    answer = await shop.staff(
        GIVE_BACK,
        {
            "input": {
                "orderId": first["id"],
                "lines": [{"orderLineId": first["lines"][0]["id"], "quantity": 0, "amount": {"fen": 1}}],
                "note": hidden,
            },
            "key": "stuck",
        },
    )
    assert answer.refusals == []
    refund: str = answer["orderRefund"]["refund"]["id"]
    # WeChat wants somebody to look, which it says when it is asked; what it is asked next it takes on, and no more.
    mchid = await mchid_of(shop)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=True)
    await refunds_become(shop, "ABNORMAL")
    await send_refunds(wall_now(), shop.id)
    await pool().execute(_ASK, shop.id, _inside("rfd", refund))
    await send_refunds(wall_now(), shop.id)
    await wechat_pay(shop, "/notifications/hold", mchid=mchid, hold=False)
    await refunds_become(shop, "PROCESSING")
    await pool().execute(_SAID, shop.id, _inside("rfd", refund), hidden)
    wrong = new_id()
    await pool().execute(_WRONG, shop.id, _inside("ord", first["id"]), wrong, wrong.hex, hidden)
    second = await _sold(shop, customer, f"{mark} claims", variant, address, lines=len(_WAYS) + 1)
    asked = {"id": second["id"], "lines": None, "carrier": "SF", "number": NUMBER, "note": mark, "key": "claims"}
    assert (await shop.staff(SHIP, asked)).refusals == []
    ids = {
        "refund": refund, "back": first["id"], "back.line": first["lines"][0]["id"],
        "payment.wrong": encode_id("pay", wrong),
    }  # fmt: skip
    lines = iter(second["lines"])
    for name, (type_, steps) in _WAYS.items():
        ids[name] = await _complain(shop, customer, mark, next(lines)["id"], type_, steps)
    return ids | {"claims": second["id"], "claims.line": next(lines)["id"]}


async def _complain(  # noqa: PLR0913, PLR0917 - who, about what, and how far it goes
    shop: SandboxShop, customer: Asker, mark: str, line: str, type_: str, steps: tuple[str, ...]
) -> str:
    wish = {"orderLineId": line, "quantity": 1, "type": type_, "reason": mark, "description": mark}
    answer = await customer(APPLY, {"input": wish, "key": line})
    assert answer.refusals == []
    claim: str = answer["afterSaleApply"]["afterSale"]["id"]
    for step in steps:
        asker, document = {
            "grant": (shop.staff, APPROVE), "return": (customer, RETURN_SHIP), "send": (shop.staff, EXCHANGE_SHIP),
        }[step]  # fmt: skip
        more = {} if step == "grant" else PARCEL
        assert (await asker(document, {"id": claim, **more})).refusals == []
    return claim


async def _sold(  # noqa: PLR0913, PLR0917 - who buys what
    shop: SandboxShop, customer: Asker, mark: str, variant: str, address: str, lines: int
) -> Any:
    """Place an order of so many lines of one piece, told apart by what the customer says of them, and pay it."""
    wish = {
        "source": {
            "lines": [
                {"variantId": variant, "quantity": 1, "attributes": [{"key": "字", "value": f"{mark} {number}"}]}
                for number in range(lines)
            ]
        },
        "delivery": {"address": {"addressId": address}},
    }
    quote = (await customer(_QUOTE, {"input": wish}))["quote"]["quote"]
    placing = {"source": {"quoteToken": quote["token"]}, "note": mark, "idempotencyKey": f"order {mark}"}
    placed = await customer(_PLACE, {"input": placing})
    assert placed.refusals == []
    order = placed["orderPlace"]["order"]
    asked = {"input": {"orderId": order["id"]}, "key": f"pay {mark}"}
    request = (await customer(PAY, asked))["orderPay"]["requestPayment"]
    prepay_id = request.pop("package").removeprefix("prepay_id=")
    said = await wechat_pay(shop, "/pay", prepay_id=prepay_id, outcome="success", **request)
    assert said["outcome"] == "success", said
    assert (await customer(SYNC, {"id": order["id"]})).refusals == []
    return order


def _inside(prefix: str, text: str) -> UUID:
    found = decode_id(prefix, text)
    assert found
    return found
