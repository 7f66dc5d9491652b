"""Starting and joining teams at the desk: judging a wish, and taking the seat in the transaction of its order.

A seat is reserved by a guarded update of its team (commerce rules 3.4): joined + reserved never exceed the size. An
order in a team must be paid a minute before the team ends, so that what ends it finds no seat undecided.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.campaign import OfferStatus
from models.database import Connection
from models.group_buy import GroupBuyChange, GroupBuySeat, GroupBuyTeam, JoinBy, SeatRole, SeatState, TeamState
from models.owned import Owned
from models.refusal import LimitRefusal, Refusal, StockRefusal, UserErrorCode
from models.share_link import ShareLink, ShareTarget
from resolvers.campaign import OfferTerms, Part, StockGoneError
from resolvers.group_buy_facts import GroupBuyFacts
from resolvers.group_buy_step import TOPIC, team_payload
from resolvers.group_buy_terms import terms_of
from resolvers.outbox import emit_many
from resolvers.placement import Wish
from resolvers.rows import as_json, inserted
from resolvers.share_link import new_token

PAY_BEFORE: Final = timedelta(minutes=1)
"""So long before a team ends its last orders must be paid."""


@dataclass(frozen=True, slots=True)
class SeatWish:
    """What is written for a seat: `team_id` None starts a team with these `terms`."""

    group_buy_id: UUID
    offer_variant_id: UUID
    team_id: UUID | None
    size: int
    terms: Mapping[str, Any]
    brought_by_link: UUID | None
    invited_by: UUID | None
    promoter_id: UUID | None
    """Whom the customer is as a promoter: then the team's link is the promoter's."""
    depth: int
    """How many links stand above the team's."""


class TeamRefusal(Refusal):
    """TEAM_FULL or TEAM_ENDED; `group_buy_id` is whose other teams may be joined instead."""

    def __init__(self, code: UserErrorCode, zh: str, en: str, *field: str | int, group_buy_id: UUID) -> None:
        """Say so at the team."""
        super().__init__(code, zh, en, *field)
        self.group_buy_id = group_buy_id


def judge_seat(facts: GroupBuyFacts, number: int, wish: Wish, _lines: Sequence[Record]) -> OfferTerms:
    """Judge the wish of this number for a seat, after those before it took theirs."""
    row, offer = facts.rows[number], wish.placement.offer
    if row["group_buy_id"] is None or row["status"] == OfferStatus.DRAFT or offer is None:
        return _refused(_not_found(wish, "找不到该拼团", "No such group-buy", "id"))
    is_leader = offer.instance_id is None
    problem = _closed(row, wish, facts.now) if is_leader else _not_joinable(facts, row, wish)
    if problem is not None:
        return _refused(problem)
    stored = facts.stored_terms(number)
    size = row["max_size"] if is_leader else row["size"]
    variant_id = wish.placement.lines[0].variant_id
    unit_fen = terms_of(size, stored).first_price(variant_id, is_leader=is_leader)
    if unit_fen is None or row["offer_variant_id"] is None:
        return _refused(_not_found(wish, "该款式不参加拼团", "That variant is not part of it", "variantId"))
    seat = SeatWish(
        row["group_buy_id"], row["offer_variant_id"], row["team_id"], size, stored, row["brought_by_link"],
        row["invited_by"], row["promoter_id"], row["depth"] or 0,
    )  # fmt: skip
    pay_by = None if is_leader else row["expires_at"] - PAY_BEFORE
    problems = tuple(_limits(facts, row, wish))
    return OfferTerms(problems, {variant_id: unit_fen}, pay_by, new_id(), seat)


def note_seat(facts: GroupBuyFacts, number: int, wish: Wish, _terms: OfferTerms) -> None:
    """Let the facts know of a seat that is granted, for those after it."""
    row, quantity, customer = facts.rows[number], wish.placement.lines[0].quantity, wish.customer_id
    facts.taken[row["offer_variant_id"]] += quantity
    facts.pieces[row["group_buy_id"], customer] += quantity
    if row["team_id"] is not None:
        facts.seats[row["team_id"]] += 1
        facts.members.add((row["team_id"], customer))


def _at(wish: Wish, field: str) -> tuple[str | int, ...]:
    """Return the path of a part of the wish; a quote token has no parts."""
    where = wish.placement.where
    return (*where, field) if where[-1] == "offer" else where


def _refused(*problems: Refusal) -> OfferTerms:
    return OfferTerms(problems)


def _not_found(wish: Wish, zh: str, en: str, field: str) -> Refusal:
    return Refusal(UserErrorCode.NOT_FOUND, zh, en, *_at(wish, field))


