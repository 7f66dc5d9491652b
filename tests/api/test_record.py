"""One line and a few counters for every request, with nothing in them that is anybody's."""

from collections.abc import Awaitable, Iterator
from typing import Any, Protocol

import httpx
import orjson
import pytest

from logs import configure
from tests.harness.shops import OpenedShop, SandboxShop


class Post(Protocol):
    """Send a JSON body."""

    def __call__(self, body: Any, accept: str = ..., **headers: str) -> Awaitable[httpx.Response]:
        """Send it."""


@pytest.fixture
def told() -> Iterator[None]:
    """Write lines of requests, as a shop does."""
    configure("info")
    yield
    configure("warning")


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    written = [orjson.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in written if line["event"] == "request"]


async def test_a_request_is_one_line(
    post: Post, tiny_shop: OpenedShop, told: None, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"query": "query Greet($n: String) { hello(name: $n) }", "variables": {"n": "13800138000"}}
    answer = await post(body)
    (line,) = lines(capfd)

    assert line.pop("time")
    assert line.pop("took_ms") >= 0
    assert line == {
        "level": "info",
        "event": "request",
        "request_id": answer.headers["x-request-id"],
        "shop_id": str(tiny_shop.id),
        "operation": "Greet",
        "kind": "query",
        "cost": 0,
        "fell_back": True,
        "status": 200,
        "refused_as": None,
    }


async def test_a_refused_request_is_one_line_with_its_code(
    post: Post, told: None, capfd: pytest.CaptureFixture[str]
) -> None:
    await post({"query": "{ nothing }"})
    (line,) = lines(capfd)

    assert (line["status"], line["refused_as"]) == (400, "GRAPHQL_VALIDATION_FAILED")


async def test_what_is_sent_never_reaches_the_log(post: Post, told: None, capfd: pytest.CaptureFixture[str]) -> None:
    await post({"query": '{ hello(name: "13800138000") }'}, authorization="Bearer a.b.c")
    await post({"query": "query Q($n: Int!) { add(a: $n, b: 1) }", "variables": {"n": "13800138000"}})
    written = capfd.readouterr().err

    assert "13800138000" not in written
    assert "a.b.c" not in written


def count(text: str, name: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


async def test_counters_tell_what_came_of_requests(shop: SandboxShop) -> None:
    async def now() -> str:
        return (await shop.http.get("/metrics")).text

    before = await now()
    await shop.visitor("{ shop { name } }")
    await shop.visitor("{ nothing }")
    await shop.visitor("{ __schema { queryType { name } } }")
    after = await now()

    for name, more in {
        'xiaopu_requests_total{outcome="ok"}': 2,
        'xiaopu_requests_total{outcome="GRAPHQL_VALIDATION_FAILED"}': 1,
        'xiaopu_documents_refused_total{code="GRAPHQL_VALIDATION_FAILED"}': 1,
        'xiaopu_documents_fell_back_total{kind="query"}': 1,
        "xiaopu_request_seconds_count": 3,
    }.items():
        assert count(after, name) - count(before, name) == more
