"""Messages of WeChat's to customers (订阅消息): for which event, how many each agreed to, and what was sent."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.owned import Owned


class MessageState(StrEnum):
    """WAITING is due or to be tried again. UNWANTED: the customer had not agreed, or it was too late to tell."""

    WAITING = "WAITING"
    SENT = "SENT"
    UNWANTED = "UNWANTED"
    FAILED = "FAILED"


class MessageTemplate(Owned):
    """Which of an app's templates at WeChat tells of an event; one for each event.

    `keywords` is a list of {keyword, value, text}: what stands under each of the template's keywords, a value of the
    event or a fixed text. `page` is what the message opens, empty for none.
    """

    app_id = fields.UUIDField()
    event = fields.CharField(max_length=32)
    template_id = fields.CharField(max_length=64)
    keywords: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    page = fields.TextField(default="")
    active = fields.BooleanField(default=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "message_template"
        unique_together = (("shop_id", "id"), ("shop_id", "app_id", "event"))


class MessageQuota(Owned):
    """How many messages of a template a customer agreed to in one app: WeChat's own account, as far as we know it.

    It goes with the identity, as WeChat's does, so that a merge of customers has nothing to add up.
    """

    identity_id = fields.UUIDField()
    template_id = fields.CharField(max_length=64)
    remaining = fields.IntField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "message_quota"
        unique_together = (("shop_id", "identity_id", "template_id"),)


class Message(Owned):
    """One message to one customer; `occasion` tells the times apart that an event happens, each is told once.

    `subject_id` is what it tells about, of which kind the event says. `holds_quota` while one of the quota is set
    aside for it; `may_have_arrived` from when WeChat is asked until it has answered. `next_attempt_at` is wall time.
    """

    event = fields.CharField(max_length=32)
    occasion = fields.CharField(max_length=120)
    subject_id = fields.UUIDField()
    order_id = fields.UUIDField(null=True)
    customer_id = fields.UUIDField()
    identity_id = fields.UUIDField()
    app_id = fields.UUIDField()
    state = fields.CharEnumField(MessageState, max_length=12, default=MessageState.WAITING)
    holds_quota = fields.BooleanField(default=False)
    may_have_arrived = fields.BooleanField(default=False)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    last_error = fields.TextField(default="")
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "message"
        unique_together = (("shop_id", "event", "occasion"),)
        indexes = (("shop_id", "customer_id"), ("shop_id", "order_id"), ("shop_id", "created_at", "id"))
