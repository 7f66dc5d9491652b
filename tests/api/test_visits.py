"""Visits: what headers and visitTrack tell of one launch is one row a moment later, and no answer waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from clock import wall_now
from models.database import pool
from models.refusal import RetryRefusal, UserErrorCode
from resolvers import visit_recorder as recording
from resolvers.bulk_log import LOST
from resolvers.caller import ActorKind
from resolvers.rows import Row
from resolvers.shop import delete_shop
from resolvers.visit import VisitDetails, visit_track
from resolvers.visit_recorder import VisitRecorder
from settings import Settings
from tests.harness.asking import Asker
from tests.harness.processes import process_serving
from tests.harness.shops import OpenedShop, SandboxShop, open_shop, over_http

HELLO = "{ __typename }"
TRACK = """
mutation ($visit: ID!, $input: VisitTrackInput!) { visitTrack(visitId: $visit, input: $input) { userErrors { code } } }
"""
_OF_SHOP = "select * from visit where shop_id = $1 order by arrived_at, id"


async def rows(shop: OpenedShop) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool().fetch(_OF_SHOP, shop.id)]


async def settled(http: httpx.AsyncClient, shop: SandboxShop) -> list[dict[str, Any]]:
    """The rows of a shop's visits, once nothing is under way any more."""
    answer = (await http.post(f"/sandbox/shops/{shop.global_id}/settle")).json()
    assert answer == {"idle": True, "waiting": dict.fromkeys(answer["waiting"], 0)}
    return await rows(shop)


def somebody(shop: SandboxShop, visit: object = None, visitor: object = None) -> Asker:
    return shop.visitor.also(x_visitor_id=str(visitor or uuid4()), x_visit_id=str(visit or uuid4()))


def a_visit(shop: OpenedShop, **told: Any) -> Row:
    return {
        "shop_id": shop.id, "visit_id": uuid4(), "visitor_id": uuid4(), "customer_id": None, "app_id": shop.app.id,
        "arrived_at": wall_now(), **told,
    }  # fmt: skip


