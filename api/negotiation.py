"""Which media type to answer in, and whether a body's type is one we read. Pure functions of header values."""

from functools import lru_cache
from typing import Final

GRAPHQL_RESPONSE: Final = b"application/graphql-response+json"
JSON: Final = b"application/json"

_RANGES = {
    "application/graphql-response+json": (GRAPHQL_RESPONSE, 2),
    "application/json": (JSON, 2),
    # Whoever takes anything is a simple client (wx.request sends */*), and those look for application/json.
    "application/*": (JSON, 1),
    "*/*": (JSON, 0),
}
_WEIGHT_LEAST = 0.001


@lru_cache(maxsize=512)
def answer_type(accept: bytes) -> bytes | None:
    """Return the type of most weight, the first of equals; None when nothing that we write is accepted.

    A missing or empty header takes application/json.
    """
    if not accept.strip():
        return JSON
    weights: dict[bytes, tuple[float, int]] = {}
    order: list[bytes] = []
    for part in accept.decode("latin-1").split(","):
        name, parameters = _split(part)
        if name not in _RANGES or parameters.get("charset", "utf-8") not in {"utf-8", "utf8", "*"}:
            continue
        media_type, precision = _RANGES[name]
        weight = _weight(parameters.get("q", "1"))
        # The more precise range decides the weight of its type (RFC 9110, 12.5.1).
        if media_type not in weights or precision > weights[media_type][1]:
            weights[media_type] = (weight, precision)
            order.append(media_type)
    wanted = [media_type for media_type in order if weights[media_type][0] >= _WEIGHT_LEAST]
    return max(wanted, key=lambda media_type: weights[media_type][0], default=None)


@lru_cache(maxsize=128)
def is_json(content_type: bytes) -> bool:
    """Whether a body of this type is read: exactly application/json, in UTF-8."""
    name, parameters = _split(content_type.decode("latin-1"))
    return name == "application/json" and parameters.get("charset", "utf-8") in {"utf-8", "utf8"}


def _split(part: str) -> tuple[str, dict[str, str]]:
    name, *rest = part.split(";")
    parameters = {}
    for parameter in rest:
        key, _, value = parameter.partition("=")
        parameters[key.strip().lower()] = value.strip().strip('"').lower()
    return name.strip().lower(), parameters


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
