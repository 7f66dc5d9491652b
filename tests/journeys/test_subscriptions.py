"""Following a shop over sockets: every change is told, by whichever process, to its own shop, once, and after a gap."""

import asyncio
import re
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from models.database import pool
from models.redis_server import redis
from resolvers.outbox_delivery import STREAM, deliver_outbox
from settings import Settings
from tests.conftest import Counting
from tests.harness.asking import Asker
from tests.harness.phones import PROFILE, phone_of
from tests.harness.processes import process_serving
from tests.harness.road import road_to
from tests.harness.server import client, serving
from tests.harness.shops import SandboxShop, open_shop, over_http
from tests.harness.sockets import Talk, talking

FOLLOW = "subscription ($after: String) { catalogueUpdated(after: $after) { cursor catalogueVersion at } }"
POLL = "query ($after: String) { catalogueChange(after: $after) { cursor catalogueVersion at } }"
CHANGE = """mutation ($words: String!, $version: Int!) {
  shopUpdate(input: {description: $words, version: $version}) { shop { catalogueVersion } userErrors { code } }
}"""


async def change(asker: Asker, words: str) -> int:
    """Change something of the shop; the version of its catalogue from then on."""
    read = (await asker("{ shop { version } }"))["shop"]["version"]
    written = await asker(CHANGE, {"words": words, "version": read})
    version: int = written["shopUpdate"]["shop"]["catalogueVersion"]
    return version


async def told(talk: Talk, id_: str = "f") -> tuple[int, str]:
    """The version and the cursor that a socket hears of next."""
    message = await talk.hear(20)
    assert (message["type"], message["id"]) == ("next", id_), message
    found = message["payload"]["data"]["catalogueUpdated"]
    assert list(message["payload"]["extensions"]) == ["now"]
    return found["catalogueVersion"], found["cursor"]


async def test_what_is_now_comes_first_and_then_each_change(server: str, shop: SandboxShop) -> None:
    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.ask("f", FOLLOW)
        before = await told(talk)
        version = await change(shop.staff, "新的")
        assert await talk.hears_nothing(0.3)
        await deliver_outbox(shop.id)

        assert await told(talk) == (version, before[1].replace(str(before[0]), str(version)))
        assert await talk.hears_nothing(0.3)


async def test_the_query_tells_the_same(server: str, shop: SandboxShop) -> None:
    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.ask("f", FOLLOW)
        version, cursor = await told(talk)

    now = (await shop.visitor(POLL))["catalogueChange"]
    assert (now["catalogueVersion"], now["cursor"]) == (version, cursor)
    assert (await shop.visitor(POLL, {"after": cursor}))["catalogueChange"] is None
    await change(shop.staff, "别的")
    assert (await shop.visitor(POLL, {"after": cursor}))["catalogueChange"]["catalogueVersion"] == version + 1
    assert (await shop.visitor(POLL, {"after": "from long ago"}))["catalogueChange"]["cursor"] != cursor


async def test_who_comes_back_with_a_cursor_has_lost_nothing(server: str, shop: SandboxShop) -> None:
    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.ask("f", FOLLOW)
        _, cursor = await told(talk)
        await talk.say("complete", "f")
        await talk.ask("f", FOLLOW, after=cursor)
        assert await talk.hears_nothing(0.3)
    version = await change(shop.staff, "一")
    await deliver_outbox(shop.id)
    # Whatever becomes of the stream.
    await redis().xtrim(STREAM, maxlen=0)

    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.ask("f", FOLLOW, after=cursor)
        assert (await told(talk))[0] == version


async def test_shops_hear_of_themselves_only(server: str, shop: SandboxShop, other_shop: SandboxShop) -> None:
    async with talking(server) as ours, talking(server) as theirs:
        for talk, who in ((ours, shop), (theirs, other_shop)):
            await talk.initialise(shopKey=who.key)
            await talk.ask("f", FOLLOW)
            await told(talk)
        await change(other_shop.staff, "隔壁的")
        version = await change(shop.staff, "自己的")
        await change(other_shop.staff, "隔壁的又")
        await deliver_outbox()

        assert (await told(ours))[0] == version
        await told(theirs)
        assert await ours.hears_nothing(0.3)


