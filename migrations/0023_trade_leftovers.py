"""Reminders of parcels that are late."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0022_metafields_of_trade")]
    operations: ClassVar[list[object]] = []
