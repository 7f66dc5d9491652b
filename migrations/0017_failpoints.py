"""Failpoints that testers set."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0016_viewed_products")]
    operations: ClassVar = []
