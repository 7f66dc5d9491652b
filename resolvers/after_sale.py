"""What customers do when they are not content with a line of an order: ask, take it back, send goods, say they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.after_sale import AfterSaleStatus, AfterSaleType
from models.database import Connection, transaction
from models.order_hold import is_kept
from models.refusal import Refusal, UserErrorCode
from resolvers.after_sale_rules import check_allowed, not_allowed_now
from resolvers.after_sale_step import TOLD_COLUMNS, AfterSaleStep, step_after_sale, write_change
from resolvers.caller import Caller
from resolvers.carrier import require_tracking
from resolvers.checks import Checks
from resolvers.customer import required_customer
from resolvers.idempotency import once
from resolvers.media_store import media
from resolvers.order_step import StepBy
from resolvers.randomness import randomness
from resolvers.refund_plan import line_left
from resolvers.refund_share import share_of
from resolvers.retried import retried

ANSWER_HOURS: Final = 72
"""Unanswered for so long, an application is granted."""

REASON_CHARS_MAX: Final = 64
DESCRIPTION_CHARS_MAX: Final = 500
EVIDENCE_MAX: Final = 9
_DIGITS: Final = 10

_OF_LINE: Final = """
select line.order_id from order_line line
join orders on orders.shop_id = line.shop_id and orders.id = line.order_id
where line.shop_id = $1 and line.id = $2 and orders.customer_id = $3
"""
_HOLD_ORDER: Final = "select id from orders where shop_id = $1 and id = $2 for no key update"
# Primary keys, the partial unique indexes of open holds and open after-sales, and index after_sale_line.
_FACTS: Final = f"""
select line.payable_fen, line.quantity, line.shipped_quantity, line.requires_shipping,
       line.payable_fen - line.refunding_fen - line.refunded_fen as left_fen,
       line.quantity - line.refunding_quantity - line.refunded_quantity as left_quantity,
       orders.status, orders.completed_at, shop.after_sale_days, shop.seed,
       {is_kept("$1", "orders.id")} as is_forming,
       exists (select from after_sale one where one.shop_id = $1 and one.order_line_id = line.id and one.status in
               ('APPLIED', 'AWAITING_RETURN', 'RETURN_SHIPPED', 'REFUNDING', 'EXCHANGE_SHIPPED')) as is_open,
       (select count(*) from after_sale one where one.shop_id = $1 and one.order_line_id = line.id and one.status in
               ('REJECTED', 'RECEIVE_REFUSED', 'CANCELLED')) as failures
from order_line line
join orders on orders.shop_id = $1 and orders.id = line.order_id
join shop on shop.id = $1
where line.shop_id = $1 and line.id = $2
"""  # noqa: S608 - our own words
_INSERT: Final = f"""
insert into after_sale (id, shop_id, after_sale_no, order_id, order_line_id, customer_id, type, status, quantity,
                        amount_fen, reason, description, evidence, deadline_at, version, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, 'APPLIED', $8, $9, $10, $11, to_jsonb($12::text[]), $13, 1, $14, $14)
