"""Steps of an order: each along one axis, by a conditional update of its own, then written down and told here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from ids import new_id
from models.database import Connection
from models.order import OrderAxis
from resolvers.caller import ActorKind, Caller
from resolvers.outbox import emit_many, emit_statement, event_binds

# What `order_event` tells, and so what an update of an order returns.
TOLD_COLUMNS: Final = "id, customer_id, status, payment_status, fulfilment_status, refund_status, version"

_WRITE: Final = """
insert into order_change (id, shop_id, order_id, axis, from_value, to_value, actor_kind, actor_id, reason, created_at)
select step.id, $1, $2, step.axis, step.from_value, step.to_value, $3, $4, $5, $6
from unnest($7::uuid[], $8::text[], $9::text[], $10::text[])
    with ordinality as step(id, axis, from_value, to_value, position)
order by step.position
"""
_WRITE_AND_TELL: Final = f"with written as ({_WRITE}) {emit_statement(first=11)}"


@dataclass(frozen=True, slots=True)
class Step:
    """From where to where along one axis; from nowhere when the order begins."""

    axis: OrderAxis
    from_value: str | None
    to_value: str


@dataclass(frozen=True, slots=True)
class StepBy:
    """Who makes a step, at what moment of the shop, and why."""

    actor: ActorKind
    actor_id: UUID | None
    now: datetime
    reason: str = ""

    @property
    def staff_id(self) -> UUID | None:
        """The member of staff who makes it; None for everybody else."""
        return self.actor_id if self.actor is ActorKind.STAFF else None

    @classmethod
    def caller(cls, caller: Caller, reason: str = "") -> "StepBy":
        """Whoever asks."""
        return cls(caller.actor, caller.subject_id, caller.now, reason)

    @classmethod
    def system(cls, now: datetime, reason: str = "") -> "StepBy":
        """The house itself: the worker, or what WeChat told."""
        return cls(ActorKind.SYSTEM, None, now, reason)


async def write_steps(sql: Connection, shop_id: UUID, order_id: UUID, steps: Sequence[Step], by: StepBy) -> None:
    """Write steps down, in order, inside the transaction that made them."""
    await sql.execute(_WRITE, *_binds(shop_id, order_id, steps, by))


async def write_and_tell_steps(  # noqa: PLR0913, PLR0917 - what `write_steps` and `tell_order` are told
    sql: Connection, shop_id: UUID, order: Record, steps: Sequence[Step], by: StepBy, topic: str
) -> None:
    """Do what `write_steps` and then `tell_order` do, in one statement; `order` has TOLD_COLUMNS, after the steps."""
    event = event_binds(shop_id, topic, {order["id"]: order_payload(order)})
    await sql.execute(_WRITE_AND_TELL, *_binds(shop_id, order["id"], steps, by), *event)


def _binds(shop_id: UUID, order_id: UUID, steps: Sequence[Step], by: StepBy) -> tuple[Any, ...]:
    return (
        shop_id,
        order_id,
        by.actor,
        by.actor_id,
        by.reason,
        by.now,
        [new_id() for _ in steps],
        [step.axis for step in steps],
        [step.from_value for step in steps],
        [step.to_value for step in steps],
    )


def order_payload(order: Mapping[str, Any] | Record) -> dict[str, Any]:
    """Return what an event tells of an order; `order` has TOLD_COLUMNS, as they are after the step."""
    return {
        "orderId": order["id"],
        "customerId": order["customer_id"],
        "status": order["status"],
        "paymentStatus": order["payment_status"],
        "fulfilmentStatus": order["fulfilment_status"],
        "refundStatus": order["refund_status"],
        "version": order["version"],
    }


async def tell_order(sql: Connection, shop_id: UUID, topic: str, order: Mapping[str, Any] | Record) -> None:
    """Emit `order.placed|paid|cancelled|shipped|completed|closed|refunded|changed`; `order` has TOLD_COLUMNS."""
    await emit_many(sql, shop_id, topic, {order["id"]: order_payload(order)})
