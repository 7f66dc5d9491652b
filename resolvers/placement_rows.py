"""The rows of one placed order: it, its lines, what it costs and why, where it goes, what it holds."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from ids import new_hex, new_id
from models.delivery import Delivery
from models.order import (
    FulfilmentStatus,
    Order,
    OrderAdjustment,
    OrderAxis,
    OrderChange,
    OrderLine,
    OrderStatus,
    PaymentStatus,
    RefundStatus,
)
from models.owned import Owned
from models.reservation import Reservation, ReservationState
from resolvers.campaign import Part
from resolvers.idempotency import actor_of
from resolvers.order_step import order_payload
from resolvers.placement import Wish
from resolvers.placement_judge import JudgedLine, Judgement, Take
from resolvers.pricing import TITLES, Adjustment
from resolvers.randomness import drawn
from resolvers.rows import Row, read_json

_DIGITS: Final = 10
_COPIED: Final = (
    "product_id", "variant_id", "title", "variant_title", "sku", "image_url", "price_fen", "cost_fen", "quantity",
    "weight_grams", "requires_shipping", "origin", "share_link_id",
)  # fmt: skip
"""Of a line, as it stands in the catalogue."""

_UNPAID: Final[dict[str, str | int]] = {
    "status": OrderStatus.PENDING_PAYMENT,
    "payment_status": PaymentStatus.UNPAID,
    "fulfilment_status": FulfilmentStatus.NOT_SHIPPED,
    "refund_status": RefundStatus.NONE,
    "version": 1,
}
"""What every order is when it is placed."""

# By table, what is the same in every row; $1 is the shop, $2 the moment.
SAME: Final[dict[type[Owned], dict[str, str | int | bool]]] = {
    Order: {
        **_UNPAID,
        "paid_fen": 0,
        "refunding_fen": 0,
        "refunded_fen": 0,
        "is_confirm_extended": False,
        "is_counted": False,
        "created_at": "$2",
        "updated_at": "$2",
    },
    OrderLine: {
        "refunding_fen": 0,
        "refunded_fen": 0,
        "refunding_quantity": 0,
        "refunded_quantity": 0,
        "shipped_quantity": 0,
        "created_at": "$2",
    },
    OrderAdjustment: {},
    Delivery: {"created_at": "$2"},
    Reservation: {"returned": 0, "state": ReservationState.HELD, "created_at": "$2", "updated_at": "$2"},
    OrderChange: {
        "axis": OrderAxis.STATUS,
        "to_value": OrderStatus.PENDING_PAYMENT,
        "reason": "",
        "created_at": "$2",
    },
}


class OrderRows:
    """What one judged wish comes to. A row has its own columns; what is the same in all of a table is in `SAME`."""

    def __init__(self, now: datetime, judgement: Judgement, attempt: int) -> None:
        """Write it down as it is now."""
        self._now, self._judgement, self._attempt = now, judgement, attempt
        self.order_id = new_id()
        self.offer = judgement.wish.placement.offer
        self._order = self._order_row()
        lines, adjustments = enumerate(judgement.lines, 1), enumerate(judgement.price.adjustments, 1)
        # By table, in the order of `SAME`.
        self.by_table: dict[type[Owned], list[Row]] = {
            Order: [self._order],
            OrderLine: [self._line(position, line) for position, line in lines],
            OrderAdjustment: [self._adjustment(position, one) for position, one in adjustments],
            Delivery: [self._delivery()],
            Reservation: [self._reservation(take) for take in judgement.takes],
            OrderChange: [self._change()],
        }

    @property
    def cart_line_ids(self) -> list[UUID]:
        """Lines of carts that are bought with it."""
        return [line.facts["cart_line_id"] for line in self._judgement.lines if line.facts["cart_line_id"]]

    def _order_row(self) -> Row:
        wish, person, priced = self._judgement.wish, self._judgement.person, self._judgement.price
        return {
            "id": self.order_id,
            "order_no": order_no(self._now, person["seed"], wish, self._attempt),
            "customer_id": wish.customer_id,
            "app_id": wish.caller.app_id,
            "visitor_id": wish.caller.visitor_id,
            "goods_fen": priced.goods_fen,
            "freight_fen": priced.freight_fen,
            "total_fen": priced.total_fen,
            "item_count": sum(line.quantity for line in self._judgement.lines),
            "note": wish.placement.note,
            "attributes": dict(wish.placement.attributes),
            "promoter_id": person["promoter_id"],
            "share_link_id": person["share_link_id"],
            "share_chain": read_json(person["share_chain"] or "[]"),
            "visit_id": person["visit_row_id"],
            "scene_value": person["scene_value"],
            "channel": person["channel"],
            "campaign": person["campaign"],
            "article": person["article"],
            "prior_paid_orders": person["paid_orders"],
            "expires_at": self._expires_at(),
        }

    def _expires_at(self) -> datetime:
        usual = self._now + timedelta(minutes=self._judgement.person["pay_minutes"])
        terms = self._judgement.terms
        return min(usual, terms.pay_by) if terms and terms.pay_by else usual

    def _line(self, position: int, line: JudgedLine) -> Row:
        row, offer, terms = line.facts, self.offer, self._judgement.terms
        return {
            **{column: row[column] for column in _COPIED},
            "id": line.line_id,
            "order_id": self.order_id,
            "position": position,
            "options": read_json(row["options"]),
            "attributes": read_json(row["attributes"] or "{}"),
            "payable_fen": self._judgement.price.payable[line.line_id],
            "offer_kind": offer.kind if offer else None,
            "offer_id": offer.offer_id if offer else None,
            "participation_id": terms.participation_id if terms else None,
        }

    def _adjustment(self, position: int, one: Adjustment) -> Row:
        # Nobody here asks for the id of a row but of orders and lines, which have theirs: text will do.
        return {**adjustment_columns(one), "id": new_hex(), "order_id": self.order_id, "position": position}

    def _delivery(self) -> Row:
        person = self._judgement.person
        sealed = person["recipient_sealed"]
        names = [person[name] for name in ("province_name", "city_name", "district_name") if person[name]]
        return {
            "id": new_hex(),
            "order_id": self.order_id,
            "method": self._judgement.method,
            "recipient_sealed": None if sealed is None else f"\\x{sealed.hex()}",
            "name_masked": person["name_masked"],
            "phone_masked": person["phone_masked"],
            "region_code": person["district_code"] or person["city_code"] or person["province_code"],
            "region_text": " ".join(names) or None,
            "postcode": person["postcode"],
            "freight_fen": self._judgement.price.freight_fen,
            "origin": self._judgement.lines[0].facts["origin"],
        }

    def _reservation(self, take: Take) -> Row:
        return {
            "id": new_hex(),
            "order_id": self.order_id,
            "order_line_id": take.line_id,
            "stock_level_id": take.level.id,
            "quantity": take.quantity,
        }

    def _change(self) -> Row:
        caller = self._judgement.wish.caller
        return {"id": new_hex(), "order_id": self.order_id, "actor_kind": caller.actor, "actor_id": caller.viewer_id}

    @property
    def part(self) -> Part:
        """The part in a campaign that its line takes."""
        judgement, [line] = self._judgement, self._judgement.lines
        if judgement.terms is None:
            raise LookupError(self.order_id)
        wish, person, terms = judgement.wish, judgement.person, judgement.terms
        unit_fen = judgement.price.payable[line.line_id] // line.quantity
        return Part(wish, person, terms, self.order_id, line.line_id, line.facts, unit_fen)

    @property
    def event(self) -> dict[str, Any]:
        """What the world hears."""
        return {
            "id": new_hex(),
            "topic": "order.placed",
            "aggregate_id": self.order_id,
            "payload": order_payload(self._order | _UNPAID),
        }

    @property
    def kept(self) -> dict[str, Any]:
        """What the same wish is answered with, asked again."""
        wish = self._judgement.wish
        return {
            "id": new_hex(),
            "actor": actor_of(wish.caller),
            "mutation": wish.mutation,
            "key": wish.key,
            "digest": (wish.digest or b"").hex(),
            "outcome": str(self.order_id),
        }


def adjustment_columns(one: Adjustment) -> Row:
    """Return what is kept of an adjustment, on whichever order."""
    source_kind, source_id = one.source or (None, None)
    return {
        "kind": one.kind,
        "title": TITLES[one.kind],
        "amount_fen": one.amount_fen,
        "source_kind": source_kind,
        "source_id": source_id,
        "allocations": [{"line": line, "fen": fen} for line, fen in one.allocations],
    }


def order_no(now: datetime, seed: int, wish: Wish, attempt: int) -> str:
    """Return a number to read aloud: the day, and ten digits by chance, which tell nobody how much is sold.

    A sandbox shop's follows its seed and the wish, so that a test's numbers come again. Among 30,000 orders of a day
    two draw the same on one day of twenty: the second is tried again, and each `attempt` draws another.
    """
    again = f":{attempt}" if attempt else ""
    chance = drawn(seed, f"order_no:{wish.customer_id}:{wish.key}{again}", 10**_DIGITS)
    return f"{now:%y%m%d}{chance:0{_DIGITS}}"
