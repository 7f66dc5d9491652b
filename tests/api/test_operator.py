"""The operator's commands as real processes: what they print, what they change, and what a mistake answers."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ids import encode_id, new_id
from models.database import pool, transaction
from models.redis_server import connect_redis, redis
from models.staff import Staff
from models.wechat_app import WechatApp
from resolvers.check import INVARIANTS
from resolvers.outbox import emit_many, waiting_events
from resolvers.outbox_delivery import STREAM
from resolvers.product import product_create
from resolvers.tokens import Tokens
from sealing import unseal
from settings import PROJECT, Settings
from tests.harness.asking import Asker
from tests.harness.shops import OpenedShop
from tests.resolvers.drafts import tee

pytestmark = pytest.mark.slow

# Waits end as soon as what they wait for is there: this is for machines with other work to do.
PATIENCE_SECONDS = 60


@pytest.fixture
def around(settings: Settings, database: None) -> Mapping[str, str]:
    """The environment of a process that works on this worker's servers."""
    assert settings.database_url
    assert settings.redis_url
    return os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "MODE": "development",
    }


async def start(around: Mapping[str, str], *arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    python = sys.executable
    return await asyncio.create_subprocess_exec(
        python, "main.py", *arguments, cwd=PROJECT, env=around, stdin=pipe, stdout=pipe, stderr=pipe
    )


async def run(around: Mapping[str, str], command: str, given: str = "") -> str:
    """Run a command to its end and return what it printed."""
    process = await start(around, *command.split())
    printed, complained = await process.communicate(given.encode())
    assert process.returncode == 0, complained.decode()
    return printed.decode().strip()


async def fail(around: Mapping[str, str], command: str) -> str:
    """Run a command that is refused with exit code 2; return the words."""
    process = await start(around, *command.split())
    _, complained = await process.communicate(b"")
    assert process.returncode == 2
    assert "Traceback" not in complained.decode()
    return complained.decode().strip()


async def started(worker: asyncio.subprocess.Process) -> None:
    """Wait until a worker says that it works."""
    assert worker.stderr
    async with asyncio.timeout(PATIENCE_SECONDS):
        while b"worker_started" not in (line := await worker.stderr.readline()):
            assert line, "the worker ended"


async def test_a_sandbox_is_opened_used_and_thrown_away(around: Mapping[str, str], http: Any) -> None:
    handle = f"cli-{new_id().hex[-8:]}"
    made = json.loads(await run(around, f"shop create --mode sandbox --seed 7 --handle {handle} --name 小铺"))

    for headers in ({"x-shop-key": made["visitorKey"]}, {"authorization": f"Bearer {made['staffToken']}"}):
        assert (await Asker(http, headers)("{ shop { name } }"))["shop"] == {"name": "小铺"}
    assert await fail(around, f"shop create --mode sandbox --handle {handle}") == "Another shop has this handle"
    assert await run(around, f"shop delete {handle}") == f"{handle} is gone."
    assert await fail(around, f"shop delete {handle}") == f"There is no shop '{handle}'"


async def test_two_shops_made_without_a_seed_share_no_app(around: Mapping[str, str]) -> None:
    one, two = [json.loads(await run(around, "shop create --mode sandbox")) for _ in range(2)]
    again = json.loads(await run(around, f"shop create --mode sandbox --seed {one['seed']}"))

    assert (one["appid"] != two["appid"], again["appid"]) == (True, one["appid"])


async def test_apps_of_one_open_account_say_so(around: Mapping[str, str], opened: OpenedShop) -> None:
    added = await run(around, f"app add --shop {opened.shop.handle} --appid wxtwin --open-account ours", given="s\n")

    assert json.loads(added)["openAccount"] == "ours"
    assert (await WechatApp.get(shop_id=opened.id, appid="wxtwin")).open_account == "ours"
    assert "at most 64" in await fail(
        around, f"app add --shop {opened.shop.handle} --appid wxthird --open-account {'x' * 65}"
    )


async def test_a_check_counts_what_is_broken_and_says_so_by_its_exit_code(
    around: Mapping[str, str], opened: OpenedShop
) -> None:
    tee_id = await product_create(opened.caller, tee(), "k")
    well = (await run(around, f"check --shop {opened.shop.handle}")).splitlines()
    assert [line.split() for line in well] == [["ok", "0", rule.name] for rule in INVARIANTS]

    await pool().execute("update product set image_count = 7 where id = $1", tee_id)
    process = await start(around, "check", "--shop", opened.global_id)
    printed, _ = await process.communicate()
    assert process.returncode == 1
    lines = printed.decode().splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("BAD"))
    assert lines[place].split() == ["BAD", "1", "product.figures_are_fresh"]
    assert lines[place + 2].strip() == encode_id("prd", tee_id)
    assert await fail(around, "check --shop nobody") == "There is no shop 'nobody'"


async def test_a_bill_that_nobody_gives_is_no_agreement(around: Mapping[str, str], opened: OpenedShop) -> None:
    nowhere = dict(around) | {"WECHAT_SANDBOX_URL": "http://127.0.0.1:9"}

    said = await fail(nowhere, f"bill --shop {opened.shop.handle} --date 2026-01-01")

    assert said.splitlines()[-1] == "WeChat gives no bill: tradebill: NO_CONNECTION"
    assert "--date" in await fail(around, f"bill --shop {opened.shop.handle} --date yesterday")


