"""Staff who send parcels, buyers who get them, and what WeChat was told of them."""

from typing import Any, Final
from uuid import uuid4

from tests.harness.asking import Answer
from tests.harness.paying import Payer, settled, wechat_pay
from tests.harness.shops import SandboxShop

NUMBER: Final = "SF1234567890123"
OTHER_NUMBER: Final = "SF9876543210987"
ERRORS: Final = "userErrors { code field message ... on LimitUserError { limit used } }"
PARCEL: Final = """
id carrier { code name } trackingNo note shippedAt correctedAt lines { quantity line { id title shippedQuantity } }
"""
ORDER: Final = f"""
id status paymentStatus fulfilmentStatus version shippedAt autoConfirmAt isConfirmExtended completedAt
lines {{ id shippedQuantity reviewedAt review {{ id rating body imageUrls status isVerified authorName }} }}
shipments {{ {PARCEL} }} history {{ axis fromValue toValue actorKind }} actions {{ kind allowed reason }}
"""
UPLOAD: Final = "id state attempts lastError nextAttemptAt createdAt"
LOOK: Final = f"query ($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}"
LOOK_AS_STAFF: Final = f"""
query ($id: ID!) {{ order(id: $id) {{ {ORDER} shippingUpload {{ {UPLOAD} order {{ id }} }} }} }}"""
SHIP: Final = f"""
mutation (
  $id: ID!, $lines: [ShipmentLineInput!], $carrier: String, $number: String, $note: String! = "", $key: String!
) {{
  orderShip(
    orderId: $id, lines: $lines, carrierCode: $carrier, trackingNo: $number, note: $note, idempotencyKey: $key
  ) {{ shipment {{ {PARCEL} }} order {{ {ORDER} }} {ERRORS} }}
}}"""
CORRECT: Final = f"""
mutation ($id: ID!, $carrier: String!, $number: String!) {{
  shipmentCorrect(shipmentId: $id, carrierCode: $carrier, trackingNo: $number) {{ shipment {{ {PARCEL} }} {ERRORS} }}
}}"""
FAILED: Final = f"{{ failedShippingUploads(first: 5) {{ totalCount nodes {{ {UPLOAD} order {{ id }} }} }} }}"
RETRY: Final = f"mutation ($id: ID!) {{ shippingUploadRetry(id: $id) {{ upload {{ {UPLOAD} }} {ERRORS} }} }}"
CONFIRM: Final = f"mutation ($id: ID!) {{ orderConfirm(orderId: $id) {{ order {{ {ORDER} }} {ERRORS} }} }}"
EXTEND: Final = f"mutation ($id: ID!) {{ orderConfirmExtend(orderId: $id) {{ order {{ {ORDER} }} {ERRORS} }} }}"
REVIEW: Final = f"""
mutation ($line: ID!, $rating: Int!, $body: String! = "", $images: [Url!], $key: String!) {{
  orderReview(lineId: $line, rating: $rating, body: $body, imageUrls: $images, idempotencyKey: $key) {{
    line {{ id reviewedAt review {{ id rating body imageUrls status isVerified authorName }} }} {ERRORS}
  }}
}}"""


async def bought(person: Payer, *lines: tuple[str, int]) -> Any:
    """Buy and pay to the end; returns the order."""
    order = await person.places(*lines)
    await person.has_paid(order["id"])
    await settled(person.shop)
    return order


async def tries_to_ship(
    shop: SandboxShop,
    order_id: str,
    *pieces: tuple[str, int],
    carrier: str | None = "SF",
    number: str | None = NUMBER,
    key: str | None = None,
    **more: Any,
) -> Answer:
    """Try to send all that is left, or these pieces."""
    lines = [{"lineId": line, "quantity": quantity} for line, quantity in pieces] or None
    asked = {"id": order_id, "lines": lines, "carrier": carrier, "number": number, "key": key or uuid4().hex}
    return await shop.staff(SHIP, asked | more)


async def ships(shop: SandboxShop, order_id: str, *pieces: tuple[str, int], **more: Any) -> Any:
    """Send it, which must be possible: `{"shipment", "order"}`."""
    answer = await tries_to_ship(shop, order_id, *pieces, **more)
    assert answer.refusals == [], answer.body
    return answer["orderShip"]


async def told_of_parcels(shop: SandboxShop) -> list[dict[str, Any]]:
    """Return what WeChat was told of the app's parcels, the first first."""
    listed = await wechat_pay(shop, "/shipments", method="GET", appid=shop.app.appid)
    return [one["asked"] for one in listed if one["kind"] == "SHIPPED"]


async def fails(shop: SandboxShop, errcode: int, times: int = 1) -> None:
    """Have WeChat refuse the next uploads of the app."""
    asked: dict[str, Any] = {"kind": "ERROR", "errcode": errcode, "times": times, "call": "upload_shipping_info"}
    await wechat_pay(shop, "/switches", appid=shop.app.appid, **asked)


async def looks(person: Payer, order_id: str) -> Any:
    """Look at an order as its customer."""
    return (await person.ask(LOOK, {"id": order_id}))["order"]
