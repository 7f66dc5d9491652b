"""A person's own cart: found or made, held, and filled once for each wish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson
from asyncpg.exceptions import LockNotAvailableError

from clock import wall_now
from ids import new_id
from models.database import Connection
from models.refusal import LimitRefusal, Refusal, RetryRefusal, UserErrorCode
from resolvers import cart_sql
from resolvers.caller import Caller
from resolvers.cart_draft import LINES_MAX, QUANTITY_MAX, CartLineDraft, as_wish, unsold
from resolvers.cart_merge import cart_locks, join_carts
from resolvers.checks import Checks
from resolvers.idempotency import RETRY_AFTER_MS, actor_of, check_key, in_progress, replay
from resolvers.rows import as_json

_UNDER: Final = {"cartCreate": ("input", "lines"), "cartLinesAdd": ("lines",)}
# Unique (shop_id, id).
_STANDS: Final = "select coalesce(merged_into, id) from cart where shop_id = $1 and id = $2"


@dataclass(frozen=True, slots=True)
class Adding:
    """One wish for lines, with all that makes it the same wish when it comes again."""

    mutation: str
    key: str
    digest: bytes
    cart_id: UUID | None
    lines: Sequence[CartLineDraft]


async def take_cart(sql: Connection, caller: Caller, cart_id: UUID | None) -> UUID:
    """Hold the caller's living cart, made when there is none; it counts as changed from here on."""
    locks = _locks(caller)
    try:
        await sql.execute(cart_sql.HOLD, locks)
    except LockNotAvailableError:
        zh, en = "购物车正在更新，请稍后重试", "The cart is being changed; try again shortly"
        raise RetryRefusal(UserErrorCode.BUSY, zh, en, retry_after_ms=RETRY_AFTER_MS) from None
    row = await sql.fetchrow(cart_sql.TAKE[caller.viewer_id is not None], *_owner(caller, cart_id))
    return await _own(sql, caller, row, cart_id)


async def add_lines(sql: Connection, caller: Caller, adding: Adding) -> tuple[UUID, bool]:
    """Add lines once for their key; returns the cart, and whether this was the first time."""
    actor = actor_of(caller)
    check_key(adding.key)
    locks = _locks(caller)
    try:
        await sql.execute(
            cart_sql.HOLD_KEY, locks, f"idempotency {caller.shop_id} {actor} {adding.mutation} {adding.key}"
        )
    except LockNotAvailableError:
        raise in_progress() from None
    row = await sql.fetchrow(
        cart_sql.ADD[caller.viewer_id is not None], *_owner(caller, adding.cart_id), actor, adding.mutation, adding.key,
        adding.digest, as_json([as_wish(place, line) for place, line in enumerate(adding.lines)]), caller.visit_id,
        new_id(), wall_now(),
    )  # fmt: skip
    if row["input_sha256"] is not None:
        known = UUID(replay(row["input_sha256"], row["outcome"], adding.digest))
        # It may have gone into another since; whoever asks again is answered with the one that stands.
        return await sql.fetchval(_STANDS, caller.shop_id, known) or known, False
    _judge(row, *_UNDER[adding.mutation])
    return await _own(sql, caller, row, adding.cart_id), True


def _judge(row: Mapping[str, Any], *under: str) -> None:
    """Raise what stands in the way of the lines; the transaction takes them back."""
    checks = Checks(*under)
    for place in row["unsold"]:
        unsold(checks, place, "variantId")
    for place, pieces in orjson.loads(row["overfull"] or "{}").items():
        zh, en = f"每行最多 {QUANTITY_MAX} 件", f"At most {QUANTITY_MAX} pieces in a line"
        checks.add([LimitRefusal(zh, en, limit=QUANTITY_MAX, used=pieces)], place, "quantity")
    used = row["stood"] + row["new"]
    if row["new"] and used > LINES_MAX:
        zh, en = f"购物车最多 {LINES_MAX} 行", f"A cart holds at most {LINES_MAX} lines"
        checks.add([LimitRefusal(zh, en, limit=LINES_MAX, used=used)])
    checks.end()


async def _own(sql: Connection, caller: Caller, row: Mapping[str, Any], cart_id: UUID | None) -> UUID:
    """Return the caller's cart, after what their device has left beside it has joined it."""
    own: UUID = row["cart_id"]
    if cart_id is not None and row["asked_id"] != own:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该购物车", "No such cart", *("cartId",))
    if row["has_stray"] and caller.visitor_id and caller.viewer_id:
        await join_carts(sql, caller.shop_id, caller.visitor_id, caller.viewer_id)
    return own


def _owner(caller: Caller, cart_id: UUID | None) -> tuple[Any, ...]:
    return caller.shop_id, caller.visitor_id, caller.viewer_id, caller.now, new_id(), cart_id


def _locks(caller: Caller) -> list[str]:
    """Whose carts may change. Raises Refusal INVALID for somebody who is nobody and names no device."""
    names = cart_locks(caller.shop_id, caller.viewer_id, caller.visitor_id)
    if not names:
        _nobody()
    return names


def _nobody() -> NoReturn:
    zh, en = "缺少 X-Visitor-Id 请求头", "A cart needs a customer, or the X-Visitor-Id header"
    raise Refusal(UserErrorCode.INVALID, zh, en)
