"""What is followed is read as any query is: one statement, an equal answer, and the cursor beside it."""

from typing import Any

import orjson
import pytest

from engine.live import NOTHING
from ids import encode_id
from models.staff import Role
from resolvers.caller import Caller
from tests.engine.both import Both, customer, staff, visitor
from tests.engine.small_shop import SmallShop

CATALOGUE = """subscription($after: String) { news: catalogueUpdated(after: $after) { ...It at again: cursor } }
    fragment It on CatalogueChange { catalogueVersion }"""
VIEWER = """subscription($after: String) {
    viewerUpdated(after: $after) { viewer { id nickname consents { kind } } at } }"""


ORDERS = """subscription($after: String, $id: ID) { orderUpdated(orderId: $id, after: $after) {
    order { id } orders(first: 3) { id status history { axis toValue } } at } }"""


TEAMS = """subscription($after: String, $id: ID) { groupBuyTeamUpdated(teamId: $id, after: $after) {
    team { id state joined members { name role } } teams(first: 3) { id version } } }"""
SEATS = """subscription($after: String, $id: ID) { groupBuyTeamUpdated(teamId: $id, after: $after) {
    team { id viewerSeat { state } } } }"""


async def _followed(both: Both, document: str, after: str | None, viewer: Caller, **more: Any) -> tuple[str, Any]:
    """The cursor and the answer of both; it is one statement."""
    variables, before = {"after": after, **more}, len(both.asked)
    answer = await both.answer(document, variables, viewer)
    expected = await both.reference(both.documents.load(document), variables, viewer)
    assert len(both.asked) == before + 1
    assert answer.news is not None
    assert orjson.dumps(orjson.loads(answer.data)) == orjson.dumps(expected)
    return answer.news.cursor, expected


@pytest.mark.parametrize("who", [visitor, customer, lambda shop: staff(shop, Role.OWNER)])
async def test_the_catalogue_is_followed_by_everybody(both: Both, small: SmallShop, who: Any) -> None:
    """The cursor comes beside the answer, whatever it is called there; there is nothing new where one is already."""
    cursor, answer = await _followed(both, CATALOGUE, None, who(small))
    assert answer["news"]["again"] == cursor
    assert await _followed(both, CATALOGUE, "v1", who(small)) == (cursor, answer)
    assert await _followed(both, CATALOGUE, cursor, who(small)) == ("", {"news": None})


async def test_customers_follow_themselves(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """The cursor is known though nobody selects it; it is another for each customer, and strangers have none."""
    cursors = set()
    for number in range(3):
        cursor, answer = await _followed(both, VIEWER, None, customer(small, number))
        assert answer["viewerUpdated"]["viewer"]["id"] == f"cus_{small.ids('customer')[number].hex}"
        assert await _followed(both, VIEWER, cursor, customer(small, number)) == ("", {"viewerUpdated": None})
        cursors.add(cursor)
    assert len(cursors) == 3
    for nobody in (visitor(small), staff(small, Role.OWNER)):
        assert await _followed(both, VIEWER, None, nobody) == ("", {"viewerUpdated": None})
    assert (await _followed(both, VIEWER, None, customer(neighbour)))[0] not in cursors


async def test_orders_are_followed_by_whose_they_are_and_one_by_who_keeps_them(both: Both, small: SmallShop) -> None:
    """Another's order is nothing to a customer, all orders of nobody are nothing to staff."""
    orders = [(encode_id("ord", row["id"]), row["customer_id"]) for row in small.rows["orders"]]
    owner = small.ids("customer")[0]
    own = [id_ for id_, customer_id in orders if customer_id == owner]
    foreign = next(id_ for id_, customer_id in orders if customer_id != owner)
    keeper = staff(small, Role.ORDERS)

    all_cursor, answer = await _followed(both, ORDERS, None, customer(small))
    assert {order["id"] for order in answer["orderUpdated"]["orders"]} <= set(own)
    assert answer["orderUpdated"]["order"] == {"id": answer["orderUpdated"]["orders"][0]["id"]}
    assert await _followed(both, ORDERS, all_cursor, customer(small)) == ("", {"orderUpdated": None})
    one_cursor, answer = await _followed(both, ORDERS, None, customer(small), id=own[0])
    assert answer["orderUpdated"]["order"] == {"id": own[0]}
    assert one_cursor != all_cursor
    assert (await _followed(both, ORDERS, None, keeper, id=own[0]))[0] == one_cursor
    for who, id_ in (
        (customer(small), foreign), (visitor(small), own[0]), (visitor(small), None), (keeper, None),
        (staff(small, Role.CATALOGUE), own[0]), (keeper, "ord_nothing"),
    ):  # fmt: skip
        assert await _followed(both, ORDERS, None, who, id=id_) == ("", {"orderUpdated": None})


async def test_teams_are_followed_by_whoever_may_see_them(both: Both, small: SmallShop) -> None:
    """An answer is everybody's where the team is and the selection asks nothing of the viewer; known or not."""
    keeper, stranger = staff(small, Role.ORDERS), customer(small, 2)
    for row in small.rows["group_buy_team"]:
        id_, is_public = encode_id("gbt", row["id"]), row["state"] in {"FORMING", "SUCCEEDED", "FAILED"}
        leader = next(one for one in (0, 1) if small.ids("customer")[one] == row["leader_id"])
        cursor, answer = await _followed(both, TEAMS, None, customer(small, leader), id=id_)
        assert answer["groupBuyTeamUpdated"]["team"]["id"] == id_
        assert (await _followed(both, TEAMS, None, keeper, id=id_)) == (cursor, answer)
        for nobody in (stranger, visitor(small)):
            expected = (cursor, answer) if is_public else ("", {"groupBuyTeamUpdated": None})
            assert await _followed(both, TEAMS, None, nobody, id=id_) == expected
        assert await _followed(both, TEAMS, cursor, keeper, id=id_) == ("", {"groupBuyTeamUpdated": None})
        for document in (TEAMS, SEATS):
            for after in (None, cursor):
                told = await both.answer(document, {"after": after, "id": id_}, customer(small))
                assert told.news is not None
                assert told.news.about == row["id"]
                assert told.news.asks == ({"viewer"} if document is SEATS or not is_public else set())


async def test_customers_follow_all_teams_they_sit_in(both: Both, small: SmallShop) -> None:
    """Each their own; visitors and staff have none, and an id that is none is nothing."""
    cursors = set()
    for number in range(3):
        who = customer(small, number)
        cursor, answer = await _followed(both, TEAMS, None, who)
        own = {row["team_id"] for row in small.rows["group_buy_seat"]
               if row["customer_id"] == who.subject_id and row["state"] != "RELEASED"}  # fmt: skip
        assert {team["id"] for team in answer["groupBuyTeamUpdated"]["teams"]} <= {encode_id("gbt", id_) for id_ in own}
        assert len(answer["groupBuyTeamUpdated"]["teams"]) == min(len(own), 3)
        assert await _followed(both, TEAMS, cursor, who) == ("", {"groupBuyTeamUpdated": None})
        told = await both.answer(TEAMS, {"after": None}, who)
        assert told.news is not None
        assert (told.news.about, told.news.asks) == (None, frozenset({"viewer"}))
        cursors.add(cursor)
    assert len(cursors) == 3
    for nobody in (visitor(small), staff(small, Role.OWNER)):
        assert await _followed(both, TEAMS, None, nobody) == ("", {"groupBuyTeamUpdated": None})
    told = await both.answer(TEAMS, {"after": None, "id": "gbt_nothing"}, customer(small))
    assert told.news is not None
    assert (told.news.cursor, told.news.about) == ("", NOTHING)
