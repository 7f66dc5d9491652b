"""Where orders are found."""

from enum import Enum
from typing import Annotated

import strawberry

from engine.arguments import Leaf
from engine.declare import expression, field, one, page, read, reads
from engine.rows import Rows
from ids import decode_id
from models.staff import Role
from schema.connection import paged
from schema.order import NEWEST_FIRST, Order, OrderConnection
from schema.order_status import OrderStatus
from schema.order_task import TASKS, OrderTask


@strawberry.enum(description="A tab of the list of orders.")
class OrderTab(Enum):
    """Conditions over several axes, by the words customers know."""

    TO_PAY = strawberry.enum_value("TO_PAY", description="待付款: placed, not paid, still in time.")
    TO_SHIP = strawberry.enum_value("TO_SHIP", description="待发货: paid, not everything sent.")
    TO_RECEIVE = strawberry.enum_value("TO_RECEIVE", description="待收货: everything is on its way.")
    TO_REVIEW = strawberry.enum_value("TO_REVIEW", description="待评价: received, something not reviewed.")
    AFTER_SALE = strawberry.enum_value("AFTER_SALE", description="售后: a complaint is open.")


_TO_REVIEW = """{t}.fulfilment_status = 'RECEIVED' and {t}.status = 'COMPLETED' and exists (
    select from order_line line where line.shop_id = {t}.shop_id and line.order_id = {t}.id
      and line.reviewed_at is null and line.refunded_quantity < line.quantity)"""
_AFTER_SALE = """exists (
    select from after_sale claim where claim.shop_id = {t}.shop_id and claim.order_id = {t}.id
      and claim.status in ('APPLIED', 'AWAITING_RETURN', 'RETURN_SHIPPED', 'REFUNDING', 'EXCHANGE_SHIPPED'))"""
TABS = {
    "TO_PAY": "{t}.status = 'PENDING_PAYMENT' and {t}.expires_at > {now}",
    "TO_SHIP": "{t}.status = 'PAID' and {t}.fulfilment_status in ('NOT_SHIPPED', 'PARTIALLY_SHIPPED')",
    "TO_RECEIVE": "{t}.status = 'PAID' and {t}.fulfilment_status = 'SHIPPED'",
    "TO_REVIEW": _TO_REVIEW,
    "AFTER_SALE": _AFTER_SALE,
}


def _count(tab: str) -> str:
    condition = TABS[tab].replace("{t}", "o")
    return (
        f"(select count(*)::int from orders o where o.shop_id = {{shop}} and o.customer_id = {{0}}"
        f" and o.hidden_at is null and {condition})"
    )


@reads()
@strawberry.type(description="How many orders a customer has under each tab.")
class OrderCounts:
    """Reads the customer's id."""

    to_pay: int = field(expression(_count("TO_PAY")), description="待付款.")
    to_ship: int = field(expression(_count("TO_SHIP")), description="待发货.")
    to_receive: int = field(expression(_count("TO_RECEIVE")), description="待收货.")
    to_review: int = field(expression(_count("TO_REVIEW")), description="待评价.")
    after_sale: int = field(expression(_count("AFTER_SALE")), description="售后.")


Tab = Annotated[OrderTab | None, strawberry.argument(description="Only those under this tab; all when left out.")]


def under_tab(rows: Rows, tab: object) -> None:
    """Keep what stands under a tab."""
    if isinstance(tab, Leaf):
        rows.where(f"({rows.fill(TABS[_name(tab.value)])})")


def under_task(rows: Rows, task: object) -> None:
    """Keep what waits for somebody of the shop in this way."""
    if isinstance(task, Leaf):
        rows.where(rows.fill(TASKS[_name(task.value)]))


def _name(member: object) -> str:
    return str(getattr(member, "value", member))


def _order_id(text: str) -> object:
    return decode_id("ord", text)


OrderNo = Annotated[str | None, strawberry.argument(description="The number to read aloud.")]
OutTradeNo = Annotated[str | None, strawberry.argument(description="The number of one of its payments at WeChat.")]


@strawberry.type
class OrderQuery:
    """Part of Query."""

    @read(
        one(),
        Order | None,
        description="One order, by the first of id, number and payment number that is given; null when there is none"
        " to be seen.",
    )
    def order(
        rows: Rows,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        no: OrderNo = None,
        out_trade_no: OutTradeNo = None,
    ) -> None:
        """By the one that is given."""
        from_payment = "{t}.id = (select p.order_id from payment p where p.shop_id = {shop} and p.out_trade_no = "
        if id is not None:
            rows.where(f"{rows.t}.id = {rows.bind(id, 'uuid', _order_id)}")
        elif no is not None:
            rows.where(f"{rows.t}.order_no = {rows.bind(no, 'text')}")
        elif out_trade_no is not None:
            rows.where(f"{rows.fill(from_payment)}{rows.bind(out_trade_no, 'text')} limit 1)")
        else:
            rows.where("false")

    @paged(
        page(order=NEWEST_FIRST),
        OrderConnection | None,
        description="The shop's orders, the newest first. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    def orders(
        rows: Rows,
        query: Annotated[
            str | None,
            strawberry.argument(description="An order number, or words of a title, or of the customer's name."),
        ] = None,
        status: Annotated[OrderStatus | None, strawberry.argument(description="Only those in this status.")] = None,
        tab: Tab = None,
        task: Annotated[
            OrderTask | None,
            strawberry.argument(description="Only those in which this waits for somebody of the shop."),
        ] = None,
    ) -> None:
        """Searched and narrowed."""
        under_task(rows, task)
        if status is not None:
            rows.where(f"{rows.t}.status = {rows.bind(status, 'text', _name)}")
        under_tab(rows, tab)
        if query is not None:
            said = rows.bind(query, "text")
            rows.where(
                f"({rows.t}.order_no = {said} or exists (select from order_line l where l.shop_id = {rows.t}.shop_id"
                f" and l.order_id = {rows.t}.id and strpos(lower(l.title), lower({said})) > 0)"
                f" or exists (select from customer c where c.shop_id = {rows.t}.shop_id and c.id = {rows.t}.customer_id"
                f" and strpos(lower(c.nickname), lower({said})) > 0))"
            )
