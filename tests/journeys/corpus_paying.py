"""Taking money: the roots of merchant accounts and of paying orders."""

from typing import Final

from tests.journeys.corpus_write import instead, open_to_all, their, write

ACCOUNT: Final = """id name mode mchid subMchid providerAppid serialNo platformKeyIds appids channel version
  createdAt updatedAt"""
PAYMENT: Final = """id method state amount { fen } refunded { fen } isSurplus isOwn outTradeNo succeededAt closedAt
  createdAt"""
_PAID: Final = f"order {{ id orderNo status payToken payments {{ {PAYMENT} }} }}"

PREVIEW: Final = """query ($token: String!) {
  payPreview(payToken: $token) {
    shopName buyer lines { title variantTitle imageUrl quantity } itemCount total { amount fen currencyCode } expiresAt
  }
}"""

PAY_WRITES: Final = (
    write(
        "merchantAccountUpsert", "$input: MerchantAccountInput!", f"merchantAccount {{ {ACCOUNT} }}",
        lambda of: {"input": {
            "mode": "DIRECT", "mchid": of["merchantAccount.mchid"], "name": f"{of.mark} 2",
            "appids": [of.shop.app.appid],
        }},
        instead("input.appids.0", input=lambda mine, theirs: {
            "mode": "DIRECT", "mchid": mine["merchantAccount.mchid"], "appids": [theirs.shop.app.appid],
        }),
    ),
    open_to_all(
        write(
            "orderPay", "$input: OrderPayInput!, $idempotencyKey: String!",
            f"payment {{ {PAYMENT} }} requestPayment {{ appId timeStamp nonceStr package signType paySign }} {_PAID}",
            lambda of: {"input": {"orderId": of["order"]}, "idempotencyKey": "corpus"},
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "orderPaymentSync", "$orderId: ID!", _PAID, lambda of: {"orderId": of["order"]},
            instead("orderId", orderId=their("order")),
        ),
        lambda world: world.customer,
    ),
    write(
        "paymentRefund", "$id: ID!, $idempotencyKey: String!",
        f"payment {{ {PAYMENT} }} refund {{ id amount {{ fen }} }}",
        lambda of: {"id": of["payment.wrong"], "idempotencyKey": "corpus"},
        instead("id", id=their("payment.wrong")),
    ),
)  # fmt: skip
