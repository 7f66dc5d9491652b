"""Payments that came otherwise than they were asked for, and refunds that go another way than the money came."""

from typing import ClassVar

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.constraints import check
from models.payment import PaymentProblem

CHECKS = {
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
        ops.RunSQL(
            [check(table, name, condition) for table, named in CHECKS.items() for name, condition in named.items()]
        ),
        ops.RunSQL(list(INDEXES)),
        ops.RunSQL(list(SANDBOX)),
    ]