async def test_a_live_shop_gets_its_app_and_key_and_stays(around: Mapping[str, str], settings: Settings) -> None:
    handle = f"live-{new_id().hex[-8:]}"
    made = json.loads(await run(around, f"shop create --mode live --handle {handle}"))
    await run(around, f"app add --shop {handle} --appid wxreal", given="s3cr3t\n")
    key = await run(around, f"key create --shop {handle} --appid wxreal")

    app = await WechatApp.get(appid="wxreal")
    assert encode_id("shp", app.shop_id) == made["shopId"]
    assert app.base_url == "https://api.weixin.qq.com"
    assert unseal(bytes(app.secret_sealed), settings.derive("sealing")) == "s3cr3t"
    assert key.startswith("xk_")
    assert len(key) == 27
    await run(around, f"key revoke {key}")
    assert await fail(around, f"key revoke {key}") == "There is no such key in use"
    assert await fail(around, f"shop delete {handle}") == "A LIVE shop is never deleted"
    await pool().execute("delete from shop where id = $1", app.shop_id)


async def test_a_staff_token_takes_somebody_on_once(
    around: Mapping[str, str], settings: Settings, opened: OpenedShop
) -> None:
    command = f"staff token --shop {opened.shop.handle} --name 小李 --role CATALOGUE --role ORDERS --minutes 60"
    one, two = await run(around, command), await run(around, command)

    tokens = Tokens(settings.derive("token"))
    staff = await Staff.get(shop_id=opened.id, name="小李")
    assert staff.roles == ["CATALOGUE", "ORDERS"]
    assert {tokens.read(token).bearer.subject_id for token in (one, two)} == {staff.id}
    assert "not a whole number from 1 to 1440" in await fail(around, command.replace("60", "9999"))


async def test_two_workers_tell_every_event_once_and_stop_when_asked(
    around: Mapping[str, str], opened: OpenedShop, settings: Settings
) -> None:
    things = [new_id() for _ in range(20)]
    async with AsyncExitStack() as opening:
        await opening.enter_async_context(connect_redis(settings.redis_url or ""))
        workers = [await start(around, "worker") for _ in range(2)]
        for worker in workers:
            await started(worker)
        for step in range(10):
            async with transaction() as sql:
                await emit_many(sql, opened.id, "told.step", {thing: {"step": step} for thing in things})
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await waiting_events(opened.id):  # noqa: ASYNC110 - other processes are at work
                await asyncio.sleep(0.05)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        printed = [await worker.communicate() for worker in workers]

        entries = [entry for _, entry in await redis().xrange(STREAM)]
    # By what they speak of: the stream also has what else happened in this database, in other shapes.
    wanted = {thing.hex.encode() for thing in things}
    ours = [entry for entry in entries if entry.get(b"aggregate") in wanted]
    assert max(Counter(entry[b"id"] for entry in ours).values()) == 1
    assert {
        aggregate: [json.loads(entry[b"payload"])["step"] for entry in ours if entry[b"aggregate"] == aggregate]
        for aggregate in wanted
    } == {aggregate: list(range(10)) for aggregate in wanted}
    assert [worker.returncode for worker in workers] == [0, 0]
    assert [out.decode().strip() for out, _ in printed] == ["Stopped.", "Stopped."]


async def test_dead_letters_are_listed_and_replayed(around: Mapping[str, str], opened: OpenedShop) -> None:
    waiting = await waiting_events(opened.id)
    async with transaction() as sql:
        await emit_many(sql, opened.id, "told.step", {opened.id: {"step": 1}})
        await sql.execute(
            "update outbox_event set dead_at = created_at, attempts = 20, last_error = 'deaf'"
            " where shop_id = $1 and topic = 'told.step'",
            opened.id,
        )

    lines = [json.loads(line) for line in (await run(around, "outbox list")).splitlines()]
    (letter,) = [line for line in lines if line["shopId"] == opened.global_id]
    assert json.loads(await run(around, f"outbox list --shop {opened.shop.handle}")) == letter
    assert (letter["topic"], letter["attempts"], letter["lastError"]) == ("told.step", 20, "deaf")
    assert await run(around, f"outbox replay {letter['id']}") == "Due again; a worker will tell it."
    assert await waiting_events(opened.id) == waiting + 1
    assert "no such dead letter" in await fail(around, f"outbox replay {letter['id']}")
    assert "no such dead letter" in await fail(around, "outbox replay nonsense")


async def test_all_words_are_made_anew(around: Mapping[str, str], opened: OpenedShop) -> None:
    tee_id = await product_create(opened.caller, tee(title="纯棉圆领衫"), "k")
    words = "select words::text from product_words where product_id = $1"
    written = await pool().fetchval(words, tee_id)
    await pool().execute("update product_words set words = '' where product_id = $1", tee_id)

    assert (await run(around, "reindex")).endswith("anew.")

    assert await pool().fetchval(words, tee_id) == written
