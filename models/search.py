"""Searches: what visitors looked for, and which words many of them share."""

from tortoise import fields

from models.owned import Owned


class Search(Owned):
    """One search of one visitor; the same again within minutes is the same search.

    `visitor_id` is what the client made up, and null once that visitor has cleared the history. `hits` is how many
    products the public would find, counted to a limit. `is_counted` turns true when hot words have taken it in.
    """

    visitor_id = fields.UUIDField(null=True)
    term = fields.CharField(max_length=200)
    hits = fields.IntField()
    is_counted = fields.BooleanField(default=False)
    searched_at = fields.DatetimeField()

    class Meta:
        table = "search"
        indexes = (("shop_id", "searched_at"), ("shop_id", "visitor_id", "searched_at"))


class HotSearch(Owned):
    """A term that different visitors searched for lately and found something by; the worker writes the whole list."""

    term = fields.CharField(max_length=200)
    visitors = fields.IntField()
    searched_at = fields.DatetimeField()

    class Meta:
        table = "hot_search"
        unique_together = (("shop_id", "term"),)
        indexes = (("shop_id", "visitors"),)
