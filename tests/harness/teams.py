"""A group-buy that is open, and shoppers who start teams, join them and leave."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from clock import wall_now
from ids import decode_id, encode_id, new_id
from models.database import pool
from tests.harness.asking import Answer
from tests.harness.buying import QUOTE, QUOTED, Buyer
from tests.harness.paying import Payer, settled
from tests.harness.shops import SandboxShop

TEAM: Final = (
    "id state size joined seatsLeft missing isVirtual tierSize startedAt expiresAt members { name role } shareToken"
)
_PROBLEMS: Final = """
code field message ... on StockUserError { available } ... on LimitUserError { limit used }
... on RetryUserError { retryAfterMs }
"""
_PLACED: Final = f"""
team {{ {TEAM} }} order {{ id status total {{ fen }} expiresAt adjustments {{ kind amount {{ fen }} }} }}
quote {{ {QUOTED} }} otherTeams {{ id }} userErrors {{ {_PROBLEMS} }}
"""
START: Final = f"mutation ($input: PlacementInput!) {{ groupBuyTeamStart(input: $input) {{ {_PLACED} }} }}"
JOIN: Final = f"mutation ($input: PlacementInput!) {{ groupBuyTeamJoin(input: $input) {{ {_PLACED} }} }}"
LEAVE: Final = f"""
mutation ($id: ID!, $key: String!) {{
  groupBuyTeamLeave(teamId: $id, idempotencyKey: $key) {{ team {{ {TEAM} }} userErrors {{ {_PROBLEMS} }} }}
}}"""
LOOK: Final = f"query ($id: ID!) {{ groupBuyTeam(id: $id) {{ {TEAM} viewerSeat {{ state role }} }} }}"

_OFFER: Final = """
insert into group_buy (id, shop_id, product_id, title, status, starts_at, ends_at, per_person_limit, per_order_limit,
                       new_customers_only, tier_sizes, max_size, team_hours, leader_advantage, join_by, late_payment,
                       virtual_fill_percent, version, created_at, updated_at)
select $3, $1, product_id, '拼团', 'PUBLISHED', $4::timestamptz - interval '1 day',
       $4::timestamptz + $5 * interval '1 day', $6, $7, $8, $9::int[], $10, $11, $12, $13, $14, $15, 1, $4, $4
from variant where shop_id = $1 and id = $2
"""
_VARIANT: Final = """
insert into group_buy_variant (id, shop_id, group_buy_id, variant_id, tier_prices_fen, leader_price_fen, stock, taken)
values ($1, $2, $3, $4, $5::bigint[], $6, $7, 0)
"""


async def open_group_buy(  # noqa: PLR0913 - all that an offer may say
    shop: SandboxShop,
    prices: Mapping[str, Sequence[int]],
    *,
    sizes: Sequence[int] = (3,),
    max_size: int | None = None,
    hours: int = 24,
    days: int = 7,
    stock: int | None = None,
    leader_price: int | None = None,
    leader: str = "NONE",
    per_person: int | None = None,
    per_order: int | None = None,
    new_customers_only: bool = False,
    join_by: str = "LIST",
    late: str = "REFUND",
    fill_percent: int | None = None,
) -> str:
    """Publish a group-buy of these variants, with the price of each tier in fen; returns its id."""
    offer_id, now = new_id(), wall_now()
    variants = [decode_id("var", variant) for variant in prices]
    await pool().execute(
        _OFFER, shop.id, variants[0], offer_id, now, days, per_person, per_order, new_customers_only, list(sizes),
        max_size or sizes[-1], hours, leader, join_by, late, fill_percent,
    )  # fmt: skip
    for variant, tiers in zip(variants, prices.values(), strict=True):
        await pool().execute(_VARIANT, new_id(), shop.id, offer_id, variant, list(tiers), leader_price, stock)
    return encode_id("gbo", offer_id)


def seat_wish(  # noqa: PLR0913 - all that is said
    who: Buyer, offer: str, variant: str, team: str | None, *, quantity: int = 1, total: int | None = None,
    key: str | None = None, share_token: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the input of a purchase in a group-buy."""
    part = {"id": offer, "variantId": variant, "quantity": quantity, "instanceId": team, "shareToken": share_token}
    asked: dict[str, Any] = {"source": {"offer": part}, "idempotencyKey": key or uuid4().hex}
    if who.address:
        asked["delivery"] = {"address": {"addressId": who.address}}
    if total is not None:
        asked["expectedTotal"] = {"fen": total}
    return asked


async def seat_quote(who: Buyer, offer: str, variant: str, team: str | None = None, **more: Any) -> Any:
    """Ask what a seat would cost, which must be answered."""
    asked = seat_wish(who, offer, variant, team, **more)
    del asked["idempotencyKey"]
    answer = await who.ask(QUOTE, {"input": asked})
    assert answer["quote"]["userErrors"] == []
    return answer["quote"]["quote"]


async def tries_to_start(who: Buyer, offer: str, variant: str, **more: Any) -> Answer:
    """Try to start a team, at the quoted total unless another is said."""
    if more.get("total") is None:
        more["total"] = (await seat_quote(who, offer, variant, **_priced(more)))["total"]["fen"]
    return await who.ask(START, {"input": seat_wish(who, offer, variant, None, **more)})


async def starts(who: Buyer, offer: str, variant: str, **more: Any) -> Any:
    """Start a team, which must succeed; returns `{team, order}`."""
    answer = await tries_to_start(who, offer, variant, **more)
    assert answer["groupBuyTeamStart"]["userErrors"] == [], answer.body
    return answer["groupBuyTeamStart"]


async def tries_to_join(who: Buyer, offer: str, variant: str, team: str, **more: Any) -> Answer:
    """Try to join a team, at the quoted total unless another is said."""
    if more.get("total") is None:
        more["total"] = (await seat_quote(who, offer, variant, team, **_priced(more)))["total"]["fen"]
    return await who.ask(JOIN, {"input": seat_wish(who, offer, variant, team, **more)})


async def joins(who: Buyer, offer: str, variant: str, team: str, **more: Any) -> Any:
    """Join a team, which must succeed; returns `{team, order}`."""
    answer = await tries_to_join(who, offer, variant, team, **more)
    assert answer["groupBuyTeamJoin"]["userErrors"] == [], answer.body
    return answer["groupBuyTeamJoin"]


async def leaves(who: Buyer, team: str, key: str | None = None) -> Answer:
    """Try to leave a team."""
    return await who.ask(LEAVE, {"id": team, "key": key or uuid4().hex})


async def begun(shop: SandboxShop, who: Payer, offer: str, variant: str, **more: Any) -> str:
    """Start a team and pay for it; returns the team."""
    made = await starts(who, offer, variant, **more)
    await who.has_paid(made["order"]["id"])
    await settled(shop)
    team: str = made["team"]["id"]
    return team


async def joined(shop: SandboxShop, who: Payer, offer: str, variant: str, team: str, **more: Any) -> str:
    """Join a team and pay for it; returns the order."""
    made = await joins(who, offer, variant, team, **more)
    await who.has_paid(made["order"]["id"])
    await settled(shop)
    order: str = made["order"]["id"]
    return order


async def team_of(who: Buyer, team: str) -> Any:
    """Look at a team."""
    return (await who.ask(LOOK, {"id": team}))["groupBuyTeam"]


def _priced(more: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in more.items() if name in {"quantity", "share_token"}}
