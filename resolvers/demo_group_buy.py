"""What the demo sells to those who buy together: a ladder from two people on, open for as long as testers look."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from models.database import Connection
from resolvers.caller import Caller
from resolvers.group_buy import group_buy_create, group_buy_publish
from resolvers.group_buy_draft import GroupBuyDraft, GroupBuyVariantDraft

HANDLE: Final = "osmanthus-chestnut-cake"
TITLE: Final = "桂花栗子糕 两人成团"
TIERS: Final = {2: 85, 5: 75}
"""How many of a hundred of its price a piece costs when so many have joined."""
OPEN_FOR: Final = timedelta(days=365)

# Index (shop_id, product_id, position).
_VARIANTS: Final = "select id, price_fen from variant where shop_id = $1 and product_id = $2 order by position"


async def add_group_buy(sql: Connection, caller: Caller, product_ids: Mapping[str, UUID]) -> None:
    """Publish the demo's group-buy, inside the open transaction."""
    product_id = product_ids[HANDLE]
    variants = [
        GroupBuyVariantDraft(
            variant_id=row["id"],
            prices_fen=[max(row["price_fen"] * percent // 100, 1) for percent in TIERS.values()],
            stock=200,
        )
        for row in await sql.fetch(_VARIANTS, caller.shop_id, product_id)
    ]
    draft = GroupBuyDraft(
        product_id=product_id,
        title=TITLE,
        starts_at=caller.now,
        ends_at=caller.now + OPEN_FOR,
        tier_sizes=list(TIERS),
        max_size=8,
        variants=variants,
        team_hours=24,
        per_person_limit=10,
    )
    await group_buy_publish(caller, await group_buy_create(caller, draft, "demo"))
