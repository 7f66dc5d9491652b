"""The ids by which the rows of one shop name each other, and what they all share."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ids import new_id

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
AGES = {"version": 1, "created_at": MOMENT, "updated_at": MOMENT}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids that rows name each other by."""

    shop: UUID = field(default_factory=new_id)
    app: UUID = field(default_factory=new_id)
    staff: UUID = field(default_factory=new_id)
    customer: UUID = field(default_factory=new_id)
    category: UUID = field(default_factory=new_id)
    product: UUID = field(default_factory=new_id)
    media: UUID = field(default_factory=new_id)
    variant: UUID = field(default_factory=new_id)
    collection: UUID = field(default_factory=new_id)
    location: UUID = field(default_factory=new_id)
    stock_level: UUID = field(default_factory=new_id)
    promoter: UUID = field(default_factory=new_id)
    share_link: UUID = field(default_factory=new_id)
    session: UUID = field(default_factory=new_id)
    media_file: UUID = field(default_factory=new_id)
    freight_template: UUID = field(default_factory=new_id)
    cart: UUID = field(default_factory=new_id)
    order: UUID = field(default_factory=new_id)
    order_line: UUID = field(default_factory=new_id)
    merchant_account: UUID = field(default_factory=new_id)
    payment: UUID = field(default_factory=new_id)
    refund: UUID = field(default_factory=new_id)
    after_sale: UUID = field(default_factory=new_id)
    shipment: UUID = field(default_factory=new_id)
    identity: UUID = field(default_factory=new_id)
    group_buy: UUID = field(default_factory=new_id)
    team: UUID = field(default_factory=new_id)
    seat: UUID = field(default_factory=new_id)
