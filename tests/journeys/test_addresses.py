"""The address book: written by pickers or by WeChat's own, one default, sealed at rest, seen by its owner alone."""

import asyncio
from typing import Any

import pytest

from models.database import pool
from resolvers.address import ADDRESSES_MAX
from tests.conftest import Counting
from tests.harness.asking import Answer, Refused
from tests.harness.shops import SandboxShop
from tests.journeys.test_sharing import Person, customer
from tests.journeys.test_statement_counts import asked

ADDRESS = """id recipientName recipientNameMasked phone phoneMasked detail provinceCode cityCode districtCode
  provinceName cityName districtName postcode tag isDefault version"""
CREATE = f"""
mutation ($input: AddressCreateInput!, $key: String!) {{
  addressCreate(input: $input, idempotencyKey: $key) {{ address {{ {ADDRESS} }} userErrors {{ code field message }} }}
}}"""
UPDATE = f"""
mutation ($id: ID!, $input: AddressUpdateInput!) {{
  addressUpdate(id: $id, input: $input) {{ address {{ {ADDRESS} }} userErrors {{ code field message }} }}
}}"""
DELETE = """
mutation ($id: ID!) {
  addressDelete(id: $id) {
    deletedAddressId customer { addresses { tag isDefault } defaultAddress { tag } } userErrors { code field message }
  }
}"""
DEFAULT = """
mutation ($id: ID!) {
  addressSetDefault(id: $id) { customer { addresses { id isDefault } } userErrors { code field message } }
}"""
BOOK = f"{{ viewer {{ addresses {{ {ADDRESS} }} defaultAddress {{ id tag }} }} }}"
XIHU = {"provinceCode": "330000", "cityCode": "330100", "districtCode": "330106"}
HOME = {
    "recipientName": " 王小明 ", "phone": "13800001234", "detail": "文三路 90 号 3 幢 201", "region": XIHU, "tag": "家",
    "postcode": "310012",
}  # fmt: skip


async def writes(person: Person, key: str = "k", **changes: Any) -> Answer:
    return await person.ask(CREATE, {"input": {**HOME, **changes}, "key": key})


async def written(person: Person, key: str = "k", **changes: Any) -> Any:
    answer = await writes(person, key, **changes)
    assert answer.refusals == []
    return answer["addressCreate"]["address"]


async def book(person: Person) -> list[tuple[str, bool]]:
    addresses = (await person.ask(BOOK))["viewer"]["addresses"]
    return [(address["tag"], address["isDefault"]) for address in addresses]


async def test_the_first_address_is_the_default_and_comes_back_whole(shop: SandboxShop) -> None:
    ming = await customer(shop)

    home = await written(ming)

    assert home == {
        "id": home["id"], "recipientName": "王小明", "recipientNameMasked": "王**", "phone": "13800001234",
        "phoneMasked": "138****1234", "detail": "文三路 90 号 3 幢 201", "provinceCode": "330000", "cityCode": "330100",
        "districtCode": "330106", "provinceName": "浙江省", "cityName": "杭州市", "districtName": "西湖区",
        "postcode": "310012", "tag": "家", "isDefault": True, "version": 1,
    }  # fmt: skip
    viewer = (await ming.ask(BOOK))["viewer"]
    assert viewer == {"addresses": [home], "defaultAddress": {"id": home["id"], "tag": "家"}}


async def test_nothing_that_tells_a_person_lies_open_in_the_database(shop: SandboxShop) -> None:
    ming = await customer(shop)

    await written(ming)

    row = await pool().fetchval("select a::text from address a where shop_id = $1", shop.id)
    outcome = await pool().fetchval("select outcome::text from idempotency_key where shop_id = $1", shop.id)
    assert not [told for told in ("王小明", "13800001234", "文三路") if told in row or told in outcome]


async def test_one_key_writes_one_address(shop: SandboxShop) -> None:
    ming = await customer(shop)

    answers = await asyncio.gather(*(writes(ming, "same") for _ in range(8)))

    assert len({answer["addressCreate"]["address"]["id"] for answer in answers}) == 1
    assert await book(ming) == [("家", True)]
    other = await writes(ming, "same", tag="公司")
    assert other.refusals == [Refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]


