"""What goes back for pieces of a line: pure arithmetic over plain values, all in fen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineLeft:
    """What a line was agreed on for, and what of it is neither back nor on its way."""

    payable_fen: int
    quantity: int
    left_fen: int
    left_quantity: int


def share_of(line: LineLeft, pieces: int) -> int:
    """Return what `pieces` of those left come to: an even share of what is left, and all of it with the last.

    Shares of any sequence sum to at most what the line was paid with, and to exactly that when everything goes back one
    way or another; with no more than the shares alone, no piece differs from another by more than a fen. A difference
    of price given before lessens all pieces that are left alike. What the shop kept back of one piece is not handed out
    with the next: nothing is above the piece's part of the price, rounded up.

    Raises ValueError for pieces that are not there.
    """
    if not 0 <= pieces <= line.left_quantity:
        message = "there are not so many pieces left"
        raise ValueError(message)
    if not pieces:
        return 0
    even = (2 * line.left_fen * pieces + line.left_quantity) // (2 * line.left_quantity)
    # Each piece's part rounded up: an even share of an untouched line is never above it.
    most = -(-line.payable_fen // line.quantity) * pieces
    return min(even, most)
