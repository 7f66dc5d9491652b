"""Group-buys in plain Python: teams, seats and money when everything happens once, one after the other, to the fen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

PAY_MINUTES: Final = 30
TEAM_MINUTES: Final = 24 * 60
PATIENCE_MINUTES: Final = 5
UNPAID_MAX: Final = 5
ACTIVE: Final = {"RESERVED", "JOINED", "FULFILLING"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What staff wrote; `stock` and `per_person` None is no limit, `fill` None no virtual seats."""

    sizes: Sequence[int] = (2,)
    prices: Sequence[int] = (3000,)
    leader: str = "NONE"
    leader_price: int | None = None
    late: str = "REFUND"
    fill: int | None = None
    stock: int | None = None
    per_person: int | None = None

    def price(self, joined: int, role: str) -> int:
        """What a piece comes to with so many."""
        tier = max([place for place, size in enumerate(self.sizes) if size <= joined], default=0)
        price = self.prices[tier]
        return min(price, self.leader_price) if role == "LEADER" and self.leader_price else price


@dataclass(slots=True, eq=False)
class Seat:
    """One seat; `since` counts who joined before whom."""

    team: "Team" = field(repr=False)
    person: str
    role: str
    state: str = "RESERVED"
    since: int = 0
    final: int | None = None


@dataclass(slots=True, eq=False)
class Team:
    """A team; `expires` in minutes once its leader has paid, `began` counts which did so first."""

    state: str = "OPENING"
    reserved: int = 0
    joined: int = 0
    virtual: int = 0
    expires: int = 0
    began: int = 0
    seats: list[Seat] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Order:
    """An order and its seat; `is_open` when WeChat has a payment of it, `is_paid` when the shop knows of the money."""

    person: str
    pieces: int
    price: int
    expires: int
    seat: Seat
    status: str = "PENDING_PAYMENT"
    is_open: bool = False
    is_paid: bool = False
    back: int = 0

    @property
    def fen(self) -> int:
        """What was paid for it."""
        return self.price * self.pieces


