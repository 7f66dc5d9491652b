"""What comes after paying, done to the shop and to its model: parcels, money that goes back, complaints."""

from tests.faults.trade_world import Placed, World
from tests.harness.refunding import (
    APPROVE,
    PARCEL,
    RECEIVE,
    REJECT,
    RETURN_SHIP,
    complains,
    piece,
    tries_to_complain,
    tries_to_refund,
)
from tests.harness.shipping import CONFIRM, tries_to_ship


async def ship(world: World, order: Placed, pieces: dict[int, int] | None) -> None:
    """Send pieces by the line's place, or all that are left."""
    left = {place: line.to_send for place, line in enumerate(order.model.lines) if line.to_send}
    wish = left if pieces is None else pieces
    lines = [(order.lines[place]["id"], asked) for place, asked in (pieces or {}).items()]
    answer = await tries_to_ship(world.shop, order.id, *lines)
    if order.model.status != "PAID" or not wish:
        assert [one.code for one in answer.refusals] == ["NOT_ALLOWED"]
    elif any(asked > left.get(place, 0) for place, asked in wish.items()):
        assert {one.code for one in answer.refusals} == {"OUT_OF_RANGE"}
    else:
        assert answer.refusals == []
        world.model.ship(order.model, wish)


async def confirm(world: World, order: Placed) -> None:
    """Say that everything came."""
    answer = await world.ming.ask(CONFIRM, {"id": order.id})
    if order.model.fulfilment == "RECEIVED":
        assert answer.refusals == []
    elif (order.model.status, order.model.fulfilment) == ("PAID", "SHIPPED"):
        assert answer.refusals == []
        world.model.receive(order.model, world.model.now)
    else:
        assert [one.code for one in answer.refusals] == ["NOT_ALLOWED"]


async def refund(world: World, order: Placed, place: int, pieces: int, fen: int | None) -> None:
    """Give pieces of a line back, for their share of the price or another amount."""
    line = order.model.lines[place]
    answer = await tries_to_refund(world.shop, order.id, lines=[piece(order.lines[place], pieces, fen)])
    codes = [one.code for one in answer.refusals]
    if order.model.status not in {"PAID", "COMPLETED"}:
        assert codes == ["NOT_ALLOWED"]
    elif pieces > line.left or (fen or 0) > line.left_fen:
        assert codes == ["OUT_OF_RANGE"]
    elif not pieces and not fen:
        assert codes == ["BLANK"]
    else:
        assert codes == []
        amount = (line.share(pieces) if pieces else 0) if fen is None else fen
        restock = None if pieces else False
        world.model.give_back(order.model, {place: (pieces, amount)}, restock=restock)


async def refund_all(world: World, order: Placed) -> None:
    """Give everything back that is left."""
    answer = await tries_to_refund(world.shop, order.id)
    if order.model.status not in {"PAID", "COMPLETED"}:
        assert [one.code for one in answer.refusals] == ["NOT_ALLOWED"]
        return
    assert answer.refusals == []
    left = {
        place: (line.left, line.left_fen) for place, line in enumerate(order.model.lines) if line.left or line.left_fen
    }
    world.model.give_back(order.model, left)


async def complain(world: World, order: Placed, place: int, pieces: int, *, granted: bool) -> None:
    """Ask for money back of what was not sent, or to send back what was; the shop says yes or no."""
    line = order.model.lines[place]
    is_sent = line.left <= line.shipped
    kind = "RETURN" if is_sent else "REFUND"
    asked = {"type": kind, "quantity": pieces}
    if not world.model.may_complain(order.model) or pieces > line.left:
        answer = await tries_to_complain(world.ming, order.lines[place], **asked)
        assert {one.code for one in answer.refusals} <= {"NOT_ALLOWED", "EXPIRED", "OUT_OF_RANGE"} != set()
        assert answer.refusals
        return
    amount = line.share(pieces)
    complaint = await complains(world.ming, order.lines[place], **asked)
    assert complaint["amount"]["fen"] == amount
    if not granted:
        assert (await world.shop.staff(REJECT, {"id": complaint["id"], "why": "不符合"})).refusals == []
        return
    assert (await world.shop.staff(APPROVE, {"id": complaint["id"]})).refusals == []
    if is_sent:
        assert (await world.ming.ask(RETURN_SHIP, {"id": complaint["id"], **PARCEL})).refusals == []
        assert (await world.shop.staff(RECEIVE, {"id": complaint["id"]})).refusals == []
    world.model.give_back(order.model, {place: (pieces, amount)}, restock=True if is_sent else None)
