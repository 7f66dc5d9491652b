"""Errors: each has a code and the request's id, and a fault says nothing of itself but to the log."""

from collections.abc import Awaitable
from typing import Any, Protocol

import httpx
import orjson
import pytest

from api import operations
from settings import Settings
from tests.harness.server import client, serving_app
from tests.harness.shops import OpenedShop
from tests.harness.tiny import SECRET, tiny_app


class Post(Protocol):
    """Send a JSON body."""

    def __call__(self, body: Any, accept: str = ..., **headers: str) -> Awaitable[httpx.Response]:
        """Send it."""


@pytest.mark.parametrize("query", ["{ broken }", "{ brokenHard }", "{ hello broken other: broken }"])
async def test_a_fault_in_a_field_is_masked(post: Post, query: str) -> None:
    answer = await post({"query": query})

    for error in answer.json()["errors"]:
        assert error["message"] == "Internal server error"
        assert error["path"]
        assert error["extensions"] == {
            "code": "INTERNAL_SERVER_ERROR",
            "requestId": answer.headers["x-request-id"],
        }
    assert "hunter2" not in answer.text


async def test_a_fault_of_the_whole_request_is_masked(post: Post) -> None:
    answer = await post({"query": "query Fault { hello }"})

    assert answer.status_code == 500
    assert answer.json()["errors"][0]["message"] == "Internal server error"
    assert "data" not in answer.json()
    assert "hunter2" not in answer.text


async def test_a_fault_is_logged_with_its_place_but_not_its_words(
    post: Post, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await post({"query": "{ broken }"})

    logged = capfd.readouterr().err
    (line,) = [orjson.loads(line) for line in logged.splitlines() if '"fault"' in line]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["level"], line["fault"]) == ("error", "RuntimeError")
    assert any("_break" in place for place in line["at"])
    assert SECRET not in logged


async def test_a_refusal_raised_in_a_field_keeps_its_words(post: Post) -> None:
    (error,) = (await post({"query": '{ picky(word: "foreign") }'})).json()["errors"]

    assert error["message"] == "The cursor belongs to another list"
    assert error["path"] == ["picky"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_role_that_is_missing_refuses_the_request_and_names_the_fields(post: Post) -> None:
    answer = await post({"query": "query ForStaff { hello }"})

    assert answer.status_code == 403
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["extensions"]["fields"] == ["Query.hello"]
    assert "path" not in error


async def test_errors_of_a_document_say_where(post: Post) -> None:
    errors = (await post({"query": "{ nothing\n  neither }"})).json()["errors"]

    assert [error["locations"] for error in errors] == [[{"line": 1, "column": 3}], [{"line": 2, "column": 3}]]


async def test_what_takes_too_long_is_stopped(
    settings: Settings, tiny_shop: OpenedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "OPERATION_SECONDS", 0.05)
    async with serving_app(tiny_app(settings)) as base_url, client(base_url) as http:
        headers = {"accept": "application/graphql-response+json", "x-shop-key": tiny_shop.key}
        answer = await http.post("/graphql", json={"query": "{ slow }"}, headers=headers)

    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "TIMEOUT"
