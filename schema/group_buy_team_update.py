"""That a team moved on, told to whoever looks at it; and all teams of a customer, to their devices."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import strawberry

from engine.declare import Following, expression, field, live, many, one, read, reads
from engine.declare import Order as Sorting
from engine.following import About
from engine.keyset import TIME
from engine.rows import Rows
from ids import decode_id
from schema.catalogue_change import After
from schema.connection import limited_rows
from schema.group_buy_team import IS_PUBLIC, GroupBuyTeam

NEWS_MAX: Final = 100

# Which teams there are, which version each is, what has become of the seats in them, and who has got everything back
# and so is no member any more. Whatever moves, the cursor is another; index group_buy_seat (shop_id, team_id, ..).
_STATE: Final = """
select * from (
    select encode(sha256(convert_to(coalesce(string_agg(concat_ws(':', team.id, team.version, team.activity_id, (
               select string_agg(concat_ws(',', seat.state, seat.price_final_fen, paid.refund_status), ';'
                                 order by seat.created_at, seat.id)
               from group_buy_seat seat
               left join orders paid on paid.shop_id = {shop} and paid.id = seat.order_id
               where seat.shop_id = {shop} and seat.team_id = team.id
           )), '|' order by team.id), '-'), 'UTF8')), 'hex') as cursor,
           (array_agg(team.id order by team.updated_at desc, team.id desc))[1:%d] as team_ids,
           %s as is_there, %s as is_public
    from group_buy_team team where team.shop_id = {shop} and %s
) state where is_there
"""
_OWN: Final = """team.id in (
    select own.team_id from group_buy_seat own
    where own.shop_id = {shop} and own.customer_id = {viewer} and own.state <> 'RELEASED'
)"""
_SEEN: Final = IS_PUBLIC.replace("{t}", "team")


def _team_id(text: object) -> UUID | None:
    return decode_id("gbt", str(text))


_FOLLOWING: Final = Following(
    ("group_buy_team.", "order.", "customer."), is_own=True, about=About("team_id", _team_id), is_shared="{t}.is_public"
)

TeamId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only this team; all in which the customer who asks has a seat when left out."),
]


@reads()
@strawberry.type(
    description="The newest state of teams. Steps close together are told once. Told again what you have? Know it by"
    " `id` and `version`."
)
class GroupBuyTeamUpdate:
    """Read from the teams themselves: no list of changes is kept, so none can be lost or cut off."""

    cursor: str = field(description="Where you are now; give it as `after` when you come back. Opaque.")
    team: GroupBuyTeam | None = field(
        one("{t}.id = {p}.team_ids[1]", is_public=True),
        description="The one that moved last; the one that was asked for. Null when there is none.",
    )
    teams = limited_rows(
        many("{t}.id = any({p}.team_ids)", order=Sorting("{t}.updated_at", TIME, descending=True), is_public=True),
        list[GroupBuyTeam],
        description=f"Those that moved last, the last first; at most {NEWS_MAX}.",
    )
    at: datetime = field(expression("{now}"), description="The shop's time when this was true.")


def _newer(rows: Rows, team_id: object, after: object) -> None:
    """Take the state unless it is the one that the client has. Of a team that everybody may see it is everybody's."""
    if team_id is None:
        state = _STATE % (NEWS_MAX, "{viewer} is not null", "false", _OWN)
    else:
        seen = "" if rows.statement.lifts("ORDERS") else f" and ({_SEEN} or team.leader_id = {{viewer}})"
        which = f"team.id = {rows.bind(team_id, 'uuid', _team_id)}{seen}"
        state = _STATE % (NEWS_MAX, "count(*) > 0", f"bool_and({_SEEN})", which)
    rows.derive(rows.fill(state))
    if after is not None:
        rows.news(f"{rows.t}.cursor is distinct from {rows.bind(after, 'text')}")


@strawberry.type
class GroupBuyTeamUpdateQuery:
    """Part of Query."""

    @read(
        one(),
        GroupBuyTeamUpdate | None,
        description="Whether a team, or those of the customer who asks, moved since a cursor, for clients without a"
        " socket; null when none did, and for a team that is not to be seen.",
    )
    def group_buy_team_change(rows: Rows, team_id: TeamId = None, after: After = None) -> None:
        """Whoever may see it."""
        _newer(rows, team_id, after)


@strawberry.type
class GroupBuyTeamUpdateSubscription:
    """Part of Subscription."""

    @live(
        one(),
        GroupBuyTeamUpdate | None,
        following=_FOLLOWING,
        description="Tells that a team moved, or one of those in which the customer who asks has a seat: at once"
        " unless `after` is where they are, then after each step. Never null. Whoever may see a team may follow it,"
        " visitors too; one whose leader has not paid yet is seen by the leader alone. The query `groupBuyTeamChange`"
        " gives the same.",
    )
    def group_buy_team_updated(rows: Rows, team_id: TeamId = None, after: After = None) -> None:
        """Whoever may see it."""
        _newer(rows, team_id, after)
