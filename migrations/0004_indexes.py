"""Indexes that the models cannot say: partial, by expression, with a collation, GIN."""

from typing import ClassVar

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

INDEXES = (
    # Sorted by bytes whatever the cluster's locale, so that a cursor means the same on every server.
    'create index product_title_order on product (shop_id, title collate "C", id)',
    # GIN cannot lead with shop_id without contrib: the planner joins it with an index that does.
    "create index product_tags on product using gin (tags)",
    # One default location for each shop.
    "create unique index location_default on location (shop_id) where is_default",
    # What the worker takes next; delivered and dead rows cost it nothing. `attempts >= 0` holds always: it keeps the
    # planner from this index where only the next one is any good, which it can't know before the table is analysed.
    """create index outbox_event_due on outbox_event (next_attempt_at, sequence)
       where delivered_at is null and dead_at is null and attempts >= 0""",
    # Order within an aggregate, and whether a shop is idle.
    """create index outbox_event_pending on outbox_event (shop_id, aggregate_id, sequence)
       where delivered_at is null and dead_at is null""",
    # Tidying, and a person's list of what was given up.
    "create index outbox_event_delivered on outbox_event (delivered_at) where delivered_at is not null",
    "create index outbox_event_dead on outbox_event (sequence) where dead_at is not null",
    # Publication windows that will open or close: by moment for all shops on wall time, by shop for a moved clock.
    "create index product_next_edge on product (next_edge_at) where next_edge_at is not null",
    "create index product_shop_next_edge on product (shop_id, next_edge_at) where next_edge_at is not null",
    "create index shop_moved_clock on shop (id) where clock_offset_ms > 0",
    # Deleting a picture looks for its variants; deleting a customer for reviews and merged ids.
    "create index variant_media on variant (shop_id, media_id) where media_id is not null",
    "create index review_customer on review (shop_id, customer_id) where customer_id is not null",
    "create index customer_merged on customer (shop_id, merged_into) where merged_into is not null",
)


class Migration(migrations.Migration):
    """Not `concurrently`: all migrations of a start are one transaction, so a kill leaves all of them or none."""

    dependencies: ClassVar = [("models", "0003_checks")]
    operations: ClassVar = [RunSQL(list(INDEXES))]
