"""A house that is built to be struck: two servers and a worker on one database, each may die and come back."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx

from models.database import pool
from settings import Settings
from tests.harness.asking import Answer, Asker
from tests.harness.processes import Process, free_port, process_running, process_working
from tests.harness.shops import SandboxShop
from wechat.sandbox.app import PATH

DOOR: Final = "/sandbox/failpoints"
_DEATH_SECONDS: Final = 60.0
_PATIENCE: Final = 20
_LATER: Final = {"IDEMPOTENCY_IN_PROGRESS", "BUSY"}

# Leases are wall time, and whoever held them is gone: what a minute of waiting would do.
_LEASES: Final = (
    "update outbox_event set next_attempt_at = now() where shop_id = $1 and delivered_at is null",
    "update payment set next_query_at = now() where shop_id = $1 and next_query_at is not null",
    "update payment_notification set next_attempt_at = now() where shop_id = $1 and next_attempt_at is not null",
    "update refund_allocation set next_attempt_at = now() where shop_id = $1 and next_attempt_at is not null",
    "update shipping_upload set next_attempt_at = now() where shop_id = $1 and next_attempt_at is not null",
    "update group_buy_card set next_attempt_at = now(), leased_until = null where shop_id = $1 and telling = 'WAITING'",
    "update message set next_attempt_at = now() where shop_id = $1 and next_attempt_at is not null",
    """update wechat_sandbox.notification set due_at = now(), sending_since = null
    where shop_id = $1 and due_at is not null""",
)


class Doorman(httpx.AsyncBaseTransport):
    """What stands before the servers: a question whose server dies under it goes to the next one, word for word."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.turned_away = 0
        self._way = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the first server that answers."""
        for address in self.addresses:
            request.url = httpx.URL(address).copy_with(raw_path=request.url.raw_path)
            try:
                return await self._way.handle_async_request(request)
            except httpx.TransportError:
                self.turned_away += 1
        message = "nobody is at home"
        raise httpx.ConnectError(message)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._way.aclose()


@dataclass(slots=True)
class _Place:
    """One process of the house: its port stays when it comes back."""

    name: str
    port: int
    opened: AsyncExitStack = field(default_factory=AsyncExitStack)
    process: Process | None = None


@dataclass(slots=True)
class House:
    """`http` asks whoever of the servers lives, the victim first; `wechat` is WeChat, which never dies."""

    settings: Settings
    logs: Path
    wechat: httpx.AsyncClient
    doorman: Doorman
    http: httpx.AsyncClient
    places: dict[str, _Place]

    async def stand(self, *, worker: bool) -> None:
        """Bring back whoever is gone; without a worker, what falls due waits for `settle`."""
        names = ["one", "two", *(["worker"] if worker else [])]
        await asyncio.gather(*(self._begin(self.places[name]) for name in names))
        if not worker:
            await self._end(self.places["worker"])
        self.first("one")

    @asynccontextmanager
    async def worker_away(self) -> AsyncIterator[None]:
        """Send the worker home for the length of a block, with all done that it had begun."""
        worker = self.places["worker"]
        is_here = worker.process is not None
        await self._end(worker)
        yield
        if is_here:
            await self._begin(worker)

    def first(self, name: str) -> None:
        """Let questions go to this server first."""
        places = sorted((self.places[other] for other in ("one", "two")), key=lambda place: place.name != name)
        self.doorman.addresses = [f"http://127.0.0.1:{place.port}" for place in places]

    async def strike(self, name: str) -> None:
        """Kill whoever comes by this place next; what other tests have set is of no more use."""
        await self.calm()
        answer = await self.wechat.post(DOOR, json={"name": name, "action": "CRASH", "times": 1})
        assert answer.status_code == 201, answer.text

    async def fell(self, name: str) -> None:
        """Wait for a process to be dead, which must be by a kill; nothing is left to strike anybody else."""
        process = self.places[name].process
        assert process
        async with asyncio.timeout(_DEATH_SECONDS):
            assert await process.running.wait() == -signal.SIGKILL
        assert [one["remaining"] for one in (await self.wechat.get(DOOR)).json()["set"]] == [0]
        await self.calm()

    async def calm(self) -> None:
        """Take all failpoints away."""
        await self.wechat.delete(DOOR)

    def asks(self, person: Asker) -> Asker:
        """Somebody whose phone asks this house."""
        return replace(person, http=self.http)

    async def _begin(self, place: _Place) -> None:
        if place.process and place.process.running.returncode is None:
            return
        await self._end(place)
        log = self.logs / f"{place.name}.log"
        if place.name == "worker":
            running = process_working(self.settings, log, environment=self._environment)
        else:
            running = process_running(
                self.settings, log, "serve", "--stop-with-parent", port=place.port, environment=self._environment
            )
        place.process = await place.opened.enter_async_context(running)

    async def _end(self, place: _Place) -> None:
        await place.opened.aclose()
        place.opened, place.process = AsyncExitStack(), None

    @property
    def _environment(self) -> dict[str, str]:
        wechat = str(self.wechat.base_url).rstrip("/")
        # The worker has no door: WeChat tells the first server what became of what it asked for.
        public = f"http://127.0.0.1:{self.places['one'].port}"
        return {"WORKER_INSIDE": "false", "WECHAT_SANDBOX_URL": f"{wechat}{PATH}", "PUBLIC_URL": public}


@asynccontextmanager
async def standing_house(settings: Settings, wechat: httpx.AsyncClient, logs: Path) -> AsyncIterator[House]:
    """Give a house for the length of a block; whoever lives at the end is stopped."""
    doorman = Doorman()
    places = {name: _Place(name, free_port()) for name in ("one", "two", "worker")}
    async with httpx.AsyncClient(base_url="http://house", transport=doorman, timeout=30, trust_env=False) as http:
        house = House(settings, logs, wechat, doorman, http, places)
        try:
            yield house
        finally:
            await house.calm()
            for place in places.values():
                await place.opened.aclose()


async def insists(ask: Asker, document: str, variables: dict[str, Any]) -> Answer:
    """Ask until it is answered, as a phone does: the same words under the same key."""
    for _try in range(_PATIENCE):
        answer = await ask(document, variables)
        if not any(refusal.code in _LATER for refusal in answer.refusals):
            return answer
        await asyncio.sleep(0.2)
    return answer


async def leases_end(shop_id: Any) -> None:
    """Let the leases of whoever was killed be over."""
    for statement in _LEASES:
        await pool().execute(statement, shop_id)


async def dies(settings: Settings, shop: SandboxShop, log: Path, point: str) -> None:
    """Have a worker come by a point, and be killed there."""
    await shop.http.delete(DOOR)
    answer = await shop.http.post(DOOR, json={"name": point, "action": "CRASH", "times": 1})
    assert answer.status_code == 201, answer.text
    try:
        wechat = {"WECHAT_SANDBOX_URL": f"{str(shop.http.base_url).rstrip('/')}{PATH}"}
        async with process_working(settings, log, environment=wechat) as worker, asyncio.timeout(_DEATH_SECONDS):
            assert await worker.running.wait() == -signal.SIGKILL
    finally:
        # A kill that nobody met must not strike this process.
        await shop.http.delete(DOOR)
