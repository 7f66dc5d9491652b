"""Payments that came otherwise than they were asked for, refunds that go another way, and what WeChat pushes."""

from typing import ClassVar

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key
from models.payment import PaymentProblem

SHOP_TABLES = ("pushed_message", "message_push")

REFERENCES = (
    ("message_push", "app_id", "wechat_app", CASCADE),
    ("pushed_message", "app_id", "wechat_app", CASCADE),
)

CHECKS = {
    "message_push": {"channel": "channel ~ '^[0-9a-f]{32}$'"},
    "pushed_message": {"digest": "octet_length(digest) = 32"},
    "payment": {
        "problem": """(problem is null) = (told_fen is null) and (problem is not null or told_at is null)
                      and told_fen >= 0 and problem in ('WRONG_MERCHANT', 'WRONG_APP', 'WRONG_CURRENCY',
                                                        'WRONG_AMOUNT', 'WRONG_TRANSACTION')""",
    },
}

# Where a refund goes at the sandbox's WeChat Pay, when it cannot go where the money came from.
SANDBOX = (
    """alter table wechat_sandbox.pay_refund
       add column channel text not null default 'ORIGINAL',
       add column received_account text not null default '支付用户零钱'""",
)

# The few that wait for a person.
INDEXES = (
    """create index payment_problem on payment (shop_id, order_id)
       where problem is not null and state <> 'SUCCEEDED'""",
    """create index orders_reminded on orders (shop_id, created_at, id)
       where shipping_reminded_at is not null and status = 'PAID'""",
)


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0022_metafields_of_trade")]
    operations: ClassVar = [
        ops.AddField(
            model_name="Payment",
            name="problem",
            field=fields.CharEnumField(
                description="\n".join(f"{one}: {one}" for one in PaymentProblem),
                enum_type=PaymentProblem,
                max_length=20,
                null=True,
            ),
        ),
        ops.AddField(model_name="Payment", name="told_fen", field=fields.BigIntField(null=True)),
        ops.AddField(model_name="Payment", name="told_at", field=fields.DatetimeField(null=True)),
        ops.AddField(
            model_name="Order", name="shipping_reminded_at", field=fields.DatetimeField(null=True, auto_now=False)
        ),
        ops.CreateModel(
            name="MessagePush",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                ("channel", fields.CharField(unique=True, max_length=32)),
                ("token_sealed", fields.BinaryField()),
                ("key_sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "message_push",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "app_id")),
                "pk_attr": "id",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="PushedMessage",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                ("digest", fields.BinaryField()),
                ("event", fields.CharField(max_length=64)),
                ("outcome", fields.CharField(default="", max_length=24)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "pushed_message",
                "app": "models",
                "unique_together": (("shop_id", "app_id", "digest"),),
                "indexes": [Index(fields=["created_at"])],
                "pk_attr": "id",
            },
            bases=["Owned"],
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*one) for one in REFERENCES]),
        ops.RunSQL(
            [check(table, name, condition) for table, named in CHECKS.items() for name, condition in named.items()]
        ),
        ops.RunSQL(list(INDEXES)),
        ops.RunSQL(list(SANDBOX)),
    ]
