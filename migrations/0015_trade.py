"""Carts, orders, payments, shipments, refunds and after-sales."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0014_places_and_freight")]
    operations: ClassVar = []
