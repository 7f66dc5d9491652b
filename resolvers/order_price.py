"""Changing the price of an order before it is paid: what staff agreed on with the customer."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.database import Connection, pool, transaction
from models.order import OrderStatus
from models.refusal import Refusal, RetryRefusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import FEN_MAX, Checks
from resolvers.order_own import no_such_order, require_order
from resolvers.order_step import TOLD_COLUMNS, tell_order
from resolvers.payment_query import close_payments
from resolvers.placement_rows import adjustment_columns
from resolvers.pricing import AdjustmentKind, Item, Price
from resolvers.retried import retried
from resolvers.rows import as_json, read_json

_RETRY_AFTER_MS: Final = 2000

_HOLD: Final = "select status, goods_fen, freight_fen from orders where shop_id = $1 and id = $2 for no key update"
_IS_OPEN: Final = """
select exists (select from payment where shop_id = $1 and order_id = $2 and state in ('CREATED', 'PREPAID'))
"""
_LINES: Final = """
select id, price_fen, quantity, payable_fen from order_line where shop_id = $1 and order_id = $2 order by position
"""
_MADE_BY_STAFF: Final = """
delete from order_adjustment where shop_id = $1 and order_id = $2 and kind = 'STAFF' returning allocations
"""
_ADJUST: Final = """
insert into order_adjustment (id, shop_id, order_id, position, kind, title, amount_fen, allocations)
select $3, $1, $2, coalesce(max(position), 0) + 1, $4, $5, $6, $7::jsonb
from order_adjustment where shop_id = $1 and order_id = $2
"""
_PAYABLE: Final = """
update order_line set payable_fen = priced.fen from jsonb_to_recordset($3::jsonb) as priced(line uuid, fen bigint)
where order_line.shop_id = $1 and order_line.order_id = $2 and order_line.id = priced.line
"""
_TOTAL: Final = f"""
update orders set total_fen = $3, version = version + 1, updated_at = $4
where shop_id = $1 and id = $2 and status = 'PENDING_PAYMENT' returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words


async def order_price_change(caller: Caller, order_id: UUID, change_fen: int) -> UUID:
    """Take so many fen off the goods of an unpaid order (negative), or add them; returns the order.

    A change takes the place of the one before it; 0 takes it back. It is shared on the lines as discounts are and
    never brings one below zero. A payment that was opened at the old price is closed first: nobody pays it any more.

    Raises Refusal NOT_FOUND, NOT_ALLOWED once it is paid or cancelled, OUT_OF_RANGE; RetryRefusal BUSY while WeChat
    cannot be asked about a payment.
    """
    checks = Checks()
    checks.number(change_fen, "change", least=-FEN_MAX, most=FEN_MAX)
    checks.end()
    async with pool().acquire() as sql:
        await require_order(sql, caller, order_id)
    await close_payments(caller.shop_id, order_id)
    await _change(caller, order_id, change_fen)
    return order_id


@retried
async def _change(caller: Caller, order_id: UUID, change_fen: int) -> None:
    async with transaction() as sql:
        order = await sql.fetchrow(_HOLD, caller.shop_id, order_id)
        if order is None:
            raise no_such_order()
        await _require_unpaid(sql, caller, order_id, order)
        priced = await _priced(sql, caller, order_id, change_fen)
        total = sum(priced.payable.values()) + order["freight_fen"]
        shares = [{"line": line, "fen": fen} for line, fen in priced.payable.items()]
        await sql.execute(_PAYABLE, caller.shop_id, order_id, as_json(shares))
        changed = await sql.fetchrow(_TOTAL, caller.shop_id, order_id, total, caller.now)
        await tell_order(sql, caller.shop_id, "order.changed", changed)


async def _require_unpaid(sql: Connection, caller: Caller, order_id: UUID, order: Mapping[str, Any]) -> None:
    if order["status"] != OrderStatus.PENDING_PAYMENT:
        raise Refusal(
            UserErrorCode.NOT_ALLOWED,
            "只能修改待付款订单的价格",
            "Only the price of an unpaid order can change",
            "orderId",
        )
    if await sql.fetchval(_IS_OPEN, caller.shop_id, order_id):
        raise RetryRefusal(
            UserErrorCode.BUSY,
            "支付处理中，请稍后重试",
            "A payment is under way; try again shortly",
            "orderId",
            retry_after_ms=_RETRY_AFTER_MS,
        )


async def _priced(sql: Connection, caller: Caller, order_id: UUID, change_fen: int) -> Price:
    """Price the lines without what staff did before, then with what they do now, and write it down."""
    lines = await sql.fetch(_LINES, caller.shop_id, order_id)
    payable = {line["id"]: line["payable_fen"] for line in lines}
    for gone in await sql.fetch(_MADE_BY_STAFF, caller.shop_id, order_id):
        for share in read_json(gone["allocations"]):
            payable[UUID(share["line"])] -= share["fen"]
    items = tuple(Item(line["id"], (str(line["id"]),), line["quantity"], line["price_fen"]) for line in lines)
    priced = Price(items, payable).adjusted(AdjustmentKind.STAFF, change_fen, payable)
    for one in priced.adjustments:
        columns = adjustment_columns(one)
        await sql.execute(
            _ADJUST,
            caller.shop_id,
            order_id,
            new_id(),
            columns["kind"],
            columns["title"],
            columns["amount_fen"],
            as_json(columns["allocations"]),
        )
    return priced
