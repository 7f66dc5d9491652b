"""Regions by code or by name: what a customer says of a place, checked against what there is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.database import Connection
from models.refusal import Refusal, Refusals, UserErrorCode
from models.region import RegionLevel
from resolvers.checks import Checks
from resolvers.freight import RegionPath

NAME_CHARS_MAX: Final = 32

# By primary key.
# As many as there are, not an array: its plan is good for any codes, and is kept.
_BY_CODE = "select code, name, level from region where code in ($1, $2, $3)"

# The province by name or by the code's first digits, then all there is in it by primary key: some 200 rows.
_OF_PROVINCE = """
with province as (
    select code from region where level = 'PROVINCE' and (name = $1 or code = $2) order by name = $1 desc limit 1
)
select region.code, region.name, region.level from province, region
where region.code between province.code and left(province.code, 2) || '9999' order by region.code
"""


@dataclass(frozen=True, slots=True)
class RegionCodes:
    """A place as pickers of ours say it: all three codes."""

    province_code: str
    city_code: str
    district_code: str


@dataclass(frozen=True, slots=True)
class WechatRegion:
    """A place as `wx.chooseAddress` says it: three names, and the code of the smallest part, or nothing."""

    province_name: str
    city_name: str
    county_name: str
    national_code: str = ""


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """A place in codes, as far as they are known, and in the names to be shown."""

    path: RegionPath
    province_name: str
    city_name: str
    district_name: str


def wechat_region_refusals(said: WechatRegion) -> list[Refusal]:
    """Say what is wrong with the names by themselves."""
    checks = Checks()
    checks.text(said.province_name, "provinceName", chars=NAME_CHARS_MAX, blank=False)
    checks.text(said.city_name, "cityName", chars=NAME_CHARS_MAX, blank=False)
    checks.text(said.county_name, "countyName", chars=NAME_CHARS_MAX)
    checks.text(said.national_code, "nationalCode", chars=NAME_CHARS_MAX)
    return checks.refusals


async def region_of_codes(sql: Connection, said: RegionCodes) -> NamedRegion:
    """Name a place. Raises Refusals: NOT_FOUND for a code of nothing, INVALID for parts that are not in each other."""
    asked = {
        "provinceCode": (said.province_code, RegionLevel.PROVINCE, said.province_code),
        "cityCode": (said.city_code, RegionLevel.CITY, f"{said.province_code[:2]}{said.city_code[2:]}"),
        "districtCode": (said.district_code, RegionLevel.DISTRICT, f"{said.city_code[:4]}{said.district_code[4:]}"),
    }
    found = {row["code"]: row for row in await sql.fetch(_BY_CODE, *(code for code, *_ in asked.values()))}
    checks = Checks()
    for field, (code, level, fitting) in asked.items():
        if code not in found or found[code]["level"] != level:
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该地区", "No such region", field)
        elif code != fitting:
            checks.refuse(UserErrorCode.INVALID, "与上级地区不符", "Does not lie in the region above it", field)
    checks.end()
    return NamedRegion(
        RegionPath(said.province_code, said.city_code, said.district_code),
        *(found[code]["name"] for code, *_ in asked.values()),
    )


async def region_of_names(sql: Connection, said: WechatRegion) -> NamedRegion:
    """Find the codes of what WeChat names, as many as there are; its names stay.

    WeChat may know of a district before we do, and calls some by other names: then the code tells, or the part is
    left without one and the larger one counts. Raises Refusals NOT_FOUND when even the province says nothing.
    """
    code = said.national_code if said.national_code.isascii() and said.national_code.isdigit() else ""
    rows = await sql.fetch(_OF_PROVINCE, said.province_name.strip(), f"{code[:2]}0000")
    if not rows:
        raise Refusals([Refusal(UserErrorCode.NOT_FOUND, "找不到该省份", "No such province", "provinceName")])
    city, district = _below(rows, said.city_name.strip(), said.county_name.strip(), code)
    path = RegionPath(rows[0]["code"], city, district)
    return NamedRegion(path, rows[0]["name"], said.city_name.strip(), said.county_name.strip())


def _below(
    rows: Iterable[Mapping[str, Any]], city_name: str, district_name: str, code: str
) -> tuple[str | None, str | None]:
    """Find city and district among all regions of a province: by names first, for codes are changed more often."""
    cities = {row["code"]: row["name"] for row in rows if row["level"] == RegionLevel.CITY}
    districts = {row["code"]: row["name"] for row in rows if row["level"] == RegionLevel.DISTRICT}
    city = _named(cities, city_name) or (f"{code[:4]}00" if f"{code[:4]}00" in cities else None)
    within = {key: name for key, name in districts.items() if city is None or key[:4] == city[:4]}
    district = _named(within, district_name) or (code if code in within else None)
    if city is None and district is not None:
        city = f"{district[:4]}00"
    return city, district


def _named(regions: Mapping[str, str], name: str) -> str | None:
    """Return the only one of this name; None when there is none, or several to choose from."""
    found = [code for code, known in regions.items() if known == name]
    return found[0] if len(found) == 1 else None
