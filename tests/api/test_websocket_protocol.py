"""graphql-transport-ws as its page has it: each way to begin, to ask, and to be shown the door."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.app import create
from api.websocket import OPERATIONS_MAX, Patience
from settings import Settings
from tests.harness.server import open_door, serving_app
from tests.harness.shops import SandboxShop
from tests.harness.sockets import Talk, talking

FOLLOW = "subscription { catalogueUpdated { cursor catalogueVersion } }"


@pytest.fixture
async def talk(server: str, shop: SandboxShop) -> AsyncIterator[Talk]:
    """An initialised socket of a visitor."""
    async with talking(server) as found:
        await found.initialise(shopKey=shop.key)
        yield found


@pytest.fixture(scope="module")
async def hasty(settings: Settings, database: None) -> AsyncIterator[str]:
    """A server whose sockets wait for nothing long; its base URL."""
    app = create(settings)
    app.state.socket.patience = Patience(init=0.2, ping=0.2, send=0.5)
    async with serving_app(app, open_door()) as base_url:
        yield base_url


@pytest.mark.parametrize("offered", ["graphql-ws", "mqtt"])
async def test_another_subprotocol_is_not_spoken(server: str, offered: str) -> None:
    async with talking(server, offered) as talk:
        assert await talk.closed() == (4406, "Subprotocol not acceptable")


async def test_a_subprotocol_is_needed(server: str) -> None:
    async with connect(f"{server.replace('http', 'ws')}/graphql", proxy=None) as connection:
        assert await Talk(connection).closed() == (4406, "Subprotocol not acceptable")


async def test_ours_is_picked_from_several(server: str, shop: SandboxShop) -> None:
    async with talking(server, "graphql-ws", "graphql-transport-ws") as talk:
        assert talk.connection.subprotocol == "graphql-transport-ws"
        assert list(await talk.initialise(shopKey=shop.key)) == ["now"]


async def test_other_paths_have_no_sockets(server: str) -> None:
    with pytest.raises(InvalidStatus):
        await connect(f"{server.replace('http', 'ws')}/healthz", proxy=None)


async def test_who_says_nothing_is_shown_out(hasty: str) -> None:
    async with talking(hasty) as talk:
        assert await talk.closed() == (4408, "Connection initialisation timeout")


async def test_pings_do_not_put_it_off(hasty: str) -> None:
    async with talking(hasty) as talk:
        await talk.say("ping", payload={"n": 1})
        assert await talk.hear() == {"type": "pong", "payload": {"n": 1}}
        assert (await talk.closed())[0] == 4408


async def test_nothing_is_asked_before_the_handshake(server: str) -> None:
    async with talking(server) as talk:
        await talk.ask("1", "{ shop { name } }")
        assert await talk.closed() == (4401, "Unauthorized")


async def test_the_handshake_is_made_once(talk: Talk) -> None:
    await talk.say("connection_init")
    assert await talk.closed() == (4429, "Too many initialisation requests")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, 4403),
        ({"shopKey": "nobody's"}, 4403),
        ({"token": "e30.e30.e30"}, 4403),
        ({"shopKey": 7}, 4400),
        ({"shopKey": "demo", "token": ["a"]}, 4400),
    ],
)
async def test_who_proves_nothing_is_refused(server: str, payload: dict[str, Any], code: int) -> None:
    async with talking(server) as talk:
        await talk.say("connection_init", payload=payload)
        assert (await talk.closed())[0] == code


async def test_a_visitor_id_is_a_uuid(server: str, shop: SandboxShop) -> None:
    async with talking(server) as talk:
        await talk.say("connection_init", payload={"shopKey": shop.key, "visitorId": "me"})
        assert await talk.closed() == (4400, "X-Visitor-Id must be a UUID")


async def test_key_and_token_of_two_shops_are_refused(server: str, shop: SandboxShop, other_shop: SandboxShop) -> None:
    async with talking(server) as talk:
        await talk.say("connection_init", payload={"shopKey": shop.key, "token": other_shop.token_of(other_shop.owner)})
        assert await talk.closed() == (4403, "The token belongs to another shop than X-Shop-Key")


@pytest.mark.parametrize(
    "frame",
    [
        "", "not json", "[]", '[{"type":"ping"}]', "null", "7", '"ping"', "{}", '{"type":null}', '{"type":7}',
        '{"type":"start","id":"1"}', '{"type":"next","id":"1","payload":{}}', '{"type":"connection_ack"}',
        '{"type":"ping","payload":7}', '{"type":"pong","payload":[]}', '{"type":"complete"}',
        '{"type":"complete","id":7}',
        '{"type":"subscribe","payload":{"query":"{ shop { name } }"}}',
        '{"type":"subscribe","id":"","payload":{"query":"{ shop { name } }"}}',
        '{"type":"subscribe","id":1,"payload":{"query":"{ shop { name } }"}}',
        '{"type":"subscribe","id":null,"payload":{"query":"{ shop { name } }"}}',
        '{"type":"subscribe","id":"1"}', '{"type":"subscribe","id":"1","payload":null}',
        '{"type":"subscribe","id":"1","payload":[]}', '{"type":"subscribe","id":"1","payload":{}}',
        '{"type":"subscribe","id":"1","payload":{"query":7}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ shop { name } }","variables":[]}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ shop { name } }","variables":"a"}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ shop { name } }","operationName":7}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ shop { name } }","extensions":[]}}',
        b'{"type":"ping"}', '{"type":"ping","payload":NaN}', "[" * 3000,
    ],
)  # fmt: skip
async def test_what_is_no_message_ends_the_socket(talk: Talk, frame: str | bytes) -> None:
    await talk.send(frame)

    code, reason = await talk.closed()

    assert code == 4400
    assert reason


async def test_frames_have_a_size(talk: Talk) -> None:
    await talk.say("ping", payload={"a": "x" * 60_000})
    assert len((await talk.hear())["payload"]["a"]) == 60_000

    await talk.say("ping", payload={"a": "x" * 70_000})
    assert (await talk.closed())[0] == 1009


async def test_an_id_is_used_by_one_at_a_time(talk: Talk) -> None:
    await talk.ask("one", FOLLOW)
    assert (await talk.hear())["type"] == "next"
    await talk.ask("one", FOLLOW)

    assert await talk.closed() == (4409, "Subscriber for one already exists")


async def test_an_id_is_free_again_afterwards(talk: Talk) -> None:
    for _ in range(3):
        await talk.ask("one", "{ shop { name } }")
        assert [(await talk.hear())["type"], (await talk.hear())["type"]] == ["next", "complete"]
        await talk.ask("one", FOLLOW)
        assert (await talk.hear())["type"] == "next"
        await talk.say("complete", "one")


async def test_a_query_is_answered_once_as_over_http(talk: Talk, shop: SandboxShop) -> None:
    document = "query Named($n: PageSize) { shop { name mode } products(first: $n) { totalCount } }"
    await talk.ask("q", document, n=1)

    answer, end = await talk.hear(), await talk.hear()

    over_http = await shop.visitor(document, {"n": 1})
    assert (answer["id"], answer["type"], answer["payload"]["data"]) == ("q", "next", over_http.data)
    assert (
        answer["payload"]["extensions"]["cost"]["requestedQueryCost"]
        == (over_http.extensions["cost"]["requestedQueryCost"])
    )
    assert end == {"type": "complete", "id": "q"}


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("{ shop {", {}, "GRAPHQL_PARSE_FAILED"),
        ("", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a: catalogueUpdated { at } b: catalogueUpdated { at } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { shop { name } } query B { shop { name } }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("query ($n: PageSize) { products(first: $n) { totalCount } }", {"n": 0}, "BAD_USER_INPUT"),
        ("query ($h: Handle) { product(handle: $h) { id } }", {"h": "\0"}, "BAD_USER_INPUT"),
        ("{ locations { id } }", {}, "FORBIDDEN"),
        ("mutation { productsUnpublish(ids: []) { userErrors { code } } }", {}, "BAD_REQUEST"),
        ("{ products(first: 100) { nodes { variants(first: 100) { nodes { id } } } } }", {}, "MAX_COST_EXCEEDED"),
    ],
)
async def test_what_is_refused_leaves_the_socket(
    talk: Talk, document: str, variables: dict[str, Any], code: str
) -> None:
    await talk.ask("bad", document, **variables)

    refused = await talk.hear()

    assert (refused["type"], refused["id"]) == ("error", "bad")
    assert refused["payload"][0]["extensions"]["code"] == code
    assert refused["payload"][0]["extensions"]["requestId"]
    await talk.ask("bad", "{ shop { mode } }")
    assert (await talk.hear())["payload"]["data"] == {"shop": {"mode": "SANDBOX"}}


async def test_pings_are_answered_with_what_they_carry(talk: Talk) -> None:
    await talk.say("ping")
    assert await talk.hear() == {"type": "pong"}
    await talk.say("ping", payload={"a": {"b": [1]}})
    assert await talk.hear() == {"type": "pong", "payload": {"a": {"b": [1]}}}
    await talk.say("pong")
    await talk.say("pong", payload={"late": True})
    await talk.say("complete", "nobody's")
    await talk.say("ping")
    assert await talk.hear() == {"type": "pong"}


async def test_the_server_pings_too(hasty: str, shop: SandboxShop) -> None:
    async with talking(hasty) as talk:
        await talk.initialise(shopKey=shop.key)
        for _ in range(3):
            message = await talk.connection.recv()
            assert '"type":"ping"' in str(message)
            assert '"now":"' in str(message)


async def test_one_socket_follows_so_much_and_no_more(talk: Talk) -> None:
    for number in range(OPERATIONS_MAX):
        await talk.ask(str(number), FOLLOW)
        assert (await talk.hear())["type"] == "next"

    await talk.ask("more", FOLLOW)
    refused = await talk.hear()
    await talk.say("complete", "0")
    await talk.ask("more", FOLLOW)

    assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "THROTTLED")
    assert (await talk.hear())["type"] == "next"


async def test_what_would_go_on_for_ever_is_not_for_http(shop: SandboxShop) -> None:
    answer = await shop.visitor(FOLLOW)

    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])
