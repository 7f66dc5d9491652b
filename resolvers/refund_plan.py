"""What a refund comes to: its lines, freight and parts, out of what was wished and what is left. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from models.refund import RefundReason
from models.refusal import LimitRefusal, Refusal, UserErrorCode
from resolvers.allocation import allocate
from resolvers.refund_share import LineLeft, share_of

PARTS_MAX: Final = 50
"""WeChat takes so many refunds of one payment, and no more."""

MONEY_ONLY: Final = frozenset({RefundReason.PRICE_DIFFERENCE, RefundReason.LEADER_REWARD})
"""They have lines without pieces."""

Row = Mapping[str, Any] | Record
Lines = Mapping[UUID, Row]
"""The lines of an order by id: payable_fen, quantity, shipped_quantity, left_fen, left_quantity."""


@dataclass(frozen=True, slots=True)
class LineWish:
    """So many pieces of a line, and how much for them; None is their share of what the line was paid with.

    No pieces with an amount are money only.
    """

    order_line_id: UUID
    quantity: int
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class RefundWish:
    """What is to go back. `lines` None is all that is left.

    `freight_fen` None goes by the rule: all of it with the last pieces of an order of which nothing was sent, else
    nothing. `restock` None puts pieces back on the shelf when none of them was sent.
    """

    reason: RefundReason
    lines: Sequence[LineWish] | None
    freight_fen: int | None = None
    restock: bool | None = None
    after_sale_id: UUID | None = None
    note: str = ""
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """One line of a refund, its amount reckoned."""

    line_id: UUID
    pieces: int
    fen: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A refund as it will be booked: `parts` says how much goes back through which payment, in fen."""

    backs: Sequence[Back]
    freight_fen: int
    total_fen: int
    restock: bool
    parts: Mapping[UUID, int]


def plan_refund(wish: RefundWish, lines: Lines, payments: Sequence[Row], freight_left_fen: int) -> Plan:
    """Reckon a refund; `payments` are those that count, with left_fen and how many parts each has already.

    Raises Refusal NOT_FOUND, OUT_OF_RANGE, BLANK, LimitRefusal, with the path from the wish; ValueError for pieces
    with a reason that has none.
    """
    if wish.lines is None:
        backs = _all_left(lines)
    else:
        backs = [_back_of(lines, line, position) for position, line in enumerate(wish.lines)]
    if wish.reason in MONEY_ONLY and any(back.pieces for back in backs):
        message = f"a refund for {wish.reason} takes no pieces back"
        raise ValueError(message)
    freight_fen = _freight_back(freight_left_fen, lines, backs, wish.freight_fen)
    total = sum(back.fen for back in backs) + freight_fen
    if not backs and not total:
        raise Refusal(UserErrorCode.BLANK, "没有可退的内容", "There is nothing to refund", *("lines",))
    restock = _none_was_sent(lines, backs) if wish.restock is None else wish.restock
    return Plan(backs, freight_fen, total, restock, _parts_of(payments, total))


def too_much(path: Sequence[str | int]) -> Refusal:
    """Return the refusal of more than is left."""
    return Refusal(UserErrorCode.OUT_OF_RANGE, "超过可退的数量或金额", "More than is left to refund", *path)


def line_left(row: Row) -> LineLeft:
    """Read what is left of a line."""
    return LineLeft(row["payable_fen"], row["quantity"], row["left_fen"], row["left_quantity"])


def _all_left(lines: Lines) -> list[Back]:
    return [
        Back(id_, row["left_quantity"], row["left_fen"])
        for id_, row in lines.items()
        if row["left_quantity"] or row["left_fen"]
    ]


def _back_of(lines: Lines, wish: LineWish, position: int) -> Back:
    row = lines.get(wish.order_line_id)
    if row is None:
        raise Refusal(
            UserErrorCode.NOT_FOUND, "找不到该商品行", "No such line of the order", "lines", position, "orderLineId"
        )
    if not 0 <= wish.quantity <= row["left_quantity"]:
        raise too_much(("lines", position, "quantity"))
    fen = share_of(line_left(row), wish.quantity) if wish.amount_fen is None else wish.amount_fen
    if not 0 <= fen <= row["left_fen"]:
        raise too_much(("lines", position, "amount"))
    if not fen and not wish.quantity:
        raise Refusal(UserErrorCode.BLANK, "数量和金额不能同时为零", "Neither pieces nor money", "lines", position)
    return Back(wish.order_line_id, wish.quantity, fen)


def _freight_back(left_fen: int, lines: Lines, backs: Sequence[Back], asked: int | None) -> int:
    if asked is not None:
        if not 0 <= asked <= left_fen:
            raise too_much(("freight",))
        return asked
    back = {one.line_id: one.pieces for one in backs}
    is_last = any(back.values()) and all(row["left_quantity"] == back.get(id_, 0) for id_, row in lines.items())
    is_sent = any(row["shipped_quantity"] for row in lines.values())
    return left_fen if is_last and not is_sent else 0


def _none_was_sent(lines: Lines, backs: Sequence[Back]) -> bool:
    """Whether all pieces are still in the house: of a line that was sent in part, those that are left go first."""
    unsent = {id_: row["left_quantity"] - row["shipped_quantity"] for id_, row in lines.items()}
    return any(back.pieces for back in backs) and all(back.pieces <= max(unsent[back.line_id], 0) for back in backs)


def _parts_of(payments: Sequence[Row], total: int) -> dict[UUID, int]:
    """Share the amount over the payments that count, by what is left of each."""
    if not total:
        return {}
    left = [row["left_fen"] for row in payments]
    if total > sum(left):
        raise too_much(("lines",))
    shares = {row["id"]: fen for row, fen in zip(payments, allocate(total, left), strict=True) if fen}
    used = max(row["parts"] for row in payments if row["id"] in shares)
    if used >= PARTS_MAX:
        zh, en = "微信支付每笔订单最多退款 50 次", "WeChat Pay takes at most 50 refunds of one payment"
        raise LimitRefusal(zh, en, *("orderId",), limit=PARTS_MAX, used=used)
    return shares
