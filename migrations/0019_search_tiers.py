"""Searches weigh the best products of a shop first: each product's tier, and the lexeme that says it."""

from typing import ClassVar

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# All begin among the best; the worker ranks the products of large shops as soon as it runs.
LEXEMES = "update product_words set words = words || ('''@' || replace(shop_id::text, '-', '') || ':0''')::tsvector"


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0018_notifications")]
    operations: ClassVar = [
        ops.AddField(model_name="ProductWords", name="tier", field=fields.SmallIntField(db_default=0)),
        ops.RunSQL([LEXEMES]),
    ]
