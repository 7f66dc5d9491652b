"""Bodies nobody writes by accident: each is the client's mistake, said in GraphQL JSON, and never a fault of ours."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest

NEW = "application/graphql-response+json"
HEADERS = {"content-type": "application/json", "accept": NEW}
ECHO = "query E($n: String) { hello(name: $n) }"

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "a number": b"5",
    "a text": b'"x"',
    "true": b"true",
    "null": b"null",
    "a list": b"[5]",
    "an empty list": b"[]",
    "an empty object": b"{}",
    "no JSON": b"query { __typename }",
    "half": b'{"query": "{ __typename',
    "two": b'{"query": "{ __typename }"}{"query": "{ __typename }"}',
    "invalid UTF-8": b'{"query": "{ hello(name: \\"\xff\xfe\\") }"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ __typename }"}',
    "NaN": b'{"query": "{ __typename }", "variables": {"n": NaN}}',
    "Infinity": b'{"query": "{ __typename }", "variables": {"n": Infinity}}',
    "half a surrogate": b'{"query": "{ hello(name: \\"\\ud800\\") }"}',
    "half a surrogate in a variable": b'{"query": "{ __typename }", "variables": {"n": "\\ud800"}}',
    "100,000 lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 lists in a variable": b'{"query": "a", "variables": {"n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "a NUL byte": b'{"query": "{ __typename }\x00"}',
    "a NUL": b'{"query": "{ __typename }\\u0000"}',
    "a document that is all NUL": b'{"query": "\\u0000\\u0000"}',
    "a duplicated query": b'{"query": 5, "query": {}}',
    "single quotes": b"{'query': '{ __typename }'}",
    "a trailing comma": b'{"query": "{ __typename }",}',
    "a comment": b'{"query": "{ __typename }" /* hi */}',
}  # fmt: skip


async def refused(http: httpx.AsyncClient, body: bytes) -> dict[str, Any]:
    answer = await http.post("/graphql", content=body, headers=HEADERS)

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith(NEW)
    assert "data" not in answer.json()
    error: dict[str, Any] = answer.json()["errors"][0]
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    return {"status": answer.status_code, "code": error["extensions"]["code"], "message": error["message"]}


@pytest.mark.parametrize("name", BODIES)
async def test_it_is_the_clients_mistake(tiny: httpx.AsyncClient, name: str) -> None:
    told = await refused(tiny, BODIES[name])

    assert told["code"] in {"BAD_REQUEST", "GRAPHQL_PARSE_FAILED"}


@pytest.mark.parametrize(
    "variables",
    [
        b'{"n": "a\\u0000b"}',
        b'{"n\\u0000": "a"}',
        b'{"m": [{"x": "\\u0000"}]}',
        b'{"n": ' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"n": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
        b'{"n": 5}',
        b'{"n": ' + b"9" * 4_301 + b"}",
        b'{"n": {"a": 1}}',
    ],
)
async def test_a_variable_that_can_not_be_is_bad_input(tiny: httpx.AsyncClient, variables: bytes) -> None:
    told = await refused(tiny, b'{"query": "%b", "variables": %b}' % (ECHO.encode(), variables))

    # A number of 4,301 digits is no JSON to some readers; either way it is the client's.
    assert told["code"] in {"BAD_USER_INPUT", "BAD_REQUEST"}


@pytest.mark.parametrize("number", [b"2147483648", b"1e400", b"9" * 30, b"9" * 4_301, b"0.5", b"-1e-400", b"1" * 20])
async def test_numbers_out_of_range_are_bad_input(tiny: httpx.AsyncClient, number: bytes) -> None:
    body = b'{"query": "query Q($n: Int!) { add(a: $n, b: 1) }", "variables": {"n": %b}}' % number
    answer = await tiny.post("/graphql", content=body, headers=HEADERS)

    # -1e-400 is 0 to every reader.
    assert (answer.status_code, "errors" in answer.json()) == ((200, False) if number == b"-1e-400" else (400, True))


async def test_an_escaped_backslash_is_no_nul(tiny: httpx.AsyncClient) -> None:
    body = orjson.dumps({"query": ECHO, "variables": {"n": "\\u0000"}})
    answer = await tiny.post("/graphql", content=body, headers=HEADERS)

    assert answer.json()["data"] == {"hello": "Hello \\u0000"}


@pytest.mark.parametrize("name", ["__proto__", "constructor", "a" * 10_000, ""])
async def test_strange_keys_are_only_keys(tiny: httpx.AsyncClient, name: str) -> None:
    body = orjson.dumps({"query": "{ __typename }", name: 1, "variables": {name: 1}, "extensions": {name: 1}})

    assert (await tiny.post("/graphql", content=body, headers=HEADERS)).status_code == 200


async def test_a_document_of_1_mb_is_refused(tiny: httpx.AsyncClient) -> None:
    told = await refused(tiny, orjson.dumps({"query": "{ __typename }" + " " * 1_000_000}))

    assert told["status"] == 413


async def test_a_document_over_100_kb_is_refused(tiny: httpx.AsyncClient) -> None:
    told = await refused(tiny, orjson.dumps({"query": "{ __typename }" + " " * 100_000}))

    assert (told["status"], told["code"]) == (400, "GRAPHQL_VALIDATION_FAILED")
    assert "bytes" in told["message"]


async def test_too_many_bytes_of_variables_are_refused(tiny: httpx.AsyncClient) -> None:
    told = await refused(tiny, orjson.dumps({"query": ECHO, "variables": {"n": "x" * 600_000}}))

    assert told["status"] == 413


async def test_a_body_that_does_not_say_its_size_is_cut_off(tiny: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 100_000

    # Either the answer arrives, or the server has closed the door on the rest.
    try:
        answer = await tiny.post("/graphql", content=endless(), headers=HEADERS)
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        return
    assert answer.status_code == 413


async def test_an_answer_of_an_error_does_not_echo_a_long_value(tiny: httpx.AsyncClient) -> None:
    body = orjson.dumps({"query": "query Q($n: Int!) { add(a: $n, b: 1) }", "variables": {"n": "x" * 90_000}})
    answer = await tiny.post("/graphql", content=body, headers=HEADERS)

    assert len(answer.content) < 1_500


async def test_a_client_that_goes_away_harms_nobody(tiny: httpx.AsyncClient, tiny_url: str) -> None:
    host, port = tiny_url.removeprefix("http://").split(":")
    for sent in (b"POST /graphql HTTP/1.1\r\n", b"content-length: 50\r\ncontent-type: application/json\r\n\r\n{"):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\n" + sent if sent.startswith(b"content") else sent)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    assert (await tiny.post("/graphql", json={"query": "{ __typename }"})).status_code == 200
