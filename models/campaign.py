"""What every kind of campaign has: an offer, instances of it that somebody starts, and the parts people take in them.

A kind gives each of the three a table of its own, with what only it knows. What an instance grants or gives back when
it has ended is done for each participation apart, once: `settle_at` says when that is tried next.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault

from models.owned import Owned


class OfferKind(StrEnum):
    """The kinds there are; a line of an order names the one it was bought in."""

    GROUP_BUY = "GROUP_BUY"


class OfferStatus(StrEnum):
    """Only a PUBLISHED offer may be taken, and only within its window. ENDED stays ended."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ENDED = "ENDED"


NEXT_OFFER_STATUS: Final[Mapping[OfferStatus, frozenset[OfferStatus]]] = {
    OfferStatus.DRAFT: frozenset({OfferStatus.PUBLISHED, OfferStatus.ENDED}),
    OfferStatus.PUBLISHED: frozenset({OfferStatus.ENDED}),
    OfferStatus.ENDED: frozenset(),
}


class Offer(Owned):
    """What may be had, from when until when, by whom and how much of it. Limits are in pieces; null is none.

    `new_customers_only`: for people without a paid order in this shop, by customer, unionid and verified phone.
    `announced` is whether the world was last told that it is open, `next_edge_at` when that may next change (a new row:
    at once; null: never by itself); both are kept by resolvers/offer_window.py.
    """

    product_id = fields.UUIDField()
    title = fields.CharField(max_length=120)
    status = fields.CharEnumField(OfferStatus, max_length=12, default=OfferStatus.DRAFT)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    per_person_limit = fields.IntField(null=True)
    per_order_limit = fields.IntField(null=True)
    new_customers_only = fields.BooleanField(default=False)
    announced = fields.BooleanField(db_default=False)
    next_edge_at = fields.DatetimeField(null=True, db_default=SqlDefault("'1970-01-01T00:00:00Z'"))
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        abstract = True


class OfferVariant(Owned):
    """A variant in an offer. `taken` of its own `stock` (null: as much as the shop has) are spoken for, in pieces.

    Taken at placing, and given back once: by a cancelled order, or with the money when the instance has failed.
    """

    variant_id = fields.UUIDField()
    stock = fields.IntField(null=True)
    taken = fields.IntField(default=0)

    class Meta:
        abstract = True


class OfferInstance(Owned):
    """One round of an offer, started by a customer. Its terms are copies: what was promised then holds until its end.

    `expires_at` is on the shop's clock; null until the round has begun.
    """

    leader_id = fields.UUIDField()
    share_link_id = fields.UUIDField(null=True)
    terms: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    started_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        abstract = True


class Participation(Owned):
    """One person's part, with the order by which they took it. Unique per person and instance while it is active.

    `share_link_id` brought them, `invited_by` is the customer whose link it was. `settle_at` (wall time) is when what
    the end of the round means for them is tried next: null when there is nothing to do.
    """

    customer_id = fields.UUIDField(null=True)
    order_id = fields.UUIDField(null=True)
    order_line_id = fields.UUIDField(null=True)
    variant_id = fields.UUIDField(null=True)
    quantity = fields.IntField()
    share_link_id = fields.UUIDField(null=True)
    invited_by = fields.UUIDField(null=True)
    settle_at = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    last_error = fields.TextField(default="")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        abstract = True
