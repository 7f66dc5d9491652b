"""What a customer says when they buy: one shape for every way of buying."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import strawberry

from models.campaign import OfferKind
from models.delivery import DeliveryMethod
from models.refusal import Refusal, Refusals, UserErrorCode
from resolvers.freight import RegionPath
from resolvers.placement import Destination, OfferPart, Placement
from resolvers.visit_address import share_token
from resolvers.wished_line import WishedLine
from schema.attribute import AttributeInput, words_of
from schema.given import known, known_all, optional, plain
from schema.money import MoneyInput
from schema.scalars import RegionCode


@strawberry.input(description="Something to buy at once, without a cart.")
class PlacementLineInput:
    """A variant and how many of it."""

    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    quantity: int = strawberry.field(description="Pieces, 1 to 9,999.")
    attributes: list[AttributeInput] | None = optional("The customer's own words on it.")


@strawberry.input(description="A part in a campaign.")
class OfferSourceInput:
    """As campaigns have it."""

    id: strawberry.ID = strawberry.field(description="The campaign's offer.")
    instance_id: strawberry.ID | None = optional("The team or other instance to join; null starts one.")
    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    quantity: int = strawberry.field(description="Pieces.")
    share_token: str | None = optional(
        "The link by which the customer came to the instance; needed at once where only shares lead to it, known a"
        " second later from their visit."
    )
    attributes: list[AttributeInput] | None = optional("The customer's own words on it.")


@strawberry.input(one_of=True, description="What is bought: exactly one of these.")
class PlacementSourceInput:
    """The ways of buying."""

    quote_token: str | None = optional("What was quoted, with its lines, its destination and its total.")
    cart_line_ids: list[strawberry.ID] | None = optional("Lines of the customer's cart; they leave it.")
    lines: list[PlacementLineInput] | None = optional("Buying at once.")
    offer: OfferSourceInput | None = optional("A part in a campaign.")


@strawberry.input(description="An address of the customer's book.")
class DeliveryAddressInput:
    """By its id."""

    address_id: strawberry.ID = strawberry.field(description="The address.")


@strawberry.input(description="A shop to come to.")
class DeliveryPickupInput:
    """Not offered yet."""

    store_id: strawberry.ID = strawberry.field(description="The store.")


@strawberry.input(one_of=True, description="How it reaches whom: exactly one of these.")
class DeliveryInput:
    """The ways of delivery."""

    address: DeliveryAddressInput | None = optional("To an address, by a carrier.")
    pickup: DeliveryPickupInput | None = optional("The customer comes for it. Refused: not offered yet.")
    virtual: bool | None = optional("Nothing is sent; only for goods that need no sending.")
    recipient_later: bool | None = optional("The recipient says where to, for gifts. Refused: not offered yet.")


@strawberry.input(description="What to price.")
class QuoteInput:
    """As PlacementInput, without its promises."""

    source: PlacementSourceInput = strawberry.field(description="What is bought.")
    delivery: DeliveryInput | None = optional("Where it goes; freight is priced when it is known.")
    region: RegionCode | None = optional("Where it goes roughly, to estimate freight before there is an address.")
    codes: list[str] | None = optional("Codes for discounts. None is known yet.")
    points: int | None = optional("Points to pay with. None can be had yet.")


@strawberry.input(description="An order, whichever way it is bought.")
class PlacementInput:
    """One shape for all."""

    source: PlacementSourceInput = strawberry.field(description="What is bought.")
    expected_total: MoneyInput | None = optional(
        "The total the customer saw; another one is refused with PRICE_CHANGED and the new quote. With a quote token"
        " it may be left out, otherwise it is needed."
    )
    delivery: DeliveryInput | None = optional("Where it goes; a quote token has it already.")
    codes: list[str] | None = optional("Codes for discounts. None is known yet.")
    points: int | None = optional("Points to pay with. None can be had yet.")
    note: str | None = optional("A word to the shop, at most 500 characters.")
    attributes: list[AttributeInput] | None = optional("The customer's own words on the order.")
    idempotency_key: str = strawberry.field(
        description="Made by you once for this order, 1 to 128 characters. Sent again with the same input it answers"
        " with the same order."
    )


PREFIXES: Final = {OfferKind.GROUP_BUY: ("gbo", "gbt")}
"""How ids of each kind of campaign begin: of its offers and of its instances."""

_KINDS: Final = {prefix: kind for kind, (prefix, _) in PREFIXES.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """A placement as commands take it, and the quote token it may come from."""

    placement: Placement
    quote_token: str | None


def asked_of(said: PlacementInput | QuoteInput) -> Asked:
    """Return what was said. Raises Refusals for ways of buying, sending and paying that are not offered."""
    refusals = [*_not_offered(said)]
    source = said.source
    token, cart_line_ids, lines = plain(source.quote_token), plain(source.cart_line_ids), plain(source.lines)
    expected = plain(said.expected_total) if isinstance(said, PlacementInput) else None
    if isinstance(said, PlacementInput) and expected is None and token is None:
        refusals.append(Refusal(UserErrorCode.BLANK, "缺少预期总价", "The expected total is needed", "expectedTotal"))
    if refusals:
        raise Refusals(refusals)
    offer = plain(source.offer)
    wished: Sequence[PlacementLineInput | OfferSourceInput] = lines or ([offer] if offer else [])
    placement = Placement(
        lines=tuple(
            WishedLine(known("var", line.variant_id), line.quantity, words_of(plain(line.attributes)))
            for line in wished
        ),
        offer=_part_of(offer) if offer else None,
        cart_line_ids=tuple(known_all("cln", cart_line_ids or [])),
        destination=_destination(said),
        expected_fen=None if expected is None else expected.fen,
        note=(plain(said.note) or "") if isinstance(said, PlacementInput) else "",
        attributes=words_of(plain(said.attributes)) if isinstance(said, PlacementInput) else {},
        where=("source", "offer" if offer else "cartLineIds" if cart_line_ids is not None else "lines"),
    )
    return Asked(placement, token)


def _part_of(offer: OfferSourceInput) -> OfferPart:
    """Return the part that is wished for. Of a kind that there is not nothing is found."""
    kind, instance_id = _KINDS.get(offer.id.partition("_")[0]), plain(offer.instance_id)
    if kind is None:
        raise Refusals([Refusal(UserErrorCode.NOT_FOUND, "找不到该活动", "No such campaign", "source", "offer", "id")])
    offer_prefix, instance_prefix = PREFIXES[kind]
    return OfferPart(
        kind,
        known(offer_prefix, offer.id),
        None if instance_id is None else known(instance_prefix, instance_id),
        share_token(plain(offer.share_token)),
    )


def _destination(said: PlacementInput | QuoteInput) -> Destination:
    delivery = plain(said.delivery)
    address = plain(delivery.address) if delivery else None
    region = plain(said.region) if isinstance(said, QuoteInput) else None
    return Destination(
        DeliveryMethod.VIRTUAL if delivery and plain(delivery.virtual) else DeliveryMethod.EXPRESS,
        known("adr", address.address_id) if address else None,
        None if region is None else RegionPath(f"{region[:2]}0000", f"{region[:4]}00", region),
    )


def _not_offered(said: PlacementInput | QuoteInput) -> list[Refusal]:
    refusals = []
    delivery = plain(said.delivery)
    for name in ("pickup", "recipient_later"):
        if delivery and plain(getattr(delivery, name)):
            path = "recipientLater" if name == "recipient_later" else name
            refusals.append(
                Refusal(UserErrorCode.NOT_ALLOWED, "暂不支持该配送方式", "Not offered yet", "delivery", path)
            )
    refusals.extend(
        Refusal(UserErrorCode.NOT_FOUND, "找不到该优惠码", "No such code", "codes", index)
        for index, _code in enumerate(plain(said.codes) or [])
    )
    if plain(said.points):
        refusals.append(Refusal(UserErrorCode.NOT_ALLOWED, "没有可用积分", "There are no points to use", "points"))
    return refusals
