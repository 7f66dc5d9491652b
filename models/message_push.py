"""What WeChat pushes about an app by itself: how it proves that it is WeChat, and what it has said already."""

from tortoise import fields

from models.owned import Owned


class MessagePush(Owned):
    """An app's door for what WeChat pushes; each has one at most. `channel` is the opaque last part of its address.

    `token_sealed` and `key_sealed` hold Token and EncodingAESKey as they are entered at WeChat; they are only written.
    """

    app_id = fields.UUIDField()
    channel = fields.CharField(max_length=32, unique=True)
    token_sealed = fields.BinaryField()
    key_sealed = fields.BinaryField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "message_push"
        unique_together = (("shop_id", "id"), ("shop_id", "app_id"))


class PushedMessage(Owned):
    """A message that came, once: `digest` is the SHA-256 of its opened text, which is the same when it is told again.

    Kept as long as it could be replayed, and a day more for whoever asks what came of it.
    """

    app_id = fields.UUIDField()
    digest = fields.BinaryField()
    event = fields.CharField(max_length=64)
    outcome = fields.CharField(max_length=24, default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "pushed_message"
        unique_together = (("shop_id", "app_id", "digest"),)
        indexes = (("created_at",),)
