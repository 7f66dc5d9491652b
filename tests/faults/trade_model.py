"""A shop in plain Python: what trade comes to when everything happens once, one after the other, to the fen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

PAY_MINUTES: Final = 30
CONFIRM_MINUTES: Final = 10 * 24 * 60
COMPLAIN_MINUTES: Final = 7 * 24 * 60
UNPAID_MAX: Final = 5


@dataclass(slots=True)
class Line:
    """Pieces of one variant in an order."""

    variant: int
    quantity: int
    payable: int
    refunded: int = 0
    back: int = 0
    shipped: int = 0

    @property
    def left(self) -> int:
        """Pieces that are not back."""
        return self.quantity - self.back

    @property
    def left_fen(self) -> int:
        """Money that can still go back."""
        return self.payable - self.refunded

    @property
    def to_send(self) -> int:
        """Pieces that can still be sent."""
        return max(self.quantity - self.shipped - self.back, 0)

    def share(self, pieces: int) -> int:
        """What so many pieces bring back: an even part of what is left, never above their part of the price."""
        even = (2 * self.left_fen * pieces + self.left) // (2 * self.left)
        return min(even, -(-self.payable // self.quantity) * pieces)


@dataclass(slots=True)
class Order:
    """An order along its four axes."""

    lines: list[Line]
    goods: list[int]
    placed_at: int
    status: str = "PENDING_PAYMENT"
    fulfilment: str = "NOT_SHIPPED"
    paid: int | None = None
    shipped_at: int = 0
    completed_at: int | None = None

    @property
    def total(self) -> int:
        """What it costs."""
        return sum(line.payable for line in self.lines)

    @property
    def refunded(self) -> int:
        """What of it is back."""
        return sum(line.refunded for line in self.lines)

    @property
    def refund_status(self) -> str:
        """How many pieces are back."""
        back, pieces = sum(line.back for line in self.lines), sum(line.quantity for line in self.lines)
        return "NONE" if not back else "ALL" if back == pieces else "PARTIAL"

    @property
    def payment_status(self) -> str:
        """How much money is back."""
        if self.paid is None:
            return "UNPAID"
        if self.refunded == self.paid and (self.paid or self.refund_status == "ALL"):
            return "REFUNDED"
        return "PARTIALLY_REFUNDED" if self.refunded else "PAID"


@dataclass(slots=True)
class Trade:
    """The shop: `stock` is on hand and reserved by variant, `now` in minutes, `surplus` is money given back whole."""

    prices: Sequence[int]
    stock: list[list[int]]
    cart: dict[int, int] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    now: int = 0
    refunds: int = 0
    surplus: int = 0

    @property
    def balance(self) -> int:
        """What WeChat holds for the shop."""
        return sum((order.paid or 0) - order.refunded for order in self.orders if order.paid is not None)

    def refusals(self, wish: dict[int, int]) -> set[str]:
        """Why a purchase is refused."""
        unpaid = sum(order.status == "PENDING_PAYMENT" for order in self.orders)
        is_gone = any(pieces > self.stock[variant][0] - self.stock[variant][1] for variant, pieces in wish.items())
        found = {"OUT_OF_STOCK": is_gone, "LIMIT_REACHED": unpaid >= UNPAID_MAX}
        return {code for code, is_so in found.items() if is_so}

    def price(self, wish: dict[int, int]) -> int:
        """What a purchase costs."""
        return sum(self.prices[variant] * pieces for variant, pieces in wish.items())

    def place(self, wish: dict[int, int]) -> Order:
        """Hold the pieces."""
        lines = [Line(variant, pieces, self.prices[variant] * pieces) for variant, pieces in wish.items()]
        order = Order(lines, [line.payable for line in lines], self.now)
        for line in lines:
            self.stock[line.variant][1] += line.quantity
        self.orders.append(order)
        return order

    def change_price(self, order: Order, change: int) -> None:
        """Share a change on the lines by what they cost; what is missing to the fen goes to the largest remainders."""
        total = sum(order.goods)
        amount = max(change, -total)
        exact = [abs(amount) * fen for fen in order.goods]
        shares = [fen // total for fen in exact]
        by_rest = sorted(range(len(exact)), key=lambda index: -(exact[index] % total))
        for index in by_rest[: abs(amount) - sum(shares)]:
            shares[index] += 1
        sign = -1 if amount < 0 else 1
        for line, fen, share in zip(order.lines, order.goods, shares, strict=True):
            line.payable = fen + sign * share

    def pay(self, order: Order) -> None:
        """Sell what is held."""
        order.status, order.paid = "PAID", order.total
        for line in order.lines:
            self.stock[line.variant][0] -= line.quantity
            self.stock[line.variant][1] -= line.quantity

    def cancel(self, order: Order) -> None:
        """Let go what is held."""
        order.status = "CANCELLED"
        for line in order.lines:
            self.stock[line.variant][1] -= line.quantity

    def pass_time(self, minutes: int) -> None:
        """Let orders end, unpaid or received."""
        self.now += minutes
        for order in self.orders:
            if order.status == "PENDING_PAYMENT" and order.placed_at + PAY_MINUTES <= self.now:
                self.cancel(order)
            elif order.status == "PAID" and order.fulfilment == "SHIPPED":
                due = order.shipped_at + CONFIRM_MINUTES
                if due <= self.now:
                    self.receive(order, due)

    def receive(self, order: Order, at: int) -> None:
        """Let an order be complete."""
        order.status, order.fulfilment, order.completed_at = "COMPLETED", "RECEIVED", at

    def ship(self, order: Order, pieces: dict[int, int]) -> None:
        """Send pieces, by the line's place."""
        for place, count in pieces.items():
            order.lines[place].shipped += count
        self._follow(order)

    def give_back(self, order: Order, backs: dict[int, tuple[int, int]], *, restock: bool | None = None) -> None:
        """Give back (pieces, fen) by the line's place; pieces that never left are on the shelf again."""
        if restock is None:
            unsent = {place: max(order.lines[place].left - order.lines[place].shipped, 0) for place in backs}
            restock = all(pieces <= unsent[place] for place, (pieces, _) in backs.items())
        for place, (pieces, fen) in backs.items():
            line = order.lines[place]
            line.back += pieces
            line.refunded += fen
            if restock:
                self.stock[line.variant][0] += pieces
        self.refunds += 1
        if order.fulfilment == "PARTIALLY_SHIPPED":
            self._follow(order)
        if order.refund_status == "ALL":
            order.status = "CLOSED"

    def may_complain(self, order: Order) -> bool:
        """Whether an after-sale may be asked for."""
        is_late = order.completed_at is not None and order.completed_at + COMPLAIN_MINUTES <= self.now
        return order.status in {"PAID", "COMPLETED"} and not is_late

    def _follow(self, order: Order) -> None:
        was = order.fulfilment
        order.fulfilment = "PARTIALLY_SHIPPED" if any(line.to_send for line in order.lines) else "SHIPPED"
        if order.fulfilment == "SHIPPED" != was:
            order.shipped_at = self.now
