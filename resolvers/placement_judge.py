"""Judging a wish by the facts: what it would cost, what stands in its way. Nothing is read or written here."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.delivery import DeliveryMethod
from models.refusal import LimitRefusal, Refusal, StockRefusal, UserErrorCode
from models.variant import InventoryPolicy
from resolvers.campaign import OfferTerms
from resolvers.campaigns import CAMPAIGNS
from resolvers.freight import RegionPath
from resolvers.placement import Wish
from resolvers.placement_facts import Facts, Level
from resolvers.pricing import Basket, Item, OfferPrice, Price, price
from resolvers.rows import read_json


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A line that may be bought, as it stands in the catalogue today; `index` is its place in what was wished."""

    line_id: UUID
    index: int
    facts: Record

    @property
    def quantity(self) -> int:
        """Pieces."""
        quantity: int = self.facts["quantity"]
        return quantity


@dataclass(frozen=True, slots=True)
class Take:
    """Pieces of a line from a stock level."""

    line_id: UUID
    level: Level
    quantity: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """`problems` is empty exactly when the wish may be carried out; then `takes` says where the pieces come from."""

    wish: Wish
    person: Record
    lines: tuple[JudgedLine, ...]
    price: Price
    takes: tuple[Take, ...]
    problems: tuple[Refusal, ...]
    terms: OfferTerms | None = None

    @property
    def method(self) -> DeliveryMethod:
        """How it goes out: by carrier as soon as one line must be sent."""
        is_sent = any(line.facts["requires_shipping"] for line in self.lines)
        return DeliveryMethod.EXPRESS if is_sent else DeliveryMethod.VIRTUAL


def judge(number: int, wish: Wish, facts: Facts) -> Judgement:
    """Judge the wish of this number, after those before it took what they could."""
    person, problems = facts.people[number], list[Refusal]()
    lines = _known_lines(wish, facts.lines[number], facts.bought, problems)
    _check_limits(wish, lines, facts, problems)
    takes = _take_stock(wish, lines, facts, problems)
    region = _region(wish, person, lines, problems)
    terms = _offer_terms(number, wish, facts, lines)
    problems.extend(terms.problems if terms else ())
    priced = price(Basket(tuple(_item(line, wish, terms) for line in lines), region, facts.templates))
    refused = set(priced.not_deliverable)
    problems.extend(
        Refusal(UserErrorCode.NOT_DELIVERABLE, "该地区不配送", "Not sent to that region", *_at(wish, line))
        for line in lines
        if line.line_id in refused
    )
    return Judgement(wish, person, tuple(lines), priced, tuple(takes), tuple(problems), terms)


def carry_out(number: int, judgement: Judgement, facts: Facts) -> None:
    """Let the facts know that a wish is carried out, for those after it."""
    customer = judgement.wish.customer_id
    if customer is None:
        return
    facts.placed[customer, None] += 1
    facts.bought.update(line.facts["cart_line_id"] for line in judgement.lines if line.facts["cart_line_id"])
    for line in judgement.lines:
        facts.placed[customer, line.facts["product_id"]] += line.quantity
        facts.placed[customer, line.facts["variant_id"]] += line.quantity
    for take in judgement.takes:
        take.level.available -= take.quantity
    offer, terms = judgement.wish.placement.offer, judgement.terms
    if offer and terms:
        CAMPAIGNS[offer.kind].note(facts.offers[offer.kind], number, judgement.wish, terms)


def _at(wish: Wish, line: JudgedLine) -> tuple[str | int, ...]:
    return wish.placement.at(line.index)


def _offer_terms(number: int, wish: Wish, facts: Facts, lines: list[JudgedLine]) -> OfferTerms | None:
    offer = wish.placement.offer
    if offer is None:
        return None
    return CAMPAIGNS[offer.kind].judge(facts.offers[offer.kind], number, wish, [line.facts for line in lines])


def _known_lines(wish: Wish, rows: list[Record], bought: set[UUID], problems: list[Refusal]) -> list[JudgedLine]:
    lines = []
    for row in rows:
        at = wish.placement.at(row["k"])
        if row["variant_id"] is None or row["cart_line_id"] in bought:
            problems.append(Refusal(UserErrorCode.NOT_FOUND, "找不到该商品", "No such item", *at))
        elif not row["is_sold"]:
            problems.append(Refusal(UserErrorCode.NO_LONGER_SOLD, "商品已下架", "No longer on sale", *at))
        else:
            lines.append(JudgedLine(new_id(), row["k"], row))
    return lines