def _closed(row: Record, wish: Wish, now: datetime) -> Refusal | None:
    """Teams are started only while the offer is open."""
    if row["status"] == OfferStatus.PUBLISHED and row["starts_at"] <= now < row["ends_at"]:
        return None
    return Refusal(
        UserErrorCode.OFFER_CLOSED, "拼团活动未开始或已结束", "The group-buy has not begun or is over", *_at(wish, "id")
    )


def _not_joinable(facts: GroupBuyFacts, row: Record, wish: Wish) -> Refusal | None:
    """Find what keeps somebody out of a team; a team that nobody may see is not found."""
    offer_id, customer, at = row["group_buy_id"], wish.customer_id, _at(wish, "instanceId")
    if row["team_of"] != offer_id or row["state"] in {TeamState.OPENING, TeamState.LAPSED}:
        return _not_found(wish, "找不到该团", "No such team", "instanceId")
    if row["is_member"] or (customer is not None and (row["team_id"], customer) in facts.members):
        return Refusal(
            UserErrorCode.ALREADY_JOINED, "您已在该团中", "You are in this team already", *_at(wish, "instanceId")
        )
    if row["state"] == TeamState.SUCCEEDED or (
        row["state"] == TeamState.FORMING
        and row["joined"] + row["reserved"] + facts.seats[row["team_id"]] >= row["size"]
    ):
        return TeamRefusal(UserErrorCode.TEAM_FULL, "该团已满员", "The team is full", *at, group_buy_id=offer_id)
    if row["state"] != TeamState.FORMING or facts.now >= row["expires_at"] - PAY_BEFORE:
        return TeamRefusal(UserErrorCode.TEAM_ENDED, "该团已结束", "The team is over", *at, group_buy_id=offer_id)
    if row["join_by"] == JoinBy.SHARE and row["brought_by_link"] is None:
        return Refusal(
            UserErrorCode.SHARE_ONLY,
            "请通过好友分享参团",
            "Join by a link that somebody shared",
            *_at(wish, "shareToken"),
        )
    return None


def _limits(facts: GroupBuyFacts, row: Record, wish: Wish) -> list[Refusal]:
    """Hold who asks for how much against audience, limits and the offer's own stock, over all of this moment."""
    quantity, customer = wish.placement.lines[0].quantity, wish.customer_id
    problems: list[Refusal] = []
    if row["has_paid"]:
        zh, en = "仅限新客参与", "For people who have not bought here yet"
        problems.append(Refusal(UserErrorCode.NEW_CUSTOMERS_ONLY, zh, en, *_at(wish, "id")))
    if row["per_order_limit"] is not None and quantity > row["per_order_limit"]:
        most = row["per_order_limit"]
        zh, en = f"每单限购 {most} 件", f"At most {most} in one order"
        problems.append(LimitRefusal(zh, en, *_at(wish, "quantity"), limit=most, used=quantity))
    used = row["used"] + facts.pieces[row["group_buy_id"], customer]
    if row["per_person_limit"] is not None and used + quantity > row["per_person_limit"]:
        most = row["per_person_limit"]
        zh, en = f"每人限购 {most} 件", f"At most {most} for one person"
        problems.append(LimitRefusal(zh, en, *_at(wish, "quantity"), limit=most, used=used))
    if row["stock"] is not None:
        left = row["stock"] - row["taken"] - facts.taken[row["offer_variant_id"]]
        if quantity > left:
            left = max(left, 0)
            zh, en = f"活动库存不足，仅剩 {left} 件", f"Only {left} left of the offer"
            problems.append(StockRefusal(zh, en, *_at(wish, "quantity"), available=left))
    return problems


_TABLES: Final[tuple[type[Owned], ...]] = (ShareLink, GroupBuyTeam, GroupBuySeat, GroupBuyChange)

# Variants and teams are held by this transaction since they were read; the guards stand all the same, and the caller
# counts. A team that is being opened is nobody's business yet, so only those that are joined are told of.
_WRITE: Final = f"""
with taken as (
    update group_buy_variant one set taken = one.taken + take.quantity
    from unnest($3::uuid[], $4::int[]) as take(id, quantity)
    where one.shop_id = $1 and one.id = take.id and (one.stock is null or one.taken + take.quantity <= one.stock)
    returning one.id
), seated as (
    update group_buy_team team set reserved = team.reserved + sit.seats, version = team.version + 1, updated_at = $2
    from unnest($5::uuid[], $6::int[]) as sit(id, seats)
    where team.shop_id = $1 and team.id = sit.id and team.state = 'FORMING'
      and team.joined + team.reserved + sit.seats <= team.size
    returning team.id, team.group_buy_id, team.state, team.joined, team.reserved, team.size, team.version
), {", ".join(inserted(model, place) for place, model in enumerate(_TABLES, 7))}
select (select count(*) from taken) as taken, seated.* from (select) one left join seated on true
"""  # noqa: S608 - names of our own models


