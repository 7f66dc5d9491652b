"""Reviews of what was bought: the line of the order that a review is of, one review for each."""

from typing import ClassVar

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.constraints import reference

REFERENCES = (("review", "order_line_id", "order_line", "on delete set null (order_line_id)"),)

INDEXES = ("create unique index review_order_line on review (shop_id, order_line_id) where order_line_id is not null",)


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0019_search_tiers")]
    operations: ClassVar = [
        ops.AddField(model_name="Review", name="order_line_id", field=fields.UUIDField(null=True)),
        ops.RunSQL([reference(*one) for one in REFERENCES]),
        ops.RunSQL(list(INDEXES)),
    ]
