"""Where parcels of a furnished shop go: an address book with two addresses, and two freight templates."""

from typing import Any, Final

from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop

_MADE: Final = "freightTemplate { id } userErrors { code field message }"
_FREIGHT: Final = f"""
mutation ($freight: FreightTemplateCreateInput!, $spare: FreightTemplateCreateInput!) {{
  freight: freightTemplateCreate(input: $freight, idempotencyKey: "freight") {{ {_MADE} }}
  spareFreight: freightTemplateCreate(input: $spare, idempotencyKey: "spare freight") {{ {_MADE} }}
}}"""
_ADDRESS: Final = """
mutation ($input: AddressCreateInput!, $key: String!) {
  addressCreate(input: $input, idempotencyKey: $key) { address { id } userErrors { code field message } }
}"""


def an_address(mark: str, **more: Any) -> dict[str, Any]:
    """An address with the mark in every text that has room for it."""
    place = {"provinceName": "浙江省", "cityName": "杭州市", "countyName": mark, "nationalCode": "330106"}
    return {
        "recipientName": mark, "phone": "13800000000", "detail": mark, "wechatRegion": place, "tag": "家",
        "postcode": "310000", **more,
    }  # fmt: skip


async def settle(shop: SandboxShop, customer: Asker, mark: str, hidden: str) -> dict[str, str]:
    """Write them and return their ids."""
    far = {"regionCodes": ["650000"], "delivers": False}
    rest = {"firstFee": {"fen": 1200}, "freeFrom": {"fen": 9900}}
    templates = {
        "freight": {"name": hidden, "chargeBy": "WEIGHT", "rules": [far, rest]},
        "spare": {"name": f"spare {hidden}", "chargeBy": "COUNT", "rules": [rest]},
    }
    made = await shop.staff(_FREIGHT, templates)
    assert made.refusals == []
    ids = {name: made[name]["freightTemplate"]["id"] for name in ("freight", "spareFreight")}
    for name in ("address", "spareAddress"):
        written = await customer(_ADDRESS, {"input": an_address(mark), "key": name})
        assert written.refusals == []
        ids[name] = written["addressCreate"]["address"]["id"]
    return ids