async def test_the_default_moves_and_never_vanishes(shop: SandboxShop) -> None:
    ming = await customer(shop)
    home = await written(ming, "1")
    work = await written(ming, "2", tag="公司")
    await written(ming, "3", tag="父母", makeDefault=True)

    assert await book(ming) == [("父母", True), ("公司", False), ("家", False)]
    moved = await ming.ask(DEFAULT, {"id": home["id"]})
    assert [one["isDefault"] for one in moved["addressSetDefault"]["customer"]["addresses"]] == [True, False, False]
    gone = await ming.ask(DELETE, {"id": home["id"]})

    assert gone["addressDelete"] == {
        "deletedAddressId": home["id"],
        "customer": {
            "addresses": [{"tag": "父母", "isDefault": True}, {"tag": "公司", "isDefault": False}],
            "defaultAddress": {"tag": "父母"},
        },
        "userErrors": [],
    }
    for one in (await ming.ask(BOOK))["viewer"]["addresses"]:
        await ming.ask(DELETE, {"id": one["id"]})
    assert (await ming.ask(BOOK))["viewer"] == {"addresses": [], "defaultAddress": None}
    assert (await ming.ask(DELETE, {"id": work["id"]})).refusals == [Refused("NOT_FOUND", "id")]


async def test_changing_an_address_leaves_the_rest(shop: SandboxShop) -> None:
    ming = await customer(shop)
    home = await written(ming)

    change = {"version": 1, "phone": "+852 2123-4567", "region": {
        "provinceCode": "110000", "cityCode": "110100", "districtCode": "110101"}}  # fmt: skip
    changed = await ming.ask(UPDATE, {"id": home["id"], "input": change})
    late = await ming.ask(UPDATE, {"id": home["id"], "input": {"version": 1, "tag": "旧"}})

    assert changed["addressUpdate"]["address"] == home | {
        "phone": "+852 2123-4567", "phoneMasked": "+852 ****67", "provinceCode": "110000", "cityCode": "110100",
        "districtCode": "110101", "provinceName": "北京市", "cityName": "北京市", "districtName": "东城区",
        "version": 2,
    }  # fmt: skip
    assert late.refusals == [Refused("CONFLICT", "input.version")]


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (("浙江省", "杭州市", "西湖区", "330106"), ("330000", "330100", "330106")),
        (("浙江省", "杭州市", "西湖区", None), ("330000", "330100", "330106")),
        (("北京市", "北京市", "东城区", "110101"), ("110000", "110100", "110101")),
        (("重庆市", "县", "城口县", "500229"), ("500000", "500200", "500229")),
        (("湖北省", "省直辖县级行政区划", "仙桃市", "429004"), ("420000", "429000", "429004")),
        (("湖北省", "仙桃市", "仙桃市", None), ("420000", "429000", "429004")),
        (("台湾省", "台北市", "大安区", None), ("710000", "710100", "710105")),
        (("香港特别行政区", "香港特别行政区", "湾仔区", None), ("810000", "810100", "810102")),
        # A district that is newer than our list, with and without a code that says at least where it lies.
        (("浙江省", "杭州市", "钱江新区", None), ("330000", "330100", None)),
        (("浙江省", "新杭州市", "钱江新区", "330199"), ("330000", "330100", None)),
        (("浙江省", "新杭州市", "钱江新区", None), ("330000", None, None)),
        (("浙江", "杭州", "西湖", "330106"), ("330000", "330100", "330106")),
    ],
)
async def test_what_wechat_chose_finds_its_codes(shop: SandboxShop, names: Any, codes: Any) -> None:
    ming = await customer(shop)
    said = dict(zip(("provinceName", "cityName", "countyName", "nationalCode"), names, strict=True))

    made = await written(ming, region=None, wechatRegion=said)

    assert (made["provinceCode"], made["cityCode"], made["districtCode"]) == codes
    assert (made["cityName"], made["districtName"]) == names[1:3]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"recipientName": " "}, [Refused("BLANK", "input.recipientName")]),
        ({"recipientName": "王" * 41}, [Refused("TOO_LONG", "input.recipientName")]),
        ({"detail": ""}, [Refused("BLANK", "input.detail")]),
        ({"detail": "路" * 201}, [Refused("TOO_LONG", "input.detail")]),
        ({"tag": "家" * 17}, [Refused("TOO_LONG", "input.tag")]),
        ({"postcode": "31001"}, [Refused("INVALID", "input.postcode")]),
        ({"postcode": "31001２"}, [Refused("INVALID", "input.postcode")]),
        ({"region": None}, [Refused("BLANK", "input.region")]),
        (
            {"wechatRegion": {"provinceName": "浙江省", "cityName": "杭州市", "countyName": ""}},
            [Refused("INVALID", "input.wechatRegion")],
        ),
        ({"region": XIHU | {"districtCode": "999999"}}, [Refused("NOT_FOUND", "input.region.districtCode")]),
        ({"region": XIHU | {"cityCode": "330106"}}, [Refused("NOT_FOUND", "input.region.cityCode")]),
        (
            {"region": XIHU | {"provinceCode": "320000"}},
            [Refused("INVALID", "input.region.cityCode")],
        ),
        ({"region": XIHU | {"districtCode": "330203"}}, [Refused("INVALID", "input.region.districtCode")]),
        (
            {"region": None, "wechatRegion": {"provinceName": "火星", "cityName": "北", "countyName": "一"}},
            [Refused("NOT_FOUND", "input.wechatRegion.provinceName")],
        ),
        (
            {"region": None, "wechatRegion": {"provinceName": "", "cityName": "x" * 33, "countyName": "y" * 33}},
            [
                Refused("BLANK", "input.wechatRegion.provinceName"),
                Refused("TOO_LONG", "input.wechatRegion.cityName"),
                Refused("TOO_LONG", "input.wechatRegion.countyName"),
            ],
        ),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_written(shop: SandboxShop, changes: Any, refused: Any) -> None:
    ming = await customer(shop)

    assert (await writes(ming, **changes)).refusals == refused
    assert await book(ming) == []


