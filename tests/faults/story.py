"""What somebody lives through in a shop whose processes die: everything once, whatever had to be asked again."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from models.database import pool
from tests.faults.house import House, insists, leases_end
from tests.harness.buying import PLACE, on_sale
from tests.harness.carts import document, read
from tests.harness.messages import agrees, arrived, tells
from tests.harness.paying import PAY, Payer, all_right, count, inside, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.refunding import GIVE_BACK, LOOK, ledger, piece
from tests.harness.shipping import NUMBER, SHIP, told_of_parcels
from tests.harness.shops import SandboxShop

STOCK: Final = 9
CANCEL: Final = "mutation ($id: ID!) { orderCancel(orderId: $id) { order { id } userErrors { code field message } } }"
_LATER: Final = "update shop set clock_offset_ms = clock_offset_ms + 1900000 where id = $1"
_ASK_NOW: Final = "update payment set next_query_at = now() where shop_id = $1 and state = 'PREPAID'"

Turn = Callable[[str], Awaitable[None]]
"""Called with the name of a chapter."""


@dataclass(slots=True)
class Life:
    """One customer: fills a cart, buys, pays, hears of it, gets money and parcels, lets another go."""

    house: House
    shop: SandboxShop
    ming: Payer
    variant: str
    chance: random.Random
    lost: bool
    """Whether WeChat's notifications never come."""

    pieces: int = 0
    fen: int = 0
    order: Any = None

    async def lived(self, before: Turn, after: Turn) -> None:
        """Go through all chapters."""
        for chapter in (
            self.fill_cart,
            self.place,
            self.pay,
            self.sheet,
            self.paid,
            self.refund,
            self.ship,
            self.let_go,
        ):
            await before(chapter.__name__)
            await chapter()
            await after(chapter.__name__)

    async def fill_cart(self) -> None:
        """Put the pieces into the cart, in two turns."""
        for part in (self.pieces - 1, 1):
            wish = {"lines": [{"variantId": self.variant, "quantity": part}], "idempotencyKey": uuid4().hex}
            answer = await insists(self.ming.ask, document("cartLinesAdd", "id"), wish)
            assert answer.refusals == []

    async def place(self) -> None:
        """Buy what is in the cart."""
        [line] = (await read(self.ming.ask))["lines"]
        assert line["quantity"] == self.pieces
        wish = self.ming.wish(total=self.total) | {"source": {"cartLineIds": [line["id"]]}}
        answer = await insists(self.ming.ask, PLACE, {"input": wish})
        assert answer.refusals == []
        self.order = answer["orderPlace"]["order"]
        again = await insists(self.ming.ask, PLACE, {"input": wish})
        assert again["orderPlace"]["order"]["id"] == self.order["id"]

    async def pay(self) -> None:
        """Ask for what opens the pay sheet."""
        wish = {"input": {"orderId": self.order["id"]}, "key": uuid4().hex}
        answer = await insists(self.ming.ask, PAY, wish)
        assert answer.refusals == []
        self.order |= {"request": answer["orderPay"]["requestPayment"]}

    async def sheet(self) -> None:
        """Pay at WeChat; the shop is told at once, and again, or never."""
        said = await self.ming.sheet(self.order["request"])
        assert said["outcome"] == "success", said
        if not self.lost:
            times = self.chance.randint(1, 5)
            await wechat_pay(self.shop, f"/notifications/{said['notification']}/send", times=times, parallel=True)

    async def paid(self) -> None:
        """Wait until the shop knows."""
        await self.rest()
        assert (await self.look())["status"] == "PAID"

    async def refund(self) -> None:
        """Staff give one piece's money back."""
        lines = [piece(self.order["lines"][0])]
        wish = {"input": {"orderId": self.order["id"], "lines": lines}, "key": uuid4().hex}
        answer = await insists(self.house.asks(self.shop.staff), GIVE_BACK, wish)
        assert answer.refusals == []

    async def ship(self) -> None:
        """Staff send all that is left."""
        wish = {"id": self.order["id"], "lines": None, "carrier": "SF", "number": NUMBER, "key": uuid4().hex}
        assert (await insists(self.house.asks(self.shop.staff), SHIP, wish)).refusals == []

    async def let_go(self) -> None:
        """Place a second order and cancel it, or let its time run out."""
        wish = self.ming.wish((self.variant, 1), total=self.fen)
        order = (await insists(self.ming.ask, PLACE, {"input": wish}))["orderPlace"]["order"]
        await insists(self.ming.ask, PAY, {"input": {"orderId": order["id"]}, "key": uuid4().hex})
        if self.lost:
            await pool().execute(_LATER, self.shop.id)
        else:
            assert (await insists(self.ming.ask, CANCEL, {"id": order["id"]})).refusals == []

    async def hurry(self) -> None:
        """Have a worker ask WeChat about payments now, and not in some seconds."""
        await pool().execute(_ASK_NOW, self.shop.id)

    async def rest(self) -> None:
        """Let whoever lives finish what those who died had begun."""
        # A lease that is ended under a living worker has the same refund asked for twice at once.
        async with self.house.worker_away():
            await leases_end(self.shop.id)
            await settled(self.shop)
            await leases_end(self.shop.id)
            await settled(self.shop)

    async def look(self) -> Any:
        """Look at the first order."""
        return (await self.ming.ask(LOOK, {"id": self.order["id"]}))["order"]

    @property
    def total(self) -> int:
        """What the first order costs, in fen."""
        return self.pieces * self.fen

    async def holds(self) -> bool:
        """Whether nothing is lost and nothing doubled: here, and in WeChat's own books; fails where something is."""
        await pool().execute(_LATER, self.shop.id)
        await self.rest()
        await self._ours()
        await self._wechats()
        return await all_right(self.shop)

    async def _ours(self) -> None:
        seen = await self.look()
        assert (seen["status"], seen["paid"]["fen"], seen["refunded"]["fen"]) == ("PAID", self.total, self.fen)
        assert [line["refundedQuantity"] for line in seen["lines"]] == [1]
        assert (seen["fulfilmentStatus"], await count(self.shop, "shipment")) == ("SHIPPED", 1)
        assert await stock_of(self.shop, self.variant) == (STOCK - self.pieces + 1, 0)
        assert await count(self.shop, "cart_line") == 0
        rows = await pool().fetch("select status from orders where shop_id = $1 order by id", self.shop.id)
        assert [row["status"] for row in rows] == ["PAID", "CANCELLED"]
        paid = f"state = 'SUCCEEDED' and order_id = '{inside('ord', self.order['id'])}'"
        assert await count(self.shop, "payment", paid) == await count(self.shop, "payment", "state = 'SUCCEEDED'") == 1
        assert await count(self.shop, "refund") == await count(self.shop, "refund_allocation") == 1
        events = {"placed": 2, "paid": 1, "cancelled": 1, "refunded": 1, "shipped": 1}
        for topic, times in events.items():
            assert await count(self.shop, "outbox_event", f"topic = 'order.{topic}'") == times
        assert await count(self.shop, "outbox_event", "delivered_at is null") == 0

    async def _wechats(self) -> None:
        mchid = await mchid_of(self.shop)
        payments = await wechat_pay(self.shop, "/payments", method="GET", mchid=mchid)
        assert [one["paidFen"] for one in payments if one["paidFen"]] == [self.total], payments
        [refund] = await wechat_pay(self.shop, "/refunds", method="GET", mchid=mchid)
        assert (refund["status"], refund["amountFen"]) == ("SUCCESS", self.fen)
        assert await ledger(self.shop) == (self.total - self.fen, 0)
        assert len(await told_of_parcels(self.shop)) == len(await arrived(self.ming)) == 1


async def life_in(house: House, shop: SandboxShop, seed: int, *, lost: bool) -> Life:
    """Let somebody come to a shop; the seed says what they want."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    fen = chance.choice([1, 999, 1990])
    [variant] = await on_sale(shop, "mug", STOCK, fen=fen)
    ming = await payer(shop)
    await agrees(ming, await tells(shop, "ORDER_PAID"))
    at_house = replace(ming, ask=house.asks(ming.ask))
    if lost:
        await wechat_pay(shop, "/notifications/hold", mchid=await mchid_of(shop), hold=True)
    return Life(house, shop, at_house, variant, chance, lost, pieces=chance.randint(2, 4), fen=fen)
