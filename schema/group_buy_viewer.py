"""What a group-buy is to the customer who looks at it, and which teams are open to them."""

from typing import Annotated, Final

import strawberry

from engine.declare import Order, expression, field, many, one, reads
from engine.keyset import TIME
from engine.sources import Relation
from models.group_buy import ACTIVE_SQL
from resolvers.new_customer import has_paid
from schema.offer import is_open

IS_JOINABLE: Final = "{t}.state = 'FORMING' and {t}.expires_at > {now} and {t}.joined + {t}.reserved < {t}.size"
"""The condition for a team's row: there is room in it, and time."""
_NOT_OWN: Final = (
    "not exists (select 1 from group_buy_seat s where s.shop_id = {shop} and s.team_id = {t}.id"
    f" and s.customer_id = {{viewer}} and s.state in {ACTIVE_SQL})"
)
_BY_DEADLINE: Final = Order("{t}.expires_at", TIME)


def open_teams(of_offer: str) -> Relation:
    """A relation to teams that the viewer may join; `of_offer` says of which group-buy."""
    return many(f"{of_offer} and {IS_JOINABLE} and {_NOT_OWN}", order=_BY_DEADLINE, is_public=True)


_HAS_PAID: Final = has_paid("{viewer}").replace("$1", "{shop}")
# Pieces of active seats count towards the limit, as they do at placing.
_VIEWER: Final = f"""
select {{viewer}} as customer_id, {{p}}.id as group_buy_id,
    {is_open("{p}")} and not ({{p}}.new_customers_only and {_HAS_PAID}) as is_for_them,
    case when {{p}}.per_person_limit is not null then greatest({{p}}.per_person_limit - (
        select coalesce(sum(s.quantity), 0) from group_buy_seat s
        where s.shop_id = {{shop}} and s.customer_id = {{viewer}} and s.group_buy_id = {{p}}.id
          and s.state in {ACTIVE_SQL}
    ), 0)::int end as limit_left
where {{viewer}} is not null
"""
OF_VIEWER: Final = one(rows=_VIEWER)
"""Null for visitors and staff."""

_HAS_STOCK: Final = (
    "exists (select 1 from group_buy_variant v, variant g where v.shop_id = {shop}"
    " and v.group_buy_id = {t}.group_buy_id and (v.stock is null or v.taken < v.stock) and g.shop_id = v.shop_id"
    " and g.id = v.variant_id and (not g.tracked or g.inventory_policy = 'CONTINUE' or g.available > 0))"
)


@reads()
@strawberry.type(description="What a group-buy is to the customer who asks.")
class GroupBuyViewerContext:
    """Derived from the group-buy's row: customer_id, group_buy_id, is_for_them, limit_left."""

    seat: Annotated["GroupBuySeat", strawberry.lazy("schema.group_buy_seat")] | None = field(  # type: ignore[name-defined]  # noqa: F821
        one(
            "{t}.group_buy_id = {p}.group_buy_id and {t}.customer_id = {p}.customer_id"
            f" and {{t}}.state in {ACTIVE_SQL}",
            order=Order("{t}.created_at", TIME, descending=True),
            is_public=True,
        ),
        description="Their newest seat in a team of it that is reserved, joined or fulfilling; null when they have"
        " none. Its `team` is theirs.",
    )
    can_start: bool = field(
        expression(f"({{t}}.is_for_them and coalesce({{t}}.limit_left, 1) > 0 and {_HAS_STOCK})"),
        description="Whether they may start a team now.",
    )
    limit_left: int | None = field(description="How many more pieces they may have of it; null without a limit.")
