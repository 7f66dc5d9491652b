"""Group-buys of the small shop: at every place of offers, teams and seats, with ties in every order."""

from datetime import datetime, timedelta
from itertools import cycle
from uuid import UUID

import orjson

from tests.engine.small_people import DEVICES
from tests.engine.small_shop import AGES, NOW, SmallShop
from tests.models.row_ids import Row

_TICK = timedelta(microseconds=1)
_OPEN: Row = {"status": "PUBLISHED", "starts_at": NOW - timedelta(days=1), "ends_at": NOW + timedelta(days=3)}
_PAIR: Row = {"tier_sizes": [2], "max_size": 2}
OFFERS: tuple[tuple[int, Row], ...] = (
    (0, {**_OPEN, "tier_sizes": [2, 3, 5], "max_size": 6, "virtual_fill_percent": 50, "per_person_limit": 4}),
    (0, {**_OPEN, **_PAIR, "leader_advantage": "PRICE", "per_order_limit": 1}),
    (1, {**_OPEN, **_PAIR, "join_by": "SHARE", "leader_advantage": "FREE", "late_payment": "NEW_TEAM"}),
    (2, {**_OPEN, **_PAIR, "starts_at": NOW, "ends_at": NOW + _TICK, "new_customers_only": True}),
    (4, {**_OPEN, "tier_sizes": [3], "max_size": 3, "late_payment": "JOIN_OTHER"}),
    (1, {**_OPEN, **_PAIR, "starts_at": NOW + _TICK}),
    (2, {**_OPEN, **_PAIR, "ends_at": NOW}),
    (0, {**_OPEN, **_PAIR, "status": "DRAFT"}),
    (4, {**_OPEN, **_PAIR, "status": "ENDED", "virtual_fill_percent": 99}),
    (3, {**_OPEN, **_PAIR}),
)  # fmt: skip
"""The number of a product, and the offer's terms; product 3 is not on sale."""
_BEGUN: Row = {"started_at": NOW - timedelta(hours=2), "expires_at": NOW + timedelta(hours=22)}
_OVER: Row = {**_BEGUN, "ended_at": NOW - timedelta(hours=1)}
_LATE: Row = {**_BEGUN, "expires_at": NOW - _TICK}
# Offer, how the team stands, whether the first customer leads it, and the states of its seats but empty ones.
TEAMS: tuple[tuple[int, Row, bool, tuple[str, ...]], ...] = (
    (0, {"state": "OPENING"}, True, ("RESERVED",)),
    (0, {"state": "OPENING"}, False, ("RESERVED",)),
    (0, {"state": "FORMING", **_BEGUN}, True, ("JOINED", "RESERVED")),
    (0, {"state": "FORMING", **_BEGUN}, False, ("JOINED", "RELEASED")),
    (0, {"state": "FORMING", **_BEGUN}, False, ("JOINED",)),
    (0, {"state": "FORMING", **_LATE}, False, ("JOINED",)),
    (0, {"state": "SUCCEEDED", **_OVER, "tier_size": 2}, True, ("FULFILLING", "FULFILLING")),
    (0, {"state": "SUCCEEDED", **_OVER, "tier_size": 2, "virtual_seats": 1}, False, ("FULFILLING", "VIRTUAL")),
    (1, {"state": "FORMING", **_BEGUN}, False, ("JOINED", "REFUNDED")),
    (2, {"state": "FORMING", **_BEGUN}, False, ("JOINED",)),
    (2, {"state": "SUCCEEDED", **_OVER, "tier_size": 2}, False, ("FULFILLING", "FULFILLING")),
    (4, {"state": "FORMING", **_BEGUN}, False, ("JOINED",)),
    (6, {"state": "FAILED", **_OVER}, True, ("REFUNDED", "REFUNDING")),
    (8, {"state": "SUCCEEDED", **_OVER, "tier_size": 2}, True, ("FULFILLING", "FULFILLING")),
    (8, {"state": "LAPSED", "ended_at": NOW}, True, ("RELEASED",)),
    (9, {"state": "FORMING", **_BEGUN}, False, ("JOINED",)),
)


