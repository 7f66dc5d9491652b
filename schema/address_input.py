"""Addresses coming in."""

from dataclasses import replace

import strawberry

from resolvers.address_draft import AddressDraft
from resolvers.region import RegionCodes, WechatRegion
from schema.given import given, optional, plain
from schema.scalars import Phone, RegionCode


@strawberry.input(description="A place by its codes, as `regions` gives them. Each must lie in the one before.")
class RegionInput:
    """All three: every province has cities, every city districts."""

    province_code: RegionCode = strawberry.field(description="The province.")
    city_code: RegionCode = strawberry.field(description="The city.")
    district_code: RegionCode = strawberry.field(description="The district.")

    def codes(self) -> RegionCodes:
        """Return it as the command takes it."""
        return RegionCodes(self.province_code, self.city_code, self.district_code)


@strawberry.input(description="A place as `wx.chooseAddress` gives it: names, for which codes are looked up.")
class WechatRegionInput:
    """A name without a code stays; then the larger region counts for freight."""

    province_name: str = strawberry.field(description="`provinceName`.")
    city_name: str = strawberry.field(description="`cityName`.")
    county_name: str = strawberry.field(description="`countyName`; may be empty.")
    national_code: str | None = optional("`nationalCode`, when there is one.")

    def names(self) -> WechatRegion:
        """Return it as the command takes it."""
        return WechatRegion(self.province_name, self.city_name, self.county_name, plain(self.national_code) or "")


@strawberry.input(description="What an address has beside who takes the parcel and where.")
class AddressFieldsInput:
    """What is left out stays as it is."""

    region: RegionInput | None = optional("The place by its codes.")
    wechat_region: WechatRegionInput | None = optional("The place as `wx.chooseAddress` gives it, instead of `region`.")
    postcode: str | None = optional("Six digits, or empty.")
    tag: str | None = optional("What the customer calls it, at most 16 characters.")
    make_default: bool | None = optional("True: parcels go here from now on when nobody says where.")

    def fields(self, recipient_name: str | None, phone: Phone | None, detail: str | None) -> AddressDraft:
        """Return what was said, as the command takes it."""
        region, wechat = plain(self.region), plain(self.wechat_region)
        return AddressDraft(
            recipient_name=given(recipient_name),
            phone=given(phone),
            detail=given(detail),
            codes=None if region is None else region.codes(),
            wechat=None if wechat is None else wechat.names(),
            postcode=given(self.postcode),
            tag=given(self.tag),
            make_default=bool(plain(self.make_default)),
        )


@strawberry.input(description="An address to write. It needs `region` or `wechatRegion`.")
class AddressCreateInput(AddressFieldsInput):
    """The first of a customer is the default."""

    recipient_name: str = strawberry.field(description="Who takes the parcel; 1 to 40 characters.")
    phone: Phone = strawberry.field(description="The recipient's phone number.")
    detail: str = strawberry.field(description="Street, house and door; 1 to 200 characters.")

    def draft(self) -> AddressDraft:
        """Return it as the command takes it."""
        return self.fields(self.recipient_name, self.phone, self.detail)


@strawberry.input(description="What shall be different in an address. What is left out stays as it is.")
class AddressUpdateInput(AddressFieldsInput):
    """`version` guards against overwriting what was written on another phone."""

    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    recipient_name: str | None = optional("Who takes the parcel; 1 to 40 characters.")
    phone: Phone | None = optional("The recipient's phone number.")
    detail: str | None = optional("Street, house and door; 1 to 200 characters.")

    def draft(self) -> AddressDraft:
        """Return it as the command takes it."""
        return replace(self.fields(self.recipient_name, self.phone, self.detail), version=plain(self.version))
