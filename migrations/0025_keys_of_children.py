"""Rows that go with an order lose their key to the shop, which the key to their order says already.

Each new row looked its shop up again, and locked it for as long as the transaction lasted: placing an order did so
seven times for the one row that all of a shop's buyers share. A child's composite key leads to an order of the same
shop, and the child goes when the order goes. Orders keep theirs: they hold back the app they came by, and so must go in
the same step as the shop does.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

CHILDREN = ("order_line", "order_adjustment", "delivery", "reservation", "order_change")


class Migration(migrations.Migration):
    dependencies = [("models", "0024_dynamic_messages")]

    operations = [
        ops.RunSQL([f"alter table {table} drop constraint {table}_shop_id_fkey" for table in CHILDREN]),
    ]
