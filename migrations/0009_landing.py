"""Pages that a shop puts together, what customers want to find again, and what a shop promises with every product."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key
from models.page import PageKind

# The leaves first, as in 0002.
SHOP_TABLES = ("favourite", "page")

REFERENCES = (
    ("favourite", "customer_id", "customer", CASCADE),
    ("favourite", "product_id", "product", CASCADE),
)

CHECKS = {
    "page": {
        "handle": "handle <> ''",
        "kind": "kind in ('HOME', 'TOPIC')",
        "title": "title <> ''",
        "blocks": "jsonb_typeof(blocks) = 'array'",
        "version": "version >= 1",
    },
    "shop": {"promises": "jsonb_typeof(service_promises) = 'array'"},
}

INDEXES = (
    "create unique index page_home on page (shop_id) where kind = 'HOME'",
    # A unique key takes nulls for different things.
    "create unique index favourite_shop on favourite (shop_id, customer_id) where product_id is null",
)


class Migration(migrations.Migration):
    dependencies = [("models", "0008_identities")]

    operations = [
        ops.CreateModel(
            name="Favourite",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField()),
                ("product_id", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "favourite",
                "app": "models",
                "unique_together": (("shop_id", "customer_id", "product_id"),),
                "indexes": [
                    Index(fields=["shop_id", "customer_id", "created_at", "id"]),
                    Index(fields=["shop_id", "product_id"]),
                ],
                "pk_attr": "id",
                "table_description": "A product, or the shop itself when `product_id` is null. Each once; goes with its customer or product.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Page",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("handle", fields.CharField(max_length=255)),
                (
                    "kind",
                    fields.CharEnumField(description="HOME: HOME\nTOPIC: TOPIC", enum_type=PageKind, max_length=8),
                ),
                ("title", fields.CharField(max_length=255)),
                ("blocks", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("published", fields.BooleanField(default=False)),
                ("share_title", fields.CharField(default="", max_length=255)),
                ("share_image_url", fields.TextField(null=True, unique=False)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "page",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "handle")),
                "indexes": [Index(fields=["shop_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "`blocks` is a list of {kind, title, ...} as resolvers/page_block.py writes it, ids in their stored form.",
            },
            bases=["Owned"],
        ),
        ops.AddField(
            model_name="Shop",
            name="service_promises",
            field=fields.JSONField(default=list, db_default=[], encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*key) for key in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
        ops.RunSQL([*INDEXES]),
    ]