async def test_a_hundred_followers_cost_one_statement(server: str, shop: SandboxShop, statements: Counting) -> None:
    async with AsyncExitStack() as opened:
        talks = [await opened.enter_async_context(talking(server)) for _ in range(20)]
        for talk in talks:
            await talk.initialise(shopKey=shop.key, visitorId="01900000-0000-7000-8000-0000000000aa")
            for number in range(5):
                await talk.ask(str(number), FOLLOW)
                await told(talk, str(number))
        version = await change(shop.staff, "大家都看")
        await asyncio.sleep(0.2)
        async with statements() as seen:
            await deliver_outbox(shop.id)
            heard = [[await talk.hear() for _ in range(5)] for talk in talks]

    versions = {one["payload"]["data"]["catalogueUpdated"]["catalogueVersion"] for talk in heard for one in talk}
    assert versions == {version}
    assert len([sql for sql in seen.sql if "catalogue_version" in sql]) == 1


async def test_many_changes_are_told_as_few_and_the_last_is_among_them(server: str, shop: SandboxShop) -> None:
    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.ask("f", FOLLOW)
        first, _ = await told(talk)
        for number in range(30):
            await change(shop.staff, f"第{number}次")
            await deliver_outbox(shop.id)

        heard = [await told(talk)]
        while heard[-1][0] < first + 30:
            heard.append(await told(talk))
        assert [version for version, _ in heard] == sorted({version for version, _ in heard})


async def test_a_completed_subscription_is_silent(server: str, shop: SandboxShop) -> None:
    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        for id_ in ("stays", "goes"):
            await talk.ask(id_, FOLLOW)
            await told(talk, id_)
        await talk.say("complete", "goes")
        version = await change(shop.staff, "只说一次")
        await deliver_outbox(shop.id)

        assert (await told(talk, "stays"))[0] == version
        assert await talk.hears_nothing(0.3)


async def test_a_shop_that_is_no_more_has_no_listeners(
    server: str, http: httpx.AsyncClient, settings: Settings
) -> None:
    shop = over_http(await open_shop(settings), http, settings)
    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.ask("f", FOLLOW)
        await told(talk)
        await change(shop.staff, "最后")
        await deliver_outbox(shop.id)
        await told(talk)
        await pool().execute("update visitor_key set revoked_at = created_at where shop_id = $1", shop.id)
        await asyncio.sleep(1.1)
        await change(shop.staff, "收回了")
        await deliver_outbox(shop.id)

        assert (await talk.closed())[0] == 4403


async def test_a_server_that_stops_says_goodbye(settings: Settings, shop: SandboxShop) -> None:
    async with AsyncExitStack() as opened:
        base_url = await opened.enter_async_context(serving(settings))
        async with talking(base_url) as talk:
            await talk.initialise(shopKey=shop.key)
            await talk.ask("f", FOLLOW)
            await told(talk)
            stopping = asyncio.create_task(opened.aclose())

            assert await talk.hear() == {"type": "complete", "id": "f"}
            assert (await talk.closed())[0] == 1012
            await stopping


@pytest.mark.slow
async def test_redis_away_costs_no_socket_and_no_change(settings: Settings, shop: SandboxShop, redis_url: str) -> None:
    parts = urlsplit(redis_url)
    number = parse_qs(parts.query)["db"][0] if parts.scheme == "unix" else parts.path.strip("/")
    async with road_to(redis_url) as road:
        through = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{road.port}/{number}"})
        async with serving(through) as base_url, client(base_url) as http, talking(base_url) as talk:
            staff = Asker(http, shop.staff.headers)
            await talk.initialise(shopKey=shop.key)
            await talk.ask("f", FOLLOW)
            await told(talk)
            await road.close()
            before = road.travellers
            version = await change(staff, "没有人听见")
            await talk.say("ping")
            assert await talk.hear() == {"type": "pong"}
            assert await talk.hears_nothing(2)
            await road.open()

            assert (await told(talk))[0] == version
            # Nobody ran up and down the road meanwhile.
            assert road.travellers - before < 5
            await asyncio.sleep(2)
            version = await change(staff, "又听见了")
            await deliver_outbox(shop.id)
            assert (await told(talk))[0] == version


