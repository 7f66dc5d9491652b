"""Metafields of trade: customers, carts, their lines and orders have them too."""

from typing import ClassVar

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.constraints import CASCADE, check, reference

OWNERS = {"customer_id": "customer", "cart_id": "cart", "cart_line_id": "cart_line", "order_id": "orders"}

REFERENCES = tuple(("metafield", column, table, CASCADE) for column, table in OWNERS.items())

# Partial, so that importing goods does not pay for what is bought. They serve the cascades too.
INDEXES = tuple(
    f"create unique index metafield_of_{table} on metafield (shop_id, {column}, namespace, key)"
    f" where {column} is not null"
    for column, table in OWNERS.items()
)

ONE_OWNER = f"num_nonnulls(product_id, variant_id, {', '.join(OWNERS)}) = 1"


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0021_group_buys")]
    operations: ClassVar = [
        *(ops.AddField(model_name="Metafield", name=column, field=fields.UUIDField(null=True)) for column in OWNERS),
        ops.RunSQL(
            ["alter table metafield drop constraint metafield_owner_check", check("metafield", "owner", ONE_OWNER)]
        ),
        ops.RunSQL([reference(*one) for one in REFERENCES]),
        ops.RunSQL(list(INDEXES)),
    ]
