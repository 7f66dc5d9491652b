"""What the checks of the tables of places refuse, each on top of a row that is accepted."""

from typing import Final

from tests.models.row_ids import Row

_REGION: Final[Row] = {"code": "910000", "parent_code": None, "level": "PROVINCE", "name": "海外"}
_CARRIER: Final[Row] = {
    "code": "OWL",
    "name": "猫头鹰",
    "tracking_pattern": ".+",
    "needs_phone_tail": False,
    "position": 99,
}

REFUSED_IN_PLACES: Final[dict[str, list[Row]]] = {
    "region_code_check": [_REGION | {"code": "010000"}, _REGION | {"code": "9100"}],
    "region_name_check": [_REGION | {"name": ""}],
    "region_level_check": [_REGION | {"level": "CITY", "parent_code": "910000"}],
    "region_parent_check": [_REGION | {"parent_code": "110000"}],
    "carrier_code_check": [_CARRIER | {"code": ""}],
    "carrier_name_check": [_CARRIER | {"name": ""}],
    "carrier_pattern_check": [_CARRIER | {"tracking_pattern": ""}],
    "address_province_check": [{"province_code": "330100", "city_code": None, "district_code": None}],
    "address_city_check": [{"city_code": "320100", "district_code": None}, {"city_code": "330106"}],
    "address_district_check": [{"district_code": "330206"}, {"city_code": None}],
    "address_names_check": [
        {"province_name": ""},
        {"city_name": ""},
        {"name_masked": ""},
        {"phone_masked": ""},
    ],
    "address_postcode_check": [{"postcode": "31000"}],
    "address_version_check": [{"version": 0}],
    "freight_template_name_check": [{"name": ""}],
    "freight_template_charge_by_check": [{"charge_by": "MOOD"}],
    "freight_template_version_check": [{"version": 0}],
    "freight_rule_position_check": [{"position": -1}],
    "freight_rule_amounts_check": [{"first_amount": 0}, {"further_amount": 0}],
    "freight_rule_fees_check": [{"first_fee_fen": -1}, {"further_fee_fen": 10_000_001}],
    "freight_rule_free_check": [{"free_from_fen": -1}, {"free_from_pieces": 0}],
    "freight_rule_rest_check": [{"delivers": False, "region_codes": []}],
}
