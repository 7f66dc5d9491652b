"""What every row of a shop has: an id of its own and the shop it belongs to."""

from tortoise import fields
from tortoise.models import Model

from ids import new_id


class Owned(Model):
    """A row that belongs to one shop; `shop_id` leads every key and foreign key (composite, in raw SQL)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_id = fields.UUIDField()

    class Meta:
        abstract = True
