"""Dead letters: the owner sees what could not be told and why, and has it tried again; nobody else does."""

from typing import Any

from ids import encode_id
from models.database import pool
from models.staff import Role
from resolvers.outbox import dead_letters, waiting_events
from resolvers.outbox_delivery import ATTEMPTS_MAX, deliver_outbox
from tests.harness.shops import SandboxShop
from tests.journeys.world_outbox import give_up

LETTERS = """
query ($first: PageSize, $after: Cursor) {
  deadLetters(first: $first, after: $after) {
    nodes { id topic attempts lastError createdAt deadAt deliveredAt replayedAt } pageInfo { hasNextPage endCursor }
  }
}"""
REPLAY = """
mutation ($id: ID!) {
  outboxReplay(id: $id) { event { id topic attempts deadAt replayedAt } userErrors { code field message } }
}"""


async def letters(shop: SandboxShop, **variables: Any) -> list[dict[str, Any]]:
    answer = await shop.staff(LETTERS, variables)
    found: list[dict[str, Any]] = answer["deadLetters"]["nodes"]
    return found


async def test_the_owner_sees_the_oldest_first_and_pages_on(shop: SandboxShop) -> None:
    ids = [await give_up(shop, f"told.{number}", f"OSError: {number}") for number in range(3)]

    answer = await shop.staff(LETTERS, {"first": 2})
    page = answer["deadLetters"]
    assert [(letter["id"], letter["topic"], letter["lastError"]) for letter in page["nodes"]] == [
        (ids[0], "told.0", "OSError: 0"),
        (ids[1], "told.1", "OSError: 1"),
    ]
    assert page["nodes"][0]["attempts"] == ATTEMPTS_MAX
    assert page["nodes"][0]["deadAt"]
    assert "for no eyes" not in str(answer.data)
    rest = await letters(shop, after=page["pageInfo"]["endCursor"])
    assert [letter["id"] for letter in rest] == ids[2:]


async def test_a_replayed_letter_is_due_and_told(shop: SandboxShop) -> None:
    await deliver_outbox(shop.id)
    id_ = await give_up(shop, "told.late")

    replayed = (await shop.staff(REPLAY, {"id": id_}))["outboxReplay"]
    assert replayed["userErrors"] == []
    assert {name: replayed["event"][name] for name in ("id", "attempts", "deadAt")} == {
        "id": id_, "attempts": 0, "deadAt": None,
    }  # fmt: skip
    assert replayed["event"]["replayedAt"]
    assert (await letters(shop), await waiting_events(shop.id)) == ([], 1)

    assert await deliver_outbox(shop.id) == 1
    again = (await shop.staff(REPLAY, {"id": id_}))["outboxReplay"]
    assert (again["event"], [error["code"] for error in again["userErrors"]]) == (None, ["NOT_FOUND"])


async def test_other_roles_customers_and_other_shops_get_nothing(shop: SandboxShop, other_shop: SandboxShop) -> None:
    id_ = await give_up(shop, "told.late")
    orders = await shop.staff_with(Role.ORDERS)

    for asker in (orders, shop.visitor):
        assert (await asker(LETTERS)).codes == ["FORBIDDEN"]
        assert (await asker(REPLAY, {"id": id_})).codes == ["FORBIDDEN"]
        assert (await asker("query ($id: ID!) { node(id: $id) { id } }", {"id": id_}))["node"] is None
    assert await letters(other_shop) == []
    refused = (await other_shop.staff(REPLAY, {"id": id_}))["outboxReplay"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("NOT_FOUND", ["id"])]
    assert [encode_id("evt", letter.event.id) for letter in await dead_letters(shop.id)] == [id_]


async def test_secrets_in_the_words_of_a_fault_are_not_kept(shop: SandboxShop, monkeypatch: Any) -> None:
    async def fail(_event: Any) -> None:
        message = "503 for url 'https://api.weixin.qq.com/wxa?access_token=82_abc&appid=wx1&secret=s3cret'"
        raise OSError(message)

    monkeypatch.setattr("resolvers.outbox_delivery.DELIVERERS", {"": [fail]})
    await give_up(shop, "told.once")
    await shop.staff(REPLAY, {"id": (await letters(shop))[0]["id"]})
    await deliver_outbox(shop.id)

    words = await pool().fetchval(
        "select last_error from outbox_event where shop_id = $1 and topic = 'told.once'", shop.id
    )
    assert words == "OSError: 503 for url 'https://api.weixin.qq.com/wxa?access_token=***&appid=wx1&secret=***'"
