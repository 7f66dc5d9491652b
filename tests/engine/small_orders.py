"""Orders of the small shop: at every place along their axes, of two customers, several placed at one moment."""

from datetime import timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

import orjson

from resolvers.address_draft import Recipient
from tests.engine.small_money import moneyed
from tests.engine.small_shop import NOW, SmallShop
from tests.models.row_ids import Row

FREIGHT_FEN = 600
_UNPAID: Row = {"status": "PENDING_PAYMENT", "payment_status": "UNPAID"}
_CANCELLED: Row = {"status": "CANCELLED", "payment_status": "UNPAID", "cancelled_at": NOW}
_PAID: Row = {"status": "PAID", "payment_status": "PAID", "paid_at": NOW - timedelta(hours=3)}
_SHIPPED: Row = {
    **_PAID, "fulfilment_status": "SHIPPED", "shipped_at": NOW - timedelta(hours=2),
    "auto_confirm_at": NOW + timedelta(days=10),
}  # fmt: skip
_RECEIVED: Row = {
    **_SHIPPED, "status": "COMPLETED", "fulfilment_status": "RECEIVED", "completed_at": NOW - timedelta(hours=1),
}  # fmt: skip
STATES: tuple[Row, ...] = (
    _UNPAID,
    {**_UNPAID, "expires_at": NOW},
    {**_CANCELLED, "cancel_reason": "BUYER"},
    {**_CANCELLED, "cancel_reason": "PAY_TIMEOUT", "hidden_at": NOW},
    _PAID,
    {**_PAID, "fulfilment_status": "PARTIALLY_SHIPPED"},
    _SHIPPED,
    {**_SHIPPED, "refund_status": "PARTIAL", "payment_status": "PARTIALLY_REFUNDED", "is_confirm_extended": True},
    _RECEIVED,
    {**_RECEIVED, "completed_at": NOW - timedelta(days=400)},
    {
        **_PAID, "status": "CLOSED", "payment_status": "REFUNDED", "refund_status": "ALL", "closed_at": NOW,
        "hidden_at": NOW,
    },
)  # fmt: skip
"""Where an order stands; each customer has one at each."""


