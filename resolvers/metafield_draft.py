"""A metafield as it shall be, and whether its text is a value of its type."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from models.metafield import MetafieldType, MetafieldVisibility
from models.refusal import Refusal, UserErrorCode
from resolvers.checks import Checks, Step, is_url

VALUE_CHARS_MAX: Final = 65_536
METAFIELDS_MAX: Final = 250

_NAME = re.compile(r"[\w][\w.:/ -]*")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,9})?")
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetafieldDraft:
    """`value` is text whatever the type; private unless said otherwise."""

    namespace: str
    key: str
    value: str
    type: MetafieldType = MetafieldType.STRING
    visibility: MetafieldVisibility = MetafieldVisibility.PRIVATE


def metafield_refusals(metafields: Sequence[MetafieldDraft], *prefix: Step) -> list[Refusal]:
    """Say what is wrong with metafields of one owner by themselves."""
    checks = Checks(*prefix)
    checks.at_most(metafields, METAFIELDS_MAX)
    checks.distinct([(metafield.namespace, metafield.key) for metafield in metafields], "key")
    for index, metafield in enumerate(metafields):
        checks.add(one_refusals(metafield), index)
    return checks.refusals


def one_refusals(metafield: MetafieldDraft) -> list[Refusal]:
    """Say what is wrong with one metafield by itself."""
    checks = Checks()
    _name(checks, metafield.namespace, 64, "namespace")
    _name(checks, metafield.key, 128, "key")
    checks.text(metafield.value, "value", chars=VALUE_CHARS_MAX)
    if not is_value(metafield.type, metafield.value):
        zh, en = f"不是 {metafield.type} 类型的值", f"Not a value of type {metafield.type}"
        checks.refuse(UserErrorCode.INVALID, zh, en, "value")
    return checks.refusals


def is_value(type: MetafieldType, value: str) -> bool:  # noqa: A002 - the word of the model
    """Whether the text reads as the type: whole numbers of 64 bits, decimals, true or false, ISO 8601 with a zone."""
    return _READS[type](value)


def _name(checks: Checks, name: str, chars: int, *field: Step) -> None:
    checks.text(name, *field, chars=chars, blank=False)
    if name.strip() and not _NAME.fullmatch(name):
        checks.refuse(UserErrorCode.INVALID, "名称含有不允许的字符", "The name holds characters it must not", *field)


def _is_datetime(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_json(value: str) -> bool:
    try:
        orjson.loads(value)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return False
    return True


_READS: dict[MetafieldType, Callable[[str], bool]] = {
    MetafieldType.STRING: lambda _value: True,
    MetafieldType.INTEGER: lambda value: bool(_INTEGER.fullmatch(value)) and int(value) in _INT64,
    MetafieldType.DECIMAL: lambda value: bool(_DECIMAL.fullmatch(value)),
    MetafieldType.BOOLEAN: lambda value: value in ("true", "false"),
    MetafieldType.DATETIME: _is_datetime,
    MetafieldType.URL: is_url,
    MetafieldType.JSON: _is_json,
}
