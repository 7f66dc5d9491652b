"""Where parcels of the small shop go, and what that costs: addresses of customers, freight templates with rules."""

from datetime import timedelta
from uuid import UUID

from resolvers.address_draft import Recipient
from tests.engine.small_shop import AGES, NOW, SmallShop

PLACES = (
    ("330000", "330100", "330106", "浙江省", "杭州市", "西湖区"),
    ("110000", "110100", "110101", "北京市", "北京市", "东城区"),
    ("650000", None, None, "新疆维吾尔自治区", "新城", ""),
)
Rule = tuple[list[str], bool, int, int, int | None, int | None]
RULES: tuple[tuple[str, list[Rule]], ...] = (
    ("WEIGHT", [(["330000", "310101"], True, 1000, 600, 9900, None), ([], True, 1000, 1200, None, 3)]),
    ("COUNT", [(["650000"], False, 1, 0, None, None)]),
    ("COUNT", []),
)
"""Of each template: what it charges by, and its rules."""


def placed(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has products and customers, and return it."""
    templates = [_template(shop, number) for number in range(len(RULES))]
    for number, product in enumerate(shop.rows["product"]):
        product["freight_template_id"] = templates[number % 4] if number % 4 < len(templates) else None
    first, second, _third = shop.ids("customer")
    for number, customer in enumerate((first, first, first, second)):
        _address(shop, customer, number)
    return shop


def _template(shop: SmallShop, number: int) -> UUID:
    charge_by, rules = RULES[number]
    template = shop.add(
        "freight_template", name=f"{shop.word}{number}", charge_by=charge_by, is_default=number == 1,
        **(AGES | {"created_at": NOW - timedelta(days=number // 2)}),
    )  # fmt: skip
    for position, (codes, delivers, amount, fee, free_fen, free_pieces) in enumerate(rules):
        shop.add(
            "freight_rule", template_id=template, position=position, region_codes=codes, delivers=delivers,
            first_amount=amount, first_fee_fen=fee, further_amount=amount, further_fee_fen=fee // 2,
            free_from_fen=free_fen, free_from_pieces=free_pieces,
        )  # fmt: skip
    return template


def _address(shop: SmallShop, customer: UUID, number: int) -> None:
    """Of the first customer's three the second is the default."""
    word = shop.word
    recipient = Recipient(f"{word}先生", f"1380000000{number}", f"{word}路 {number} 号")
    province, city, district, *names = PLACES[number % 3]
    shop.add(
        "address", customer_id=customer, recipient_sealed=recipient.sealed(), name_masked=recipient.name_masked,
        phone_masked=recipient.phone_masked, province_code=province, city_code=city, district_code=district,
        province_name=names[0], city_name=names[1], district_name=names[2], postcode="310000" if number else "",
        tag=word if number else "", is_default=number in {1, 3}, **AGES,
    )  # fmt: skip
