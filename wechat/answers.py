"""What WeChat answers when all is well, as values; none shows a secret or a person when printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from wechat.errors import BadAnswer

Answer = Mapping[str, Any]

SECONDS_OF_A_TOKEN: Final = 7200


@dataclass(frozen=True, slots=True)
class Session:
    """A login: who it is in this app, and the key for what the phone brings from WeChat. Keep the newest only."""

    openid: str = field(repr=False)
    session_key: str = field(repr=False)
    unionid: str | None = field(repr=False, default=None)
    """Of the Open Platform account that the app is bound to; None when it is bound to none."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number that WeChat vouches for."""

    country_code: str
    number: str = field(repr=False)
    """Without the country's code."""

    @property
    def e164(self) -> str:
        """The number as the world writes it: `+8613800000000`."""
        return f"+{self.country_code}{self.number}"


class Suggestion(StrEnum):
    """What WeChat thinks of a text."""

    PASS = "pass"  # noqa: S105 - WeChat's word for harmless
    REVIEW = "review"
    RISKY = "risky"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The check of a text. `label` is WeChat's number of what is wrong with it: 100 nothing, 20002 porn, ..."""

    suggestion: Suggestion
    label: int
    trace_id: str


@dataclass(frozen=True, slots=True)
class WebToken:
    """A website login. The access token is not the app's own, and lives two hours; the refresh token 30 days."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    scope: str
    expires_in_seconds: int
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebUser:
    """The profile of who logged in on a website."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    nickname: str = field(repr=False)
    avatar_url: str = field(repr=False)


def text_in(answer: Answer, name: str, call: str) -> str:
    """Return a text that must be there. Raises BadAnswer."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise BadAnswer(call)
    return value


def part_in(answer: Answer, name: str, call: str) -> Answer:
    """Return an object that must be there. Raises BadAnswer."""
    value = answer.get(name)
    if not isinstance(value, dict):
        raise BadAnswer(call)
    return value


def unionid_in(answer: Answer) -> str | None:
    """Return the unionid; WeChat leaves it out, or empty, for an app that is bound to no account."""
    value = answer.get("unionid")
    return value if isinstance(value, str) and value else None


def session_in(answer: Answer, call: str) -> Session:
    """Read a login. Raises BadAnswer."""
    return Session(text_in(answer, "openid", call), text_in(answer, "session_key", call), unionid_in(answer))


def phone_in(answer: Answer, appid: str, call: str) -> Phone:
    """Read a phone number that is sealed for this app. Raises BadAnswer."""
    info = part_in(answer, "phone_info", call)
    if part_in(info, "watermark", call).get("appid") != appid:
        raise BadAnswer(call)
    # Documented as text, sent as a number too.
    country = str(info.get("countryCode", "")).lstrip("+")
    number = text_in(info, "purePhoneNumber", call)
    if not (country.isascii() and country.isdigit() and number.isascii() and number.isdigit()):
        raise BadAnswer(call)
    return Phone(country, number)


def verdict_in(answer: Answer, call: str) -> Verdict:
    """Read the check of a text. Raises BadAnswer."""
    result = part_in(answer, "result", call)
    try:
        suggestion = Suggestion(text_in(result, "suggest", call))
    except ValueError:
        raise BadAnswer(call) from None
    label, trace_id = result.get("label"), answer.get("trace_id")
    return Verdict(suggestion, label if isinstance(label, int) else 0, trace_id if isinstance(trace_id, str) else "")


def web_token_in(answer: Answer, call: str) -> WebToken:
    """Read a website login. Raises BadAnswer."""
    seconds = answer.get("expires_in")
    return WebToken(
        openid=text_in(answer, "openid", call),
        unionid=unionid_in(answer),
        scope=str(answer.get("scope", "")),
        expires_in_seconds=seconds if isinstance(seconds, int) else SECONDS_OF_A_TOKEN,
        access_token=text_in(answer, "access_token", call),
        refresh_token=text_in(answer, "refresh_token", call),
    )


def web_user_in(answer: Answer, call: str) -> WebUser:
    """Read a profile. Raises BadAnswer."""
    return WebUser(
        openid=text_in(answer, "openid", call),
        unionid=unionid_in(answer),
        nickname=str(answer.get("nickname", "")),
        avatar_url=str(answer.get("headimgurl", "")),
    )
