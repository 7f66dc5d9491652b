"""Group-buys: offers, teams, seats and their history."""

from typing import ClassVar

from tortoise import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0020_bought_reviews")]
    operations: ClassVar[list[object]] = []
