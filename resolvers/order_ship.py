"""Shipping: a parcel leaves with pieces of a paid order, which nothing holds and nobody refunds.

The order's row puts everybody in line who ships or refunds it; each line's pieces are taken by a guarded update.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.database import Connection, transaction
from models.order import OrderStatus
from models.refusal import LimitRefusal, Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.carrier import require_tracking
from resolvers.checks import INT_MAX, Checks
from resolvers.idempotency import once
from resolvers.order_own import no_such_order
from resolvers.order_sending import PIECES_LEFT, follow_parcel
from resolvers.order_step import TOLD_COLUMNS, StepBy, tell_order
from resolvers.retried import retried
from resolvers.shipping_upload import renew_upload
from wechat.shipping import PARCELS_MAX

NOTE_CHARS_MAX: Final = 500
LINES_MAX: Final = 500

_HOLD: Final = "select status from orders where shop_id = $1 and id = $2 for no key update"
# The partial unique index on open holds; index (shop_id, order_id).
_IS_HELD: Final = "select exists (select from order_hold where shop_id = $1 and order_id = $2 and released_at is null)"
_PARCELS: Final = "select count(*) from shipment where shop_id = $1 and order_id = $2"
_LINES: Final = f"""
select id, {PIECES_LEFT} as pieces_left, requires_shipping from order_line
where shop_id = $1 and order_id = $2 order by id
"""  # noqa: S608 - fixed words
_SEND: Final = """
update order_line line set shipped_quantity = line.shipped_quantity + packed.pieces
from unnest($2::uuid[], $3::int[]) as packed(id, pieces)
where line.shop_id = $1 and line.id = packed.id
  and line.shipped_quantity + line.refunding_quantity + line.refunded_quantity + packed.pieces <= line.quantity
