"""A region: a province, city or district of China by its code of GB/T 2260. Data of the platform, the same for all."""

from enum import StrEnum
from typing import Final

from tortoise import fields
from tortoise.models import Model

REGION_CODE: Final = r"[1-9][0-9]{5}"
"""Two digits each: province, city in it, district in that; `00` where it is the whole."""


class RegionLevel(StrEnum):
    """Every province has cities and every city districts: a municipality is its own only city."""

    PROVINCE = "PROVINCE"
    CITY = "CITY"
    DISTRICT = "DISTRICT"


class Region(Model):
    """`parent_code` is null for provinces. Towns stand as districts where a city has no other (东莞, 中山, 儋州)."""

    code = fields.CharField(primary_key=True, max_length=6)
    parent_code = fields.CharField(max_length=6, null=True)
    level = fields.CharEnumField(RegionLevel, max_length=8)
    name = fields.CharField(max_length=32)

    class Meta:
        table = "region"
        indexes = (("parent_code", "code"),)
