"""Group-buys: offers, their variants, teams, seats, and the history of both."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.data import JSON_DUMPS
from tortoise.fields.db_defaults import SqlDefault
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.campaign import OfferStatus
from models.constraints import CASCADE, check, reference, shop_key
from models.group_buy import JoinBy, LatePayment, LeaderAdvantage, SeatRole, SeatState, TeamState
from models.share_link import ShareTarget

# The leaves first, as in 0002.
SHOP_TABLES = ("group_buy_change", "group_buy_seat", "group_buy_team", "group_buy_variant", "group_buy")

KEEP = "on delete no action"

REFERENCES = (
    ("group_buy_change", "team_id", "group_buy_team", CASCADE),
    ("group_buy_change", "seat_id", "group_buy_seat", CASCADE),
    ("group_buy_seat", "group_buy_id", "group_buy", CASCADE),
    ("group_buy_seat", "team_id", "group_buy_team", CASCADE),
    ("group_buy_seat", "customer_id", "customer", CASCADE),
    ("group_buy_seat", "invited_by", "customer", "on delete set null (invited_by)"),
    ("group_buy_seat", "order_id", "orders", CASCADE),
    ("group_buy_seat", "order_line_id", "order_line", CASCADE),
    ("group_buy_seat", "variant_id", "variant", "on delete set null (variant_id)"),
    ("group_buy_seat", "share_link_id", "share_link", "on delete set null (share_link_id)"),
    ("group_buy_seat", "refund_id", "refund", "on delete set null (refund_id)"),
    ("group_buy_team", "group_buy_id", "group_buy", CASCADE),
    ("group_buy_team", "leader_id", "customer", CASCADE),
    ("group_buy_team", "share_link_id", "share_link", "on delete set null (share_link_id)"),
    ("group_buy_variant", "group_buy_id", "group_buy", CASCADE),
    ("group_buy_variant", "variant_id", "variant", CASCADE),
    ("group_buy", "product_id", "product", KEEP),
)

ACTIVE = "('RESERVED', 'JOINED', 'FULFILLING')"

CHECKS = {
    "group_buy": {
        "status": "status in ('DRAFT', 'PUBLISHED', 'ENDED')",
        "window": "ends_at > starts_at",
        "limits": "coalesce(per_person_limit, 1) >= 1 and coalesce(per_order_limit, 1) >= 1",
        "sizes": """cardinality(tier_sizes) between 1 and 10 and tier_sizes[1] >= 2 and max_size between 2 and 100
                    and tier_sizes[cardinality(tier_sizes)] <= max_size
                    and (cardinality(tier_sizes) > 1 or tier_sizes[1] = max_size)""",
        "hours": "team_hours between 1 and 720",
        "words": """leader_advantage in ('NONE', 'PRICE', 'FREE') and join_by in ('LIST', 'SHARE')
                    and late_payment in ('JOIN_OTHER', 'NEW_TEAM', 'REFUND')""",
        "fill": "virtual_fill_percent between 1 and 99",
        "version": "version >= 1",
    },
    "group_buy_variant": {
        "prices": "cardinality(tier_prices_fen) >= 1 and 0 <= all (tier_prices_fen) and leader_price_fen >= 0",
        "stock": "stock >= 0 and taken >= 0",
    },
    "group_buy_team": {
        "state": "state in ('OPENING', 'FORMING', 'SUCCEEDED', 'FAILED', 'LAPSED')",
        "seats": "joined >= 0 and reserved >= 0 and virtual_seats >= 0 and joined + reserved + virtual_seats <= size",
        "size": "size between 2 and 100 and tier_size between 2 and size",
        "began": """(started_at is null) = (state in ('OPENING', 'LAPSED')) and (started_at is null) = (expires_at is null)
                    and (ended_at is null) = (state in ('OPENING', 'FORMING'))""",
        "tier": "(tier_size is not null) = (state = 'SUCCEEDED')",
        "version": "version >= 1 and jsonb_typeof(terms) = 'object'",
    },
    "group_buy_seat": {
        "state": "state in ('RESERVED', 'JOINED', 'RELEASED', 'FULFILLING', 'REFUNDING', 'REFUNDED')",
        "role": "role in ('LEADER', 'MEMBER')",
        "virtual": """is_virtual = (customer_id is null) and (not is_virtual or order_id is null and state = 'FULFILLING')
                      and quantity >= case when is_virtual then 0 else 1 end""",
        "prices": "price_paid_fen >= 0 and price_final_fen >= 0 and price_final_fen <= price_paid_fen",
        "joined": "state not in ('JOINED', 'FULFILLING') or is_virtual or joined_at is not null",
        "attempts": "attempts >= 0",
    },
}

INDEXES = (
    f"""create unique index group_buy_seat_active on group_buy_seat (shop_id, team_id, customer_id)
        where state in {ACTIVE} and customer_id is not null""",
    """create unique index group_buy_seat_order on group_buy_seat (shop_id, order_id)
       where state <> 'RELEASED' and order_id is not null""",
    "create index group_buy_seat_order_all on group_buy_seat (shop_id, order_id)",
    "create index group_buy_seat_variant on group_buy_seat (shop_id, variant_id)",
    "create index group_buy_seat_invited on group_buy_seat (shop_id, invited_by) where invited_by is not null",
    "create index group_buy_seat_offer on group_buy_seat (shop_id, group_buy_id, state)",
    # What falls due: by moment for all shops on wall time, by shop for a moved clock.
    "create index group_buy_seat_due on group_buy_seat (settle_at) where settle_at is not null",
    "create index group_buy_team_due on group_buy_team (expires_at) where state = 'FORMING'",
    "create index group_buy_team_shop_due on group_buy_team (shop_id, expires_at) where state = 'FORMING'",
    "create index group_buy_variant_variant on group_buy_variant (shop_id, variant_id)",
    "create index group_buy_next_edge on group_buy (next_edge_at) where next_edge_at is not null",
    "create index group_buy_shop_next_edge on group_buy (shop_id, next_edge_at) where next_edge_at is not null",
    "create index group_buy_open on group_buy (shop_id, ends_at, id) where status = 'PUBLISHED'",
)

SHARES = """target_kind in ('PRODUCT', 'COLLECTION', 'PAGE', 'SHOP', 'TEAM')
            and (target_kind = 'SHOP') = (target_id is null)"""


class Migration(migrations.Migration):
    dependencies = [("models", "0020_bought_reviews")]

    operations = [
        ops.CreateModel(
            name="GroupBuy",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("product_id", fields.UUIDField()),
                ("title", fields.CharField(max_length=120)),
                (
                    "status",
                    fields.CharEnumField(
                        default=OfferStatus.DRAFT,
                        description="DRAFT: DRAFT\nPUBLISHED: PUBLISHED\nENDED: ENDED",
                        enum_type=OfferStatus,
                        max_length=12,
                    ),
                ),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("per_person_limit", fields.IntField(null=True)),
                ("per_order_limit", fields.IntField(null=True)),
                ("new_customers_only", fields.BooleanField(default=False)),
                ("announced", fields.BooleanField(db_default=False)),
                (
                    "next_edge_at",
                    fields.DatetimeField(
                        null=True,
                        db_default=SqlDefault("'1970-01-01T00:00:00Z'"),
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("tier_sizes", ArrayField(element_type="INT")),
                ("max_size", fields.IntField()),
                ("team_hours", fields.IntField()),
                (
                    "leader_advantage",
                    fields.CharEnumField(
                        default=LeaderAdvantage.NONE,
                        description="NONE: NONE\nPRICE: PRICE\nFREE: FREE",
                        enum_type=LeaderAdvantage,
                        max_length=8,
                    ),
                ),
                (
                    "join_by",
                    fields.CharEnumField(
                        default=JoinBy.LIST, description="LIST: LIST\nSHARE: SHARE", enum_type=JoinBy, max_length=8
                    ),
                ),
                (
                    "late_payment",
                    fields.CharEnumField(
                        default=LatePayment.REFUND,
                        description="JOIN_OTHER: JOIN_OTHER\nNEW_TEAM: NEW_TEAM\nREFUND: REFUND",
                        enum_type=LatePayment,
                        max_length=12,
                    ),
                ),
                ("virtual_fill_percent", fields.IntField(null=True)),
            ],
            options={
                "table": "group_buy",
                "app": "models",
                "unique_together": (("shop_id", "id"),),
                "indexes": [Index(fields=["shop_id", "product_id"]), Index(fields=["shop_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "The offer. `tier_sizes` ascend: how many must have joined for the price of the same place to hold.",
            },
            bases=["Offer"],
        ),
        ops.CreateModel(
            name="GroupBuyChange",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("team_id", fields.UUIDField()),
                ("seat_id", fields.UUIDField(null=True)),
                ("from_state", fields.CharField(null=True, max_length=12)),
                ("to_state", fields.CharField(max_length=12)),
                ("actor_kind", fields.CharField(max_length=12)),
                ("actor_id", fields.UUIDField(null=True)),
                ("reason", fields.TextField(default="", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "group_buy_change",
                "app": "models",
                "indexes": [Index(fields=["shop_id", "team_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "Append-only: one step of a team, or of a seat in it, who made it, and why.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="GroupBuySeat",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField(null=True)),
                ("order_id", fields.UUIDField(null=True)),
                ("order_line_id", fields.UUIDField(null=True)),
                ("variant_id", fields.UUIDField(null=True)),
                ("quantity", fields.IntField()),
                ("share_link_id", fields.UUIDField(null=True)),
                ("invited_by", fields.UUIDField(null=True)),
                ("settle_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                ("last_error", fields.TextField(default="", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("group_buy_id", fields.UUIDField()),
                ("team_id", fields.UUIDField()),
                (
                    "role",
                    fields.CharEnumField(
                        default=SeatRole.MEMBER,
                        description="LEADER: LEADER\nMEMBER: MEMBER",
                        enum_type=SeatRole,
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=SeatState.RESERVED,
                        description="RESERVED: RESERVED\nJOINED: JOINED\nRELEASED: RELEASED\nFULFILLING: FULFILLING\nREFUNDING: REFUNDING\nREFUNDED: REFUNDED",
                        enum_type=SeatState,
                        max_length=12,
                    ),
                ),
                ("is_virtual", fields.BooleanField(default=False)),
                ("price_paid_fen", fields.BigIntField(null=True)),
                ("price_final_fen", fields.BigIntField(null=True)),
                ("refund_id", fields.UUIDField(null=True)),
                ("joined_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "group_buy_seat",
                "app": "models",
                "unique_together": (("shop_id", "id"),),
                "indexes": [
                    Index(fields=["shop_id", "team_id", "created_at", "id"]),
                    Index(fields=["shop_id", "customer_id", "group_buy_id"]),
                ],
                "pk_attr": "id",
                "table_description": "A seat. Prices are of one piece in fen: what the order was placed at, and what it came to in the end.",
            },
            bases=["Participation"],
        ),
        ops.CreateModel(
            name="GroupBuyTeam",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("leader_id", fields.UUIDField()),
                ("share_link_id", fields.UUIDField(null=True)),
                ("terms", fields.JSONField(default=dict, db_default={}, encoder=JSON_DUMPS, decoder=loads)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("group_buy_id", fields.UUIDField()),
                (
                    "state",
                    fields.CharEnumField(
                        default=TeamState.OPENING,
                        description="OPENING: OPENING\nFORMING: FORMING\nSUCCEEDED: SUCCEEDED\nFAILED: FAILED\nLAPSED: LAPSED",
                        enum_type=TeamState,
                        max_length=12,
                    ),
                ),
                ("size", fields.IntField()),
                ("joined", fields.IntField(default=0)),
                ("reserved", fields.IntField(default=0)),
                ("virtual_seats", fields.IntField(default=0)),
                ("tier_size", fields.IntField(null=True)),
                ("activity_id", fields.CharField(null=True, max_length=128)),
                ("activity_expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "group_buy_team",
                "app": "models",
                "unique_together": (("shop_id", "id"),),
                "indexes": [
                    Index(fields=["shop_id", "group_buy_id", "state", "expires_at", "id"]),
                    Index(fields=["shop_id", "leader_id"]),
                ],
                "pk_attr": "id",
                "table_description": "A team. `joined` have paid, `reserved` may still: their sum is never above `size`, and a CHECK keeps it so.",
            },
            bases=["OfferInstance"],
        ),
        ops.CreateModel(
            name="GroupBuyVariant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("variant_id", fields.UUIDField()),
                ("stock", fields.IntField(null=True)),
                ("taken", fields.IntField(default=0)),
                ("group_buy_id", fields.UUIDField()),
                ("tier_prices_fen", ArrayField(element_type="BIGINT")),
                ("leader_price_fen", fields.BigIntField(null=True)),
            ],
            options={
                "table": "group_buy_variant",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "group_buy_id", "variant_id")),
                "pk_attr": "id",
                "table_description": "What a piece costs at each tier in fen, never rising; `leader_price_fen` instead for leaders with a price.",
            },
            bases=["OfferVariant"],
        ),
        ops.AlterField(
            model_name="ShareLink",
            name="target_kind",
            field=fields.CharEnumField(
                description="PRODUCT: PRODUCT\nCOLLECTION: COLLECTION\nPAGE: PAGE\nSHOP: SHOP\nTEAM: TEAM",
                enum_type=ShareTarget,
                max_length=12,
            ),
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*one) for one in REFERENCES]),
        ops.RunSQL([check(table, *one) for table, checks in CHECKS.items() for one in checks.items()]),
        ops.RunSQL(list(INDEXES)),
        ops.RunSQL(
            ["alter table share_link drop constraint share_link_target_check", check("share_link", "target", SHARES)]
        ),
    ]