def ordered(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has products, people, places and shares, and return it."""
    first, second, _third = shop.ids("customer")
    for number, state in enumerate((*STATES, *STATES)):
        _order(shop, number, first if number < len(STATES) else second, dict(state))
    return moneyed(shop)


def _order(shop: SmallShop, number: int, customer: UUID, state: Row) -> None:
    """The sums are right: goods and adjustments make the total."""
    order = shop.new_id()
    lines = [_line(shop, order, number, position) for position in range(1, 2 + number % 3)]
    goods = sum(line["price_fen"] * line["quantity"] for line in lines)
    adjusted = _adjustments(shop, order, number, lines)
    total = goods + sum(adjusted)
    known = number % 2 == 0
    created = NOW - timedelta(hours=4 + number // 3)
    row = {
        "id": order, "shop_id": shop.id, "order_no": f"20260601{number:06}", "customer_id": customer,
        "fulfilment_status": "NOT_SHIPPED", "refund_status": "NONE", "cancel_reason": None, "goods_fen": goods,
        "freight_fen": FREIGHT_FEN if number % 4 else 0, "total_fen": total, "paid_fen": 0, "refunding_fen": 0,
        "refunded_fen": 0, "item_count": sum(line["quantity"] for line in lines), "note": shop.word * (number % 2),
        "attributes": orjson.dumps({"发票": shop.word, "a": "it's"} if known else {}).decode(),
        "promoter_id": shop.ids("promoter")[(0, 1, -2)[number % 3]] if known else None,
        "share_link_id": _link(shop, number) if known else None,
        "channel": f"{shop.word}群" if known else None, "campaign": "618" if known else None,
        "scene_value": 1007 if known else None, "prior_paid_orders": number, "is_confirm_extended": False,
        "expires_at": NOW + timedelta(minutes=number, microseconds=1), "version": 1 + number % 5, "is_counted": True,
        "created_at": created, "updated_at": NOW - timedelta(minutes=number // 2), **state,
    }  # fmt: skip
    row["shipping_reminded_at"] = NOW - timedelta(hours=number) if number % 3 else None
    row["paid_fen"] = 0 if row["payment_status"] == "UNPAID" else total
    shop.rows.setdefault("orders", []).append(row)
    _about(shop, row, number)


def _link(shop: SmallShop, number: int) -> UUID:
    """A link of the promoter whose order it is, of another, or of nobody."""
    token = f"Token0000{(3, 7, 0, 4)[number // 2 % 4]:02}"
    [found] = [row["id"] for row in shop.rows["share_link"] if row["token"] == token]
    return UUID(int=found.int)


def _line(shop: SmallShop, order: UUID, number: int, position: int) -> Row:
    """A copy of a variant: of one on sale, of one that is not, of one that is gone."""
    variant = shop.rows["variant"][(number * 3 + position) % len(shop.rows["variant"])]
    product = next(row for row in shop.rows["product"] if row["id"] == variant["product_id"])
    quantity = (1, 2, 5)[(number + position) % 3]
    price = min(variant["price_fen"], 99_900)
    is_offer, is_gone = position == 2, (number + position) % 7 == 0
    shop.add(
        "order_line", order_id=order, position=position, product_id=None if is_gone else product["id"],
        variant_id=None if is_gone else variant["id"], title=product["title"], variant_title=variant["title"],
        options=orjson.dumps([{"name": "颜色", "value": shop.word}] * (number % 3)).decode(), sku=variant["sku"],
        image_url=f"https://img.example/{shop.word}.jpg" if number % 2 else None, price_fen=price,
        cost_fen=price // 2 if number % 3 else None, quantity=quantity, payable_fen=price * quantity,
        refunding_fen=0, refunded_fen=0, refunding_quantity=0, refunded_quantity=0,
        shipped_quantity=quantity if number % 5 == 1 else 0, weight_grams=100 * position,
        requires_shipping=number % 4 != 0, origin=("OWN", "IMPORTED")[position % 2],
        attributes=orjson.dumps({"刻字": shop.word, "b": "'"} if number % 2 else {}).decode(),
        offer_kind="GROUP" if is_offer else None, offer_id=shop.new_id() if is_offer else None,
        participation_id=shop.new_id() if is_offer and number % 2 else None,
        reviewed_at=NOW if (number + position) % 3 == 0 else None, created_at=NOW,
    )  # fmt: skip
    line: Row = shop.rows["order_line"][-1]
    if line["reviewed_at"] and not is_gone:
        _review(shop, line, number)
    return line


def _review(shop: SmallShop, line: Row, number: int) -> None:
    """Of what was bought; some are not for everybody to see, or not yet."""
    shop.add(
        "review", product_id=line["product_id"], customer_id=None, order_line_id=line["id"],
        author_name=f"{shop.word}**", rating=1 + number % 5, body=shop.word,
        image_urls=[f"https://img.example/{shop.word}.jpg"] * (number % 2),
        status=("PENDING", "PUBLISHED", "HIDDEN")[number % 3], hidden_reason=shop.word if number % 3 == 2 else "",
        reply=shop.word, replied_at=NOW, source="", version=1, created_at=NOW,
    )  # fmt: skip


def _adjustments(shop: SmallShop, order: UUID, number: int, lines: list[Row]) -> list[int]:
    """Freight, a change of the price, something that came from a campaign; the amounts."""
    kinds: list[tuple[str, int, Any, list[Row]]] = []
    if number % 4:
        kinds.append(("FREIGHT", FREIGHT_FEN, None, []))
    if number % 3 == 0:
        kinds.append(("STAFF", -2 * len(lines), None, lines))
    if number % 3 == 1:
        kinds.append(("COUPON", -1, shop.new_id(), lines[:1]))
    for position, (kind, amount, source, on) in enumerate(kinds, 1):
        shares = [{"line": str(line["id"]), "fen": amount // len(on)} for line in on]
        for line in on:
            line["payable_fen"] += amount // len(on)
        shop.add(
            "order_adjustment", order_id=order, position=position, kind=kind, title=f"{shop.word}{kind}",
            amount_fen=amount, source_kind="COUPON" if source else None, source_id=source,
            allocations=orjson.dumps(shares).decode(),
        )  # fmt: skip
    return [amount for _kind, amount, _source, _on in kinds]


def _about(shop: SmallShop, row: Row, number: int) -> None:
    """Where it goes, what holds it, how it came so far, and what staff say of it."""
    word, order = shop.word, row["id"]
    recipient = Recipient(f"{word}先生", f"1390000{number:04}", f"{word}路 {number} 号")
    goes: Row = {
        "method": "EXPRESS", "recipient_sealed": recipient.sealed(), "name_masked": recipient.name_masked,
        "phone_masked": recipient.phone_masked, "region_code": "330106", "region_text": f"{word}省",
        "postcode": "310000" if number % 3 else "",
    }  # fmt: skip
    is_sent = bool(number % 4)
    shop.add(
        "delivery", order_id=order, freight_fen=row["freight_fen"], origin="OWN", created_at=row["created_at"],
        **(goes if is_sent else {"method": "VIRTUAL"}),
    )  # fmt: skip
    for index, kind in enumerate(("RISK_REVIEW", "GROUP_FORMING")[: number % 3]):
        shop.add(
            "order_hold", order_id=order, kind=kind, reason=word * index, created_at=row["created_at"],
            released_at=NOW if (number + index) % 2 else None,
        )  # fmt: skip
    actors = cycle(("CUSTOMER", "STAFF", "SYSTEM"))
    steps = [("STATUS", None, "PENDING_PAYMENT"), ("STATUS", "PENDING_PAYMENT", "PAID"), ("PAYMENT", "UNPAID", "PAID")]
    for index, (axis, before, after) in enumerate(steps[: 1 + number % 3]):
        shop.add(
            "order_change", order_id=order, axis=axis, from_value=before, to_value=after, actor_kind=next(actors),
            actor_id=None, reason=word * (number % 2), created_at=row["created_at"] + timedelta(minutes=index // 2),
        )  # fmt: skip
    for index in range(number % 3):
        shop.add("order_note", order_id=order, text=f"{word}{index}", created_at=NOW - timedelta(days=index // 2))