"""
_PARCEL: Final = """
insert into shipment (id, shop_id, order_id, carrier_code, tracking_no, note, staff_id, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_PACK: Final = """
insert into shipment_line (id, shop_id, shipment_id, order_line_id, quantity)
select packed.id, $1, $2, packed.line_id, packed.pieces
from unnest($3::uuid[], $4::uuid[], $5::int[]) as packed(id, line_id, pieces)
"""
_OF_PARCEL: Final = "select order_id from shipment where shop_id = $1 and id = $2"
_CORRECT: Final = """
update shipment set carrier_code = $3, tracking_no = $4, corrected_at = $5
where shop_id = $1 and id = $2 and corrected_at is null and carrier_code is not null returning id
"""
_CHANGED: Final = f"""
update orders set version = version + 1, updated_at = $3 where shop_id = $1 and id = $2 returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words


@dataclass(frozen=True, slots=True)
class Pieces:
    """How many pieces of a line go into a parcel."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class ParcelDraft:
    """A parcel. `lines` None is all that is left; without a carrier when nothing in it has to be sent."""

    order_id: UUID
    lines: Sequence[Pieces] | None = None
    carrier_code: str | None = None
    tracking_no: str | None = None
    note: str = ""


async def order_ship(caller: Caller, draft: ParcelDraft, key: str) -> tuple[UUID, UUID]:
    """Send a parcel, once for this key; returns the order and the shipment.

    Pieces that need no sending go along with the first parcel. Raises Refusal NOT_FOUND (order, line, carrier),
    NOT_ALLOWED (not paid, held, or nothing left), OUT_OF_RANGE (more than is left), BLANK (no carrier or number),
    INVALID (no number of this carrier's), LimitRefusal above the parcels that WeChat takes; Refusals of the note.
    """
    checks = Checks()
    checks.text(draft.note, "note", chars=NOTE_CHARS_MAX)
    if draft.lines is not None:
        checks.at_most(draft.lines, LINES_MAX, "lines")
        checks.distinct([line.line_id for line in draft.lines], "lineId", "lines")
        for index, line in enumerate(draft.lines):
            checks.number(line.quantity, "lines", index, "quantity", least=1, most=INT_MAX)
    checks.end()

    async def send(sql: Connection) -> list[UUID]:
        await _hold_to_send(sql, caller.shop_id, draft.order_id)
        packed = _packed(draft, await sql.fetch(_LINES, caller.shop_id, draft.order_id))
        await _check_carrier(sql, draft, needs_one=any(line["requires_shipping"] for line, _ in packed))
        pieces = {line["id"]: count for line, count in packed}
        done = await sql.execute(_SEND, caller.shop_id, list(pieces), list(pieces.values()))
        if done != f"UPDATE {len(pieces)}":
            raise _too_many(("lines",))
        parcel_id = await _write(sql, caller, draft, pieces)
        await follow_parcel(sql, caller.shop_id, draft.order_id, StepBy.caller(caller, draft.note))
        return [draft.order_id, parcel_id]

    order_id, parcel_id = await once(caller, "orderShip", key, draft, send)
    return UUID(order_id), UUID(parcel_id)


@retried
async def shipment_correct(caller: Caller, shipment_id: UUID, carrier_code: str, tracking_no: str) -> UUID:
    """Write another carrier and number on a parcel, once; WeChat is told. Returns the shipment.

    Raises Refusal NOT_FOUND (shipment, carrier), INVALID, NOT_ALLOWED for one that was corrected or has no carrier.
    """
    async with transaction() as sql:
        order_id = await sql.fetchval(_OF_PARCEL, caller.shop_id, shipment_id)
        if order_id is None:
            raise Refusal(UserErrorCode.NOT_FOUND, "找不到该包裹", "No such shipment", "shipmentId")
        await sql.fetchval(_HOLD, caller.shop_id, order_id)
        await require_tracking(sql, carrier_code, tracking_no)
        if await sql.fetchval(_CORRECT, caller.shop_id, shipment_id, carrier_code, tracking_no, caller.now) is None:
            zh, en = "该包裹的运单号只能修改一次", "A parcel is corrected once, and only when a carrier brings it"
            raise Refusal(UserErrorCode.NOT_ALLOWED, zh, en, "shipmentId")
        changed = await sql.fetchrow(_CHANGED, caller.shop_id, order_id, caller.now)
        await tell_order(sql, caller.shop_id, "order.changed", changed)
        await renew_upload(sql, caller.shop_id, order_id)
    return shipment_id


async def _hold_to_send(sql: Connection, shop_id: UUID, order_id: UUID) -> None:
    status = await sql.fetchval(_HOLD, shop_id, order_id)
    if status is None:
        raise no_such_order()
    if status != OrderStatus.PAID:
        raise Refusal(UserErrorCode.NOT_ALLOWED, "订单当前不能发货", "The order is not paid, or over", "orderId")
    if await sql.fetchval(_IS_HELD, shop_id, order_id):
        raise Refusal(
            UserErrorCode.NOT_ALLOWED, "订单暂不能发货", "Something must happen before it is sent; see holds", "orderId"
        )
    used = await sql.fetchval(_PARCELS, shop_id, order_id)
    if used >= PARCELS_MAX:
        zh, en = f"每笔订单最多 {PARCELS_MAX} 个包裹", f"An order goes in at most {PARCELS_MAX} parcels"
        raise LimitRefusal(zh, en, "orderId", limit=PARCELS_MAX, used=used)


def _packed(draft: ParcelDraft, lines: Sequence[Record]) -> list[tuple[Record, int]]:
    """Return which lines go, and how many pieces of each, in the order of their ids."""
    if draft.lines is None:
        packed = [(line, line["pieces_left"]) for line in lines if line["pieces_left"]]
    else:
        by_id = {line["id"]: line for line in lines}
        for index, wish in enumerate(draft.lines):
            _check_line(by_id.get(wish.line_id), wish, index)
        wished = {wish.line_id: wish.quantity for wish in draft.lines}
        along = {line["id"]: line["pieces_left"] for line in lines if not line["requires_shipping"]}
        given = along | wished if wished else {}
        packed = [(line, given[line["id"]]) for line in lines if given.get(line["id"])]
    if not packed:
        raise Refusal(UserErrorCode.NOT_ALLOWED, "没有可发货的商品", "There is nothing left to send", "lines")
    return packed


def _check_line(line: Record | None, wish: Pieces, index: int) -> None:
    if line is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该商品行", "No such line of the order", "lines", index, "lineId")
    if wish.quantity > line["pieces_left"]:
        raise _too_many(("lines", index, "quantity"))


async def _check_carrier(sql: Connection, draft: ParcelDraft, *, needs_one: bool) -> None:
    if draft.carrier_code is None and draft.tracking_no is None and not needs_one:
        return
    for value, name in ((draft.carrier_code, "carrierCode"), (draft.tracking_no, "trackingNo")):
        if not value:
            raise Refusal(UserErrorCode.BLANK, "请填写快递公司和运单号", "A parcel has a carrier and a number", name)
    await require_tracking(sql, draft.carrier_code or "", draft.tracking_no or "")


async def _write(sql: Connection, caller: Caller, draft: ParcelDraft, pieces: dict[UUID, int]) -> UUID:
    parcel_id = new_id()
    about = (draft.carrier_code, draft.tracking_no, draft.note, caller.staff_id, caller.now)
    await sql.execute(_PARCEL, parcel_id, caller.shop_id, draft.order_id, *about)
    ids = [new_id() for _ in pieces]
    await sql.execute(_PACK, caller.shop_id, parcel_id, ids, list(pieces), list(pieces.values()))
    return parcel_id


def _too_many(path: Sequence[str | int]) -> Refusal:
    return Refusal(UserErrorCode.OUT_OF_RANGE, "超过可发货的数量", "More pieces than are left to send", *path)
