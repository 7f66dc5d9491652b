"""What a message says: the values of an event under the keywords of its template, each made to fit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from resolvers.message_event import VALUES, ValueKind
from wechat.message_value import KeywordKind, amount, fitted, kind_of, moment

_NO_MOMENT: Final = "待定"


def written(keywords: Sequence[Mapping[str, str]], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return keyword -> value; `keywords` are a template's {keyword, value, text}, `facts` an event's values."""
    said = {}
    for one in keywords:
        kind = kind_of(one["keyword"])
        if kind is None:
            message = f"no keyword of WeChat's: {one['keyword']}"
            raise ValueError(message)
        said[one["keyword"]] = _value(kind, one["value"], facts) if one["value"] else fitted(kind, one["text"])
    return said


def _value(kind: KeywordKind, name: str, facts: Mapping[str, Any]) -> str:
    value = facts[name.lower()]
    match VALUES[name]:
        case ValueKind.AMOUNT:
            return amount(int(value or 0))
        case ValueKind.MOMENT:
            return moment(kind, value) if isinstance(value, datetime) else _NO_MOMENT
        case _:
            return fitted(kind, "" if value is None else str(value))
