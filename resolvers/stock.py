"""What can be done with stock: move it, all of a list or nothing, and every move is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.database import Connection
from models.refusal import Refusal, Refusals, StockRefusal, UserErrorCode
from models.stock import StockReason
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import Catalogue, open_catalogue
from resolvers.checks import BULK_MAX, LONG_TEXT_CHARS_MAX, NOBODY, Checks
from resolvers.idempotency import once
from resolvers.outbox import emit_many
from resolvers.rows import as_json
from resolvers.variant_draft import STOCK_MAX

# Unique keys (shop_id, id) twice, then the level's own.
_MEANT = """
select wished.position, variant.product_id, variant.id as variant_id, location.id as location_id,
       level.id as level_id, not variant.tracked or variant.inventory_policy = 'CONTINUE' as may_oversell
from unnest($2::uuid[], $3::uuid[]) with ordinality as wished(variant_id, location_id, position)
left join variant on variant.shop_id = $1 and variant.id = wished.variant_id
left join location on location.shop_id = $1 and location.id = wished.location_id
left join stock_level level on level.shop_id = $1 and level.variant_id = variant.id and level.location_id = location.id
order by wished.position
"""

_FIRST_TIME = """
insert into stock_level (id, shop_id, variant_id, location_id, on_hand, reserved, may_oversell, updated_at)
select level.id, $1, level.variant_id, level.location_id, 0, 0, level.may_oversell, $6
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::boolean[]) as level(id, variant_id, location_id, may_oversell)
order by level.id
on conflict (shop_id, variant_id, location_id) do nothing
"""

# The guard and the taking are one statement: levels are locked in id order, so that buyers and staff never wait for
# each other in a circle, and a level is changed only where enough is left. The caller counts the answers: fewer than
# asked means that nothing may stand, and the transaction is rolled back.
_MOVE = """
with wished as materialized (
    select * from jsonb_to_recordset($2::jsonb)
        as wished(move_id uuid, variant_id uuid, location_id uuid, delta bigint, reason text, note text)
), held as materialized (
    select level.id, wished.* from wished
    join stock_level level on level.shop_id = $1 and level.variant_id = wished.variant_id
                           and level.location_id = wished.location_id
    order by level.id for update of level
), moved as (
    update stock_level level set on_hand = level.on_hand + held.delta, updated_at = $3
    from held
    where level.shop_id = $1 and level.id = held.id
      and (level.may_oversell or level.on_hand + held.delta >= level.reserved)
    returning held.*, level.on_hand
)
insert into stock_move (id, shop_id, variant_id, location_id, delta, on_hand_after, reason, note, staff_id, created_at)
select move_id, $1, variant_id, location_id, delta, on_hand, reason, note, $4, $3 from moved order by move_id
returning variant_id, location_id
"""

_LEFT = """
select variant_id, location_id, on_hand - reserved as available from stock_level
where shop_id = $1 and variant_id = any($2::uuid[])
"""

TOPIC: Final = "stock.adjusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdjustment:
    """Add (or with a negative `delta` take) pieces of a variant at a location; null is the default location."""

    variant_id: UUID
    delta: int
    reason: StockReason
    location_id: UUID | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Move:
    """An adjustment with both ends known."""

    adjustment: StockAdjustment
    location_id: UUID

    @property
    def place(self) -> tuple[UUID, UUID]:
        return self.adjustment.variant_id, self.location_id


async def stock_adjust(caller: Caller, adjustments: Sequence[StockAdjustment], key: str) -> list[UUID]:
    """Carry out all adjustments or none; returns the variants, in the order of the list.

    Raises Refusals with paths under `adjustments`: StockRefusal with what could be taken, NOT_FOUND, DUPLICATE for a
    variant that comes twice at one location, OUT_OF_RANGE.
    """
    check_adjustments(adjustments).end()

    async def adjust(sql: Connection) -> list[UUID]:
        return await adjust_stock(sql, caller, adjustments)

    ids = await once(caller, "stockAdjust", key, list(adjustments), adjust)
    return [UUID(variant_id) for variant_id in ids]


def check_adjustments(adjustments: Sequence[StockAdjustment]) -> Checks:
    """Find what is wrong with a list of adjustments by itself."""
    checks = Checks("adjustments")
    checks.at_most(adjustments, BULK_MAX)
    for index, adjustment in enumerate(adjustments):
        checks.number(adjustment.delta, index, "delta", least=-STOCK_MAX, most=STOCK_MAX)
        checks.text(adjustment.note, index, "note", chars=LONG_TEXT_CHARS_MAX)
        if not adjustment.delta:
            checks.refuse(UserErrorCode.OUT_OF_RANGE, "变动数量不能为 0", "The change must not be 0", index, "delta")
    return checks


async def adjust_stock(sql: Connection, caller: Caller, adjustments: Sequence[StockAdjustment]) -> list[UUID]:
    """Do the same inside an open transaction, for commands that move stock beside other things."""
    catalogue = await open_catalogue(sql, caller.shop_id)
    moves, product_ids = await _meant(sql, caller, catalogue, adjustments)
    wished = [
        {
            "move_id": new_id(),
            "variant_id": move.adjustment.variant_id,
            "location_id": move.location_id,
            "delta": move.adjustment.delta,
            "reason": move.adjustment.reason,
            "note": move.adjustment.note,
        }
        for move in moves
    ]
    moved = await sql.fetch(_MOVE, caller.shop_id, as_json(wished), caller.now, caller.staff_id)
    if len(moved) < len(moves):
        raise await _short(sql, caller, moves, {(row["variant_id"], row["location_id"]) for row in moved})
    await refresh_products(sql, caller.shop_id, product_ids)
    told: dict[UUID, dict[str, Any]] = {}
    for move in moves:
        told.setdefault(move.adjustment.variant_id, {"delta": 0})["delta"] += move.adjustment.delta
    await emit_many(sql, caller.shop_id, TOPIC, told)
    return [adjustment.variant_id for adjustment in adjustments]


async def _meant(
    sql: Connection, caller: Caller, catalogue: Catalogue, adjustments: Sequence[StockAdjustment]
) -> tuple[list[_Move], list[UUID]]:
    """Find variants and locations, make levels that are not there yet; returns the moves and whose figures change."""
    moves = [_Move(adjustment, adjustment.location_id or catalogue.default_location_id) for adjustment in adjustments]
    variant_ids, location_ids = [move.adjustment.variant_id for move in moves], [move.location_id for move in moves]
    rows = await sql.fetch(_MEANT, caller.shop_id, variant_ids, location_ids)
    checks = Checks("adjustments")
    checks.distinct([None if NOBODY in move.place else move.place for move in moves], "variantId")
    for index, row in enumerate(rows):
        if row["variant_id"] is None:
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该规格", "No such variant", index, "variantId")
        if row["location_id"] is None:
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该仓库", "No such location", index, "locationId")
    checks.end()
    if new := [row for row in rows if row["level_id"] is None]:
        await sql.execute(_FIRST_TIME, caller.shop_id, [new_id() for _ in new], *_columns(new), caller.now)
    return moves, [row["product_id"] for row in rows]


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in ("variant_id", "location_id", "may_oversell")]


async def _short(sql: Connection, caller: Caller, moves: Sequence[_Move], done: set[tuple[UUID, UUID]]) -> Refusals:
    """Say of each move that could not be made how much could have been taken."""
    rows = await sql.fetch(_LEFT, caller.shop_id, [move.adjustment.variant_id for move in moves])
    left = {(row["variant_id"], row["location_id"]): row["available"] for row in rows}
    refused: list[Refusal] = []
    for index, move in enumerate(moves):
        if move.place not in done:
            available = max(0, left[move.place])
            refused.append(
                StockRefusal(
                    f"库存不足，可用 {available} 件",
                    f"Not enough in stock: {available} available",
                    "adjustments",
                    index,
                    "delta",
                    available=available,
                )
            )
    return Refusals(refused)
