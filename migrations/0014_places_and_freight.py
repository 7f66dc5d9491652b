"""Regions, carriers, addresses of customers and freight templates."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0013_wechat_pay_sandbox")]
    operations: ClassVar = []
