"""Messages to customers: templates, what was agreed to, what was sent."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0017_failpoints")]
    operations: ClassVar = []
