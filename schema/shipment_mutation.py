"""What staff do with parcels."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import order_ship as resolver
from resolvers.shipping_upload import shipping_upload_retry
from schema.attempt import IdempotencyKey, Info, attempt, referred, staff_mutation
from schema.given import known
from schema.order import Order
from schema.payload import Payload, outcome
from schema.shipment import Shipment, ShippingUpload

CarrierCode = Annotated[str, strawberry.argument(description="The carrier's code, of `carriers`; never guessed.")]
TrackingNo = Annotated[str, strawberry.argument(description="The number there; it has to meet `trackingPattern`.")]


@strawberry.input(description="Pieces of a line that go into a parcel.")
class ShipmentLineInput:
    """Each line once."""

    line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="How many pieces, at most what is left to send.")


@strawberry.type(description="What became of orderShip.")
class OrderShipPayload(Payload):
    """A parcel and its order."""

    shipment: Shipment | None = outcome("The parcel.")
    order: Order | None = outcome("The order as it is now.")


@strawberry.type(description="What became of shipmentCorrect.")
class ShipmentCorrectPayload(Payload):
    """The parcel under its new number."""

    shipment: Shipment | None = outcome("The parcel as it is now.")


@strawberry.type(description="What became of shippingUploadRetry.")
class ShippingUploadRetryPayload(Payload):
    """It is due at once."""

    upload: ShippingUpload | None = outcome("The upload, which waits again.")


@strawberry.type
class ShipmentMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Send a parcel of a paid order: all that is left, or these pieces of these lines. What needs no sending goes"
        " along with the first parcel. With the last piece the order is SHIPPED. Refused with NOT_ALLOWED (not paid,"
        " held, nothing left), OUT_OF_RANGE for more than is left when what is being refunded stays, NOT_FOUND, BLANK"
        " without a carrier and number where something is sent, INVALID for a number that can't be the carrier's,"
        " LIMIT_REACHED above 15 parcels.",
        Role.ORDERS,
    )
    async def order_ship(  # noqa: PLR0913, PLR0917 - arguments of the schema
        self,
        info: Info,
        order_id: Annotated[strawberry.ID, strawberry.argument(description="The order.")],
        idempotency_key: IdempotencyKey,
        lines: Annotated[
            list[ShipmentLineInput] | None, strawberry.argument(description="What goes; all that is left without it.")
        ] = None,
        carrier_code: Annotated[
            str | None, strawberry.argument(description="The carrier's code, of `carriers`; never guessed.")
        ] = None,
        tracking_no: Annotated[
            str | None, strawberry.argument(description="The number there; it has to meet `trackingPattern`.")
        ] = None,
        note: Annotated[str, strawberry.argument(description="For the customer, at most 500 characters.")] = "",
    ) -> OrderShipPayload:
        """One parcel; several are several calls."""
        caller = info.context.caller
        pieces = None if lines is None else [resolver.Pieces(known("oln", one.line_id), one.quantity) for one in lines]
        draft = resolver.ParcelDraft(known("ord", order_id), pieces, carrier_code, tracking_no, note)
        sent, errors = await attempt(caller, resolver.order_ship(caller, draft, idempotency_key))
        order, parcel = sent or (None, None)
        return OrderShipPayload(shipment=referred(Shipment, parcel), order=referred(Order, order), user_errors=errors)

    @staff_mutation(
        "Write another carrier and number on a parcel, once; WeChat is told. Refused with NOT_FOUND, INVALID, and"
        " NOT_ALLOWED for a parcel that was corrected before, or that nobody brings.",
        Role.ORDERS,
    )
    async def shipment_correct(
        self,
        info: Info,
        shipment_id: Annotated[strawberry.ID, strawberry.argument(description="The parcel.")],
        carrier_code: CarrierCode,
        tracking_no: TrackingNo,
    ) -> ShipmentCorrectPayload:
        """A slip of the hand."""
        caller = info.context.caller
        command = resolver.shipment_correct(caller, known("pcl", shipment_id), carrier_code, tracking_no)
        id_, errors = await attempt(caller, command)
        return ShipmentCorrectPayload(shipment=referred(Shipment, id_), user_errors=errors)

    @staff_mutation(
        "Have WeChat told once more of parcels that it refused to hear of. Refused with NOT_FOUND unless it failed.",
        Role.ORDERS,
    )
    async def shipping_upload_retry(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The upload.")]
    ) -> ShippingUploadRetryPayload:
        """After what stood in the way was mended."""
        caller = info.context.caller
        id_, errors = await attempt(caller, shipping_upload_retry(caller, known("upl", id)))
        return ShippingUploadRetryPayload(upload=referred(ShippingUpload, id_), user_errors=errors)
