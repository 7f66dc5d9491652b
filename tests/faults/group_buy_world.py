"""A shop with a group-buy beside its model: each deed is done over HTTP and in the model, and both must agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from models.database import pool
from settings import Settings
from tests.faults.group_buy_model import GroupBuys, Order, Team, Terms
from tests.harness.asking import Answer
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, all_right, count, mchid_of, payer, settled, stock_of, wechat_pay
from tests.harness.refunding import ledger, tries_to_refund
from tests.harness.shops import SandboxShop, open_shop, over_http
from tests.harness.teams import JOIN, START, leaves, open_group_buy, seat_wish
from tests.journeys.test_group_buys import END
from wechat.sandbox.app import PATH

STOCK: Final = 60
_CANCEL: Final = "mutation ($id: ID!) { orderCancel(orderId: $id) { userErrors { code field message } } }"
_ASK_NOW: Final = "update payment set next_query_at = now() where shop_id = $1 and next_query_at is not null"
_TEAMS: Final = """
select id, state, joined, reserved, virtual_seats from group_buy_team where shop_id = $1 order by id
"""
_SEATS: Final = """
select seat.order_id, seat.team_id, seat.role, seat.state, seat.price_paid_fen, seat.price_final_fen,
       orders.status, seat.quantity
from group_buy_seat seat join orders on orders.shop_id = seat.shop_id and orders.id = seat.order_id
where seat.shop_id = $1 and (seat.state <> 'RELEASED' or orders.status = 'CANCELLED')
"""


@dataclass(slots=True)
class World:
    """`orders` and `teams` tell the ids of what the model has; `unheard` is money of which the shop knows nothing."""

    shop: SandboxShop
    people: Mapping[str, Payer]
    offer: str
    variant: str
    mchid: str
    model: GroupBuys
    orders: dict[Order, str] = field(default_factory=dict)
    teams: dict[Team, str] = field(default_factory=dict)
    unheard: list[tuple[Order, Any]] = field(default_factory=list)

    async def place(self, person: str, pieces: int, team: Team | None) -> None:
        """Start a team or join one, which is refused exactly when the model says so."""
        who, where = self.people[person], self.teams[team] if team else None
        expected = self.model.refusals(person, pieces, team)
        total = self.model.terms.price(0, "MEMBER" if team else "LEADER") * pieces
        wish = seat_wish(who, self.offer, self.variant, where, quantity=pieces, total=total)
        answer = await who.ask(JOIN if team else START, {"input": wish})
        codes = {refusal.code for refusal in answer.refusals}
        assert (bool(codes), codes <= expected) == (bool(expected), True), (codes, expected)
        if codes:
            return
        made, again = _made(answer), _made(await who.ask(JOIN if team else START, {"input": wish}))
        assert (made["order"]["id"], made["team"]["id"]) == (again["order"]["id"], again["team"]["id"])
        order = self.model.place(person, pieces, team)
        self.orders[order], self.teams[order.seat.team] = made["order"]["id"], made["team"]["id"]

    async def pay(self, order: Order, times: int) -> None:
        """Pay, and have the shop told so often; while WeChat is away it is told when that is back."""
        said = await self._sheet(order)
        if self.model.is_away:
            self.unheard.append((order, said["notification"]))
            return
        if times > 1:
            await self._notification(said["notification"], times - 1)
        self.model.pay(order)

    async def give_up(self, order: Order) -> None:
        """Open the pay sheet, and close it again."""
        await self._sheet(order, outcome="cancel")

    async def pay_and_cross(self, order: Order, deed: str) -> None:
        """Pay, and do something before the shop has heard of it: the money is found, and counts."""
        await self._hold(True)
        await self._sheet(order)
        if deed == "time":
            minutes = order.expires - self.model.now
            # Its own deadline is the moment at which WeChat is asked.
            order.expires, expires = order.expires + 2 * minutes, order.expires
            self.model.pass_time(minutes)
            order.expires = expires
            self.model.pay(order)
            await self._clock(minutes)
        else:
            self.model.pay(order)
            await (self.leave(order) if deed == "leave" else self.cancel(order))
        await self._hold(False)

    async def cancel(self, order: Order) -> None:
        """Cancel an order: what is paid stays, and what may be being paid cannot be told."""
        answer = await self.people[order.person].ask(_CANCEL, {"id": self.orders[order]})
        codes = [refusal.code for refusal in answer.refusals]
        if order.status == "PENDING_PAYMENT" and order.is_open and self.model.is_away:
            assert codes == ["BUSY"]
        elif order.status == "PENDING_PAYMENT":
            assert codes == []
            self.model.cancel(order)
        else:
            assert codes == ([] if order.status == "CANCELLED" else ["NOT_ALLOWED"])

    async def leave(self, order: Order) -> None:
        """Leave the team of an order; by another way than cancelling it, to the same end."""
        team = order.seat.team
        mine = next(one for one in reversed(self._seated(team)) if one.person == order.person)
        answer = await leaves(self.people[order.person], self.teams[team])
        codes = [refusal.code for refusal in answer.refusals]
        if mine.seat.state == "FULFILLING":
            assert codes == ["NOT_ALLOWED"]
        elif mine.seat.state == "RESERVED" and mine.is_open and self.model.is_away:
            assert codes == ["BUSY"]
        else:
            assert codes == []
            if mine.seat.state == "RESERVED":
                self.model.cancel(mine)
            elif mine.seat.state == "JOINED":
                self.model.leave(mine)

    async def refund(self, order: Order) -> None:
        """Have staff give everything back, which is theirs to do when the team has succeeded."""
        answer = await tries_to_refund(self.shop, self.orders[order])
        codes = [refusal.code for refusal in answer.refusals]
        if order.status == "PAID" and order.seat.state == "FULFILLING":
            assert codes == []
            self.model.refund(order)
        else:
            assert codes == ["NOT_ALLOWED"]

    async def end(self) -> None:
        """Have staff end the offer."""
        assert (await self.shop.staff(END, {"id": self.offer})).refusals == []
        self.model.is_ended = True

    async def pass_time(self, minutes: int) -> None:
        """Move the clock."""
        await self._clock(minutes)
        self.model.pass_time(minutes)

    async def goes_away(self) -> None:
        """Let WeChat tell nothing, and answer no question about a payment."""
        await self._hold(True)
        for call in ("query", "close"):
            await wechat_pay(
                self.shop, "/switches", mchid=self.mchid, call=call, kind="ERROR", code="SYSTEM_ERROR", times=1000
            )
        self.model.is_away = True

    async def comes_back(self) -> None:
        """Let it tell what was paid, in that order, and answer again."""
        await self._hold(False)
        for order, number in self.unheard:
            await self._notification(number, 2)
            self.model.pay(order)
        self.unheard = []
        answer = await self.shop.http.delete(f"{PATH}/switches", params={"mchid": self.mchid})
        assert answer.is_success, answer.text
        kept = [one["id"] for one in await wechat_pay(self.shop, "/notifications", method="GET", mchid=self.mchid)]
        await wechat_pay(self.shop, "/notifications/release", mchid=self.mchid, ids=kept)
        self.model.comes_back()

    async def is_as_modelled(self) -> None:
        """Let the shop come to rest and compare all that moved."""
        await settled(self.shop)
        if not self.model.is_away:
            await pool().execute(_ASK_NOW, self.shop.id)
            await settled(self.shop)
            assert await ledger(self.shop) == (self.model.balance, 0)
        await self._same_teams()
        await self._same_seats()
        on_hand, reserved = await stock_of(self.shop, self.variant)
        # Pieces are on the shelf again when WeChat says that their money is back.
        assert (on_hand if not self.model.is_away else self.model.stock[0], reserved) == tuple(self.model.stock)
        assert await count(self.shop, "group_buy_variant", f"taken = {self.model.taken}") == 1

    async def ends_well(self) -> None:
        """Come to the end of everything, and have the house's own check find nothing."""
        if self.model.is_away:
            await self.comes_back()
        await self.pass_time(3 * 24 * 60)
        await self.is_as_modelled()
        refunded = sum(order.seat.state == "REFUNDED" for order in self.model.orders)
        assert await count(self.shop, "refund", "reason in ('GROUP_FAILED', 'CANCEL') and staff_id is null") == refunded
        assert await count(self.shop, "payment", "is_surplus") == 0
        assert await count(self.shop, "outbox_event", "delivered_at is null") == 0
        assert await all_right(self.shop)

    async def _same_teams(self) -> None:
        rows = {f"gbt_{row['id'].hex}": row for row in await pool().fetch(_TEAMS, self.shop.id)}
        assert len(rows) == len(self.model.teams)
        for team in self.model.teams:
            if team not in self.teams:
                # Money that came late has started it; of several the first first.
                self.teams[team] = next(id_ for id_ in rows if id_ not in self.teams.values())
            row = rows[self.teams[team]]
            assert (row["state"], row["joined"], row["reserved"], row["virtual_seats"]) == (
                team.state, team.joined, team.reserved, team.virtual,
            )  # fmt: skip

    async def _same_seats(self) -> None:
        rows = {f"ord_{row['order_id'].hex}": row for row in await pool().fetch(_SEATS, self.shop.id)}
        assert len(rows) == len(self.model.orders)
        for order, id_ in self.orders.items():
            row, seat = rows[id_], order.seat
            assert (f"gbt_{row['team_id'].hex}", row["role"], row["quantity"], row["price_paid_fen"]) == (
                self.teams[seat.team], seat.role, order.pieces, order.price,
            )  # fmt: skip
            found = row["state"], row["price_final_fen"], row["status"]
            if self.model.is_away and found[0] == "REFUNDING":
                # Nobody has said yet that the money is back.
                assert seat.state == "REFUNDED"
            elif self.model.is_away and order.status == "CLOSED":
                assert found[:2] == (seat.state, seat.final)
            else:
                assert found == (seat.state, seat.final, order.status)

    def _seated(self, team: Team) -> list[Order]:
        return [order for order in self.model.orders if order.seat.team is team]

    async def _sheet(self, order: Order, outcome: str = "success") -> Any:
        who = self.people[order.person]
        said = await who.sheet((await who.pays(self.orders[order]))["requestPayment"], outcome=outcome)
        assert said["outcome"] == outcome, said
        order.is_open = True
        return said

    async def _clock(self, minutes: int) -> None:
        answer = await self.shop.http.post(f"/sandbox/shops/{self.shop.global_id}/clock", json={"by": f"PT{minutes}M"})
        assert answer.status_code == 200, answer.text

    async def _notification(self, number: Any, times: int) -> None:
        await wechat_pay(self.shop, f"/notifications/{number}/send", times=times, parallel=True)
        await settled(self.shop)

    async def _hold(self, hold: bool) -> None:
        await wechat_pay(self.shop, "/notifications/hold", mchid=self.mchid, hold=hold)


def _made(answer: Answer) -> Any:
    [payload] = answer.data.values()
    return payload


async def open_world(settings: Settings, http: httpx.AsyncClient, terms: Terms) -> World:
    """Open a shop with one thing to buy together, and four who may."""
    shop = over_http(await open_shop(settings), http, settings)
    [variant] = await on_sale(shop, "thing", STOCK, fen=5000)
    offer = await open_group_buy(
        shop, {variant: terms.prices}, sizes=terms.sizes, days=300, stock=terms.stock, leader=terms.leader,
        leader_price=terms.leader_price, per_person=terms.per_person, late=terms.late, fill_percent=terms.fill,
    )  # fmt: skip
    people = {name: await payer(shop, name) for name in ("ming", "hong", "lan", "wang")}
    return World(shop, people, offer, variant, await mchid_of(shop), GroupBuys(terms, [STOCK, 0]))
