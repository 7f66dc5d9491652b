"""An address as it shall be, and what is wrong with the wish by itself; who takes the parcel, sealed and unsealed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from models.refusal import UserErrorCode
from resolvers.checks import Checks
from resolvers.customer import masked
from resolvers.keep import KEEP, Keep
from resolvers.keys import keys
from resolvers.region import RegionCodes, WechatRegion, wechat_region_refusals
from sealing import seal, unseal
from wechat.answers import Phone

NAME_CHARS_MAX: Final = 40
DETAIL_CHARS_MAX: Final = 200
TAG_CHARS_MAX: Final = 16

_POSTCODE = re.compile(r"([0-9]{6})?")
_COUNTRY = re.compile(r"\+([1-9][0-9]{0,3})[ -]?(.+)")
_BETWEEN_DIGITS = re.compile(r"[ -]")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDraft:
    """KEEP leaves what is stored; a new one needs a recipient, a phone, a place in one of its two forms, a detail.

    `phone` has the form of the scalar Phone. `make_default` has no opposite: a default is only ever replaced.
    """

    version: int | None = None
    recipient_name: str | Keep = field(default=KEEP, repr=False)
    phone: str | Keep = field(default=KEEP, repr=False)
    detail: str | Keep = field(default=KEEP, repr=False)
    codes: RegionCodes | None = None
    wechat: WechatRegion | None = None
    postcode: str | Keep = KEEP
    tag: str | Keep = KEEP
    make_default: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who takes a parcel, and the door; never to be logged."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    detail: str = field(repr=False)

    def sealed(self) -> bytes:
        """Return it as it is stored, in addresses and in deliveries."""
        return seal(orjson.dumps(self).decode(), keys().sealing)

    @property
    def name_masked(self) -> str:
        """The first character, and that there are more."""
        return f"{self.name[:1]}**"

    @property
    def phone_masked(self) -> str:
        """As phone numbers of customers are shown: `138****0000`."""
        country = _COUNTRY.fullmatch(self.phone)
        code, number = country.groups() if country else ("86", self.phone)
        return masked(Phone(code, _BETWEEN_DIGITS.sub("", number)))


def recipient_of(sealed: bytes) -> Recipient:
    """Return who was sealed. Raises SealBrokenError."""
    return Recipient(**orjson.loads(unseal(sealed, keys().sealing)))


def drafted_recipient(draft: AddressDraft, stored: Mapping[str, Any] | None) -> Recipient:
    """Return the recipient that a checked draft leads to."""
    before = recipient_of(stored["recipient_sealed"]) if stored is not None else Recipient("", "", "")
    return Recipient(
        before.name if isinstance(draft.recipient_name, Keep) else draft.recipient_name.strip(),
        before.phone if isinstance(draft.phone, Keep) else draft.phone,
        before.detail if isinstance(draft.detail, Keep) else draft.detail.strip(),
    )


def check_address(draft: AddressDraft, *, new: bool) -> None:
    """Raise Refusals with all that is wrong with the wish by itself, under `input`."""
    checks = Checks("input")
    if new:
        checks.required(draft.recipient_name, "recipientName")
        checks.required(draft.phone, "phone")
        checks.required(draft.detail, "detail")
    checks.text(draft.recipient_name, "recipientName", chars=NAME_CHARS_MAX, blank=False)
    checks.text(draft.detail, "detail", chars=DETAIL_CHARS_MAX, blank=False)
    checks.text(draft.tag, "tag", chars=TAG_CHARS_MAX)
    if isinstance(draft.postcode, str) and not _POSTCODE.fullmatch(draft.postcode):
        checks.refuse(UserErrorCode.INVALID, "邮政编码为六位数字", "A postcode has six digits", "postcode")
    if draft.codes is not None and draft.wechat is not None:
        checks.refuse(UserErrorCode.INVALID, "地区只能有一种写法", "One way to say the region", "wechatRegion")
    elif new and draft.codes is None and draft.wechat is None:
        checks.refuse(UserErrorCode.BLANK, "请选择地区", "An address needs a region", "region")
    if draft.wechat is not None:
        checks.add(wechat_region_refusals(draft.wechat), "wechatRegion")
    checks.end()
