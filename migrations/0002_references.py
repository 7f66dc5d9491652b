"""Foreign keys. Between tables of a shop they are (shop_id, x_id) -> (shop_id, id): no row points into another shop."""

from typing import ClassVar

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

from models.constraints import CASCADE, reference, shop_key

# Deleting a shop deletes all it has. PostgreSQL runs the cascades in the order of this list: the leaves come first,
# so that the cascades further up find nothing left to do.
SHOP_TABLES = (
    "metafield",
    "price_history",
    "stock_move",
    "stock_level",
    "collection_product",
    "review",
    "product_option",
    "variant",
    "media",
    "product",
    "collection",
    "category",
    "location",
    "customer",
    "visitor_key",
    "wechat_app",
    "staff",
    "idempotency_key",
    "outbox_event",
)

# Checked at the end of the statement, so that deleting a whole shop passes while deleting the one row is refused.
REFUSE = "on delete no action"

REFERENCES = (
    ("visitor_key", "app_id", "wechat_app", CASCADE),
    # Who is forgotten is forgotten under all ids.
    ("customer", "merged_into", "customer", CASCADE),
    # A branch that vanished would leave its products nowhere: staff move them first.
    ("category", "parent_id", "category", REFUSE),
    ("product", "category_id", "category", REFUSE),
    ("product_option", "product_id", "product", CASCADE),
    ("media", "product_id", "product", CASCADE),
    ("variant", "product_id", "product", CASCADE),
    ("variant", "media_id", "media", "on delete set null (media_id)"),
    ("collection_product", "collection_id", "collection", CASCADE),
    ("collection_product", "product_id", "product", CASCADE),
    ("review", "product_id", "product", CASCADE),
    # What was said of the product stays, under the masked name.
    ("review", "customer_id", "customer", "on delete set null (customer_id)"),
    ("metafield", "product_id", "product", CASCADE),
    ("metafield", "variant_id", "variant", CASCADE),
    ("price_history", "variant_id", "variant", CASCADE),
    ("stock_level", "variant_id", "variant", CASCADE),
    ("stock_level", "location_id", "location", REFUSE),
    ("stock_move", "variant_id", "variant", CASCADE),
    # The ledger names places and people: locations are emptied and kept, staff are made inactive.
    ("stock_move", "location_id", "location", REFUSE),
    ("stock_move", "staff_id", "staff", REFUSE),
)


class Migration(migrations.Migration):
    """Composite keys are beyond the models, which know single columns only."""

    dependencies: ClassVar = [("models", "0001_initial")]
    operations: ClassVar = [
        RunSQL([shop_key(table) for table in SHOP_TABLES]),
        RunSQL([reference(*key) for key in REFERENCES]),
    ]
