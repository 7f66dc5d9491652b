"""Freight templates: what staff write is what is reckoned with; regions and carriers are the same for everybody."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from ids import decode_id
from models.database import pool
from models.refusal import Refusal
from models.staff import Role
from resolvers.carrier import require_tracking
from resolvers.freight import FreightLine, RegionPath, freight_fee
from resolvers.freight_template import freight_of
from tests.conftest import Counting
from tests.harness.asking import Answer, Refused
from tests.harness.shops import SandboxShop
from tests.journeys.test_pages import goods
from tests.journeys.test_statement_counts import asked

TEMPLATE = """id name chargeBy isDefault version rules {
  regionCodes regions { name level } delivers firstAmount firstFee { fen } furtherAmount furtherFee { fen }
  freeFrom { fen } freeFromPieces }"""
CREATE = f"""
mutation ($input: FreightTemplateCreateInput!, $key: String!) {{
  freightTemplateCreate(input: $input, idempotencyKey: $key) {{
    freightTemplate {{ {TEMPLATE} }} userErrors {{ code field message }}
  }}
}}"""
UPDATE = f"""
mutation ($id: ID!, $input: FreightTemplateUpdateInput!) {{
  freightTemplateUpdate(id: $id, input: $input) {{
    freightTemplate {{ {TEMPLATE} }} userErrors {{ code field message }}
  }}
}}"""
DELETE = """
mutation ($id: ID!, $version: Int) {
  freightTemplateDelete(id: $id, version: $version) {
    deletedFreightTemplateId userErrors { code field message }
  }
}"""
DEFAULT = """
mutation ($id: ID) {
  freightTemplateSetDefault(id: $id) { freightTemplates { name isDefault } userErrors { code field message } }
}"""
GIVE = """
mutation ($id: ID!, $template: ID) {
  productUpdate(id: $id, input: {freightTemplateId: $template}) {
    product { freightTemplate { name } } userErrors { code field message }
  }
}"""
ALL = "{ freightTemplates { name isDefault } }"
EAST = {"regionCodes": ["330000", "310000"], "firstAmount": 1000, "firstFee": {"fen": 600}, "furtherAmount": 500,
        "furtherFee": {"fen": 200}, "freeFrom": {"fen": 9900}}  # fmt: skip
FAR = {"regionCodes": ["650000"], "delivers": False}
REST = {"firstAmount": 1000, "firstFee": {"fen": 1200}, "furtherAmount": 1000, "furtherFee": {"fen": 800}}
PARCELS = {"name": "标准快递", "chargeBy": "WEIGHT", "rules": [EAST, FAR, REST]}
HANGZHOU = RegionPath("330000", "330100", "330106")


async def makes(shop: SandboxShop, key: str = "k", **changes: Any) -> Answer:
    return await shop.staff(CREATE, {"input": {**PARCELS, **changes}, "key": key})


async def made(shop: SandboxShop, key: str = "k", **changes: Any) -> Any:
    answer = await makes(shop, key, **changes)
    assert answer.refusals == []
    return answer["freightTemplateCreate"]["freightTemplate"]


def inside(global_id: str) -> UUID:
    found = decode_id(global_id[:3], global_id)
    assert found
    return found


async def test_a_template_comes_back_as_it_was_written(shop: SandboxShop) -> None:
    template = await made(shop)

    free = {"freeFrom": None, "freeFromPieces": None}
    assert template == {
        "id": template["id"], "name": "标准快递", "chargeBy": "WEIGHT", "isDefault": False, "version": 1,
        "rules": [
            EAST | {"delivers": True, "freeFromPieces": None, "regions": [
                {"name": "上海市", "level": "PROVINCE"}, {"name": "浙江省", "level": "PROVINCE"}]},
            FAR | free | {"regions": [{"name": "新疆维吾尔自治区", "level": "PROVINCE"}], "firstAmount": 1,
                          "firstFee": {"fen": 0}, "furtherAmount": 1, "furtherFee": {"fen": 0}},
            REST | free | {"regionCodes": [], "regions": [], "delivers": True},
        ],
    }  # fmt: skip
    read = await shop.staff(f"query ($id: ID!) {{ freightTemplate(id: $id) {{ {TEMPLATE} }} }}", {"id": template["id"]})
    assert read["freightTemplate"] == template


async def test_what_is_written_is_reckoned_with_in_one_statement(shop: SandboxShop, statements: Counting) -> None:
    heavy = inside((await made(shop))["id"])
    light = inside((await made(shop, "2", name="小件", chargeBy="COUNT", makeDefault=True, rules=[REST]))["id"])

    async with statements() as seen, pool().acquire() as sql:
        templates = await freight_of(sql, shop.id, [heavy])

    assert len(asked(seen)) == 1
    assert templates.keys() == {heavy, light, None}
    assert templates[None] is templates[light]
    lines = [FreightLine(UUID(int=1), heavy, 3, 400, 5000), FreightLine(UUID(int=2), None, 1, 0, 100)]
    fees = {place: freight_fee(lines, templates, RegionPath(place)) for place in ("330000", "650000", "110000")}
    assert {place: (result.fee_fen, result.missing_to_free_fen) for place, result in fees.items()} == {
        "330000": (800 + 1200, None),
        "650000": (1200, None),
        "110000": (2000 + 1200, None),
    }
    assert fees["650000"].not_deliverable == (UUID(int=1),)


async def test_one_template_is_the_default_or_none(shop: SandboxShop) -> None:
    first = await made(shop, "1", makeDefault=True)
    second = await made(shop, "2", name="小件", makeDefault=True)

    answers = await asyncio.gather(*(shop.staff(DEFAULT, {"id": one["id"]}) for one in (first, second) * 5))
    assert {sum(one["isDefault"] for one in answer["freightTemplateSetDefault"]["freightTemplates"])
            for answer in answers} == {1}  # fmt: skip
    none = await shop.staff(DEFAULT)

    assert none["freightTemplateSetDefault"]["freightTemplates"] == [
        {"name": "标准快递", "isDefault": False},
        {"name": "小件", "isDefault": False},
    ]
    assert (await shop.staff(DEFAULT, {"id": "frt_nothing"})).refusals == [Refused("NOT_FOUND", "id")]


async def test_given_rules_replace_all_and_the_rest_stays(shop: SandboxShop) -> None:
    template = await made(shop)

    answer = await shop.staff(UPDATE, {"id": template["id"], "input": {"version": 1, "rules": [REST]}})
    named = await shop.staff(UPDATE, {"id": template["id"], "input": {"name": "新"}})
    late = await shop.staff(UPDATE, {"id": template["id"], "input": {"version": 1}})

    changed = answer["freightTemplateUpdate"]["freightTemplate"]
    assert (changed["name"], changed["version"], len(changed["rules"])) == ("标准快递", 2, 1)
    assert named["freightTemplateUpdate"]["freightTemplate"] == changed | {"name": "新", "version": 3}
    assert late.refusals == [Refused("CONFLICT", "input.version")]


async def test_a_template_in_use_stays(shop: SandboxShop) -> None:
    ids = await goods(shop, "a")
    template, spare = await made(shop, "1"), await made(shop, "2", name="小件", makeDefault=True)

    given = await shop.staff(GIVE, {"id": ids["a"], "template": template["id"]})
    assert given["productUpdate"]["product"] == {"freightTemplate": {"name": "标准快递"}}
    for one in (template, spare):
        assert (await shop.staff(DELETE, {"id": one["id"]})).refusals == [Refused("IN_USE", "id")]
    taken = await shop.staff(GIVE, {"id": ids["a"], "template": None})
    assert taken["productUpdate"]["product"] == {"freightTemplate": None}
    gone = await shop.staff(DELETE, {"id": template["id"], "version": 1})

    assert gone["freightTemplateDelete"]["deletedFreightTemplateId"] == template["id"]
    assert (await shop.staff(ALL))["freightTemplates"] == [{"name": "小件", "isDefault": True}]
    refused = await shop.staff(GIVE, {"id": ids["a"], "template": template["id"]})
    assert refused.refusals == [Refused("NOT_FOUND", "input.freightTemplateId")]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"name": " "}, [Refused("BLANK", "input.name")]),
        ({"name": "大" * 121}, [Refused("TOO_LONG", "input.name")]),
        ({"rules": []}, [Refused("BLANK", "input.rules")]),
        ({"rules": [REST] * 101}, [Refused("TOO_LONG", "input.rules")]
         + [Refused("DUPLICATE", f"input.rules.{number}.regionCodes") for number in range(1, 101)]),
        ({"rules": [EAST, EAST]}, [Refused("DUPLICATE", "input.rules.1.regionCodes.0"),
                                   Refused("DUPLICATE", "input.rules.1.regionCodes.1")]),
        ({"rules": [{"delivers": False}]}, [Refused("INVALID", "input.rules.0.delivers")]),
        ({"rules": [{"regionCodes": ["110000", "999999"]}]}, [Refused("NOT_FOUND", "input.rules.0.regionCodes.1")]),
        (
            {"rules": [{"firstAmount": 0, "furtherAmount": -1, "firstFee": {"fen": 10_000_001},
                        "furtherFee": {"fen": 2**53 - 1}, "freeFromPieces": 0}]},
            [Refused("OUT_OF_RANGE", f"input.rules.0.{name}")
             for name in ("firstAmount", "firstFee", "furtherAmount", "furtherFee", "freeFromPieces")],
        ),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_nothing_is_written(shop: SandboxShop, changes: Any, refused: Any) -> None:
    assert (await makes(shop, **changes)).refusals == refused
    assert (await shop.staff(ALL))["freightTemplates"] == []


async def test_a_name_is_given_once(shop: SandboxShop) -> None:
    await made(shop, "1")
    other = await made(shop, "2", name="小件")

    assert (await makes(shop, "3")).refusals == [Refused("TAKEN", "input.name")]
    renamed = await shop.staff(UPDATE, {"id": other["id"], "input": {"name": "标准快递"}})
    assert renamed.refusals == [Refused("TAKEN", "input.name")]


async def test_templates_are_for_those_who_keep_the_catalogue(shop: SandboxShop) -> None:
    template = await made(shop)

    for stranger in (shop.visitor, await shop.staff_with(Role.ORDERS)):
        for document in (ALL, CREATE, DELETE):
            variables = {"id": template["id"], "input": PARCELS, "key": "k"}
            needed = {name: value for name, value in variables.items() if f"${name}:" in document}
            assert (await stranger(document, needed)).codes == ["FORBIDDEN"]
        node = await stranger("query ($id: ID!) { node(id: $id) { id } }", {"id": template["id"]})
        assert node["node"] is None


async def test_regions_are_read_level_by_level(shop: SandboxShop, statements: Counting) -> None:
    level = "query ($parent: RegionCode) { regions(parent: $parent) { code name level parentCode } }"

    async with statements() as seen:
        provinces = (await shop.visitor(level))["regions"]
    cities = (await shop.visitor(level, {"parent": "330000"}))["regions"]
    districts = (await shop.visitor(level, {"parent": "330100"}))["regions"]

    assert len(asked(seen)) == 1
    assert len(provinces) == 34
    assert [one["name"] for one in provinces[-3:]] == ["台湾省", "香港特别行政区", "澳门特别行政区"]
    assert cities[0] == {"code": "330100", "name": "杭州市", "level": "CITY", "parentCode": "330000"}
    assert {"code": "330106", "name": "西湖区", "level": "DISTRICT", "parentCode": "330100"} in districts
    assert (await shop.visitor(level, {"parent": "330106"}))["regions"] == []
    assert (await shop.visitor(level, {"parent": "33"})).codes == ["BAD_USER_INPUT"]


async def test_every_province_has_cities_and_every_city_districts(shop: SandboxShop) -> None:
    childless = await pool().fetch(
        "select code, name from region r where level <> 'DISTRICT'"
        " and not exists (select from region below where below.parent_code = r.code)"
    )
    orphans = await pool().fetchval(
        "select count(*) from region r left join region above on above.code = r.parent_code"
        " where r.level <> 'PROVINCE' and above.code is null"
    )

    assert (childless, orphans) == ([], 0)
    assert await pool().fetchval("select count(*) from region") > 3_500


async def test_carriers_and_their_numbers(shop: SandboxShop) -> None:
    carriers = (await shop.visitor("{ carriers { code name trackingPattern needsPhoneTail } }"))["carriers"]

    assert [one["code"] for one in carriers[:4]] == ["SF", "ZTO", "YTO", "STO"]
    assert (carriers[0]["name"], carriers[0]["needsPhoneTail"]) == ("顺丰速运", True)
    async with pool().acquire() as sql:
        for code, number in (("SF", "SF1234567890123"), ("EMS", "EA123456789CN"), ("JD", "JDVA12345678901-1-1-")):
            await require_tracking(sql, code, number)
        for code, number, refused in (
            ("SF", "SF123", "trackingNo"),
            ("EMS", "1234567890123\n", "trackingNo"),
            ("OWL", "1", "carrierCode"),
        ):
            with pytest.raises(Refusal) as no:
                await require_tracking(sql, code, number, "input")
            assert no.value.field == ["input", refused]