@pytest.mark.slow
async def test_two_processes_tell_their_sockets_the_same(
    settings: Settings, shop: SandboxShop, other_shop: SandboxShop, tmp_path: Path
) -> None:
    async with (
        process_serving(settings, tmp_path / "one.log") as one,
        process_serving(settings, tmp_path / "two.log") as two,
        client(one.base_url) as http,
        talking(one.base_url) as here,
        talking(two.base_url) as there,
        talking(two.base_url) as stranger,
    ):
        for talk, who in ((here, shop), (there, shop), (stranger, other_shop)):
            await talk.initialise(shopKey=who.key)
            await talk.ask("f", FOLLOW)
            await told(talk)
        versions = [await change(Asker(http, shop.staff.headers), f"第{number}次") for number in range(3)]

        for talk in (here, there):
            heard = 0
            while heard < versions[-1]:
                heard, _ = await told(talk)
            assert heard == versions[-1]
        assert await stranger.hears_nothing(1)
        two.running.terminate()
        assert await there.hear() == {"type": "complete", "id": "f"}
        assert (await there.closed())[0] == 1012
    said = (tmp_path / "two.log").read_text()
    assert re.search(r'"event":"socket_operation".*"kind":"subscription"', said)
    assert re.search(r'"event":"socket",.*"close_code":1012', said)
    assert shop.key not in said


async def test_a_customer_hears_of_themselves_on_every_device(server: str, shop: SandboxShop) -> None:
    phone, other = (phone_of(shop, f"u{secrets.token_hex(8)}") for _ in range(2))
    sessions = [(await one.login())["session"] for one in (phone, other)]
    follow = "subscription ($after: String) { viewerUpdated(after: $after) { cursor viewer { nickname phone } } }"
    poll = "query ($after: String) { viewerChange(after: $after) { cursor viewer { nickname } } }"
    async with talking(server) as here, talking(server) as there, talking(server) as stranger:
        for talk, session in ((here, sessions[0]), (there, sessions[0]), (stranger, sessions[1])):
            await talk.initialise(shopKey=phone.key, token=session["accessToken"])
            await talk.ask("f", follow)
            first = (await talk.hear())["payload"]["data"]["viewerUpdated"]
        customer = phone.customer(sessions[0]["accessToken"])
        before = (await customer(poll))["viewerChange"]["cursor"]
        assert (await customer(PROFILE, {"input": {"nickname": "换了名字"}})).refusals == []
        await deliver_outbox(shop.id)

        heard = [(await talk.hear())["payload"]["data"]["viewerUpdated"] for talk in (here, there)]
        assert heard[0] == heard[1]
        assert heard[0]["viewer"] == {"nickname": "换了名字", "phone": None}
        assert heard[0]["cursor"] not in {before, first["cursor"]}
        assert (await customer(poll, {"after": before}))["viewerChange"]["cursor"] == heard[0]["cursor"]
        assert (await customer(poll, {"after": heard[0]["cursor"]}))["viewerChange"] is None
        assert await stranger.hears_nothing(0.3)


async def test_who_is_nobody_is_told_of_nobody(server: str, shop: SandboxShop) -> None:
    phone = phone_of(shop, f"u{secrets.token_hex(8)}")
    async with talking(server) as talk:
        await talk.initialise(shopKey=shop.key)
        await talk.ask("f", "subscription { viewerUpdated { viewer { nickname } } }")
        await phone.login()
        await deliver_outbox(shop.id)

        assert await talk.hears_nothing(0.5)
    assert (await shop.visitor("{ viewerChange { cursor } }"))["viewerChange"] is None
    assert (await shop.staff("{ viewerChange { cursor } }"))["viewerChange"] is None
