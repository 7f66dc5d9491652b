"""What a basket costs: a pure function over plain values in fen. No database, no clock, no customer.

A basket goes through an ordered row of rules. Each looks at what the ones before it made of the price and adds
adjustments: a discount is negative, an addition positive, and each says how much of it falls on which line. It also
says what it did, or why it did nothing, so that a customer can be told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from models.campaign import OfferKind
from resolvers.allocation import allocate
from resolvers.freight import FreeReason, FreightLine, RegionPath, Templates, freight_fee


class AdjustmentKind(StrEnum):
    """What changes a price. A new kind of campaign adds its name here and its rule below."""

    GROUP_BUY = "GROUP_BUY"
    STAFF = "STAFF"
    FREIGHT = "FREIGHT"


TITLES: Mapping[AdjustmentKind, str] = {
    AdjustmentKind.GROUP_BUY: "拼团优惠",
    AdjustmentKind.STAFF: "改价",
    AdjustmentKind.FREIGHT: "运费",
}
"""As customers read it on a bill."""


class ReasonCode(StrEnum):
    """What became of a rule."""

    APPLIED = "APPLIED"
    NOT_BETTER = "NOT_BETTER"
    BELOW_THRESHOLD = "BELOW_THRESHOLD"
    NO_ADDRESS = "NO_ADDRESS"
    NOT_DELIVERABLE = "NOT_DELIVERABLE"
    NOTHING_TO_SEND = "NOTHING_TO_SEND"
    NO_FEE = "NO_FEE"
    FREE = "FREE"


@dataclass(frozen=True, slots=True)
class OfferPrice:
    """What a piece costs by a campaign's offer, in fen; its kind names the adjustment too."""

    kind: OfferKind
    offer_id: UUID
    unit_fen: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a basket: `price_fen` is of one piece, `weight_grams` too. `key` orders lines, whoever came first."""

    line_id: UUID
    key: tuple[str, ...]
    quantity: int
    price_fen: int
    weight_grams: int = 0
    requires_shipping: bool = True
    freight_template_id: UUID | None = None
    offer: OfferPrice | None = None

    @property
    def goods_fen(self) -> int:
        """What the pieces cost before any rule."""
        return self.price_fen * self.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    """All that a price depends on. `region` is None where nobody has said yet where the goods go."""

    items: tuple[Item, ...]
    region: RegionPath | None = None
    templates: Templates | None = None
    staff_fen: int = 0
    """What staff added to the price of the goods (negative: took off it) before payment."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One change of the price. `allocations` are (line, fen) and sum to `amount_fen`; freight falls on no line."""

    kind: AdjustmentKind
    amount_fen: int
    allocations: tuple[tuple[UUID, int], ...] = ()
    source: tuple[str, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a rule did, or what it lacked: `missing_fen` is how much more in the basket would have moved it."""

    kind: AdjustmentKind
    reason: ReasonCode
    amount_fen: int = 0
    missing_fen: int | None = None

    @property
    def applied(self) -> bool:
        """Whether it changed the price in the customer's favour or against it, or made something free."""
        return self.reason in (ReasonCode.APPLIED, ReasonCode.FREE)


@dataclass(frozen=True, slots=True)
class Price:
    """A price on its way through the rules. `payable` is what each line costs so far, freight apart."""

    items: tuple[Item, ...]
    payable: Mapping[UUID, int]
    adjustments: tuple[Adjustment, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    not_deliverable: tuple[UUID, ...] = ()

    @property
    def goods_fen(self) -> int:
        """What all pieces cost before any rule."""
        return sum(item.goods_fen for item in self.items)

    @property
    def freight_fen(self) -> int:
        """What sending costs."""
        return sum(one.amount_fen for one in self.adjustments if one.kind is AdjustmentKind.FREIGHT)

    @property
    def total_fen(self) -> int:
        """What is to be paid: all lines and freight."""
        return sum(self.payable.values()) + self.freight_fen

    def explained(self, explanation: Explanation) -> "Price":
        """Return the price with one more thing to tell."""
        return replace(self, explanations=(*self.explanations, explanation))

    def adjusted(
        self, kind: AdjustmentKind, amount_fen: int, lines: Iterable[UUID], source: tuple[str, UUID] | None = None
    ) -> "Price":
        """Return the price with a change shared among these lines by what they cost so far.

        A discount never goes below zero: what the lines do not cost is not taken off them.
        """
        chosen = [item.line_id for item in self.items if item.line_id in set(lines)]
        weights = [self.payable[line] for line in chosen]
        amount = max(amount_fen, -sum(weights))
        if not amount or not sum(weights):
            return self
        shares = tuple(zip(chosen, allocate(amount, weights), strict=True))
        payable = {**self.payable} | {line: self.payable[line] + share for line, share in shares}
        made = Adjustment(kind, amount, tuple(share for share in shares if share[1]), source)
        return replace(self, payable=payable, adjustments=(*self.adjustments, made))


Rule = Callable[[Basket, Price], Price]


def price(basket: Basket, rules: Sequence[Rule] | None = None) -> Price:
    """Price a basket. The same lines in another order cost the same, to the fen on each line."""
    items = tuple(sorted(basket.items, key=lambda item: item.key))
    priced = Price(items, {item.line_id: item.goods_fen for item in items})
    for rule in RULES if rules is None else rules:
        priced = rule(basket, priced)
    return priced


def offer_rule(_basket: Basket, priced: Price) -> Price:
    """What lines cost by the campaigns they are bought in; whoever pays less without is not made to pay more."""
    for item in priced.items:
        if item.offer is None:
            continue
        kind, source = AdjustmentKind(item.offer.kind), (item.offer.kind, item.offer.offer_id)
        amount = min(item.offer.unit_fen - item.price_fen, 0) * item.quantity
        reason = ReasonCode.APPLIED if amount else ReasonCode.NOT_BETTER
        priced = priced.adjusted(kind, amount, [item.line_id], source).explained(Explanation(kind, reason, amount))
    return priced


def staff_rule(basket: Basket, priced: Price) -> Price:
    """What staff agreed on with the customer before payment, on all lines."""
    if not basket.staff_fen:
        return priced
    changed = priced.adjusted(AdjustmentKind.STAFF, basket.staff_fen, priced.payable)
    amount = changed.adjustments[-1].amount_fen if changed.adjustments else 0
    return changed.explained(Explanation(AdjustmentKind.STAFF, ReasonCode.APPLIED, amount))


def freight_rule(basket: Basket, priced: Price) -> Price:
    """What sending costs, on what the goods cost after all discounts (commerce rules 3.3: freight comes last)."""
    sent = [item for item in priced.items if item.requires_shipping]
    if not sent:
        return priced.explained(Explanation(AdjustmentKind.FREIGHT, ReasonCode.NOTHING_TO_SEND))
    if basket.region is None:
        return priced.explained(Explanation(AdjustmentKind.FREIGHT, ReasonCode.NO_ADDRESS))
    lines = [
        FreightLine(
            item.line_id,
            item.freight_template_id,
            item.quantity,
            item.weight_grams,
            priced.payable[item.line_id],
        )
        for item in sent
    ]
    fee = freight_fee(lines, basket.templates or {}, basket.region)
    if fee.not_deliverable:
        said = Explanation(AdjustmentKind.FREIGHT, ReasonCode.NOT_DELIVERABLE)
        return replace(priced.explained(said), not_deliverable=fee.not_deliverable)
    if not fee.fee_fen:
        reason = ReasonCode.FREE if fee.free_reason is FreeReason.THRESHOLD else ReasonCode.NO_FEE
        return priced.explained(Explanation(AdjustmentKind.FREIGHT, reason))
    charged = Adjustment(AdjustmentKind.FREIGHT, fee.fee_fen)
    reason = ReasonCode.APPLIED if fee.missing_to_free_fen is None else ReasonCode.BELOW_THRESHOLD
    said = Explanation(AdjustmentKind.FREIGHT, reason, fee.fee_fen, fee.missing_to_free_fen)
    return replace(priced.explained(said), adjustments=(*priced.adjustments, charged))


RULES: tuple[Rule, ...] = (offer_rule, staff_rule, freight_rule)
"""In the order in which they apply (commerce rules 3.3); freight is always last but for what is counted after it."""
