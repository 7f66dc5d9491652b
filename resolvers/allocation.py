"""Sharing an amount out to the fen: the one way in which discounts, refunds and freight are put on lines."""

from collections.abc import Sequence


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Share `amount` fen in proportion to `weights` (not negative); the shares sum to it exactly.

    Each share is rounded down, and what is missing goes, one fen each, to the largest remainders, the first of equals
    first (largest remainder; commerce rules 3.22). No share is above its weight as long as `amount` is not above their
    sum. A negative amount is shared as its positive. All weights zero share nothing.

    Raises ValueError for an amount that nobody can take.
    """
    total = sum(weights)
    if amount < 0:
        return [-share for share in allocate(-amount, weights)]
    if not total:
        if amount:
            message = "there is nothing to share an amount on"
            raise ValueError(message)
        return [0] * len(weights)
    shares = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(amount * weights[index] % total), index))
    for index in by_remainder[: amount - sum(shares)]:
        shares[index] += 1
    return shares
