"""What a team promised when it was started: its tiers, and what each variant costs in it."""

from typing import Final

import strawberry

from engine.declare import expression, field, many, one, reads, value
from schema.money import Money
from schema.variant import STOCK_SHOWN_MOST, Variant

# What is kept says the sizes and, by variant, the prices at the same places (`resolvers.group_buy_terms`).
_TIERS: Final = """
select tier.size::int as size, (
    select min((one.value -> 'tiers' ->> (tier.place::int - 1))::bigint)
    from jsonb_each({p}.terms -> 'prices') as one(key, value)
) as price_fen, tier.size::int <= coalesce({p}.tier_size, {p}.joined) as is_reached
from jsonb_array_elements_text({p}.terms -> 'tierSizes') with ordinality as tier(size, place)
"""
TIERS: Final = many(rows=f"{_TIERS} order by tier.place")
"""Of a team: all its tiers, the smallest first."""
TIER: Final = one(rows=f"select * from ({_TIERS}) reached where reached.is_reached order by reached.size desc limit 1")
"""The highest that was reached."""
NEXT_TIER: Final = one(rows=f"select * from ({_TIERS}) ahead where not ahead.is_reached order by ahead.size limit 1")
"""The lowest that was not."""

# The place of the highest tier that was reached, from 0; of the first while none was.
_PLACE: Final = """greatest((
    select count(*) from jsonb_array_elements_text({p}.terms -> 'tierSizes') as tier(size)
    where tier.size::int <= coalesce({p}.tier_size, {p}.joined)
), 1)::int - 1"""
PRICE_NOW: Final = f"""(
    select min((one.value -> 'tiers' ->> ({_PLACE}))::bigint)
    from jsonb_each({{p}}.terms -> 'prices') as one(key, value)
)""".replace("{p}", "{t}")
"""What a piece of the cheapest variant comes to as many have joined now."""
VARIANTS: Final = many(
    rows=f"""
select one.key::uuid as variant_id, {{p}}.group_buy_id as group_buy_id,
    (one.value -> 'tiers' ->> 0)::bigint as price_fen, (one.value -> 'tiers' ->> ({_PLACE}))::bigint as price_now_fen
from jsonb_each({{p}}.terms -> 'prices') as one(key, value)
order by coalesce((
    select v.position from variant v where v.shop_id = {{shop}} and v.id = one.key::uuid
), 0), one.key
"""
)
"""What can be bought in a team, in the product's order."""
MISSING: Final = (
    "case when {t}.state = 'FORMING' then greatest(({t}.terms -> 'tierSizes' ->> 0)::int - {t}.joined, 0) else 0 end"
)
"""How many a team waits for."""

_LEFT: Final = f"""(
    select case when v.stock is not null then least(greatest(v.stock - v.taken, 0), {STOCK_SHOWN_MOST}) end
    from group_buy_variant v
    where v.shop_id = {{shop}} and v.group_buy_id = {{t}}.group_buy_id and v.variant_id = {{t}}.variant_id
)"""


@reads()
@strawberry.type(description="How many must have joined a team for a price to hold in it.")
class GroupBuyTeamTier:
    """Derived."""

    size: int = field(description="So many people.")
    price: Money | None = field(value("{t}.price_fen"), description="Of one piece of the cheapest variant.")
    is_reached: bool = field(description="Whether so many have joined.")


@reads()
@strawberry.type(description="What a variant costs in a team, whatever became of the group-buy since it was started.")
class GroupBuyTeamVariant:
    """Derived."""

    variant: Variant | None = field(
        one("{t}.id = {p}.variant_id"), description="The variant; null when it is not on sale any more."
    )
    price: Money = field(value("{t}.price_fen"), description="Of one piece, as who joins first pays it.")
    price_now: Money = field(
        value("{t}.price_now_fen"),
        description="What it comes to as many have joined now: should it end so, the difference goes back.",
    )
    stock_left: int | None = field(
        expression(_LEFT),
        description="Pieces left for the group-buy, 99 at most; null when it takes as many as the shop has.",
    )
