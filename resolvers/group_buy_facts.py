"""What placing in a team must know, read for any number of wishes of one shop in one statement."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from models.database import Connection
from models.group_buy import ACTIVE_SQL
from resolvers.campaign import AskedOffer
from resolvers.group_buy_terms import stored_terms
from resolvers.new_customer import has_paid
from resolvers.rows import as_json, read_json

# Variants of offers in the order of their ids, then teams in the order of theirs, as everybody takes them: a team waits
# until all variants are held. What may run out is read from the rows that are held, where it is as it stands.
# A seat of the same person cannot come meanwhile: placing waits for other wishes of the same customer. A link that has
# ended brings nobody; whoever came by it before has come.
_FACTS: Final = """
with asked as materialized (
    select * from jsonb_to_recordset($2::jsonb) as asked(
        n int, customer_id uuid, group_buy_id uuid, team_id uuid, variant_id uuid, share_token text, chain uuid[],
        share_link_id uuid
    )
), variants as materialized (
    select one.id, one.group_buy_id, one.variant_id, one.tier_prices_fen, one.leader_price_fen, one.stock, one.taken
    from group_buy_variant one
    where one.shop_id = $1 and one.id in (
        select held.id from group_buy_variant held join asked on held.group_buy_id = asked.group_buy_id
            and held.variant_id = asked.variant_id
        where held.shop_id = $1
    )
    order by one.id {lock_variants}
), teams as materialized (
    select team.id, team.group_buy_id, team.state, team.size, team.joined, team.reserved, team.expires_at, team.terms,
           team.share_link_id
    from group_buy_team team, (select count(*) as held from variants) before
    where team.shop_id = $1 and team.id in (select team_id from asked) and before.held >= 0
    order by team.id {lock_teams}
)
select asked.n, offer.id as group_buy_id, offer.status, offer.starts_at, offer.ends_at, offer.per_person_limit,
       offer.per_order_limit, offer.new_customers_only, to_jsonb(offer.tier_sizes) as tier_sizes, offer.max_size,
       offer.team_hours, offer.leader_advantage, offer.join_by, offer.product_id,
       variants.id as offer_variant_id, variants.stock, variants.taken,
       case when asked.team_id is null then (
           select jsonb_agg(jsonb_build_object('variant_id', every.variant_id, 'tier_prices_fen', every.tier_prices_fen,
                                               'leader_price_fen', every.leader_price_fen))
           from group_buy_variant every where every.shop_id = $1 and every.group_buy_id = offer.id
       ) end as every_variant,
       teams.id as team_id, teams.group_buy_id as team_of, teams.state, teams.size, teams.joined, teams.reserved,
       teams.expires_at, teams.terms, (
           select promoter.id from promoter
           where promoter.shop_id = $1 and promoter.customer_id = asked.customer_id and promoter.active
       ) as promoter_id, (
           select above.depth + 1 from share_link above where above.shop_id = $1 and above.id = asked.share_link_id
       ) as depth, brought.id as brought_by_link, brought.customer_id as invited_by,
       (select coalesce(sum(seat.quantity), 0) from group_buy_seat seat
        where seat.shop_id = $1 and seat.customer_id = asked.customer_id and seat.group_buy_id = offer.id
          and seat.state in {active}) as used,
       exists (select from group_buy_seat seat where seat.shop_id = $1 and seat.team_id = teams.id
               and seat.customer_id = asked.customer_id and seat.state in {active}) as is_member,
       offer.new_customers_only and {has_paid} as has_paid
from asked
left join group_buy offer on offer.shop_id = $1 and offer.id = asked.group_buy_id
left join variants on variants.group_buy_id = offer.id and variants.variant_id = asked.variant_id
left join teams on teams.id = asked.team_id
left join lateral (
    select link.id, coalesce(link.customer_id, promoter.customer_id) as customer_id from share_link link
    left join promoter on promoter.shop_id = $1 and promoter.id = link.promoter_id
    where link.shop_id = $1 and link.target_kind = 'TEAM' and link.target_id = asked.team_id
      and (link.token = asked.share_token and (link.expires_at is null or link.expires_at > $3)
           or link.id = any(asked.chain))
    order by link.token = asked.share_token desc nulls last, link.depth desc limit 1
) brought on true
order by asked.n
"""


def _facts(lock_variants: str, lock_teams: str) -> str:
    return _FACTS.format(
        lock_variants=lock_variants,
        lock_teams=lock_teams,
        active=ACTIVE_SQL,
        has_paid=has_paid("asked.customer_id"),
    )


_HELD: Final = _facts("for no key update of one", "for no key update of team")
_SEEN: Final = _facts("", "")


@dataclass(slots=True)
class GroupBuyFacts:
    """One row for each wish by its number, and what wishes before ours came to."""

    now: datetime
    rows: dict[int, Record]
    taken: Counter[UUID] = field(default_factory=Counter)
    """Pieces by variant of an offer."""
    seats: Counter[UUID] = field(default_factory=Counter)
    """By team."""
    members: set[tuple[UUID, UUID | None]] = field(default_factory=set)
    """(team, customer)."""
    pieces: Counter[tuple[UUID, UUID | None]] = field(default_factory=Counter)
    """By offer and customer."""

    def stored_terms(self, number: int) -> Mapping[str, Any]:
        """Return the terms of the team of a wish as they are kept: its own, or those of one that starts now."""
        row = self.rows[number]
        if row["terms"] is not None:
            kept: Mapping[str, Any] = read_json(row["terms"])
            return kept
        offer = {**row, "tier_sizes": read_json(row["tier_sizes"])}
        return stored_terms(offer, read_json(row["every_variant"] or "[]"))


async def read_facts(sql: Connection, asked: Sequence[AskedOffer], now: datetime, hold: bool) -> GroupBuyFacts:
    """Read what these wishes of one shop need; with `hold`, what may run out is held until the transaction ends."""
    shop_id = asked[0].wish.caller.shop_id
    rows = await sql.fetch(_HELD if hold else _SEEN, shop_id, as_json([_asked(one) for one in asked]), now)
    return GroupBuyFacts(now, {row["n"]: row for row in rows})


def _asked(one: AskedOffer) -> dict[str, object]:
    placement = one.wish.placement
    offer = placement.offer
    return {
        "n": one.number,
        "customer_id": one.wish.customer_id,
        "group_buy_id": offer.offer_id if offer else None,
        "team_id": offer.instance_id if offer else None,
        "variant_id": placement.lines[0].variant_id if placement.lines else None,
        "share_token": offer.share_token if offer else None,
        "share_link_id": one.person["share_link_id"],
        "chain": read_json(one.person["share_chain"] or "[]"),
    }
