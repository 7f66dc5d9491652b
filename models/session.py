"""Sessions: somebody is logged in on one device, for as long as refresh tokens follow one another."""

from tortoise import fields

from models.owned import Owned


class Session(Owned):
    """A family of refresh tokens: of a customer in one app, or of a member of staff.

    Its times are of the wall clock, as everything about tokens is.
    """

    customer_id = fields.UUIDField(null=True)
    app_id = fields.UUIDField(null=True)
    staff_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
        unique_together = (("shop_id", "id"),)


class RefreshToken(Owned):
    """Kept as its SHA-256 only. Once used it keeps the pair it was changed for, sealed, for who lost the answer."""

    session_id = fields.UUIDField()
    token_sha256 = fields.BinaryField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)
    next_pair_sealed = fields.BinaryField(null=True)

    class Meta:
        table = "refresh_token"
        unique_together = (("shop_id", "token_sha256"),)
        indexes = (("expires_at",),)
