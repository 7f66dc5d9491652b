"""Writing placed orders: any number of one shop, with all that belongs to them, in one statement."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from clock import wall_now
from ids import new_hex, new_id
from models.database import Connection
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
from resolvers.campaign import Part, StockGoneError
from resolvers.campaigns import CAMPAIGNS
from resolvers.idempotency import actor_of
from resolvers.order_step import order_payload
from resolvers.placement import Wish
from resolvers.placement_judge import JudgedLine, Judgement, Take
from resolvers.pricing import TITLES, Adjustment
from resolvers.randomness import drawn
from resolvers.rows import as_json, inserted, read_json

_DIGITS: Final = 10
_COPIED: Final = (
    "product_id", "variant_id", "title", "variant_title", "sku", "image_url", "price_fen", "cost_fen", "quantity",
    "weight_grams", "requires_shipping", "origin", "share_link_id",
)  # fmt: skip
"""Of a line, as it stands in the catalogue."""

# What every new row has.
_ORDER: Final = {
    "status": OrderStatus.PENDING_PAYMENT,
    "payment_status": PaymentStatus.UNPAID,
    "fulfilment_status": FulfilmentStatus.NOT_SHIPPED,
    "refund_status": RefundStatus.NONE,
    "paid_fen": 0,
    "refunding_fen": 0,
    "refunded_fen": 0,
    "is_confirm_extended": False,
    "is_counted": False,
    "version": 1,
}
_LINE: Final = {
    "refunding_fen": 0,
    "refunded_fen": 0,
    "refunding_quantity": 0,
    "refunded_quantity": 0,
    "shipped_quantity": 0,
}
_HELD: Final = {"returned": 0, "state": ReservationState.HELD}
_PLACED: Final = {"axis": OrderAxis.STATUS, "to_value": OrderStatus.PENDING_PAYMENT, "reason": ""}

_TABLES: Final[tuple[type[Owned], ...]] = (Order, OrderLine, OrderAdjustment, Delivery, Reservation, OrderChange)


# The levels are held by this transaction since they were read; the guard stands all the same, and the caller counts:
# fewer than asked means that nothing may stand. Keys between the new rows are checked at the end of the statement.
_WRITE: Final = f"""
with taken as (
    update stock_level level set reserved = level.reserved + take.quantity, figured = false, updated_at = $2
    from jsonb_to_recordset($3::jsonb) as take(id uuid, quantity bigint)
    where level.shop_id = $1 and level.id = take.id
      and (level.may_oversell or level.on_hand - level.reserved >= take.quantity)
    returning level.id
), {", ".join(inserted(model, place) for place, model in enumerate(_TABLES, 7))}, told as (
    insert into outbox_event
        (id, shop_id, topic, aggregate_id, payload, attempts, last_error, next_attempt_at, created_at)
    select event.id, $1, event.topic, event.aggregate_id, event.payload, 0, '', $4, $4
    from jsonb_to_recordset($5::jsonb) as event(id uuid, topic text, aggregate_id uuid, payload jsonb)
), kept as (
    insert into idempotency_key (id, shop_id, actor, mutation, key, input_sha256, outcome, created_at)
    select done.id, $1, done.actor, done.mutation, done.key, decode(done.digest, 'hex'), done.outcome, $4
    from jsonb_to_recordset($6::jsonb) as done(id uuid, actor text, mutation text, key text, digest text, outcome jsonb)
), bought as (
    delete from cart_line line where line.shop_id = $1 and line.id = any(${7 + len(_TABLES)}::uuid[])
    returning line.cart_id
), carts as (
    update cart set version = cart.version + 1, updated_at = $2
    from (select distinct cart_id from bought) gone where cart.shop_id = $1 and cart.id = gone.cart_id
)
select count(*) from taken
"""  # noqa: S608 - names of our own models


async def write_orders(sql: Connection, now: datetime, judged: Sequence[Judgement]) -> list[UUID]:
    """Write the orders of wishes that may be carried out, all of one shop; returns their ids in order."""
    made = [_Written(now, judgement) for judgement in judged]
    takes: Counter[UUID] = Counter()
    for judgement in judged:
        for take in judgement.takes:
            takes[take.level.id] += take.quantity
    rows = [as_json([row for one in made for row in one.rows[model]]) for model in _TABLES]
    done = await sql.fetchval(
        _WRITE,
        judged[0].wish.caller.shop_id,
        now,
        as_json([{"id": level, "quantity": quantity} for level, quantity in sorted(takes.items())]),
        wall_now(),
        as_json([one.event for one in made]),
        as_json([one.kept for one in made]),
        *rows,
        [line.facts["cart_line_id"] for judgement in judged for line in judgement.lines if line.facts["cart_line_id"]],
    )
    if done != len(takes):
        message = f"{done} of {len(takes)} stock levels could be taken from"
        raise StockGoneError(message)
    await _take_parts(sql, now, made)
    return [one.order_id for one in made]


async def _take_parts(sql: Connection, now: datetime, made: Sequence["_Written"]) -> None:
    """Let the campaigns that orders were placed in write the parts they take."""
    for kind, campaign in CAMPAIGNS.items():
        parts = [one.part for one in made if one.offer and one.offer.kind is kind]
        if parts:
            await campaign.write(sql, parts[0].wish.caller.shop_id, now, parts)


class _Written:
    """The rows of one order."""

    def __init__(self, now: datetime, judgement: Judgement) -> None:
        wish = judgement.wish
        self.now, self.judgement, self.order_id = now, judgement, new_id()
        self.offer = wish.placement.offer
        # What all rows have but the order's own.
        self._of_order = {"shop_id": wish.caller.shop_id, "order_id": self.order_id, "created_at": now}
        self.order = self._order()
        self.rows: dict[type[Owned], list[dict[str, Any]]] = {
            Order: [self.order],
            OrderLine: [self._line(position, line) for position, line in enumerate(judgement.lines, 1)],
            OrderAdjustment: [
                self._adjustment(position, one) for position, one in enumerate(judgement.price.adjustments, 1)
            ],
            Delivery: [self._delivery()],
            Reservation: [self._reservation(take) for take in judgement.takes],
            OrderChange: [
                self._of_order
                | _PLACED
                | {"id": new_hex(), "actor_kind": wish.caller.actor, "actor_id": wish.customer_id}
            ],
        }

    def _order(self) -> dict[str, Any]:
        wish, person, priced = self.judgement.wish, self.judgement.person, self.judgement.price
        return _ORDER | {
            "id": self.order_id,
            "shop_id": wish.caller.shop_id,
            "order_no": order_no(self.now, person["seed"], wish),
            "customer_id": wish.customer_id,
            "app_id": wish.caller.app_id,
            "visitor_id": wish.caller.visitor_id,
            "goods_fen": priced.goods_fen,
            "freight_fen": priced.freight_fen,
            "total_fen": priced.total_fen,
            "item_count": sum(line.quantity for line in self.judgement.lines),
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
            "created_at": self.now,
            "updated_at": self.now,
        }

    def _expires_at(self) -> datetime:
        usual = self.now + timedelta(minutes=self.judgement.person["pay_minutes"])
        terms = self.judgement.terms
        return min(usual, terms.pay_by) if terms and terms.pay_by else usual

    def _line(self, position: int, line: JudgedLine) -> dict[str, Any]:
        row, offer, terms = line.facts, self.offer, self.judgement.terms
        made = {column: row[column] for column in _COPIED}
        return (
            made
            | _LINE
            | self._of_order
            | {
                "id": line.line_id,
                "position": position,
                "options": read_json(row["options"]),
                "attributes": read_json(row["attributes"] or "{}"),
                "payable_fen": self.judgement.price.payable[line.line_id],
                "offer_kind": offer.kind if offer else None,
                "offer_id": offer.offer_id if offer else None,
                "participation_id": terms.participation_id if terms else None,
            }
        )

    def _adjustment(self, position: int, one: Adjustment) -> dict[str, Any]:
        return self._of_order | adjustment_columns(one) | {"id": new_hex(), "position": position}

    def _reservation(self, take: Take) -> dict[str, Any]:
        return (
            self._of_order
            | _HELD
            | {
                "id": new_hex(),
                "order_line_id": take.line_id,
                "stock_level_id": take.level.id,
                "quantity": take.quantity,
                "updated_at": self.now,
            }
        )

    def _delivery(self) -> dict[str, Any]:
        person = self.judgement.person
        sealed = person["recipient_sealed"]
        names = [person[name] for name in ("province_name", "city_name", "district_name") if person[name]]
        return self._of_order | {
            "id": new_hex(),
            "method": self.judgement.method,
            "recipient_sealed": None if sealed is None else f"\\x{sealed.hex()}",
            "name_masked": person["name_masked"],
            "phone_masked": person["phone_masked"],
            "region_code": person["district_code"] or person["city_code"] or person["province_code"],
            "region_text": " ".join(names) or None,
            "postcode": person["postcode"],
            "freight_fen": self.judgement.price.freight_fen,
            "origin": self.judgement.lines[0].facts["origin"],
        }

    @property
    def part(self) -> Part:
        """The part in a campaign that its line takes."""
        judgement, [line] = self.judgement, self.judgement.lines
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
            "payload": order_payload(self.order),
        }

    @property
    def kept(self) -> dict[str, Any]:
        """What the same wish is answered with, asked again."""
        wish = self.judgement.wish
        return {
            "id": new_hex(),
            "actor": actor_of(wish.caller),
            "mutation": wish.mutation,
            "key": wish.key,
            "digest": (wish.digest or b"").hex(),
            "outcome": str(self.order_id),
        }


def adjustment_columns(one: Adjustment) -> dict[str, Any]:
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


def order_no(now: datetime, seed: int, wish: Wish) -> str:
    """Return a number to read aloud: the day, and ten digits by chance, which tell nobody how much is sold.

    A sandbox shop's follows its seed and the wish, so that a test's numbers come again.
    """
    chance = drawn(seed, f"order_no:{wish.customer_id}:{wish.key}", 10**_DIGITS)
    return f"{now:%y%m%d}{chance:0{_DIGITS}}"