_LIMITS: Final = (
    ("product_id", "product_per_order_limit", "product_per_person_limit", "product_bought"),
    ("variant_id", "per_order_limit", "per_person_limit", "bought"),
)


def _check_limits(wish: Wish, lines: list[JudgedLine], facts: Facts, problems: list[Refusal]) -> None:
    """Hold the pieces of each product and variant, over all lines, against what one order and one person may have."""
    customer = wish.customer_id
    for of, per_order, per_person, bought in _LIMITS:
        wanted: Counter[UUID] = Counter()
        for line in lines:
            row = line.facts
            if row[per_order] is None and row[per_person] is None:
                # What has no limit has none on any line.
                continue
            wanted[row[of]] += line.quantity
            used = (row[bought] or 0) + (facts.placed[customer, row[of]] if customer else 0)
            if row[per_order] is not None and wanted[row[of]] > row[per_order]:
                problems.append(
                    LimitRefusal(
                        f"每单限购 {row[per_order]} 件",
                        f"At most {row[per_order]} in one order",
                        *_at(wish, line),
                        limit=row[per_order],
                        used=wanted[row[of]],
                    )
                )
            elif row[per_person] is not None and used + wanted[row[of]] > row[per_person]:
                problems.append(
                    LimitRefusal(
                        f"每人限购 {row[per_person]} 件",
                        f"At most {row[per_person]} for one person",
                        *_at(wish, line),
                        limit=row[per_person],
                        used=used,
                    )
                )


def _take_stock(wish: Wish, lines: list[JudgedLine], facts: Facts, problems: list[Refusal]) -> list[Take]:
    """Find where the pieces come from: one place that has them all, the default first, else several."""
    takes: list[Take] = []
    taken: defaultdict[UUID, int] = defaultdict(int)
    for line in lines:
        if not line.facts["tracked"]:
            continue
        levels = facts.levels[line.facts["variant_id"]]
        left = {level.id: level.available - taken[level.id] for level in levels}
        may_oversell = line.facts["inventory_policy"] == InventoryPolicy.CONTINUE
        found = _spread(levels, left, line.quantity, may_oversell=may_oversell)
        if found is None:
            available = max(0, sum(left.values()))
            problems.append(
                StockRefusal(
                    f"库存不足，仅剩 {available} 件", f"Only {available} left", *_at(wish, line), available=available
                )
            )
            continue
        for level, quantity in found:
            takes.append(Take(line.line_id, level, quantity))
            taken[level.id] += quantity
    return takes


def _spread(
    levels: list[Level], left: dict[UUID, int], quantity: int, *, may_oversell: bool
) -> list[tuple[Level, int]] | None:
    ordered = sorted(levels, key=lambda level: (not level.is_default, level.id))
    for level in ordered:
        if left[level.id] >= quantity:
            return [(level, quantity)]
    if may_oversell:
        return [(ordered[0], quantity)] if ordered else []
    found: list[tuple[Level, int]] = []
    for level in ordered:
        part = min(max(left[level.id], 0), quantity)
        if part:
            found.append((level, part))
            quantity -= part
    return None if quantity else found


def _region(wish: Wish, person: Record, lines: list[JudgedLine], problems: list[Refusal]) -> RegionPath | None:
    destination = wish.placement.destination
    is_sent = any(line.facts["requires_shipping"] for line in lines)
    if destination.method is DeliveryMethod.VIRTUAL and is_sent:
        problems.append(
            Refusal(UserErrorCode.NOT_ALLOWED, "商品需要收货地址", "These goods have to be sent", "delivery", "virtual")
        )
    if destination.address_id is None:
        return destination.region
    if person["address_id"] is None:
        problems.append(
            Refusal(UserErrorCode.NOT_FOUND, "找不到该地址", "No such address", "delivery", "address", "addressId")
        )
        return None
    return RegionPath(person["province_code"], person["city_code"], person["district_code"])


def _item(line: JudgedLine, wish: Wish, terms: OfferTerms | None) -> Item:
    row, offer = line.facts, wish.placement.offer
    unit_fen = terms.unit_fen.get(row["variant_id"]) if terms else None
    words = sorted(read_json(row["attributes"] or "{}").items())
    return Item(
        line.line_id,
        (str(row["variant_id"]), *(f"{name}\n{value}" for name, value in words)),
        line.quantity,
        row["price_fen"],
        row["weight_grams"],
        row["requires_shipping"],
        row["freight_template_id"],
        OfferPrice(offer.kind, offer.offer_id, unit_fen) if offer and unit_fen is not None else None,
    )
