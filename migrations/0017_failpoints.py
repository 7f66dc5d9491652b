"""Failpoints that testers set; stock levels whose products' figures are behind; when a dead letter was replayed."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

INDEXES = ("create index stock_level_behind on stock_level (shop_id, id) where not figured",)

# Of no shop: a process that stops is everybody's. Of testers alone, so in no table that a shop has.
TABLES = (
    "create schema sandbox",
    """create table sandbox.failpoint (
        id bigint generated always as identity primary key,
        name text not null,
        action text not null check (action in ('CRASH', 'ERROR', 'DELAY')),
        delay_ms integer not null check (delay_ms between 0 and 60000),
        remaining integer not null check (remaining >= 0),
        made_at timestamptz not null
    )""",
    "create index failpoint_set on sandbox.failpoint (name, id) where remaining > 0",
    # Drawn after each change is committed: who has read this number, then the failpoints, knows of the change.
    "create sequence sandbox.failpoint_version",
    # The processes that heed failpoints, by their database session, and the last number that each has read.
    """create unlogged table sandbox.failpoint_heeder (
        pid integer primary key,
        started_at timestamptz not null,
        heard bigint not null
    )""",
)


class Migration(migrations.Migration):
    dependencies = [("models", "0016_viewed_products")]

    operations = [
        ops.AddField(
            model_name="StockLevel",
            name="figured",
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.AddField(
            model_name="OutboxEvent",
            name="replayed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL([*INDEXES, *TABLES]),
    ]
