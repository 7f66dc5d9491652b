"""Addresses of a customer's book."""

from base64 import b64decode
from datetime import datetime
from typing import Final

import strawberry

from engine.declare import column, computed, field, reads
from models.address import Address as AddressRow
from resolvers.address_draft import Recipient, recipient_of
from schema.node import Node
from schema.scalars import Phone, RegionCode

SEALED: Final = "encode({t}.recipient_sealed, 'base64')"


def _recipient(sealed: str) -> Recipient:
    return recipient_of(b64decode(sealed))


def _name(sealed: str) -> str:
    return _recipient(sealed).name


def _phone(sealed: str) -> str:
    return _recipient(sealed).phone


def _detail(sealed: str) -> str:
    return _recipient(sealed).detail


# Nobody's rows but the viewer's own, whatever their roles.
@reads(AddressRow, prefix="adr", scope="{t}.shop_id = {shop} and {t}.customer_id = {viewer}")
@strawberry.type(description="An address in a customer's book. Seen by that customer and nobody else.")
class Address(Node):
    """The recipient is kept sealed, and unsealed for the answer only."""

    recipient_name: str = field(computed(SEALED, _name), description="Who takes the parcel.")
    recipient_name_masked: str = field(column("name_masked"), description="The same for lists: `王**`.")
    phone: Phone = field(computed(SEALED, _phone), description="The recipient's phone number.")
    phone_masked: str = field(description="The same for lists: `138****0000`.")
    detail: str = field(computed(SEALED, _detail), description="Street, house and door.")
    province_code: RegionCode = field(description="The province.")
    city_code: RegionCode | None = field(description="The city; null where a name has no code yet.")
    district_code: RegionCode | None = field(description="The district; null where a name has no code yet.")
    province_name: str = field(description="The province's name.")
    city_name: str = field(description="The city's name, as it was chosen.")
    district_name: str = field(description="The district's name, as it was chosen; may be empty.")
    postcode: str = field(description="Six digits; may be empty.")
    tag: str = field(description="What the customer calls it, such as `家`; may be empty.")
    is_default: bool = field(description="Whether parcels go here when nobody says where. One address has it.")
    version: int = field(description="Send it back when changing the address; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was written.")
    updated_at: datetime = field(description="When it last changed.")
