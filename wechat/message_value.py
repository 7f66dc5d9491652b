"""The values of a subscribe message: which kinds WeChat knows, and how a text is made to fit into one.

A keyword of a template is called by its kind and a number: `thing1`, `amount3`. WeChat refuses a whole message for one
value that is empty or too long (47003), so nothing leaves here that does not fit.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from wechat.pay import CHINA

FEN_IN_YUAN: Final = 100
AMOUNT_FEN_MAX: Final = 10**10 - 1
"""Ten digits, two of them after the point."""


class KeywordKind(StrEnum):
    """As WeChat calls them, in the names of keywords."""

    THING = "thing"
    NUMBER = "number"
    LETTER = "letter"
    SYMBOL = "symbol"
    CHARACTER_STRING = "character_string"
    TIME = "time"
    DATE = "date"
    AMOUNT = "amount"
    PHONE_NUMBER = "phone_number"
    CAR_NUMBER = "car_number"
    NAME = "name"
    PHRASE = "phrase"


_KEYWORD: Final = re.compile(rf"({'|'.join(KeywordKind)})[0-9]{{1,3}}")
_NOTHING: Final = "无"
_DASH: Final = "-"

_THING: Final = 20
_NAME_CHINESE: Final = 10
_NAME_LATIN: Final = 20
_MOMENT: Final = 32

# What may stand in a value of a kind, and how many of it; what else there is leaves it.
_KEPT: Final[Mapping[KeywordKind, tuple[str, int]]] = {
    KeywordKind.NUMBER: (r"[0-9]", 32),
    KeywordKind.LETTER: (r"[A-Za-z]", 32),
    KeywordKind.SYMBOL: (r"[^\w\s]", 5),
    KeywordKind.CHARACTER_STRING: (r"[!-~]", 32),
    KeywordKind.PHONE_NUMBER: (r"[0-9+\-]", 17),
    KeywordKind.CAR_NUMBER: (r"\w", 8),
    KeywordKind.PHRASE: (r"[一-鿿]", 5),
}
_EMPTY: Final[Mapping[KeywordKind, str]] = {
    KeywordKind.NUMBER: "0",
    KeywordKind.LETTER: "N",
    KeywordKind.SYMBOL: _DASH,
    KeywordKind.CHARACTER_STRING: _DASH,
    KeywordKind.PHONE_NUMBER: _DASH,
}
_AMOUNT: Final = re.compile(r"[¥$]?[0-9]{1,10}(\.[0-9]{1,2})?元?")


def kind_of(keyword: str) -> KeywordKind | None:
    """Return the kind that a keyword is named after; None for what is no keyword."""
    found = _KEYWORD.fullmatch(keyword)
    return KeywordKind(found[1]) if found else None


def fitted(kind: KeywordKind, text: str) -> str:
    """Return a text as a kind takes it: on one line, cut by characters, never empty."""
    line = " ".join(text.split())
    match kind:
        case KeywordKind.THING:
            return _cut(line, _THING)
        case KeywordKind.NAME:
            return _cut(line, _NAME_LATIN if re.fullmatch("[A-Za-z ]+", line) else _NAME_CHINESE)
        case KeywordKind.TIME | KeywordKind.DATE:
            return _cut(line, _MOMENT)
        case KeywordKind.AMOUNT:
            return line if _AMOUNT.fullmatch(line) else "0"
    allowed, most = _KEPT[kind]
    return "".join(re.findall(allowed, line))[:most] or _EMPTY.get(kind, _NOTHING)


def amount(fen: int) -> str:
    """Return money as WeChat takes it: `¥19.90`; at most ten digits."""
    yuan, rest = divmod(min(max(fen, 0), AMOUNT_FEN_MAX), FEN_IN_YUAN)
    return f"¥{yuan}.{rest:02d}"


def moment(kind: KeywordKind, at: datetime) -> str:
    """Return a moment by China's clock: a date, or elsewhere the date and the time, 24 hours a day."""
    there = at.astimezone(CHINA)
    day = f"{there.year}年{there.month}月{there.day}日"
    return day if kind is KeywordKind.DATE else f"{day} {there:%H:%M}"


def _cut(line: str, most: int) -> str:
    """By characters, with a sign that something is missing."""
    return (line if len(line) <= most else f"{line[: most - 1]}…") or _NOTHING
