"""Trade at random against a plain model: whatever is done in whatever order, both come to the same, to the fen.

Hypothesis makes up the deeds in a thread of its own; each is a story on the loop that serves the shop.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from settings import Settings
from tests.faults import trade_after
from tests.faults.stage import StagedMachine, plays
from tests.faults.trade_proof import ends_well, is_as_modelled
from tests.faults.trade_world import PRICES, Placed, World, open_world

VARIANTS = st.integers(0, len(PRICES) - 1)
PIECES = st.integers(1, 3)
WHO = st.sampled_from(["ming", "hong"])


class TradeMachine(StagedMachine):
    """The deeds. Which orders one may be done to is the world's to refuse, not the rule's to know."""

    world: World

    def is_as_modelled(self) -> Coroutine[Any, Any, Any]:
        """Compare, after each deed."""
        return is_as_modelled(self.world)

    def ends_well(self) -> Coroutine[Any, Any, Any]:
        """Compare all there is, at the end."""
        return ends_well(self.world)

    def has(self, *statuses: str) -> list[Placed]:
        """Return the orders of these statuses; all when none is said."""
        return [one for one in self.world.placed if not statuses or one.model.status in statuses]

    @initialize()
    def opens(self) -> None:
        """Begin with a shop of one's own."""
        self.world = self.play(open_world(self.stage.settings, self.stage.http))

    @rule(variant=VARIANTS, pieces=PIECES)
    def put_in(self, variant: int, pieces: int) -> None:
        """Put something into the cart."""
        self.done(self.world.put_in(variant, pieces))

    @precondition(lambda self: self.world.model.cart)
    @rule(data=st.data(), pieces=st.integers(0, 4))
    def change_cart(self, data: st.DataObject, pieces: int) -> None:
        """Change or remove a line."""
        variant = data.draw(st.sampled_from(sorted(self.world.model.cart)))
        self.done(self.world.change_cart(variant, pieces))

    @precondition(lambda self: self.world.model.cart)
    @rule(data=st.data())
    def place_from_cart(self, data: st.DataObject) -> None:
        """Buy some lines of the cart."""
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.world.model.cart)), min_size=1, unique=True))
        wish = {variant: self.world.model.cart[variant] for variant in chosen}
        self.done(self.world.place(wish, from_cart=True))

    @rule(wish=st.dictionaries(VARIANTS, PIECES, min_size=1))
    def place(self, wish: dict[int, int]) -> None:
        """Buy at once."""
        self.done(self.world.place(wish, from_cart=False))

    @precondition(lambda self: self.has())
    @rule(data=st.data(), who=WHO)
    def open_sheet(self, data: st.DataObject, who: str) -> None:
        """Ask for the pay sheet of any order."""
        self.done(self.world.open_sheet(data.draw(st.sampled_from(self.has())), who))

    @precondition(lambda self: self.has("PENDING_PAYMENT"))
    @rule(data=st.data(), who=WHO, how=st.sampled_from(["0", "1", "7", "cancel", "price", "time", "twice", "no"]))
    def pay(self, data: st.DataObject, who: str, how: str) -> None:
        """Pay an order: told once, often or never, crossed by something, by two people, or not at all."""
        order = data.draw(st.sampled_from(self.has("PENDING_PAYMENT")))
        self.play(self.world.open_sheet(order, who))
        if order.model.status != "PENDING_PAYMENT":
            self.done(asyncio.sleep(0))
        elif how == "no":
            assert self.play(self.world.sheet(order.open[who], outcome="cancel"))[0] == "cancel"
        elif how == "twice":
            self.done(self.world.pay_twice(order))
        elif how.isdigit():
            self.done(self.world.pay(order, who, int(how)))
        else:
            self.done(self.world.pay_and_cross(order, who, how))

    @precondition(lambda self: any(one.dead for one in self.has()))
    @rule(data=st.data(), late=st.booleans())
    def pay_dead(self, data: st.DataObject, late: bool) -> None:
        """Use a sheet that is closed."""
        order = data.draw(st.sampled_from([one for one in self.has() if one.dead]))
        self.done(self.world.pay_dead(order, late=late))

    @precondition(lambda self: self.has())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel any order."""
        self.done(self.world.cancel(data.draw(st.sampled_from(self.has()))))

    @precondition(lambda self: self.has())
    @rule(data=st.data(), change=st.sampled_from([-10_000, -1000, -1, 0, 1, 333]))
    def change_price(self, data: st.DataObject, change: int) -> None:
        """Change the price of any order."""
        self.done(self.world.change_price(data.draw(st.sampled_from(self.has())), change))

    @precondition(lambda self: self.world.model.now < 200 * 24 * 60)
    @rule(minutes=st.sampled_from([10, 20, 31, 8 * 24 * 60]))
    def pass_time(self, minutes: int) -> None:
        """Move the clock."""
        self.done(self.world.pass_time(minutes))

    @precondition(lambda self: self.has("PAID", "COMPLETED", "CLOSED"))
    @rule(data=st.data(), whole=st.booleans())
    def ship(self, data: st.DataObject, whole: bool) -> None:
        """Send all that is left, or some of it."""
        order = data.draw(st.sampled_from(self.has("PAID", "COMPLETED", "CLOSED")))
        places = st.dictionaries(st.integers(0, len(order.lines) - 1), PIECES, min_size=1)
        self.done(trade_after.ship(self.world, order, None if whole else data.draw(places)))

    @precondition(lambda self: self.has("PAID", "COMPLETED"))
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        """Say that it came."""
        self.done(trade_after.confirm(self.world, data.draw(st.sampled_from(self.has("PAID", "COMPLETED")))))

    @precondition(lambda self: self.has())
    @rule(data=st.data(), pieces=st.integers(0, 3), fen=st.none() | st.integers(0, 3000))
    def refund(self, data: st.DataObject, pieces: int, fen: int | None) -> None:
        """Give something back."""
        order = data.draw(st.sampled_from(self.has("PAID", "COMPLETED") or self.has()))
        place = data.draw(st.integers(0, len(order.lines) - 1))
        self.done(trade_after.refund(self.world, order, place, pieces, fen))

    @precondition(lambda self: self.has("PAID", "COMPLETED", "CLOSED"))
    @rule(data=st.data())
    def refund_all(self, data: st.DataObject) -> None:
        """Give everything back."""
        self.done(
            trade_after.refund_all(self.world, data.draw(st.sampled_from(self.has("PAID", "COMPLETED", "CLOSED"))))
        )

    @precondition(lambda self: self.has("PAID", "COMPLETED"))
    @rule(data=st.data(), pieces=PIECES, granted=st.booleans())
    def complain(self, data: st.DataObject, pieces: int, granted: bool) -> None:
        """Complain about a line."""
        order = data.draw(st.sampled_from(self.has("PAID", "COMPLETED")))
        place = data.draw(st.integers(0, len(order.lines) - 1))
        self.done(trade_after.complain(self.world, order, place, pieces, granted=granted))


@pytest.mark.slow
async def test_trade_comes_to_what_the_model_says(settings: Settings, http: httpx.AsyncClient) -> None:
    assert await plays(TradeMachine, settings, http, examples=6, steps=14) >= 6


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_trade_comes_to_what_the_model_says_in_many_lives(settings: Settings, http: httpx.AsyncClient) -> None:
    assert await plays(TradeMachine, settings, http, examples=30, steps=30) >= 30
