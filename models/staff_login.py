"""How staff log in: who they are to WeChat, and the one-time links that say so for the first time."""

from tortoise import fields

from models.owned import Owned


class StaffIdentity(Owned):
    """The person behind a member of staff, in the website app that shows the QR code; the same in all their shops."""

    staff_id = fields.UUIDField()
    appid = fields.CharField(max_length=32)
    openid = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()

    class Meta:
        table = "staff_identity"
        unique_together = (("shop_id", "staff_id"), ("shop_id", "appid", "openid"))
        indexes = (("appid", "openid"),)


class StaffInvitation(Owned):
    """Kept as the SHA-256 of its token only; the times are of the wall clock."""

    staff_id = fields.UUIDField()
    token_sha256 = fields.BinaryField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff_invitation"
        unique_together = (("shop_id", "staff_id"),)
        indexes = (("token_sha256",),)