async def write_seats(sql: Connection, shop_id: UUID, now: datetime, parts: Sequence[Part]) -> None:
    """Take the seats of orders that are being placed; raises StockGoneError when one is gone after all."""
    takes: Counter[UUID] = Counter()
    seats: Counter[UUID] = Counter()
    rows: dict[type[Owned], list[dict[str, Any]]] = {model: [] for model in _TABLES}
    for part in parts:
        wish: SeatWish = part.terms.own
        takes[wish.offer_variant_id] += part.line["quantity"]
        if wish.team_id is not None:
            seats[wish.team_id] += 1
        for model, row in _rows(shop_id, now, part, wish):
            rows[model].append(row)
    done = await sql.fetch(
        _WRITE,
        shop_id,
        now,
        list(takes),
        list(takes.values()),
        list(seats),
        list(seats.values()),
        *(as_json(rows[model]) for model in _TABLES),
    )
    seated = {row["id"]: team_payload(row) for row in done if row["id"] is not None}
    if done[0]["taken"] != len(takes) or len(seated) != len(seats):
        message = f"{done[0]['taken']} of {len(takes)} variants and {len(seated)} of {len(seats)} teams could be taken"
        raise StockGoneError(message)
    await emit_many(sql, shop_id, TOPIC, seated)


Made = tuple[type[Owned], dict[str, Any]]


def _rows(shop_id: UUID, now: datetime, part: Part, wish: SeatWish) -> list[Made]:
    """Return the rows of one seat, with those of the team when it starts one."""
    row = _Row(shop_id, now, part)
    team_id = wish.team_id or new_id()
    opened = _opened(row, team_id, wish) if wish.team_id is None else []
    seat_id, customer = part.terms.participation_id, part.wish.customer_id
    seat = {
        "id": seat_id, "group_buy_id": wish.group_buy_id, "team_id": team_id, "customer_id": customer,
        "order_id": part.order_id, "order_line_id": part.order_line_id, "variant_id": part.line["variant_id"],
        "quantity": part.line["quantity"], "role": SeatRole.MEMBER if wish.team_id else SeatRole.LEADER,
        "state": SeatState.RESERVED, "is_virtual": False, "price_paid_fen": part.unit_fen,
        "share_link_id": wish.brought_by_link, "invited_by": None if wish.invited_by == customer else wish.invited_by,
        "attempts": 0, "last_error": "", "updated_at": now,
    }  # fmt: skip
    return [*opened, row.of(GroupBuySeat, **seat), row.change(team_id, seat_id, SeatState.RESERVED)]


def _opened(row: "_Row", team_id: UUID, wish: SeatWish) -> list[Made]:
    """Return the rows of a team that is opened. Its link is its leader's; what brought them stands above it."""
    person, customer, link_id = row.part.person, row.part.wish.customer_id, new_id()
    link = {
        "id": link_id, "token": new_token(), "parent_id": person["share_link_id"],
        "depth": wish.depth, "promoter_id": wish.promoter_id,
        "customer_id": None if wish.promoter_id else customer,
        "visitor_id": row.part.wish.caller.visitor_id, "target_kind": ShareTarget.TEAM, "target_id": team_id,
    }  # fmt: skip
    team = {
        "id": team_id, "group_buy_id": wish.group_buy_id, "leader_id": customer, "share_link_id": link_id,
        "terms": wish.terms, "state": TeamState.OPENING, "size": wish.size, "joined": 0, "reserved": 1,
        "virtual_seats": 0, "version": 1, "updated_at": row.now,
    }  # fmt: skip
    return [row.of(ShareLink, **link), row.of(GroupBuyTeam, **team), row.change(team_id, None, TeamState.OPENING)]


@dataclass(frozen=True, slots=True)
class _Row:
    """What all rows of one part have."""

    shop_id: UUID
    now: datetime
    part: Part

    def of(self, model: type[Owned], **columns: Any) -> Made:  # noqa: ANN401 - values of columns
        return model, {"id": new_id(), "shop_id": self.shop_id, "created_at": self.now, **columns}

    def change(self, team_id: UUID, seat_id: UUID | None, to_state: str) -> Made:
        caller = self.part.wish.caller
        who = {"actor_kind": caller.actor, "actor_id": caller.subject_id, "reason": ""}
        return self.of(GroupBuyChange, team_id=team_id, seat_id=seat_id, to_state=to_state, **who)
