"""What the address of a visit says: evidence to follow, and a query that may be kept, with nothing secret in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus, urlencode

TOKEN: Final = re.compile(r"[0-9A-Za-z]{8,12}", re.ASCII)
FIELDS_MAX: Final = 50
WORD_CHARS_MAX: Final = 64
AD_CLICK_CHARS_MAX: Final = 128
HIDDEN: Final = "***"

# Names of what nobody but its owner may have: logins, keys, people.
_SECRET_NAME: Final = re.compile(
    r"token|secret|passw|pwd|phone|mobile|openid|unionid|session|ticket|sign|auth|mail|address|encrypt|rawdata"
    r"|id_?card|idno|credential|captcha|sms|^(?:tel|code|js_?code|wxcode|iv|key|api_?key|name|realname|nick\w*|jwt)$",
    re.IGNORECASE,
)
# What gives itself away whatever it is called: a Chinese mobile number or identity card, a mail address, a JWT.
_SECRET_VALUE: Final = re.compile(
    r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)|[\w.+-]+@[\w-]+\.\w|eyJ[\w-]+\.[\w-]+"
)
# A name inside a value, as of an address passed on (`?code=`) or of JSON (`"code":`).
_NESTED_FIELD: Final = re.compile(r"([\w-]{1,64})[\"']?\s*[=:]")
# An escape may be escaped again wherever an address is passed on inside another.
_UNESCAPES: Final = 4

_CAMPAIGN_NAMES: Final = ("campaign", "utm_campaign")
_CHANNEL_NAMES: Final = ("channel", "utm_source")
# What Tencent's ads add to the address of a landing page.
_AD_NAMES: Final = ("gdt_vid", "weixinadinfo", "clickid")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the query of a visit names: a share's token, a campaign, a channel, a click on an ad."""

    token: str | None = None
    campaign: str | None = None
    channel: str | None = None
    ad_click_id: str | None = None


def evidence_in(query: str) -> Evidence:
    """Read a query as a mini-program gets it: `st=<token>`, or `scene=t%3D<token>` when it came by a code."""
    fields = dict(reversed(list(_fields(query))))
    scene = dict(reversed(list(_fields(_unescaped(fields.get("scene", ""))))))
    return Evidence(
        token=share_token(fields.get("st")) or share_token(scene.get("t")),
        campaign=_first(fields, _CAMPAIGN_NAMES) or _first(scene, ("c",)),
        channel=_first(fields, _CHANNEL_NAMES) or _first(scene, ("ch",)),
        ad_click_id=_first(fields, _AD_NAMES, AD_CLICK_CHARS_MAX),
    )


def scene_token(scene: str) -> str | None:
    """Return the share's token in what a code carried, escaped or not; None when there is none."""
    return share_token(scene) or evidence_in(urlencode({"scene": scene})).token


def share_token(text: str | None) -> str | None:
    """Return a share's token, also when it came as a code's scene string `t=<token>`; None for anything else."""
    if text is None:
        return None
    found = _unescaped(text).removeprefix("t=")
    return found if TOKEN.fullmatch(found) else None


def filtered_query(query: str) -> str:
    """Return the query without anything that is secret or personal; the value of such a field is `***`."""
    kept = [(name[:WORD_CHARS_MAX], HIDDEN if _is_secret(name, value) else value) for name, value in _fields(query)]
    return urlencode(kept, safe="*")


def filtered_path(path: str) -> str:
    """Return a path of which no part gives a person away; its query is not a part of it."""
    pure = re.split(r"[?#]", path, maxsplit=1)[0]
    return "/".join(HIDDEN if _SECRET_VALUE.search(_unescaped(part)) else part for part in pure.split("/"))


def _fields(query: str) -> Iterator[tuple[str, str]]:
    """Yield names and values in order; what is beyond the fiftieth field no page of ours reads."""
    yield from parse_qsl(query.lstrip("?"), keep_blank_values=True, errors="replace")[:FIELDS_MAX]


def _is_secret(name: str, value: str) -> bool:
    if _SECRET_NAME.search(_unescaped(name)) or _SECRET_VALUE.search(name):
        return True
    plain = _unescaped(value)
    return bool(_SECRET_VALUE.search(plain)) or any(
        _SECRET_NAME.search(nested) for nested in _NESTED_FIELD.findall(plain)
    )


def _unescaped(text: str) -> str:
    for _ in range(_UNESCAPES if "%" in text or "+" in text else 0):
        if (plain := unquote_plus(text)) == text:
            break
        text = plain
    return text


def _first(fields: dict[str, str], names: tuple[str, ...], chars: int = WORD_CHARS_MAX) -> str | None:
    """Return the first of these fields that says something, cut, and without what no column holds."""
    return next((kept for name in names if (kept := fields.get(name, "").replace("\0", "").strip()[:chars])), None)
