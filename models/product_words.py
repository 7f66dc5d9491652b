"""What products are found by: beside the product, so that what changes often (stock, sales) leaves the index alone."""

from tortoise import fields
from tortoise.contrib.postgres.fields import TSVectorField

from models.owned import Owned


class ProductWords(Owned):
    """One row for each product, written by resolvers/search_index.py in the transaction that changes a word of it.

    `words` begin with the shop's own lexeme, so that one GIN index serves all shops. `is_stale` rows are made anew
    by the worker: a category was renamed above many products, or the rules by which words are made have changed.
    `tier` counts from 0, the best of the shop (resolvers/search_tier.py), and is a lexeme of `words` too.
    """

    product_id = fields.UUIDField()
    words = TSVectorField()
    is_stale = fields.BooleanField(default=False)
    tier = fields.SmallIntField(db_default=0)

    class Meta:
        table = "product_words"
        unique_together = (("shop_id", "product_id"),)
