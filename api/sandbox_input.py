"""What testers may say at the sandbox door, checked before anything is done."""

import secrets
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from starlette.requests import Request

from models.failpoint import FailpointAction
from models.refusal import Refusal, UserErrorCode
from models.staff import Role
from resolvers.failpoint import DELAY_MS_MAX, TIMES_MAX
from resolvers.tokens import MINUTES, MINUTES_MAX

BODY_BYTES_MAX: Final = 64 * 1024
SEED_MAX: Final = 2**53 - 1
_DAYS_MAX: Final = 366 * 50
_MANY: Final = 20


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class ShopInput(_Input):
    """`{"from": "demo" | "empty", "seed": 7}`; the same seed gives the same shop, appid and all.

    Left out, the seed is one that nobody else has: WeChat's failure switches, calls and limits go by appid, and two
    testers must not meet there.
    """

    source: Literal["demo", "empty"] = Field(default="empty", alias="from")
    seed: int = Field(default_factory=lambda: secrets.randbelow(SEED_MAX + 1), ge=0, le=SEED_MAX)


class ClockInput(_Input):
    """`{"to": "2026-12-24T00:00:00Z"}` or `{"by": "PT15M"}`; `by` may be a number of seconds."""

    to: AwareDatetime | None = None
    by: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=_DAYS_MAX))] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.to is None) is (self.by is None):
            message = 'give either "to" or "by"'
            raise ValueError(message)
        return self


class StaffTokenInput(_Input):
    """`{"shopId": "shp_...", "name": "小王", "roles": ["CATALOGUE"], "minutes": 15}`; made when nobody has the name."""

    shop_id: str
    name: str = Field(default="测试员工", min_length=1, max_length=120, pattern=r"^[^\x00]*$")
    roles: list[Role] = Field(default=[Role.OWNER], min_length=1, max_length=_MANY)
    minutes: int = Field(default=MINUTES, ge=1, le=MINUTES_MAX)


class FailpointInput(_Input):
    """`{"name": "outbox.told", "action": "CRASH" | "ERROR" | "DELAY", "delayMs": 50, "times": 1}`."""

    name: str = Field(max_length=120)
    action: FailpointAction
    delay_ms: int = Field(default=0, ge=0, le=DELAY_MS_MAX)
    times: int = Field(default=1, ge=1, le=TIMES_MAX)

    @model_validator(mode="after")
    def _delay_has_a_length(self) -> Self:
        if (self.action is FailpointAction.DELAY) is not (self.delay_ms > 0):
            message = '"delayMs" belongs to DELAY, and DELAY needs it'
            raise ValueError(message)
        return self


Input = TypeVar("Input", bound=_Input)


async def read_input(request: Request, kind: type[Input]) -> Input:
    """Read a request's JSON body. Raises Refusal INVALID, TOO_LONG; no body counts as `{}`."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Refusal(UserErrorCode.TOO_LONG, "请求过大", f"A body has at most {BODY_BYTES_MAX} bytes")
    try:
        given: Any = orjson.loads(body or b"{}")
        return kind.model_validate(given)
    except orjson.JSONDecodeError:
        raise Refusal(UserErrorCode.INVALID, "请求不是 JSON", "The body is not JSON") from None
    except ValidationError as invalid:
        fault = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        said = fault["msg"].removeprefix("Value error, ")
        raise Refusal(
            UserErrorCode.INVALID, "参数不正确", f"{place}: {said}" if place else said, *fault["loc"]
        ) from None
