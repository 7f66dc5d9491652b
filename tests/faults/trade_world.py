"""A sandbox shop beside its model: each deed is done over HTTP and in the model, and both must say the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from settings import Settings
from tests.faults.trade_model import Order, Trade
from tests.harness.buying import PLACE, on_sale
from tests.harness.carts import add, changed, read
from tests.harness.paying import Payer, mchid_of, payer, wechat_pay
from tests.harness.shops import SandboxShop, open_shop, over_http

PRICES: Final = (1990, 999, 1)
STOCK: Final = (6, 4, 40)
CANCEL: Final = "mutation ($id: ID!) { orderCancel(orderId: $id) { order { id } userErrors { code field message } } }"
CHANGE: Final = """
mutation ($id: ID!, $fen: Int!) {
  orderPriceChange(orderId: $id, change: $fen) { order { id } userErrors { code field message } }
}"""


@dataclass(slots=True)
class Placed:
    """An order as the shop knows it; `open` are pay sheets by who holds them, `dead` those that are closed."""

    model: Order
    id: str
    lines: list[Any] = field(repr=False)
    open: dict[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    dead: list[Mapping[str, str]] = field(default_factory=list, repr=False)

    def close(self) -> None:
        """All sheets are closed at WeChat."""
        self.dead += self.open.values()
        self.open = {}


@dataclass(slots=True)
class World:
    """Ming buys, Hong pays for him at times; what staff do afterwards is in trade_after.py."""

    shop: SandboxShop
    ming: Payer
    hong: Payer
    variants: list[str]
    mchid: str
    model: Trade
    placed: list[Placed] = field(default_factory=list)

    async def put_in(self, variant: int, pieces: int) -> None:
        """Put pieces into the cart."""
        await add(self.ming.ask, (self.variants[variant], pieces))
        self.model.cart[variant] = self.model.cart.get(variant, 0) + pieces

    async def change_cart(self, variant: int, pieces: int) -> None:
        """Have another number of pieces in the cart; none takes the line away."""
        line = (await self._cart_lines())[self.variants[variant]]["id"]
        if pieces:
            await changed(self.ming.ask, "cartLinesUpdate", lines=[{"lineId": line, "quantity": pieces}])
            self.model.cart[variant] = pieces
        else:
            await changed(self.ming.ask, "cartLinesRemove", lineIds=[line])
            del self.model.cart[variant]

    async def place(self, wish: dict[int, int], *, from_cart: bool) -> None:
        """Buy, which is refused exactly when the model says so."""
        asked = self.ming.wish(*((self.variants[one], pieces) for one, pieces in wish.items()))
        asked["expectedTotal"] = {"fen": self.model.price(wish)}
        if from_cart:
            lines = await self._cart_lines()
            asked["source"] = {"cartLineIds": [lines[self.variants[one]]["id"] for one in wish]}
        answer = await self.ming.ask(PLACE, {"input": asked})
        assert {one.code for one in answer.refusals} == self.model.refusals(wish)
        if answer.refusals:
            return
        again = await self.ming.ask(PLACE, {"input": asked})
        order = answer["orderPlace"]["order"]
        assert again["orderPlace"]["order"]["id"] == order["id"]
        self.placed.append(Placed(self.model.place(wish), order["id"], order["lines"]))
        for variant in wish if from_cart else ():
            del self.model.cart[variant]

    async def open_sheet(self, order: Placed, who: str) -> None:
        """Ask for the pay sheet; what costs nothing is paid by that."""
        if who == "ming":
            answer = await self.ming.tries_to_pay(order.id)
        else:
            token = (await self.ming.looks(order.id))["payToken"]
            if token is None:
                assert order.model.status != "PENDING_PAYMENT"
                return
            answer = await self.hong.tries_to_pay(payToken=token)
        if order.model.status != "PENDING_PAYMENT":
            assert [one.code for one in answer.refusals] == ["NOT_ALLOWED"]
            return
        assert answer.refusals == []
        request = answer["orderPay"]["requestPayment"]
        if order.model.total:
            assert order.open.get(who, request)["package"] == request["package"]
            order.open[who] = request
        else:
            assert request is None
            self.model.pay(order.model)
            order.close()

    async def sheet(self, request: Mapping[str, str], *, late: bool = False, outcome: str = "success") -> Any:
        """Use a pay sheet; returns what WeChat's page said, and the number of what the shop is told."""
        said = await self.ming.sheet(request, afterClose=late, outcome=outcome)
        return said["reason"], said.get("notification")

    async def pay(self, order: Placed, who: str, times: int) -> None:
        """Pay, and have WeChat tell it so many times; never, when that is 0, and the phone asks."""
        await self._hold(not times)
        reason, number = await self.sheet(order.open[who])
        assert reason is None
        if times > 1:
            await wechat_pay(self.shop, f"/notifications/{number}/send", times=times - 1, parallel=True)
        await self._hold(False)
        if not times:
            await (self.ming if who == "ming" else self.hong).sync(order.id)
        self._paid(order, who)

    async def pay_and_cross(self, order: Placed, who: str, deed: str) -> None:
        """Pay, and do something before the shop has heard of it: the money is found, and the deed refused."""
        await self._hold(True)
        assert (await self.sheet(order.open[who]))[0] is None
        self._paid(order, who)
        if deed == "cancel":
            await self.cancel(order)
        elif deed == "price":
            await self.change_price(order, -100)
        else:
            await self.pass_time(31)
        await self._hold(False)

    async def pay_twice(self, order: Placed) -> None:
        """Both pay before the shop has heard of either: one pays the order, the other gets it back."""
        await self._hold(True)
        for who in ("ming", "hong"):
            await self.open_sheet(order, who)
        for request in order.open.values():
            assert (await self.sheet(request))[0] is None
        await self._hold(False)
        order.open = {}
        self.model.pay(order.model)
        self.model.surplus += 1

    async def pay_dead(self, order: Placed, *, late: bool) -> None:
        """Use a sheet that is closed: WeChat refuses, or takes money that goes back."""
        reason, _ = await self.sheet(order.dead[0], late=late)
        if late:
            assert reason is None
            order.dead.pop(0)
            self.model.surplus += 1
        else:
            assert reason == "ORDER_CLOSED"

    async def cancel(self, order: Placed) -> None:
        """Cancel; again is no harm, and what is paid stays."""
        answer = await self.ming.ask(CANCEL, {"id": order.id})
        if order.model.status in {"PENDING_PAYMENT", "CANCELLED"}:
            assert answer.refusals == []
        else:
            assert [one.code for one in answer.refusals] == ["NOT_ALLOWED"]
        if order.model.status == "PENDING_PAYMENT":
            self.model.cancel(order.model)
            order.close()

    async def change_price(self, order: Placed, change: int) -> None:
        """Change the price of the goods."""
        answer = await self.shop.staff(CHANGE, {"id": order.id, "fen": change})
        if order.model.status != "PENDING_PAYMENT":
            assert [one.code for one in answer.refusals] == ["NOT_ALLOWED"]
            return
        assert answer.refusals == []
        self.model.change_price(order.model, change)
        order.close()

    async def pass_time(self, minutes: int) -> None:
        """Move the clock."""
        answer = await self.shop.http.post(f"/sandbox/shops/{self.shop.global_id}/clock", json={"by": f"PT{minutes}M"})
        assert answer.status_code == 200, answer.text
        self.model.pass_time(minutes)
        for order in self.placed:
            if order.model.status == "CANCELLED":
                order.close()

    async def _cart_lines(self) -> dict[str, Any]:
        cart = await read(self.ming.ask)
        return {line["variant"]["id"]: line for line in [*cart["lines"], *cart["invalidLines"]]}

    async def _hold(self, hold: bool) -> None:
        await wechat_pay(self.shop, "/notifications/hold", mchid=self.mchid, hold=hold)

    def _paid(self, order: Placed, who: str) -> None:
        del order.open[who]
        order.close()
        self.model.pay(order.model)


async def open_world(settings: Settings, http: httpx.AsyncClient) -> World:
    """Open a shop with three things to buy."""
    shop = over_http(await open_shop(settings), http, settings)
    variants = [
        (await on_sale(shop, f"thing-{place}", stock, fen=fen))[0]
        for place, (fen, stock) in enumerate(zip(PRICES, STOCK, strict=True))
    ]
    ming, hong = await payer(shop), await payer(shop, "小红")
    model = Trade(PRICES, [[stock, 0] for stock in STOCK])
    return World(shop, ming, hong, variants, await mchid_of(shop), model)
