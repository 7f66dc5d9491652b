"""Writing placed orders: any number of one shop, with all that belongs to them, in one statement."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from clock import wall_now
from models.database import Connection
from resolvers.campaign import StockGoneError
from resolvers.campaigns import CAMPAIGNS
from resolvers.placement_judge import Judgement
from resolvers.placement_rows import SAME, OrderRows
from resolvers.rows import as_json, inserted

_INSERTS: Final = ", ".join(
    inserted(model, bind, shop_id="$1", **same) for bind, (model, same) in enumerate(SAME.items(), 8)
)

# The levels are held by this transaction since they were read; the guard stands all the same, and the caller counts:
# fewer than asked means that nothing may stand. Keys between the new rows are checked at the end of the statement.
_WRITE: Final = f"""
with taken as (
    update stock_level level set reserved = level.reserved + take.quantity, figured = false, updated_at = $2
    from unnest($3::uuid[], $4::bigint[]) as take(id, quantity)
    where level.shop_id = $1 and level.id = take.id
      and (level.may_oversell or level.on_hand - level.reserved >= take.quantity)
    returning level.id
), {_INSERTS}, told as (
    insert into outbox_event
        (id, shop_id, topic, aggregate_id, payload, attempts, last_error, next_attempt_at, created_at)
    select event.id, $1, event.topic, event.aggregate_id, event.payload, 0, '', $5, $5
    from jsonb_to_recordset($6::jsonb) as event(id uuid, topic text, aggregate_id uuid, payload jsonb)
), kept as (
    insert into idempotency_key (id, shop_id, actor, mutation, key, input_sha256, outcome, created_at)
    select done.id, $1, done.actor, done.mutation, done.key, decode(done.digest, 'hex'), done.outcome, $5
    from jsonb_to_recordset($7::jsonb) as done(id uuid, actor text, mutation text, key text, digest text, outcome jsonb)
), bought as (
    delete from cart_line line where line.shop_id = $1 and line.id = any(${8 + len(SAME)}::uuid[])
    returning line.cart_id
), carts as (
    update cart set version = cart.version + 1, updated_at = $2
    from (select distinct cart_id from bought) gone where cart.shop_id = $1 and cart.id = gone.cart_id
)
select count(*) from taken
"""  # noqa: S608 - names of our own models


async def write_orders(sql: Connection, now: datetime, judged: Sequence[Judgement], attempt: int) -> list[UUID]:
    """Write the orders of wishes that may be carried out, all of one shop; returns their ids in order.

    Each `attempt` at it draws other order numbers. Raises UniqueViolationError when one is another order's.
    """
    made = [OrderRows(now, judgement, attempt) for judgement in judged]
    takes: Counter[UUID] = Counter()
    for judgement in judged:
        for take in judgement.takes:
            takes[take.level.id] += take.quantity
    rows = [as_json([row for one in made for row in one.by_table[model]]) for model in SAME]
    done = await sql.fetchval(
        _WRITE,
        judged[0].wish.caller.shop_id,
        now,
        list(takes),
        list(takes.values()),
        wall_now(),
        as_json([one.event for one in made]),
        as_json([one.kept for one in made]),
        *rows,
        [line_id for one in made for line_id in one.cart_line_ids],
    )
    if done != len(takes):
        message = f"{done} of {len(takes)} stock levels could be taken from"
        raise StockGoneError(message)
    await _take_parts(sql, now, made)
    return [one.order_id for one in made]


async def _take_parts(sql: Connection, now: datetime, made: Sequence[OrderRows]) -> None:
    """Let the campaigns that orders were placed in write the parts they take."""
    for kind, campaign in CAMPAIGNS.items():
        parts = [one.part for one in made if one.offer and one.offer.kind is kind]
        if parts:
            await campaign.write(sql, parts[0].wish.caller.shop_id, now, parts)