@pytest.mark.parametrize("phone", ["", "1380", "1380000000012345", "1３800001234", "+0 13800001234", "138--00001234"])
async def test_what_is_no_phone_number_is_no_question(shop: SandboxShop, phone: str) -> None:
    assert (await writes(await customer(shop), phone=phone)).codes == ["BAD_USER_INPUT"]


async def test_nobody_else_reads_or_writes_in_the_book(shop: SandboxShop) -> None:
    ming, hong = await customer(shop), await customer(shop, "小红")
    home = await written(ming)
    node = f"query ($id: ID!) {{ node(id: $id) {{ ... on Address {{ {ADDRESS} }} }} }}"

    assert (await ming.ask(node, {"id": home["id"]}))["node"] == home
    for stranger in (hong.ask, shop.visitor, shop.staff):
        assert (await stranger(node, {"id": home["id"]}))["node"] is None
    for document, more in ((UPDATE, {"input": {"tag": "我的"}}), (DELETE, {}), (DEFAULT, {})):
        assert (await hong.ask(document, {"id": home["id"], **more})).refusals == [Refused("NOT_FOUND", "id")]
        for nobody in (shop.visitor, shop.staff):
            assert (await nobody(document, {"id": home["id"], **more})).refusals == [Refused("LOGIN_REQUIRED")]
    assert await book(ming) == [("家", True)]


async def test_a_book_holds_fifty(shop: SandboxShop) -> None:
    ming = await customer(shop)
    await asyncio.gather(*(written(ming, str(number)) for number in range(ADDRESSES_MAX - 1)))

    answers = await asyncio.gather(*(writes(ming, f"last {number}") for number in range(6)))

    refused = [answer.refusals for answer in answers if answer.refusals]
    assert refused == [[Refused("LIMIT_REACHED")]] * 5
    assert sorted(is_default for _, is_default in await book(ming)) == [False] * (ADDRESSES_MAX - 1) + [True]


async def test_of_many_defaults_at_once_one_stands(shop: SandboxShop) -> None:
    ming = await customer(shop)
    ids = [(await written(ming, str(number)))["id"] for number in range(6)]

    wishes = [ming.ask(DEFAULT, {"id": id_}) for id_ in ids * 3]
    wishes += [writes(ming, f"new {number}", makeDefault=True) for number in range(4)]
    wishes += [ming.ask(DELETE, {"id": id_}) for id_ in ids[:2]]
    answers = await asyncio.gather(*wishes)

    assert {refused.code for answer in answers for refused in answer.refusals} <= {"NOT_FOUND"}
    flags = [is_default for _, is_default in await book(ming)]
    assert flags == [True] + [False] * 7


async def test_a_book_is_read_in_one_statement(shop: SandboxShop, statements: Counting) -> None:
    ming = await customer(shop)
    for number in range(3):
        await written(ming, str(number))

    async with statements() as seen:
        await ming.ask(BOOK)

    assert len(asked(seen)) == 1
