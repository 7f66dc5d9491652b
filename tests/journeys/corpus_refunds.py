"""Giving money back and complaining: the roots of refunds and after-sales."""

from typing import Final

from tests.harness.refunding import AFTER_SALE, PARCEL, REFUND
from tests.journeys.corpus_write import Write, instead, open_to_all, their, write
from tests.journeys.world import World

_ORDER: Final = "order { id note status refunds { id } afterSales { id description } }"
FOR_STAFF: Final = f"{REFUND} note lastError order {{ id note }}"
CLAIM: Final = f"{AFTER_SALE} order {{ id note }}"
CLAIM_FOR_STAFF: Final = f"{CLAIM} staffActions"
MY_CLAIMS: Final = f"{{ viewer {{ afterSales(first: 5) {{ totalCount nodes {{ {CLAIM} }} }} }} }}"
_PARCEL_HEAD: Final = "$id: ID!, $carrierCode: String!, $trackingNo: String!"


def _parcel(name: str) -> "dict[str, str]":
    return {"id": name, "carrierCode": PARCEL["by"], "trackingNo": PARCEL["no"]}


def _by_staff(root: str, name: str) -> Write:
    return write(
        root, "$id: ID!", f"afterSale {{ {CLAIM} }}", lambda of: {"id": of[name]},
        instead("id", id=their(name)),
    )  # fmt: skip


def _with_reason(root: str, name: str) -> Write:
    return write(
        root, "$id: ID!, $reason: String!", f"afterSale {{ {CLAIM} }}",
        lambda of: {"id": of[name], "reason": f"new {of.mark}"}, instead("id", id=their(name)),
    )  # fmt: skip


def _apply(of: World) -> dict[str, object]:
    wish = {
        "orderLineId": of["claims.line"], "quantity": 1, "type": "REFUND", "reason": of.mark, "description": of.mark,
    }  # fmt: skip
    return {"input": wish, "idempotencyKey": "corpus"}


REFUND_WRITES: Final = (
    # Before another refund of the order.
    write(
        "refundRetry", "$id: ID!", f"refund {{ {REFUND} order {{ note }} }}", lambda of: {"id": of["refund"]},
        instead("id", id=their("refund")),
    ),
    write(
        "refundAbnormalApply", "$input: RefundAbnormalApplyInput!, $idempotencyKey: String!",
        f"refund {{ {REFUND} order {{ note }} }}",
        lambda of: {
            "input": {"refundId": of["refund"], "to": "MERCHANT_BANK_CARD"}, "idempotencyKey": "corpus",
        },
        instead("input.refundId", input=lambda _, theirs: {
            "refundId": theirs["refund"], "to": "MERCHANT_BANK_CARD",
        }),
    ),
    write(
        "orderRefund", "$input: OrderRefundInput!, $idempotencyKey: String!",
        f"refund {{ {REFUND} order {{ note }} }} {_ORDER}",
        lambda of: {"input": {"orderId": of["back"], "note": f"new {of.mark}"}, "idempotencyKey": "corpus"},
        instead("input.orderId", input=lambda _, theirs: {"orderId": theirs["back"]}),
        instead("input.lines.0.orderLineId", input=lambda mine, theirs: {
            "orderId": mine["back"], "lines": [{"orderLineId": theirs["back.line"], "quantity": 1}],
        }),
    ),
    open_to_all(
        write(
            "afterSaleApply", "$input: AfterSaleApplyInput!, $idempotencyKey: String!",
            f"afterSale {{ {CLAIM} }}", _apply,
            instead("input.orderLineId", input=lambda _, theirs: _apply(theirs)["input"]),
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "afterSaleCancel", "$id: ID!", f"afterSale {{ {CLAIM} }}", lambda of: {"id": of["claim.toCancel"]},
            instead("id", id=their("claim.toCancel")),
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "afterSaleReturnShip", _PARCEL_HEAD, f"afterSale {{ {CLAIM} }}", lambda of: _parcel(of["claim.awaited"]),
            instead("id", id=their("claim.awaited")),
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "afterSaleExchangeConfirm", "$id: ID!", f"afterSale {{ {CLAIM} }}",
            lambda of: {"id": of["claim.exchanged"]}, instead("id", id=their("claim.exchanged")),
        ),
        lambda world: world.customer,
    ),
    _by_staff("afterSaleApprove", "claim.applied"),
    _with_reason("afterSaleReject", "claim.toReject"),
    _by_staff("afterSaleReceive", "claim.toReceive"),
    _with_reason("afterSaleRefuseReceipt", "claim.toRefuse"),
    write(
        "afterSaleExchangeShip", _PARCEL_HEAD, f"afterSale {{ {CLAIM} }}",
        lambda of: _parcel(of["claim.toExchange"]), instead("id", id=their("claim.toExchange")),
    ),
)  # fmt: skip
