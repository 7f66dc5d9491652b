"""The rival at joining teams: what the rival at placing does, with the seat taken and written one statement at a time.

It writes the same rows as ours in the same transaction, and checks what ours checks of a team: that it is forming and
has room and time, that nobody has two seats in it, limits and the offer's own stock.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.applications import Starlette

from bench.placing_hand_written import Asked, Refused, RefusedCode, serve
from ids import new_id
from models.database import Connection

_OFFER: Final = "select * from group_buy where shop_id = $1 and id = $2 and status = 'PUBLISHED'"
_USED: Final = """
select coalesce(sum(quantity), 0) from group_buy_seat
where shop_id = $1 and customer_id = $2 and group_buy_id = $3 and state in ('RESERVED', 'JOINED', 'FULFILLING')
"""
_IS_MEMBER: Final = """
select exists (select from group_buy_seat where shop_id = $1 and team_id = $2 and customer_id = $3
               and state in ('RESERVED', 'JOINED', 'FULFILLING'))
"""
_TAKE: Final = """
update group_buy_variant set taken = taken + $4
where shop_id = $1 and group_buy_id = $2 and variant_id = $3 and (stock is null or taken + $4 <= stock)
"""
_SIT: Final = """
update group_buy_team set reserved = reserved + 1, version = version + 1, updated_at = $3
where shop_id = $1 and id = $2 and state = 'FORMING' and expires_at > $3 and joined + reserved < size
returning terms, joined, reserved, size, version
"""
_ADJUSTMENT: Final = """
insert into order_adjustment (id, shop_id, order_id, position, kind, title, amount_fen, source_kind, source_id,
    allocations) values ($1, $2, $3, 1, 'GROUP_BUY', '拼团优惠', $4, 'GROUP_BUY', $5, $6::jsonb)
"""
_LINE: Final = """
update order_line set offer_kind = 'GROUP_BUY', offer_id = $3, participation_id = $4 where shop_id = $1 and id = $2
"""
_SEAT: Final = """
insert into group_buy_seat (id, shop_id, group_buy_id, team_id, customer_id, order_id, order_line_id, variant_id,
    quantity, role, state, is_virtual, price_paid_fen, attempts, last_error, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'MEMBER', 'RESERVED', false, $10, 0, '', $11, $11)
"""
_CHANGE: Final = """
insert into group_buy_change (id, shop_id, team_id, seat_id, to_state, actor_kind, actor_id, reason, created_at)
values ($1, $2, $3, $4, 'RESERVED', 'CUSTOMER', $5, '', $6)
"""
_TELL: Final = """
insert into outbox_event (id, shop_id, topic, aggregate_id, payload, attempts, last_error, next_attempt_at, created_at)
values ($1, $2, 'group_buy_team.changed', $3, $4::jsonb, 0, '', $5, $5)
"""


async def seat(sql: Connection, asked: Asked, variant_id: UUID, regular_fen: int, now: datetime) -> int:
    """Take a seat; returns what a piece costs in it. Raises Refused."""
    shop_id, customer_id, offer_id, team_id = (UUID(asked[name]) for name in ("shop", "customer", "offer", "team"))
    offer = await sql.fetchrow(_OFFER, shop_id, offer_id)
    if offer is None:
        raise Refused(RefusedCode.NOT_FOUND)
    used = await sql.fetchval(_USED, shop_id, customer_id, offer_id)
    if offer["per_person_limit"] is not None and used + asked["quantity"] > offer["per_person_limit"]:
        raise Refused(RefusedCode.LIMIT_REACHED)
    if await sql.fetchval(_IS_MEMBER, shop_id, team_id, customer_id):
        raise Refused(RefusedCode.NOT_FOUND)
    if await sql.execute(_TAKE, shop_id, offer_id, variant_id, asked["quantity"]) != "UPDATE 1":
        raise Refused(RefusedCode.OUT_OF_STOCK)
    team = await sql.fetchrow(_SIT, shop_id, team_id, now)
    if team is None:
        raise Refused(RefusedCode.OUT_OF_STOCK)
    event = {
        "teamId": str(team_id), "groupBuyId": str(offer_id), "state": "FORMING", "joined": team["joined"],
        "reserved": team["reserved"], "size": team["size"], "version": team["version"],
    }  # fmt: skip
    await sql.execute(_TELL, new_id(), shop_id, team_id, orjson.dumps(event).decode(), now)
    price: int = min(orjson.loads(team["terms"])["prices"][str(variant_id)]["tiers"][0], regular_fen)
    return price


async def write(sql: Connection, asked: Asked, made: dict[str, Any], now: datetime) -> None:
    """Write the seat of an order that was placed; `made` are its ids and prices."""
    shop_id, customer_id, offer_id, team_id = (UUID(asked[name]) for name in ("shop", "customer", "offer", "team"))
    seat_id, quantity, off = new_id(), asked["quantity"], made["price_fen"] - made["regular_fen"]
    shares = orjson.dumps([{"line": str(made["line_id"]), "fen": off * quantity}]).decode()
    await sql.execute(_ADJUSTMENT, new_id(), shop_id, made["order_id"], off * quantity, offer_id, shares)
    await sql.execute(_LINE, shop_id, made["line_id"], offer_id, seat_id)
    await sql.execute(
        _SEAT, seat_id, shop_id, offer_id, team_id, customer_id, made["order_id"], made["line_id"],
        made["variant_id"], quantity, made["price_fen"], now,
    )  # fmt: skip
    await sql.execute(_CHANGE, new_id(), shop_id, team_id, seat_id, customer_id, now)


def create() -> Starlette:
    """Return the application."""
    return serve("/join", seat, write)
