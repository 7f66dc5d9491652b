"""Sending and receiving: the roots of parcels, of what WeChat is told of them, and of what buyers do with them."""

from typing import Final

from tests.harness.shipping import ORDER, OTHER_NUMBER, PARCEL, UPLOAD
from tests.journeys.corpus_write import instead, open_to_all, their, write

FAILED_UPLOADS: Final = f"{{ failedShippingUploads(first: 5) {{ totalCount nodes {{ {UPLOAD} order {{ note }} }} }} }}"
_LINE: Final = "line { id title review { id rating body } }"


SHIPPING_WRITES: Final = (
    # Before a parcel makes the upload anew.
    write(
        "shippingUploadRetry", "$id: ID!", f"upload {{ {UPLOAD} }}", lambda of: {"id": of["upload"]},
        instead("id", id=their("upload")),
    ),
    write(
        "orderShip",
        "$orderId: ID!, $lines: [ShipmentLineInput!], $carrierCode: String, $trackingNo: String,"
        " $idempotencyKey: String!",
        f"shipment {{ {PARCEL} }} order {{ {ORDER} }}",
        lambda of: {
            "orderId": of["part"], "carrierCode": "SF", "trackingNo": OTHER_NUMBER, "idempotencyKey": "corpus",
        },
        instead("orderId", orderId=their("part")),
        instead("lines.0.lineId", lines=lambda _, theirs: [{"lineId": theirs["part.line"], "quantity": 1}]),
    ),
    write(
        "shipmentCorrect", "$shipmentId: ID!, $carrierCode: String!, $trackingNo: String!",
        f"shipment {{ {PARCEL} }}",
        lambda of: {"shipmentId": of["parcel"], "carrierCode": "SF", "trackingNo": OTHER_NUMBER},
        instead("shipmentId", shipmentId=their("parcel")),
    ),
    open_to_all(
        write(
            "orderConfirmExtend", "$orderId: ID!", f"order {{ {ORDER} }}", lambda of: {"orderId": of["whole"]},
            instead("orderId", orderId=their("whole")),
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "orderConfirm", "$orderId: ID!", f"order {{ {ORDER} }}", lambda of: {"orderId": of["whole"]},
            instead("orderId", orderId=their("whole")),
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "orderReview", "$lineId: ID!, $rating: Int!, $body: String!, $idempotencyKey: String!", _LINE,
            lambda of: {
                "lineId": of["whole.line"], "rating": 5, "body": f"new {of.mark}", "idempotencyKey": "corpus",
            },
            instead("lineId", lineId=their("whole.line")),
        ),
        lambda world: world.customer,
    ),
)  # fmt: skip
