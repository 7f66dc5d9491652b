"""Consents: what a customer has agreed to, which version of it, when, and when they took it back."""

from enum import StrEnum

from tortoise import fields

from models.owned import Owned


class ConsentKind(StrEnum):
    """What may be agreed to."""

    TERMS = "TERMS"
    PRIVACY = "PRIVACY"
    MARKETING = "MARKETING"
    PERSONALISATION = "PERSONALISATION"


class Consent(Owned):
    """Never changed but by its withdrawal: agreeing again is another row, and only the last of a kind is current."""

    customer_id = fields.UUIDField()
    kind = fields.CharEnumField(ConsentKind, max_length=16)
    policy_version = fields.CharField(max_length=64)
    given_at = fields.DatetimeField()
    withdrawn_at = fields.DatetimeField(null=True)
    is_current = fields.BooleanField(default=True)

    class Meta:
        table = "consent"
        indexes = (("shop_id", "customer_id", "given_at", "id"),)