@dataclass(slots=True)
class GroupBuys:
    """The shop: `stock` is on hand and reserved; while WeChat `is_away` it cannot be asked and tells nothing."""

    terms: Terms
    stock: list[int]
    orders: list[Order] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    now: int = 0
    taken: int = 0
    count: int = 0
    is_ended: bool = False
    is_away: bool = False

    @property
    def size(self) -> int:
        """Seats of a team."""
        return self.terms.sizes[-1]

    @property
    def balance(self) -> int:
        """What WeChat holds for the shop."""
        return sum(order.fen - order.back for order in self.orders if order.is_paid)

    def refusals(self, person: str, pieces: int, team: Team | None) -> set[str]:
        """Why a wish for a seat is refused; the first alone when it is the team or the offer."""
        if team is None and self.is_ended:
            return {"OFFER_CLOSED"}
        if team is not None and (code := self._not_joinable(person, team)):
            return {code}
        mine = [order for order in self.orders if order.person == person]
        used = sum(order.pieces for order in mine if order.seat.state in ACTIVE)
        unpaid = sum(order.status == "PENDING_PAYMENT" for order in mine)
        is_over = self.terms.per_person is not None and used + pieces > self.terms.per_person
        is_gone = self.terms.stock is not None and self.taken + pieces > self.terms.stock
        found = {
            "LIMIT_REACHED": is_over or unpaid >= UNPAID_MAX,
            "OUT_OF_STOCK": is_gone or pieces > self.stock[0] - self.stock[1],
        }
        return {code for code, is_so in found.items() if is_so}

    def _not_joinable(self, person: str, team: Team) -> str | None:
        found = {
            "NOT_FOUND": team.state in {"OPENING", "LAPSED"},
            "ALREADY_JOINED": self.is_in(team, person),
            "TEAM_FULL": team.state == "SUCCEEDED"
            or (team.state == "FORMING" and team.joined + team.reserved >= self.size),
            "TEAM_ENDED": team.state != "FORMING" or self.now >= team.expires - 1,
        }
        return next((code for code, is_so in found.items() if is_so), None)

    @staticmethod
    def is_in(team: Team, person: str) -> bool:
        """Whether somebody has a seat that counts."""
        return any(seat.person == person and seat.state in ACTIVE for seat in team.seats)

    def place(self, person: str, pieces: int, team: Team | None) -> Order:
        """Hold a seat, in a new team when none is said."""
        role, expires = ("MEMBER", self.now + PAY_MINUTES) if team else ("LEADER", self.now + PAY_MINUTES)
        if team is None:
            team = Team()
            self.teams.append(team)
        else:
            expires = min(expires, team.expires - 1)
        seat = Seat(team, person, role)
        team.seats.append(seat)
        team.reserved += 1
        order = Order(person, pieces, self.terms.price(0, role), expires, seat)
        self.orders.append(order)
        self.taken += pieces
        self.stock[1] += pieces
        return order

    def pay(self, order: Order) -> None:
        """Let the shop know of the money."""
        order.status, order.is_paid, order.is_open = "PAID", True, False
        self.stock[0] -= order.pieces
        self.stock[1] -= order.pieces
        if order.seat.team.state in {"OPENING", "FORMING"}:
            self._join(order.seat)
        else:
            self._late(order)

    def cancel(self, order: Order) -> None:
        """Let an unpaid order go."""
        order.status, order.is_open = "CANCELLED", False
        self.stock[1] -= order.pieces
        self.taken -= order.pieces
        self._release(order.seat)
        if order.seat.team.state == "OPENING":
            order.seat.team.state = "LAPSED"

    def leave(self, order: Order) -> None:
        """Give a seat up that was paid for."""
        team, seat = order.seat.team, order.seat
        team.joined -= 1
        self._give_all_back(order)
        left = sorted((one for one in team.seats if one.state == "JOINED"), key=lambda one: one.since)
        if not left:
            team.state = "FAILED"
        elif seat.role == "LEADER":
            left[0].role = "LEADER"

    def refund(self, order: Order) -> None:
        """Let staff give everything back of an order whose team has succeeded: the seat stays what it was."""
        order.status, order.back = "CLOSED", order.fen
        self.stock[0] += order.pieces

    def pass_time(self, minutes: int) -> None:
        """Let what falls due happen, each at its time; what WeChat would have to be asked about waits."""
        target = self.now + minutes
        while due := sorted(
            [(order.expires, 0, order) for order in self.orders if self._is_due(order, target)]
            + [(at, team.began, team) for team in self.teams if (at := self._end_of(team, target)) is not None],
            key=lambda one: one[:2],
        ):
            moment, _, thing = due[0]
            self.now = max(self.now, moment)
            if isinstance(thing, Order):
                self.cancel(thing)
            else:
                self._end(thing)
        self.now = target

    def comes_back(self) -> None:
        """Let WeChat be asked again: who has not paid in time has not paid."""
        self.is_away = False
        self.pass_time(0)

    def _is_due(self, order: Order, target: int) -> bool:
        is_waiting = self.is_away and order.is_open
        return order.status == "PENDING_PAYMENT" and order.expires <= target and not is_waiting

    def _end_of(self, team: Team, target: int) -> int | None:
        if team.state != "FORMING":
            return None
        at = team.expires + (PATIENCE_MINUTES if team.reserved and self.is_away else 0)
        return at if at <= target else None

    def _end(self, team: Team) -> None:
        least, fill = self.terms.sizes[0], self.terms.fill
        room = self.size - team.joined - team.reserved
        if team.joined >= least:
            self._succeed(team)
        elif fill is not None and team.joined * 100 >= least * fill and room:
            team.virtual = min(least - team.joined, room)
            self._succeed(team)
        else:
            team.state = "FAILED"
            for order in self._joined_in(team):
                self._give_all_back(order)

    def _joined_in(self, team: Team) -> list[Order]:
        return [order for order in self.orders if order.seat.team is team and order.seat.state == "JOINED"]

    def _join(self, seat: Seat) -> None:
        team = seat.team
        if team.state == "OPENING":
            self._begin(team)
        self.count += 1
        seat.state, seat.since = "JOINED", self.count
        team.reserved -= 1
        team.joined += 1
        if team.joined == self.size:
            self._succeed(team)

    def _begin(self, team: Team) -> None:
        self.count += 1
        team.state, team.expires, team.began = "FORMING", self.now + TEAM_MINUTES, self.count

    def _late(self, order: Order) -> None:
        """Go by the policy: another team, a new one, or back."""
        late, gone = self.terms.late, order.seat
        others = [
            team for team in self.teams
            if late == "JOIN_OTHER" and team.state == "FORMING" and team.expires > self.now
            and team.joined + team.reserved < self.size and not self.is_in(team, order.person)
        ]  # fmt: skip
        other = min(others, key=lambda team: (team.expires, team.began), default=None)
        if other is None and (late == "REFUND" or self.is_ended):
            gone.team.reserved -= 1
            self._give_all_back(order)
            return
        self._release(gone)
        role = "MEMBER" if other else "LEADER"
        if other is None:
            other = Team()
            self._begin(other)
            self.teams.append(other)
        order.seat = Seat(other, order.person, role)
        other.seats.append(order.seat)
        other.reserved += 1
        self._join(order.seat)

    @staticmethod
    def _release(seat: Seat) -> None:
        seat.state = "RELEASED"
        seat.team.reserved -= 1

    def _succeed(self, team: Team) -> None:
        team.state = "SUCCEEDED"
        for order in self._joined_in(team):
            seat = order.seat
            seat.state, seat.final = "FULFILLING", min(self.terms.price(team.joined, seat.role), order.price)
            is_free = seat.role == "LEADER" and self.terms.leader == "FREE"
            order.back += order.fen if is_free else (order.price - seat.final) * order.pieces

    def _give_all_back(self, order: Order) -> None:
        order.seat.state, order.status, order.back = "REFUNDED", "CLOSED", order.fen
        self.stock[0] += order.pieces
        self.taken -= order.pieces
