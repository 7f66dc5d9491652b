"""One valid row in every table of places: where parcels go, and what that costs."""

from tests.models.row_ids import AGES, Ids, Row


def places(ids: Ids) -> dict[str, Row]:
    """Return the rows, parents before children."""
    return {
        "address": {
            "customer_id": ids.customer, "recipient_sealed": b"-", "name_masked": "王**",
            "phone_masked": "138****0000", "province_code": "330000", "city_code": "330100", "district_code": "330106",
            "province_name": "浙江省", "city_name": "杭州市", "district_name": "西湖区",
            "postcode": "310000", "tag": "家", "is_default": True, **AGES,
        },
        "freight_template": {
            "id": ids.freight_template, "name": "包邮", "charge_by": "COUNT", "is_default": True, **AGES,
        },
        "freight_rule": {
            "template_id": ids.freight_template, "position": 0, "region_codes": ["330000"], "first_amount": 1,
            "first_fee_fen": 800, "further_amount": 1, "further_fee_fen": 200, "free_from_fen": 9900,
            "free_from_pieces": None, "delivers": True,
        },
    }  # fmt: skip
