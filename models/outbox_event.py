"""The outbox: what the world must hear, written in the transaction that made it true."""

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault

from models.owned import Owned


class OutboxEvent(Owned):
    """Delivered at least once, in `sequence` order per aggregate; `dead_at` is set when retries are used up.

    The database counts `sequence`; who inserts leaves it out. `replayed_at` is when a person last had a dead letter
    tried again: it may then be told after events that came later.
    """

    sequence = fields.BigIntField(db_default=SqlDefault("nextval('outbox_sequence')"))
    topic = fields.CharField(max_length=64)
    aggregate_id = fields.UUIDField()
    payload: fields.JSONField[dict[str, object]] = fields.JSONField()
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField()
    delivered_at = fields.DatetimeField(null=True)
    dead_at = fields.DatetimeField(null=True)
    replayed_at = fields.DatetimeField(null=True)
    last_error = fields.TextField(default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "outbox_event"
        unique_together = (("shop_id", "id"),)
