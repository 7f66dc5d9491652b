"""Where parcels go and what that costs: the roots of regions, carriers, address books and freight templates."""

from typing import Any, Final

from tests.journeys.corpus_write import instead, open_to_all, their, write
from tests.journeys.world import World
from tests.journeys.world_customer import CUSTOMER
from tests.journeys.world_places import an_address

ADDRESS: Final = """id recipientName recipientNameMasked phone phoneMasked detail provinceCode cityCode districtCode
  provinceName cityName districtName postcode tag isDefault version createdAt updatedAt"""
BOOK: Final = f"{CUSTOMER} addresses {{ {ADDRESS} }} defaultAddress {{ {ADDRESS} }}"
FREIGHT: Final = """id name chargeBy isDefault version createdAt updatedAt rules {
    regionCodes regions { code name level } delivers firstAmount firstFee { fen } furtherAmount furtherFee { fen }
    freeFrom { fen } freeFromPieces }"""


def _rules(of: World) -> dict[str, Any]:
    return {"name": f"new {of.hidden}", "chargeBy": "COUNT", "rules": [{"firstFee": {"fen": 800}}]}


PLACE_WRITES: Final = (
    open_to_all(
        write(
            "addressCreate", "$input: AddressCreateInput!, $idempotencyKey: String!", f"address {{ {ADDRESS} }}",
            lambda of: {"input": an_address(of.mark, makeDefault=True), "idempotencyKey": "corpus"},
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "addressUpdate", "$id: ID!, $input: AddressUpdateInput!", f"address {{ {ADDRESS} }}",
            lambda of: {"id": of["address"], "input": {**an_address(of.mark), "version": 1}},
        ),
        lambda world: world.customer,
    ),
    open_to_all(
        write("addressSetDefault", "$id: ID!", f"customer {{ {BOOK} }}", lambda of: {"id": of["address"]}),
        lambda world: world.customer,
    ),
    open_to_all(
        write(
            "addressDelete", "$id: ID!", f"deletedAddressId customer {{ {BOOK} }}",
            lambda of: {"id": of["spareAddress"]},
        ),
        lambda world: world.customer,
    ),
    write(
        "freightTemplateCreate", "$input: FreightTemplateCreateInput!, $idempotencyKey: String!",
        f"freightTemplate {{ {FREIGHT} }}", lambda of: {"input": _rules(of), "idempotencyKey": "corpus"},
    ),
    write(
        "freightTemplateUpdate", "$id: ID!, $input: FreightTemplateUpdateInput!", f"freightTemplate {{ {FREIGHT} }}",
        lambda of: {"id": of["freight"], "input": {"rules": [{"regionCodes": ["330000"]}]}},
        instead("id", id=their("freight")),
    ),
    write(
        "freightTemplateSetDefault", "$id: ID", f"freightTemplates {{ {FREIGHT} }}", lambda of: {"id": of["freight"]},
        instead("id", id=their("freight")),
    ),
    write(
        "freightTemplateDelete", "$id: ID!", "deletedFreightTemplateId", lambda of: {"id": of["spareFreight"]},
        instead("id", id=their("spareFreight")),
    ),
)  # fmt: skip
