"""What is wrong with an input, all of it at once: pure checks of lengths, ranges and forms, before the database."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from models.refusal import ConflictRefusal, Refusal, Refusals, UserErrorCode
from resolvers.keep import Keep

TEXT_CHARS_MAX: Final = 255
LONG_TEXT_CHARS_MAX: Final = 5000
URL_CHARS_MAX: Final = 2048
FEN_MAX: Final = 2**53 - 1
INT_MAX: Final = 2**31 - 1
TAGS_MAX: Final = 250
BULK_MAX: Final = 250
"""Items of one bulk command."""

# No user:password@ before the host: such addresses only serve to mislead.
_URL = re.compile(r"https?://[^\s<>\"\\^`{|}/?#@\x00-\x20]+(?:[/?#][^\s<>\"\\^`{|}\x00-\x20]*)?", re.IGNORECASE)
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")

NOBODY: Final = UUID(int=0)
"""The id of nothing: no row has it, so a malformed id is simply not found."""

Step = str | int


class Checks:
    """Collects refusals under one path; every method lets KEEP pass, and null where the column may be null."""

    def __init__(self, *prefix: Step) -> None:
        """Start with nothing wrong; `prefix` leads every path."""
        self.prefix = prefix
        self.refusals: list[Refusal] = []

    def refuse(self, code: UserErrorCode, zh: str, en: str, *field: Step) -> None:
        """Add one refusal."""
        self.refusals.append(Refusal(code, zh, en, *self.prefix, *field))

    def add(self, refusals: Iterable[Refusal], *below: Step) -> None:
        """Add refusals found deeper down, moved below `below`."""
        self.refusals.extend(refusal.under(*self.prefix, *below) for refusal in refusals)

    def end(self) -> None:
        """Raise Refusals when anything was wrong."""
        if self.refusals:
            raise Refusals(self.refusals)

    def required(self, value: object, *field: Step) -> None:
        """Refuse KEEP and null."""
        if value is None or isinstance(value, Keep):
            self.refuse(UserErrorCode.BLANK, "必填", "Required", *field)

    def text(self, value: str | Keep | None, *field: Step, chars: int = TEXT_CHARS_MAX, blank: bool = True) -> None:
        """Refuse text that is longer than `chars`, holds NUL or lone surrogates, or (unless `blank`) says nothing."""
        if value is None or isinstance(value, Keep):
            return
        if not blank and not value.strip():
            self.refuse(UserErrorCode.BLANK, "不能为空", "Must not be blank", *field)
        if len(value) > chars:
            self.refuse(UserErrorCode.TOO_LONG, f"最多 {chars} 个字符", f"At most {chars} characters", *field)
        if not storable(value):
            self.refuse(UserErrorCode.INVALID, "含有无法保存的字符", "Holds characters that cannot be stored", *field)

    def number(self, value: int | Keep | None, *field: Step, least: int = 0, most: int = INT_MAX) -> None:
        """Refuse a number outside `least` to `most`."""
        if value is None or isinstance(value, Keep) or least <= value <= most:
            return
        self.refuse(
            UserErrorCode.OUT_OF_RANGE, f"须在 {least} 至 {most} 之间", f"Must be between {least} and {most}", *field
        )

    def fen(self, value: int | Keep | None, *field: Step) -> None:
        """Refuse money below zero or beyond what JSON readers hold exactly."""
        self.number(value, *field, most=FEN_MAX)

    def url(self, value: str | Keep | None, *field: Step) -> None:
        """Refuse what is no absolute http(s) address."""
        if value is None or isinstance(value, Keep):
            return
        if not is_url(value):
            self.refuse(UserErrorCode.INVALID, "须为 http 或 https 网址", "Must be an http or https address", *field)

    def tags(self, values: Sequence[str] | Keep, *field: Step) -> None:
        """Refuse more than 250 tags, blank ones and ones over 255 characters."""
        if isinstance(values, Keep):
            return
        self.at_most(values, TAGS_MAX, *field)
        for index, value in enumerate(values):
            self.text(value, *field, index, blank=False)

    def at_most(self, values: Sequence[object], most: int, *field: Step) -> None:
        """Refuse a list that is too long."""
        if len(values) > most:
            self.refuse(UserErrorCode.TOO_LONG, f"最多 {most} 项", f"At most {most} items", *field)

    def window(self, opens: datetime | Keep, closes: datetime | Keep | None, *field: Step) -> None:
        """Refuse a window that closes before it opens; KEEP on either side is judged when the rest is known."""
        if isinstance(opens, datetime) and isinstance(closes, datetime) and closes <= opens:
            self.refuse(UserErrorCode.OUT_OF_RANGE, "下架时间须晚于上架时间", "Must be later than the start", *field)

    def distinct(self, values: Sequence[object], name: str, *field: Step) -> None:
        """Refuse a value that came before in the list; None may repeat. `name` is the part of the item meant.

        Two ids that name nothing are not the same thing twice: whoever looks for them says that they are not there.
        """
        seen: set[object] = set()
        for index, value in enumerate(values):
            if value is None or isinstance(value, Keep) or value == NOBODY:
                continue
            if value in seen:
                path = (*field, index, name) if name else (*field, index)
                self.refuse(UserErrorCode.DUPLICATE, "与前面的一项重复", "Came before in the list", *path)
            seen.add(value)


def require_version(asked: int | None, stands: int, *field: Step) -> None:
    """Raise ConflictRefusal when the client has seen another version; null asks for no such check."""
    if asked is not None and asked != stands:
        raise ConflictRefusal(*(field or ("version",)), version=stands)


def storable(value: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no lone surrogate."""
    return _UNSTORABLE.search(value) is None


def is_url(value: str) -> bool:
    """Whether the text is an absolute http(s) address with a host."""
    return len(value) <= URL_CHARS_MAX and _URL.fullmatch(value) is not None and storable(value)
