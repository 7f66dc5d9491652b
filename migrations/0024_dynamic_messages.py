"""Dynamic messages of the sandbox's WeChat."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0023_trade_leftovers")]
    operations: ClassVar[list[object]] = []
