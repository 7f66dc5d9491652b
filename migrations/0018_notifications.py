"""Messages to customers: templates, what was agreed to, what was sent; and a cart's address is one that is there."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key
from models.message import MessageState

SHOP_TABLES = ("message", "message_quota", "message_template")

REFERENCES = (
    ("message", "order_id", "orders", CASCADE),
    ("message", "customer_id", "customer", CASCADE),
    ("message", "identity_id", "identity", CASCADE),
    ("message", "app_id", "wechat_app", CASCADE),
    ("message_quota", "identity_id", "identity", CASCADE),
    ("message_template", "app_id", "wechat_app", CASCADE),
    ("cart", "address_id", "address", "on delete set null (address_id)"),
)

CHECKS = {
    "message_template": {
        "event": "event <> '' and template_id <> ''",
        "keywords": "jsonb_typeof(keywords) = 'array' and keywords <> '[]'",
        "version": "version > 0",
    },
    "message_quota": {"template": "template_id <> ''", "remaining": "remaining between 0 and 100"},
    "message": {
        "event": "event <> '' and occasion <> ''",
        "state": "state in ('WAITING', 'SENT', 'UNWANTED', 'FAILED')",
        "due": "(state = 'WAITING') = (next_attempt_at is not null)",
        "sent": "(state = 'SENT') = (sent_at is not null)",
        "attempts": "attempts >= 0",
    },
}

INDEXES = (
    "create index message_due on message (next_attempt_at) where state = 'WAITING'",
    # One at a time for each person: the first of theirs.
    "create index message_waiting on message (shop_id, identity_id, id) where state = 'WAITING'",
    "create index message_identity on message (shop_id, identity_id)",
    "create index cart_address on cart (shop_id, address_id) where address_id is not null",
)

# An address that was struck out while a cart named it.
_LET_GO = """
update cart set address_id = null
where address_id is not null
  and not exists (select from address where address.shop_id = cart.shop_id and address.id = cart.address_id)
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0017_failpoints")]

    operations = [
        ops.CreateModel(
            name="Message",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("event", fields.CharField(max_length=32)),
                ("occasion", fields.CharField(max_length=120)),
                ("subject_id", fields.UUIDField()),
                ("order_id", fields.UUIDField(null=True)),
                ("customer_id", fields.UUIDField()),
                ("identity_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                (
                    "state",
                    fields.CharEnumField(
                        default=MessageState.WAITING,
                        description="WAITING: WAITING\nSENT: SENT\nUNWANTED: UNWANTED\nFAILED: FAILED",
                        enum_type=MessageState,
                        max_length=12,
                    ),
                ),
                ("holds_quota", fields.BooleanField(default=False)),
                ("may_have_arrived", fields.BooleanField(default=False)),
                ("attempts", fields.IntField(default=0)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_error", fields.TextField(default="", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "message",
                "app": "models",
                "unique_together": (("shop_id", "event", "occasion"),),
                "indexes": [
                    Index(fields=["shop_id", "customer_id"]),
                    Index(fields=["shop_id", "order_id"]),
                    Index(fields=["shop_id", "created_at", "id"]),
                ],
                "pk_attr": "id",
                "table_description": "One message to one customer; `occasion` tells the times apart that an event happens, each is told once.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="MessageQuota",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("identity_id", fields.UUIDField()),
                ("template_id", fields.CharField(max_length=64)),
                ("remaining", fields.IntField()),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "message_quota",
                "app": "models",
                "unique_together": (("shop_id", "identity_id", "template_id"),),
                "pk_attr": "id",
                "table_description": "How many messages of a template a customer agreed to in one app: WeChat's own account, as far as we know it.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="MessageTemplate",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                ("event", fields.CharField(max_length=32)),
                ("template_id", fields.CharField(max_length=64)),
                ("keywords", fields.JSONField(default=list, db_default=[], encoder=JSON_DUMPS, decoder=loads)),
                ("page", fields.TextField(default="", unique=False)),
                ("active", fields.BooleanField(default=True)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "message_template",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "app_id", "event")),
                "pk_attr": "id",
                "table_description": "Which of an app's templates at WeChat tells of an event; one for each event.",
            },
            bases=["Owned"],
        ),
        ops.AddConstraint(
            model_name="Identity",
            constraint=UniqueConstraint(fields=("shop_id", "id"), name=None),
        ),
        ops.RunSQL([_LET_GO]),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*named) for named in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
        ops.RunSQL([*INDEXES]),
    ]
