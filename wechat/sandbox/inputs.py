"""What testers may say to the sandbox's WeChat, checked before anything is done."""

import re
from typing import Annotated, Any, Final, Self, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from starlette.requests import Request

from wechat.sandbox.calls import LISTED_MAX
from wechat.sandbox.codes import CODE_SECONDS
from wechat.sandbox.switches import DELAY_MS_MAX, TIMES_MAX, SwitchKind

BODY_BYTES_MAX: Final = 64 * 1024
PERSON_NAME: Final = re.compile(r"[\w-]{1,32}")
_CODE_SECONDS_MAX: Final = 86_400
_SYSTEM_BUSY: Final = -1
_MINUTE_QUOTA: Final = 45011

Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Mchid = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,32}$")]
OrderNo = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")]
Appid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,32}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[\w-]{1,32}$")]


class InputError(ValueError):
    """What was said can't be used; the message says why."""


class Input(BaseModel):
    """Whatever is not asked for is refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class AppInput(Input):
    """An app to be set up; what is left out is as for an app that nobody set up."""

    appid: Appid
    secret: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    open_account: Text | None = "sandbox"
    redirect_host: Text = ""
    push_url: Text = ""
    push_token: Text = ""
    encoding_aes_key: Annotated[str, StringConstraints(pattern=r"^(?:[A-Za-z0-9]{43})?$")] = ""


class AppidInput(Input):
    """`{"appid": ...}` alone."""

    appid: Appid


class AccountInput(Input):
    """An app, a merchant, or both."""

    appid: Appid | None = None
    mchid: Mchid | None = None

    @model_validator(mode="after")
    def _somebody_is_meant(self) -> Self:
        _require_account(self.appid, self.mchid)
        return self


class CodeInput(Input):
    """`{"user": "xiaoming", "appid": ..}`: the phone asks for a code; `seconds` 0 makes one that is too old."""

    user: Name
    appid: Appid
    seconds: int = Field(default=CODE_SECONDS, ge=0, le=_CODE_SECONDS_MAX)


class PhoneCodeInput(CodeInput):
    """The same for the phone button; `phone` as `+852-91234567` in place of the made-up number."""

    phone: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{1,4}-[0-9]{4,15}$")] | None = None


class SealInput(Input):
    """What the phone asks WeChat to seal: its user's profile, or the group named `group`."""

    user: Name
    appid: Appid
    group: Name | None = None


class GrantInput(Input):
    """A person agrees to messages of a template."""

    user: Name
    appid: Appid
    template_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    times: int = Field(default=1, ge=1, le=TIMES_MAX)


class SwitchInput(Input):
    """What goes wrong in the next `times` calls; for all users, calls and orders unless one is named."""

    appid: Appid | None = None
    mchid: Mchid | None = None
    kind: SwitchKind
    user: Name | None = None
    call: Text | None = None
    order: OrderNo | None = None
    errcode: int | None = Field(default=None, ge=-1, le=10**8)
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,64}$")] | None = None
    delay_ms: int = Field(default=0, ge=0, le=DELAY_MS_MAX)
    times: int = Field(default=1, ge=1, le=TIMES_MAX)

    @model_validator(mode="after")
    def _an_error_has_a_number(self) -> Self:
        if self.errcode == 0:
            message = "errcode 0 is no error"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _somebody_is_meant(self) -> Self:
        _require_account(self.appid, self.mchid)
        return self

    @property
    def answers(self) -> int:
        """The errcode that is answered in place of the work: as given, else the usual one of its kind."""
        return self.errcode or (_MINUTE_QUOTA if self.kind is SwitchKind.RATE_LIMIT else _SYSTEM_BUSY)


class PushInput(Input):
    """A message for the shop's server, from one of its users, told `times` times over."""

    appid: Appid
    user: Name
    message: dict[str, Any]
    safe: bool = False
    times: int = Field(default=1, ge=1, le=10)


class ReminderInput(Input):
    """Which paid order WeChat reminds of, by the merchant's number of it, told `times` times over."""

    appid: Appid
    order: OrderNo
    times: int = Field(default=1, ge=1, le=10)


class ListInput(Input):
    """What to list, in the query; without a word on it, everything."""

    appid: Appid | None = None
    mchid: Mchid | None = None
    user: Name | None = None
    call: Text | None = None
    limit: int = Field(default=100, ge=1, le=LISTED_MAX)


class ClearInput(AccountInput):
    """Which switches to remove: one, or all of an app or a merchant."""

    id: int | None = Field(default=None, ge=1, le=2**63 - 1)


Asked = TypeVar("Asked", bound=Input)


def _require_account(appid: str | None, mchid: str | None) -> None:
    if appid is None and mchid is None:
        message = "name an appid or an mchid"
        raise ValueError(message)


async def read_body(request: Request, kind: type[Asked]) -> Asked:
    """Read a request's JSON body. Raises InputError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            message = f"a body has at most {BODY_BYTES_MAX} bytes"
            raise InputError(message)
    try:
        return _validated(orjson.loads(body or b"{}"), kind)
    except orjson.JSONDecodeError:
        message = "the body is not JSON"
        raise InputError(message) from None


def read_query(request: Request, kind: type[Asked]) -> Asked:
    """Read a request's query. Raises InputError."""
    return _validated(dict(request.query_params), kind)


def _validated(given: object, kind: type[Asked]) -> Asked:
    try:
        return kind.model_validate(given)
    except ValidationError as invalid:
        fault = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(f"{place}: {fault['msg']}" if place else fault["msg"]) from None
