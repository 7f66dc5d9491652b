from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import TSVectorField
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.operations import RunSQL

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key

# Cascades of a deleted shop; a product takes its words with it.
SHOP_TABLES = ("product_words", "search", "hot_search")
REFERENCES = (("product_words", "product_id", "product", CASCADE),)
CHECKS = {
    "search": {"term": "term <> ''", "hits": "hits >= 0"},
    "hot_search": {"term": "term <> ''", "visitors": "visitors > 0"},
}
INDEXES = (
    # Every search reads GIN's list of pending entries from end to end, so it is kept short: 64 kB instead of 4 MB. Without
    # it an import takes three times as long to write words.
    "create index product_words_words on product_words using gin (words) with (gin_pending_list_limit = 64)",
    # What the worker makes anew, and what it has not counted yet; nothing, most of the time.
    "create index product_words_stale on product_words (shop_id, id) where is_stale",
    "create index search_uncounted on search (shop_id) where not is_counted",
)
# Products that were there before: the worker makes their words as soon as it runs.
BACKFILL = (
    "insert into product_words (id, shop_id, product_id, words, is_stale)"
    " select gen_random_uuid(), shop_id, id, '', true from product"
)


class Migration(migrations.Migration):
    dependencies = [("models", "0006_visits")]
    operations = [
        ops.CreateModel(
            name="ProductWords",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("product_id", fields.UUIDField()),
                ("words", TSVectorField()),
                ("is_stale", fields.BooleanField(default=False)),
            ],
            options={
                "table": "product_words",
                "app": "models",
                "unique_together": (("shop_id", "product_id"),),
                "pk_attr": "id",
                "table_description": "One row for each product, written by resolvers/search_index.py in the transaction that changes a word of it.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Search",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("visitor_id", fields.UUIDField(null=True)),
                ("term", fields.CharField(max_length=200)),
                ("hits", fields.IntField()),
                ("is_counted", fields.BooleanField(default=False)),
                ("searched_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "search",
                "app": "models",
                "indexes": [
                    Index(fields=["shop_id", "searched_at"]),
                    Index(fields=["shop_id", "visitor_id", "searched_at"]),
                ],
                "pk_attr": "id",
                "table_description": "One search of one visitor; the same again within minutes is the same search.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="HotSearch",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("term", fields.CharField(max_length=200)),
                ("visitors", fields.IntField()),
                ("searched_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "hot_search",
                "app": "models",
                "unique_together": (("shop_id", "term"),),
                "indexes": [Index(fields=["shop_id", "visitors"])],
                "pk_attr": "id",
                "table_description": "A term that different visitors searched for lately and found something by; the worker writes the whole list.",
            },
            bases=["Owned"],
        ),
        RunSQL(
            [
                *(shop_key(table) for table in SHOP_TABLES),
                *(reference(*key) for key in REFERENCES),
                *(check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()),
                *INDEXES,
                BACKFILL,
            ]
        ),
    ]
