"""Group-buys at random against a plain model: whoever starts, joins, pays, leaves or is late, both come to the same.

Hypothesis makes up the deeds in a thread of its own; each is a story on the loop that serves the shop.
"""

from collections.abc import Coroutine
from typing import Any, Final

import httpx
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from settings import Settings
from tests.faults.group_buy_model import Order, Terms
from tests.faults.group_buy_world import World, open_world
from tests.faults.stage import StagedMachine, plays

OFFERS: Final = (
    Terms(),
    Terms(sizes=(2, 3), prices=(3000, 2500), leader="PRICE", leader_price=1999, late="JOIN_OTHER"),
    Terms(sizes=(3,), leader="FREE", late="NEW_TEAM", fill=60, stock=7, per_person=3),
    Terms(sizes=(2, 3), prices=(3000, 2999), late="NEW_TEAM", stock=6),
)
WHO = st.sampled_from(["ming", "hong", "lan", "wang"])
PIECES = st.integers(1, 2)
IS_PAID = st.sampled_from([True, True, False])


class GroupBuyMachine(StagedMachine):
    """The deeds. Which teams and orders one may be done to is the world's to refuse, not the rule's to know."""

    world: World

    def is_as_modelled(self) -> Coroutine[Any, Any, Any]:
        """Compare, after each deed."""
        return self.world.is_as_modelled()

    def ends_well(self) -> Coroutine[Any, Any, Any]:
        """Compare all there is, at the end."""
        return self.world.ends_well()

    def payable(self) -> list[Order]:
        """Return orders that can be paid and were not, as far as WeChat knows."""
        unheard = [order for order, _ in self.world.unheard]
        return [
            order for order in self.world.model.orders
            if order.status == "PENDING_PAYMENT" and order.expires > self.world.model.now and order not in unheard
        ]  # fmt: skip

    def has(self, *states: str) -> list[Order]:
        """Return the orders whose seats are so."""
        return [order for order in self.world.model.orders if order.seat.state in states]

    @initialize(terms=st.sampled_from(OFFERS), is_late=st.booleans())
    def opens(self, terms: Terms, is_late: bool) -> None:
        """Begin with a shop of one's own, in which a team is forming: the first lives would be empty otherwise."""
        self.world = self.play(open_world(self.stage.settings, self.stage.http, terms))
        self.play(self.world.place("ming", 1, None))
        self.done(self.world.pay(self.payable()[-1], 1))
        self.done(self.world.place("hong", 2, self.world.model.teams[0]))
        if is_late:
            self.play(self.world.goes_away())
            self.done(self.world.pay(self.payable()[-1], 1))
            self.done(self.world.pass_time(24 * 60 + 10))
            self.done(self.world.comes_back())

    @rule(who=WHO, pieces=PIECES, is_paid=IS_PAID)
    def start(self, who: str, pieces: int, is_paid: bool) -> None:
        """Start a team, and mostly pay at once."""
        self.done(self.world.place(who, pieces, None))
        self._mostly_pay(is_paid)

    @precondition(lambda self: self.world.model.teams)
    @rule(data=st.data(), who=WHO, pieces=PIECES, is_paid=IS_PAID)
    def join(self, data: st.DataObject, who: str, pieces: int, is_paid: bool) -> None:
        """Join any team, those that are over too."""
        forming = [team for team in self.world.model.teams if team.state == "FORMING"]
        team = data.draw(st.sampled_from(forming or self.world.model.teams))
        self.done(self.world.place(who, pieces, team))
        self._mostly_pay(is_paid)

    def _mostly_pay(self, is_paid: bool) -> None:
        if is_paid and (orders := self.payable()):
            self.done(self.world.pay(orders[-1], 1))

    @precondition(lambda self: self.payable())
    @rule(data=st.data(), times=st.sampled_from([1, 5]))
    def pay(self, data: st.DataObject, times: int) -> None:
        """Pay an order."""
        self.done(self.world.pay(data.draw(st.sampled_from(self.payable())), times))

    @precondition(lambda self: self.payable())
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """Go as far as the pay sheet."""
        self.done(self.world.give_up(data.draw(st.sampled_from(self.payable()))))

    @precondition(lambda self: self.payable() and not self.world.model.is_away)
    @rule(data=st.data(), deed=st.sampled_from(["leave", "cancel", "time"]))
    def pay_and_cross(self, data: st.DataObject, deed: str) -> None:
        """Pay, crossed by something before the shop has heard of it."""
        self.done(self.world.pay_and_cross(data.draw(st.sampled_from(self.payable())), deed))

    @precondition(lambda self: self.world.model.orders)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Leave any team that one was ever in."""
        orders = self.has("JOINED", "RESERVED") or self.world.model.orders
        self.done(self.world.leave(data.draw(st.sampled_from(orders))))

    @precondition(lambda self: self.world.model.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel any order."""
        self.done(self.world.cancel(data.draw(st.sampled_from(self.has("RESERVED") or self.world.model.orders))))

    @precondition(lambda self: self.has("JOINED", "FULFILLING"))
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        """Have staff give everything back."""
        self.done(self.world.refund(data.draw(st.sampled_from(self.has("JOINED", "FULFILLING")))))

    @precondition(lambda self: self.world.model.now < 90 * 24 * 60)
    @rule(minutes=st.sampled_from([10, 30, 23 * 60 + 50, 24 * 60]))
    def pass_time(self, minutes: int) -> None:
        """Move the clock."""
        self.done(self.world.pass_time(minutes))

    @precondition(lambda self: not self.world.model.is_ended and len(self.world.model.teams) > 2)
    @rule()
    def end(self) -> None:
        """Have staff end the offer."""
        self.done(self.world.end())

    @precondition(lambda self: not self.world.model.is_away and self.has("RESERVED"))
    @rule()
    def goes_away(self) -> None:
        """Let WeChat be out of reach."""
        self.done(self.world.goes_away())

    @precondition(lambda self: self.world.model.is_away)
    @rule()
    def comes_back(self) -> None:
        """Let it be there again."""
        self.done(self.world.comes_back())


@pytest.mark.slow
async def test_group_buys_come_to_what_the_model_says(settings: Settings, http: httpx.AsyncClient) -> None:
    assert await plays(GroupBuyMachine, settings, http, examples=10, steps=12) >= 10


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_group_buys_come_to_what_the_model_says_in_many_lives(
    settings: Settings, http: httpx.AsyncClient
) -> None:
    assert await plays(GroupBuyMachine, settings, http, examples=20, steps=30) >= 20
