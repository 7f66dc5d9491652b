"""The sizes a picture can be had in: few, so that what is made for one client serves the next."""

from typing import Final

STEPS: Final = (64, 96, 128, 200, 320, 480, 640, 750, 960, 1080, 1280, 1600, 1920, 2560)
"""Pixels. Twice and three times the widths of a mini-program's page and cards; a poster is the largest."""
ASKED_MOST: Final = 10_000


def step(asked: int) -> int:
    """Return the smallest step that is no smaller than what is asked for; the last one when there is none.

    Raises ValueError for what is no size.
    """
    if not 1 <= asked <= ASKED_MOST:
        message = f"A size is from 1 to {ASKED_MOST} pixels."
        raise ValueError(message)
    return next((one for one in STEPS if one >= asked), STEPS[-1])


def fitted(width: int, height: int, most_width: int, most_height: int) -> tuple[int, int]:
    """Return the size of a picture inside a box, in its own proportions and never larger than it is; 0 is no limit."""
    numerator, denominator = 1, 1
    for side, most in ((width, most_width), (height, most_height)):
        if most and most * denominator < side * numerator:
            numerator, denominator = most, side
    return _scaled(width, numerator, denominator), _scaled(height, numerator, denominator)


def _scaled(side: int, numerator: int, denominator: int) -> int:
    """Round to the nearest pixel, in whole numbers, and never to nothing."""
    return max(1, (2 * side * numerator + denominator) // (2 * denominator))
