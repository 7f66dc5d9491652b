"""What customers and visitors looked at lately."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key

SHOP_TABLES = ("viewed_product",)

REFERENCES = (
    ("viewed_product", "customer_id", "customer", CASCADE),
    ("viewed_product", "product_id", "product", CASCADE),
)

CHECKS = {"viewed_product": {"whose": "num_nonnulls(customer_id, visitor_id) = 1"}}

# One key for both kinds of people, so that one statement writes both.
_ONCE = "create unique index viewed_product_once on viewed_product (shop_id, customer_id, visitor_id, product_id)"

INDEXES = (f"{_ONCE} nulls not distinct",)


class Migration(migrations.Migration):
    dependencies = [("models", "0015_trade")]

    operations = [
        ops.CreateModel(
            name="ViewedProduct",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField(null=True)),
                ("visitor_id", fields.UUIDField(null=True)),
                ("product_id", fields.UUIDField()),
                ("viewed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "viewed_product",
                "app": "models",
                "indexes": [Index(fields=["shop_id", "product_id"]), Index(fields=["viewed_at"])],
                "pk_attr": "id",
                "table_description": "The last look of one person at one product: of a customer, or of a device on which nobody had logged in.",
            },
            bases=["Owned"],
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*named) for named in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
        ops.RunSQL([*INDEXES]),
    ]
