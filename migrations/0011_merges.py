"""When two customers became one: what still came under the older id is moved once more."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

INDEXES = ("create index customer_merged_at on customer (merged_at) where merged_into is not null",)


class Migration(migrations.Migration):
    dependencies = [("models", "0010_staff_logins")]

    operations = [
        ops.AlterModelOptions(
            name="Customer",
            options={
                "table": "customer",
                "app": "models",
                "unique_together": (("shop_id", "id"),),
                "pk_attr": "id",
                "table_description": "`merged_into` names the survivor; null for everyone who stands for themselves. `merged_at` is of the wall clock.",
            },
        ),
        ops.AddField(
            model_name="Customer",
            name="merged_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL([*INDEXES]),
    ]
