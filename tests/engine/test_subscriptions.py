"""What is followed is read as any query is: one statement, an equal answer, and the cursor beside it."""

from typing import Any

import orjson
import pytest

from models.staff import Role
from resolvers.caller import Caller
from tests.engine.both import Both, customer, staff, visitor
from tests.engine.small_shop import SmallShop

CATALOGUE = """subscription($after: String) { news: catalogueUpdated(after: $after) { ...It at again: cursor } }
    fragment It on CatalogueChange { catalogueVersion }"""
VIEWER = """subscription($after: String) {
    viewerUpdated(after: $after) { viewer { id nickname consents { kind } } at } }"""


async def _followed(both: Both, document: str, after: str | None, viewer: Caller) -> tuple[str, Any]:
    """The cursor and the answer of both; it is one statement."""
    variables, before = {"after": after}, len(both.asked)
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
