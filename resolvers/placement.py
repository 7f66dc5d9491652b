"""A placement: all that a customer says when they buy, in one shape for every way of buying."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from models.campaign import OfferKind
from models.delivery import DeliveryMethod
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.freight import RegionPath
from resolvers.wished_line import WishedLine

MUTATION: Final = "orderPlace"
"""Whose idempotency keys these are, unless a campaign has a mutation of its own."""

LINES_MAX: Final = 100
QUANTITY_MAX: Final = 9_999
NOTE_CHARS_MAX: Final = 500
ATTRIBUTES_MAX: Final = 20
ATTRIBUTE_CHARS_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Destination:
    """Where it goes: an address of the customer's book, or for an estimate a region alone, or nowhere (VIRTUAL)."""

    method: DeliveryMethod = DeliveryMethod.EXPRESS
    address_id: UUID | None = None
    region: RegionPath | None = None


@dataclass(frozen=True, slots=True)
class OfferPart:
    """The campaign that a placement takes part in. `instance_id` None starts a round of it.

    `share_token` is the link by which the buyer came to that round.
    """

    kind: OfferKind
    offer_id: UUID
    instance_id: UUID | None = None
    share_token: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """`lines` name a variant, or a line of the caller's cart by `cart_line_ids`: one of the two.

    `where` is the path of the input that the lines came by, for refusals. `expected_fen` is the total the customer saw.
    """

    lines: tuple[WishedLine, ...] = ()
    cart_line_ids: tuple[UUID, ...] = ()
    offer: OfferPart | None = None
    destination: Destination = field(default_factory=Destination)
    expected_fen: int | None = None
    note: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    where: tuple[str, ...] = ("source", "lines")

    @property
    def size(self) -> int:
        """How many lines are meant."""
        return len(self.lines) or len(self.cart_line_ids)

    def at(self, index: int) -> tuple[str | int, ...]:
        """Return the path of a line. A part in a campaign has one line, which is the part itself."""
        return self.where if self.offer else (*self.where, index)


@dataclass(frozen=True, slots=True)
class Wish:
    """A placement with whose it is; `key` and `digest` are None for a quote, which promises nothing."""

    caller: Caller
    placement: Placement
    key: str | None = None
    digest: bytes | None = None
    mutation: str = MUTATION

    @property
    def customer_id(self) -> UUID | None:
        """Who buys; nobody for a visitor's quote."""
        return self.caller.viewer_id


def check_placement(placement: Placement) -> Checks:
    """Find what is wrong with a placement by itself."""
    checks = Checks()
    where = placement.where
    if not placement.size:
        checks.refuse(UserErrorCode.BLANK, "请选择商品", "Choose something to buy", *where)
    checks.at_most(placement.lines or placement.cart_line_ids, LINES_MAX, *where)
    for index, line in enumerate(placement.lines):
        checks.number(line.quantity, *placement.at(index), "quantity", least=1, most=QUANTITY_MAX)
        check_attributes(checks, line.attributes, *placement.at(index), "attributes")
    checks.distinct(placement.cart_line_ids, "", *where)
    checks.text(placement.note, "note", chars=NOTE_CHARS_MAX)
    check_attributes(checks, placement.attributes, "attributes")
    return checks


def check_attributes(checks: Checks, attributes: Mapping[str, str], *path: str | int) -> None:
    """Refuse too many words on a line or an order, and words that are too long."""
    checks.at_most(list(attributes), ATTRIBUTES_MAX, *path)
    for index, (name, value) in enumerate(attributes.items()):
        checks.text(name, *path, index, "key", chars=ATTRIBUTE_CHARS_MAX, blank=False)
        checks.text(value, *path, index, "value", chars=ATTRIBUTE_CHARS_MAX)


def login_required() -> Refusal:
    """Return the refusal of a visitor who wants to buy."""
    return Refusal(UserErrorCode.LOGIN_REQUIRED, "请先登录", "Log in first")
