"""What the demo takes for sending its goods, so that thresholds, far places and places not sent to can all be seen."""

from typing import Final

from models.freight_template import ChargeBy
from resolvers.caller import Caller
from resolvers.freight_template import freight_template_create
from resolvers.freight_template_draft import FreightRuleDraft, FreightTemplateDraft

_KILO: Final = 1_000
_FAR: Final = ("540000", "650000")
"""Tibet and Xinjiang."""

_NOT_SENT_TO: Final = ("710000", "810000", "820000")
"""Taiwan, Hong Kong and Macao: a parcel would pass customs."""

DEMO_FREIGHT: Final = FreightTemplateDraft(
    name="全国快递",
    charge_by=ChargeBy.WEIGHT,
    rules=(
        FreightRuleDraft(
            first_amount=_KILO, first_fee_fen=800, further_amount=_KILO, further_fee_fen=200, free_from_fen=9_900
        ),
        FreightRuleDraft(
            region_codes=_FAR, first_amount=_KILO, first_fee_fen=1_800, further_amount=_KILO, further_fee_fen=1_200
        ),
        FreightRuleDraft(region_codes=_NOT_SENT_TO, delivers=False),
    ),
    make_default=True,
)


async def add_freight(caller: Caller) -> None:
    """Make the demo's freight template the shop's default, inside the open transaction."""
    await freight_template_create(caller, DEMO_FREIGHT, "demo")
