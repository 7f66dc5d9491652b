"""What goes back for pieces: any sequence of refunds sums to at most what was paid, and to exactly that at the end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ids import new_id
from models.refund import RefundReason
from models.refusal import LimitRefusal, Refusal
from resolvers.refund_plan import PARTS_MAX, LineWish, Plan, RefundWish, plan_refund
from resolvers.refund_share import LineLeft, share_of

AMOUNTS = st.integers(0, 10**9)
LINES = st.tuples(AMOUNTS, st.integers(1, 40))


def line(payable: int, quantity: int, **more: int) -> dict[str, Any]:
    stands = {"payable_fen": payable, "quantity": quantity, "left_fen": payable, "left_quantity": quantity}
    return stands | {"shipped_quantity": 0} | more


def wish(*lines: tuple[Any, int] | tuple[Any, int, int], **more: Any) -> RefundWish:
    asked = [LineWish(one[0], one[1], *one[2:]) for one in lines] if lines else None
    return RefundWish(**{"reason": RefundReason.AFTER_SALE, "lines": asked, **more})


@given(LINES, st.data())
def test_pieces_sum_to_exactly_what_was_paid(paid: tuple[int, int], data: st.DataObject) -> None:
    payable, quantity = paid
    left, left_pieces = payable, quantity
    while left_pieces:
        pieces = data.draw(st.integers(1, left_pieces))
        share = share_of(LineLeft(payable, quantity, left, left_pieces), pieces)
        assert pieces * (payable // quantity) <= share <= pieces * -(-payable // quantity)
        left, left_pieces = left - share, left_pieces - pieces
        assert left >= 0
    assert left == 0


@given(LINES, st.data())
def test_a_difference_of_price_lessens_all_pieces_that_are_left(paid: tuple[int, int], data: st.DataObject) -> None:
    payable, quantity = paid
    cheaper = data.draw(st.integers(0, payable))
    left, shares = payable - cheaper, []
    for left_pieces in range(quantity, 0, -1):
        shares.append(share_of(LineLeft(payable, quantity, left, left_pieces), 1))
        left -= shares[-1]
    assert left == 0
    assert max(shares) - min(shares) <= 1


@given(LINES, st.data())
def test_what_the_shop_kept_back_is_not_handed_out_with_the_next(paid: tuple[int, int], data: st.DataObject) -> None:
    payable, quantity = paid
    left, back = payable, 0
    for left_pieces in range(quantity, 0, -1):
        fair = share_of(LineLeft(payable, quantity, left, left_pieces), 1)
        assert fair <= -(-payable // quantity)
        given_back = data.draw(st.integers(0, fair))
        left, back = left - given_back, back + given_back
        assert back <= payable


def test_there_are_no_more_pieces_than_are_left() -> None:
    for pieces in (-1, 3):
        with pytest.raises(ValueError, match="not so many pieces"):
            share_of(LineLeft(100, 5, 40, 2), pieces)
    assert share_of(LineLeft(100, 5, 40, 2), 0) == 0


@given(st.lists(LINES, min_size=1, max_size=6), st.integers(0, 10**6), st.data())
def test_any_sequence_of_refunds_of_an_order_gives_back_what_was_paid_and_no_fen_more(
    lines: list[tuple[int, int]], freight: int, data: st.DataObject
) -> None:
    rows = {new_id(): line(*one) for one in lines}
    paid = sum(payable for payable, _ in lines) + freight
    payment: dict[str, Any] = {"id": new_id(), "left_fen": paid, "parts": 0}
    freight_left = freight
    while any(row["left_quantity"] for row in rows.values()):
        chosen = data.draw(st.sampled_from([id_ for id_, row in rows.items() if row["left_quantity"]]))
        pieces = data.draw(st.integers(1, rows[chosen]["left_quantity"]))
        plan = plan_refund(wish((chosen, pieces)), rows, [payment], freight_left)
        assert sum(plan.parts.values()) == plan.total_fen <= payment["left_fen"]
        _take(rows, payment, plan)
        freight_left -= plan.freight_fen
    assert payment["left_fen"] == freight_left == 0


@given(st.lists(LINES, min_size=1, max_size=6), st.integers(0, 10**6))
def test_all_that_is_left_is_all_of_it(lines: list[tuple[int, int]], freight: int) -> None:
    rows = {new_id(): line(*one) for one in lines}
    paid = sum(payable for payable, _ in lines) + freight

    plan = plan_refund(wish(), rows, [{"id": new_id(), "left_fen": paid, "parts": 0}], freight)

    assert (plan.total_fen, plan.freight_fen, plan.restock) == (paid, freight, True)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=4), st.data())
def test_several_payments_share_a_refund_and_none_gives_more_than_it_has(lefts: list[int], data: st.DataObject) -> None:
    payments: list[dict[str, Any]] = [{"id": new_id(), "left_fen": left, "parts": 0} for left in lefts]
    of, fen = new_id(), data.draw(st.integers(1, sum(lefts)))
    rows = {of: line(sum(lefts), 1)}

    plan = plan_refund(wish((of, 0, fen), reason=RefundReason.PRICE_DIFFERENCE), rows, payments, 0)

    assert sum(plan.parts.values()) == fen
    assert all(plan.parts.get(one["id"], 0) <= one["left_fen"] for one in payments)
    assert all(plan.parts.values())


def test_freight_stays_when_something_was_sent() -> None:
    of = new_id()
    payment = [{"id": new_id(), "left_fen": 120, "parts": 0}]

    def freight(sent: int, **more: Any) -> int:
        return plan_refund(wish((of, 2), **more), {of: line(100, 2, shipped_quantity=sent)}, payment, 20).freight_fen

    assert [freight(sent) for sent in (0, 1, 2)] == [20, 0, 0]
    assert freight(2, freight_fen=5) == 5
    assert freight(0, freight_fen=0) == 0


def test_the_shelf_gets_back_what_never_left_it() -> None:
    of = new_id()
    payment = [{"id": new_id(), "left_fen": 300, "parts": 0}]

    def restocks(pieces: int, sent: int) -> bool:
        return plan_refund(wish((of, pieces)), {of: line(300, 3, shipped_quantity=sent)}, payment, 0).restock

    assert [restocks(1, sent) for sent in (0, 2, 3)] == [True, True, False]
    assert restocks(2, 2) is False


def test_wechat_takes_fifty_refunds_of_one_payment() -> None:
    of = new_id()
    with pytest.raises(LimitRefusal) as refused:
        plan_refund(wish((of, 1)), {of: line(100, 1)}, [{"id": new_id(), "left_fen": 100, "parts": PARTS_MAX}], 0)
    assert refused.value.used == PARTS_MAX


def test_a_reward_takes_no_pieces_back() -> None:
    of = new_id()
    with pytest.raises(ValueError, match="takes no pieces"):
        plan_refund(wish((of, 1), reason=RefundReason.LEADER_REWARD), {of: line(100, 1)}, [], 0)


def test_more_than_the_payments_have_is_refused() -> None:
    of = new_id()
    with pytest.raises(Refusal, match="More than is left"):
        plan_refund(wish((of, 1)), {of: line(100, 1)}, [{"id": new_id(), "left_fen": 99, "parts": 0}], 0)


def _take(rows: dict[Any, dict[str, Any]], payment: dict[str, Any], plan: Plan) -> None:
    for back in plan.backs:
        rows[back.line_id]["left_fen"] -= back.fen
        rows[back.line_id]["left_quantity"] -= back.pieces
    payment["left_fen"] -= plan.total_fen
