"""Metafields of cart lines and orders."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0021_group_buys")]
    operations: ClassVar[list[object]] = []