async def test_headers_alone_make_a_visit(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    visit, visitor = uuid4(), uuid4()

    await somebody(shop, visit, visitor)(HELLO)

    [row] = await settled(http, shop)
    assert (row["visit_id"], row["visitor_id"], row["app_id"], row["source"]) == (visit, visitor, shop.app.id, "DIRECT")


async def test_it_is_written_within_a_second_by_itself(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    visit = uuid4()
    await somebody(shop, visit)(HELLO)

    async with asyncio.timeout(1):
        while not (found := await rows(shop)):  # noqa: ASYNC110 - nobody tells of it but the table
            await asyncio.sleep(0.02)

    assert [row["visit_id"] for row in found] == [visit]


async def test_a_hundred_requests_of_a_launch_are_one_visit(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    ask, before = somebody(shop), shop.caller.now

    await asyncio.gather(*(ask(HELLO) for _ in range(50)))
    await settled(http, shop)
    await asyncio.gather(*(ask(HELLO) for _ in range(50)))

    [row] = await settled(http, shop)
    assert row["arrived_at"] >= before


async def test_one_id_in_two_shops_is_two_visits(
    http: httpx.AsyncClient, shop: SandboxShop, other_shop: SandboxShop
) -> None:
    visit, visitor = uuid4(), uuid4()

    await somebody(shop, visit, visitor)(HELLO)
    await somebody(other_shop, visit, visitor).also()(TRACK, {"visit": str(visit), "input": {"scene": 1001}})

    assert [row["scene_group"] for row in await settled(http, shop)] == [None]
    assert [row["scene_group"] for row in await settled(http, other_shop)] == ["RECENT"]


async def test_details_complete_what_the_headers_began(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    visit = str(uuid4())
    ask = somebody(shop, visit)
    await ask(HELLO)
    [first] = await settled(http, shop)

    await ask(TRACK, {"visit": visit, "input": {"scene": 1047, "platform": "ios", "path": "pages/goods?id=7"}})
    await ask(TRACK, {"visit": visit, "input": {"scene": 1001, "platform": "android", "article": "春茶"}})

    [row] = await settled(http, shop)
    assert (row["id"], row["arrived_at"]) == (first["id"], first["arrived_at"])
    assert (row["scene_value"], row["scene_group"], row["source"]) == (1047, "CODE", "SCENE")
    assert (row["platform"], row["path"], row["query"], row["article"]) == ("ios", "pages/goods", "id=7", "春茶")


@pytest.mark.parametrize(
    ("scene", "group", "counts"), [(1007, "CHAT_CARD", True), (4321, "OTHER", True), (1030, "OTHER", False)]
)
async def test_scenes_are_sorted_by_a_table(
    http: httpx.AsyncClient, shop: SandboxShop, scene: int, group: str, counts: bool
) -> None:
    await somebody(shop)(TRACK, {"visit": str(uuid4()), "input": {"scene": scene}})

    found = [(row["scene_group"], row["counts"]) for row in await settled(http, shop) if row["scene_value"]]
    assert found == [(group, counts)]


async def test_staff_and_who_says_no_visit_or_visitor_leave_no_row(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    await shop.staff.also(x_visitor_id=str(uuid4()), x_visit_id=str(uuid4()))(HELLO)
    await shop.visitor.also(x_visitor_id=str(uuid4()))(HELLO)
    await shop.visitor.also(x_visit_id=str(uuid4()))(HELLO)
    await somebody(shop)("{ nothing }")

    assert await settled(http, shop) == []


async def test_a_full_recorder_lets_visits_go_and_never_waits(opened: OpenedShop) -> None:
    recorder = VisitRecorder(waiting_max=3)
    before = LOST.labels("visit", "full")._value.get()

    taken = [recorder.add(a_visit(opened)) for _ in range(5)]
    await recorder.write()

    assert taken == [True, True, True, False, False]
    assert LOST.labels("visit", "full")._value.get() - before == 2
    assert len(await rows(opened)) == 3


async def test_visit_track_says_when_to_come_back(opened: OpenedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = opened.caller._replace(actor=ActorKind.VISITOR, subject_id=None, visitor_id=uuid4())
    monkeypatch.setattr(recording, "_recording", [VisitRecorder(waiting_max=0)])

    with pytest.raises(RetryRefusal) as refused:
        await visit_track(visitor, uuid4(), VisitDetails())

    assert (refused.value.code, refused.value.retry_after_ms) == (UserErrorCode.BUSY, 2000)


async def test_what_the_database_refuses_for_good_loses_nothing_else(opened: OpenedShop) -> None:
    recorder = VisitRecorder()
    visits = [a_visit(opened) for _ in range(7)]
    visits[2]["platform"] = "x" * 33

    for visit in visits:
        recorder.add(visit)
    await recorder.write()

    assert {row["visit_id"] for row in await rows(opened)} == {visit["visit_id"] for visit in visits} - {
        visits[2]["visit_id"]
    }
    assert recorder.waiting_of(opened.id) == 0


async def test_a_shop_that_went_takes_no_other_shops_visits_along(settings: Settings, opened: OpenedShop) -> None:
    gone, recorder = await open_shop(settings, "将去"), VisitRecorder()
    recorder.add(a_visit(gone))
    recorder.add(a_visit(opened, customer_id=uuid4()))
    await delete_shop(gone.id)

    await recorder.write()

    assert [row["customer_id"] for row in await rows(opened)] == [None]
    assert recorder.waiting_of(gone.id) == 0


@pytest.mark.slow
async def test_what_can_not_be_written_now_waits_on(opened: OpenedShop) -> None:
    recorder, visit = VisitRecorder(), a_visit(opened)
    recorder.add(visit)

    async with pool().acquire() as rival, rival.transaction():
        await rival.execute("select from shop where id = $1 for update", opened.id)
        await recorder.write()
    recorder.add({**visit, "platform": "ios"})
    assert (await rows(opened), recorder.waiting_of(opened.id)) == ([], 1)

    await recorder.write()
    assert [row["platform"] for row in await rows(opened)] == ["ios"]


async def test_two_processes_that_see_the_same_visits_agree(opened: OpenedShop) -> None:
    recorders = [VisitRecorder() for _ in range(4)]
    visits = [a_visit(opened) for _ in range(500)]
    for number, recorder in enumerate(recorders):
        order = visits if number % 2 else reversed(visits)
        for visit in order:
            recorder.add({**visit, ("platform", "path", "article", "open_gid")[number]: "told"})

    await asyncio.gather(*(recorder.write() for recorder in recorders))

    found = await rows(opened)
    assert len(found) == 500
    assert {(row["platform"], row["path"], row["article"], row["open_gid"]) for row in found} == {("told",) * 4}


@asynccontextmanager
async def _served(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[SandboxShop, Any]]:
    """A process of its own, and a shop whose visitors come to it."""
    opened = await open_shop(settings)
    async with (
        process_serving(settings, tmp_path / "serve.log") as process,
        httpx.AsyncClient(base_url=process.base_url, trust_env=False) as http,
    ):
        yield over_http(opened, http, settings), process


async def _comes(shop: SandboxShop, visits: int) -> set[UUID]:
    ids = {uuid4() for _ in range(visits)}
    await asyncio.gather(*(somebody(shop, visit)(HELLO) for visit in ids))
    return ids


@pytest.mark.slow
async def test_a_kill_loses_no_more_than_the_last_second(settings: Settings, database: None, tmp_path: Path) -> None:
    async with _served(settings, tmp_path) as (shop, process):
        early = await _comes(shop, 50)
        await asyncio.sleep(1)
        await _comes(shop, 5)
        process.kill()
        await process.running.wait()

    assert early <= {row["visit_id"] for row in await rows(shop)}


@pytest.mark.slow
async def test_stopping_loses_nothing(settings: Settings, database: None, tmp_path: Path) -> None:
    async with _served(settings, tmp_path) as (shop, process):
        came = await _comes(shop, 50)
        process.running.terminate()
        await process.running.wait()

    assert {row["visit_id"] for row in await rows(shop)} == came