def grouped(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has products, people and orders, and return it."""
    for number, (product, terms) in enumerate(OFFERS):
        _offer(shop, number, shop.rows["product"][product], terms)
    orders = {index: iter(_orders_of(shop, index)) for index in (0, 1)}
    for number, (offer, stands, leads, seats) in enumerate(TEAMS):
        _team(shop, number, shop.rows["group_buy"][offer], stands)
        team = shop.rows["group_buy_team"][-1]
        people = cycle((0, 1) if leads else (1, 0))
        team["leader_id"] = shop.ids("customer")[0 if leads else 1]
        for place, state in enumerate(seats):
            person = next(people)
            order = None if state == "VIRTUAL" else next(orders[person], None)
            _seat(shop, team, place, state, person, order)
        _steps(shop, team, number)
        if number % 3 == 0:
            shop.add(
                "group_buy_card", team_id=team["id"], app_id=shop.rows["wechat_app"][0]["id"], telling="WAITING",
                revision=1, told="", attempts=0, next_attempt_at=NOW, leased_until=None, last_error="",
                created_at=NOW, updated_at=NOW,
            )  # fmt: skip
    return shop


def _orders_of(shop: SmallShop, person: int) -> list[Row]:
    """Orders of a customer; each brings one seat."""
    return [row for row in shop.rows["orders"] if row["customer_id"] == shop.ids("customer")[person]]


def _offer(shop: SmallShop, number: int, product: Row, terms: Row) -> None:
    """Of every variant of the product; some have stock of their own, or none left."""
    offer = shop.add(
        "group_buy", product_id=product["id"], title=f"{shop.word}团{number}", team_hours=24 - number,
        **{
            "per_person_limit": None, "per_order_limit": None, "new_customers_only": False, "leader_advantage": "NONE",
            "join_by": "LIST", "late_payment": "REFUND", "virtual_fill_percent": None, **terms,
        },
        **AGES | {"created_at": NOW - timedelta(days=9 + number // 3)},
    )  # fmt: skip
    sizes = len(terms["tier_sizes"])
    for index, variant in enumerate(row for row in shop.rows["variant"] if row["product_id"] == product["id"]):
        price = min(variant["price_fen"], 9900)
        shop.add(
            "group_buy_variant", group_buy_id=offer, variant_id=variant["id"],
            tier_prices_fen=[price - 100 * step for step in range(1, sizes + 1)],
            leader_price_fen=price - 200 if number == 1 else None, stock=(None, 200, 3)[(index + number) % 3],
            taken=(5, 5, 3)[(index + number) % 3],
        )  # fmt: skip


def _terms(shop: SmallShop, offer: Row) -> str:
    prices = {
        str(row["variant_id"]): {"tiers": row["tier_prices_fen"], "leader": row["leader_price_fen"]}
        for row in shop.rows["group_buy_variant"]
        if row["group_buy_id"] == offer["id"]
    }
    kept = {"tierSizes": offer["tier_sizes"], "teamHours": 24, "leaderAdvantage": offer["leader_advantage"]}
    return orjson.dumps({**kept, "prices": prices}).decode()


def _team(shop: SmallShop, number: int, offer: Row, stands: Row) -> None:
    """With its link, but every fourth; both shops have the same tokens."""
    team = shop.new_id()
    link = None
    if number % 4:
        link = shop.add(
            "share_link", token=f"Team000000{number:02}", parent_id=None, depth=0, promoter_id=None,
            customer_id=shop.ids("customer")[0], visitor_id=DEVICES[0], target_kind="TEAM", target_id=team,
            channel=None, campaign=None, expires_at=NOW if number == 5 else None,
            created_at=NOW - timedelta(days=2 + number // 4),
        )  # fmt: skip
    begun: datetime | None = stands.get("started_at")
    shop.rows.setdefault("group_buy_team", []).append(
        {
            "id": team, "shop_id": shop.id, "group_buy_id": offer["id"], "share_link_id": link,
            "terms": _terms(shop, offer), "started_at": None, "expires_at": None, "ended_at": None,
            "size": offer["max_size"], "joined": 0, "reserved": 0, "virtual_seats": 0, "tier_size": None,
            "activity_id": f"{shop.word}-{number}" if number % 3 == 0 else None,
            "activity_expires_at": NOW + timedelta(hours=number - 6) if number % 3 == 0 else None, **AGES,
            "created_at": (begun or NOW) - timedelta(minutes=number // 3), **stands,
        }
    )  # fmt: skip


def _seat(  # noqa: PLR0913, PLR0917 - a seat is all of these
    shop: SmallShop, team: Row, place: int, state: str, person: int, order: Row | None
) -> None:
    """Taken by an order, whose line names it; a seat that nobody has has no order."""
    is_virtual = state == "VIRTUAL"
    state = "FULFILLING" if is_virtual else state
    team["joined"] += state in {"JOINED", "FULFILLING"} and not is_virtual
    team["reserved"] += state == "RESERVED"
    line = next((row for row in shop.rows["order_line"] if order and row["order_id"] == order["id"]), None)
    offer = next(row for row in shop.rows["group_buy_variant"] if row["group_buy_id"] == team["group_buy_id"])
    theirs = {row["id"] for row in _orders_of(shop, person)}
    refund = next(row for row in shop.rows["refund"] if row["order_id"] in theirs)
    has_joined = state not in {"RESERVED", "RELEASED"}
    seat = shop.add(
        "group_buy_seat", group_buy_id=team["group_buy_id"], team_id=team["id"],
        customer_id=None if is_virtual else shop.ids("customer")[person], order_id=order["id"] if order else None,
        order_line_id=line["id"] if line else None, variant_id=None if is_virtual else offer["variant_id"],
        quantity=0 if is_virtual else 1 + place, role="MEMBER" if place else "LEADER", state=state,
        is_virtual=is_virtual, price_paid_fen=None if is_virtual else 900 + place,
        price_final_fen=900 if state == "FULFILLING" and not is_virtual else None,
        refund_id=refund["id"] if state.startswith("REFUND") else None,
        share_link_id=team["share_link_id"] if place else None, invited_by=None, settle_at=None, attempts=0,
        last_error="", joined_at=NOW - timedelta(hours=2 - place) if has_joined else None,
        ended_at=NOW if state in {"RELEASED", "REFUNDING", "REFUNDED"} else None,
        created_at=team["created_at"] + timedelta(minutes=place // 2), updated_at=NOW,
    )  # fmt: skip
    if line and state != "RELEASED":
        line |= {"offer_kind": "GROUP_BUY", "offer_id": team["group_buy_id"], "participation_id": seat}


def _steps(shop: SmallShop, team: Row, number: int) -> None:
    """Some of what happened to it and to its first seat, at one moment."""
    seats: list[UUID] = [row["id"] for row in shop.rows["group_buy_seat"] if row["team_id"] == team["id"]]
    for seat, before, after in (
        (None, None, "OPENING"),
        (seats[0], "RESERVED", "JOINED"),
        (None, "OPENING", "FORMING"),
    ):
        shop.add(
            "group_buy_change", team_id=team["id"], seat_id=seat, from_state=before, to_state=after,
            actor_kind=("CUSTOMER", "STAFF", "SYSTEM")[number % 3], actor_id=None, reason=shop.word * (number % 2),
            created_at=team["created_at"],
        )  # fmt: skip