returning {TOLD_COLUMNS}
"""  # noqa: S608 - fixed words
_HOLD_OWN: Final = """
select id, status, type from after_sale where shop_id = $1 and id = $2 and customer_id = $3 for no key update
"""
_SENT: Final = """
update after_sale set return_carrier_code = $3, return_tracking_no = $4 where shop_id = $1 and id = $2
"""


@dataclass(frozen=True, slots=True)
class AfterSaleDraft:
    """What a customer asks for."""

    order_line_id: UUID
    type: AfterSaleType
    quantity: int
    reason: str
    description: str = ""
    evidence: Sequence[str] = ()


async def after_sale_apply(caller: Caller, draft: AfterSaleDraft, key: str) -> UUID:
    """Ask for money back, for taking goods back, or for others; once for this key. Returns the after-sale.

    Raises Refusal LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED, EXPIRED, OUT_OF_RANGE, TAKEN while one is open for the line,
    LimitRefusal after the third further try; Refusals of the input; what `once` raises.
    """
    customer_id = required_customer(caller)
    _check(caller.shop_id, draft)

    async def write(sql: Connection) -> str:
        order_id = await sql.fetchval(_OF_LINE, caller.shop_id, draft.order_line_id, customer_id)
        if order_id is None:
            raise Refusal(UserErrorCode.NOT_FOUND, "找不到该商品行", "No such line of an order", "orderLineId")
        await sql.execute(_HOLD_ORDER, caller.shop_id, order_id)
        facts = await sql.fetchrow(_FACTS, caller.shop_id, draft.order_line_id)
        check_allowed(facts, draft.type, draft.quantity, caller.now)
        row = await _insert(sql, caller, draft, order_id, _number(caller, facts["seed"], key), _amount(facts, draft))
        await write_change(sql, caller.shop_id, row, None, StepBy.caller(caller, draft.reason))
        return str(row["id"])

    return UUID(await once(caller, "afterSaleApply", key, draft, write))


@retried
async def after_sale_cancel(caller: Caller, after_sale_id: UUID) -> UUID:
    """Take an application back before anything was sent. Raises Refusal LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED."""
    async with transaction() as sql:
        row = await _own(sql, caller, after_sale_id)
        if row["status"] not in {AfterSaleStatus.APPLIED, AfterSaleStatus.AWAITING_RETURN}:
            raise not_allowed_now()
        step = AfterSaleStep(AfterSaleStatus(row["status"]), AfterSaleStatus.CANCELLED)
        await step_after_sale(sql, caller.shop_id, after_sale_id, step, StepBy.caller(caller))
    return after_sale_id


@retried
async def after_sale_return_ship(caller: Caller, after_sale_id: UUID, carrier_code: str, tracking_no: str) -> UUID:
    """Say by whom the goods come back. Raises Refusal LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED, INVALID."""
    async with transaction() as sql:
        row = await _own(sql, caller, after_sale_id)
        if row["status"] != AfterSaleStatus.AWAITING_RETURN:
            raise not_allowed_now()
        await require_tracking(sql, carrier_code, tracking_no)
        await sql.execute(_SENT, caller.shop_id, after_sale_id, carrier_code, tracking_no)
        step = AfterSaleStep(AfterSaleStatus.AWAITING_RETURN, AfterSaleStatus.RETURN_SHIPPED)
        await step_after_sale(sql, caller.shop_id, after_sale_id, step, StepBy.caller(caller))
    return after_sale_id


@retried
async def after_sale_exchange_confirm(caller: Caller, after_sale_id: UUID) -> UUID:
    """Say that the other goods have come. Raises Refusal LOGIN_REQUIRED, NOT_FOUND, NOT_ALLOWED."""
    async with transaction() as sql:
        row = await _own(sql, caller, after_sale_id)
        if row["status"] != AfterSaleStatus.EXCHANGE_SHIPPED:
            raise not_allowed_now()
        step = AfterSaleStep(AfterSaleStatus.EXCHANGE_SHIPPED, AfterSaleStatus.COMPLETED)
        await step_after_sale(sql, caller.shop_id, after_sale_id, step, StepBy.caller(caller))
    return after_sale_id


async def _own(sql: Connection, caller: Caller, after_sale_id: UUID) -> Record:
    row: Record | None = await sql.fetchrow(_HOLD_OWN, caller.shop_id, after_sale_id, required_customer(caller))
    if row is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该售后单", "No such after-sale", "id")
    return row


def _check(shop_id: UUID, draft: AfterSaleDraft) -> None:
    checks = Checks()
    checks.number(draft.quantity, "quantity", least=1)
    checks.text(draft.reason, "reason", chars=REASON_CHARS_MAX, blank=False)
    checks.text(draft.description, "description", chars=DESCRIPTION_CHARS_MAX)
    checks.at_most(draft.evidence, EVIDENCE_MAX, "evidence")
    ours = f"{media().address}/media/{shop_id.hex}/"
    for index, url in enumerate(draft.evidence):
        checks.url(url, "evidence", index)
        if not url.startswith(ours):
            zh, en = "请先上传凭证", "Not a file that was uploaded here (mediaUploadCreate)"
            checks.refuse(UserErrorCode.INVALID, zh, en, "evidence", index)
    checks.end()


def _amount(facts: Record, draft: AfterSaleDraft) -> int:
    """What the pieces come to; nothing goes back for other goods."""
    return 0 if draft.type is AfterSaleType.EXCHANGE else share_of(line_left(facts), draft.quantity)


def _number(caller: Caller, seed: int, key: str) -> str:
    """Return a number to read aloud, as an order's is."""
    chance = randomness(seed, f"after_sale_no:{caller.subject_id}:{key}")
    return f"A{caller.now:%y%m%d}{chance.randrange(10**_DIGITS):0{_DIGITS}}"


async def _insert(  # noqa: PLR0913, PLR0917 - all of it is written
    sql: Connection, caller: Caller, draft: AfterSaleDraft, order_id: UUID, number: str, amount_fen: int
) -> Record:
    whose = (order_id, draft.order_line_id, caller.viewer_id)
    wish = (draft.type, draft.quantity, amount_fen, draft.reason, draft.description, list(draft.evidence))
    deadline = caller.now + timedelta(hours=ANSWER_HOURS)
    row: Record = await sql.fetchrow(_INSERT, new_id(), caller.shop_id, number, *whose, *wish, deadline, caller.now)
    return row
