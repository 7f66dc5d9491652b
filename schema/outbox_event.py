"""Events that could not be told, for the owner: what happened, what went wrong, and to try once more."""

from datetime import datetime
from typing import Annotated

import strawberry

from engine.declare import Order, field, page, reads
from engine.keyset import INTEGER
from engine.rows import Rows
from models.outbox_event import OutboxEvent as OutboxEventRow
from models.staff import Role
from resolvers import outbox as resolver
from schema.attempt import Info, attempt, referred, staff_mutation
from schema.connection import Connection, paged
from schema.given import known
from schema.node import Node
from schema.payload import Payload, outcome

_OLDEST_FIRST = Order("{t}.sequence", INTEGER)


@reads(OutboxEventRow, prefix="evt", guard="false", keeper="OWNER")
@strawberry.type(description="Something that happened in the shop and is told to the world outside. Seen by the owner.")
class OutboxEvent(Node):
    """Nothing of what it tells is shown: it may speak of customers."""

    topic: str = field(description="What happened, such as `order.paid`.")
    attempts: int = field(description="How often it was tried to tell it, since it was last replayed.")
    last_error: str = field(description="What went wrong last; empty when nothing did.")
    created_at: datetime = field(description="When it happened, in real time.")
    delivered_at: datetime | None = field(description="When it was told; null while it was not.")
    dead_at: datetime | None = field(description="When it was given up; null when it is told or will be tried again.")
    replayed_at: datetime | None = field(description="When somebody last had it tried again after it was given up.")


OutboxEventConnection = Connection[OutboxEvent]


@strawberry.type
class OutboxQuery:
    """Part of Query."""

    @paged(
        page(order=_OLDEST_FIRST),
        OutboxEventConnection | None,
        description="Events that were given up after twenty attempts, the oldest first. Requires: OWNER.",
        roles=[Role.OWNER],
    )
    def dead_letters(rows: Rows) -> None:
        """They hold nothing else up; somebody has to look."""
        rows.where(f"{rows.t}.dead_at is not null")


@strawberry.type(description="What became of outboxReplay.")
class OutboxReplayPayload(Payload):
    """It is due at once."""

    event: OutboxEvent | None = outcome("The event, which is no dead letter any more.")


@strawberry.type
class OutboxMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Have an event that was given up tried again, with all its attempts. Whoever hears it may have heard it before."
        " Refused with NOT_FOUND when it is no dead letter.",
        Role.OWNER,
    )
    async def outbox_replay(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The event.")]
    ) -> OutboxReplayPayload:
        """One at a time, after what stood in the way was mended."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.outbox_replay(caller, known("evt", id)))
        return OutboxReplayPayload(event=referred(OutboxEvent, id_), user_errors=errors)
