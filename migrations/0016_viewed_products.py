"""What a visitor looked at lately."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0015_trade")]
    operations: ClassVar = []
