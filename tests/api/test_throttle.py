"""Points to spend: they run out, come back with time, and one client's are not another's."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

import api.throttle
from api.throttle import Throttle
from settings import Settings
from tests.harness.server import client, serving_app
from tests.harness.shops import OpenedShop
from tests.harness.tiny import tiny_app

SHOP = UUID(int=1)
TWENTY_POINTS = {"query": "{ pages(first: 18) { nodes { number } } }"}


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(api.throttle, "monotonic", clock)
    return clock


def test_a_bucket_refills_steadily_and_never_overflows(clock: Clock) -> None:
    throttle = Throttle(most=100, per_second=10)
    me = (SHOP, "key", "1.2.3.4")
    throttle.spend(throttle.bucket(me), 80)

    clock.seconds += 1.5
    assert throttle.bucket(me).points == 35
    assert throttle.wait_seconds(throttle.bucket(me), 50) == 1.5
    clock.seconds += 1000
    assert throttle.bucket(me).points == 100
    assert throttle.wait_seconds(throttle.bucket(me), 100) == 0


def test_what_was_not_used_comes_back_at_once(clock: Clock) -> None:
    throttle = Throttle(most=100, per_second=10)
    bucket = throttle.bucket((SHOP, "key", "1.2.3.4"))
    throttle.spend(bucket, 50)
    throttle.give_back(bucket, 45)

    assert bucket.points == 95


def test_each_shop_credential_and_client_has_its_own(clock: Clock) -> None:
    throttle = Throttle(most=100, per_second=10)
    throttle.spend(throttle.bucket((SHOP, "key", "1.2.3.4")), 100)

    for other in ((UUID(int=2), "key", "1.2.3.4"), (SHOP, "other", "1.2.3.4"), (SHOP, "key", "1.2.3.5")):
        assert throttle.bucket(other).points == 100


def test_the_number_of_buckets_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.throttle, "BUCKETS_KEPT", 3)
    throttle = Throttle(most=100, per_second=10)
    for number in range(10):
        throttle.bucket((SHOP, "key", str(number)))

    assert len(throttle._buckets) == 3


@pytest.fixture
async def poor(settings: Settings, tiny_shop: OpenedShop) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor where a bucket holds 100 points and regains one a second."""
    scarce = settings.model_copy(update={"throttle_points": 100, "throttle_restore": 1})
    async with serving_app(tiny_app(scarce)) as base_url, client(base_url) as http:
        http.headers["x-shop-key"] = tiny_shop.key
        yield http


async def test_who_asks_too_much_is_told_when_to_come_back(poor: httpx.AsyncClient) -> None:
    refused = {"query": "{ nothing }"}
    for _ in range(9):
        assert (await poor.post("/graphql", json=refused)).status_code == 200
    answer = await poor.post("/graphql", json=TWENTY_POINTS)

    assert answer.status_code == 429
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "THROTTLED"
    assert "path" not in error
    assert "data" not in answer.json()
    assert 8 <= int(answer.headers["retry-after"]) <= 11
    status = answer.json()["extensions"]["cost"]["throttleStatus"]
    assert (status["maximumAvailable"], status["restoreRate"]) == (100, 1)
    assert status["currentlyAvailable"] <= 12


async def test_an_answer_that_brought_little_costs_little(poor: httpx.AsyncClient) -> None:
    for _ in range(10):
        answer = await poor.post("/graphql", json=TWENTY_POINTS)
        assert answer.status_code == 200
    cost = answer.json()["extensions"]["cost"]

    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (20, 5)
    assert cost["throttleStatus"]["currentlyAvailable"] in range(50, 53)
