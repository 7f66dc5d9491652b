"""The card of a team in chats: what WeChat has to be told of it, so that it counts up wherever it was shared."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class CardTelling(StrEnum):
    """WAITING until WeChat has taken how the team stands; FAILED when it would not, until the team changes again."""

    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"


class GroupBuyCard(Owned):
    """One job for each team, made anew by each change of it. Its times are the wall clock's.

    `told` is what its cards say, as far as we know: empty while that is not known. `revision` counts the changes of the
    team, of which only the last is told. `leased_until` while a worker has it in hand.
    `next_attempt_at` of a DONE one is when its id at WeChat ends, and a team that still forms needs another.
    """

    team_id = fields.UUIDField()
    app_id = fields.UUIDField()
    telling = fields.CharEnumField(CardTelling, max_length=8, default=CardTelling.WAITING)
    revision = fields.IntField(default=1)
    told = fields.TextField(default="")
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    leased_until = fields.DatetimeField(null=True)
    last_error = fields.TextField(default="")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "group_buy_card"
        unique_together = (("shop_id", "team_id"),)
        indexes = (("shop_id", "app_id"),)
