"""Cards in chats that count up: what WeChat has to be told of each team's, and the sandbox's own of them."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key
from models.group_buy_card import CardTelling

SHOP_TABLES = ("group_buy_card",)

REFERENCES = (
    ("group_buy_card", "team_id", "group_buy_team", CASCADE),
    ("group_buy_card", "app_id", "wechat_app", CASCADE),
)

CHECKS = {
    "wechat_app": {"landing_page": "landing_page <> '' and landing_page !~ '^/|[?#]'"},
    "group_buy_card": {
        "telling": "telling in ('WAITING', 'DONE', 'FAILED')",
        "due": "telling <> 'WAITING' or next_attempt_at is not null",
        "counts": "revision >= 1 and attempts >= 0",
    },
}

INDEXES = (
    "create index group_buy_card_due on group_buy_card (next_attempt_at) where next_attempt_at is not null",
    "create index group_buy_card_waiting on group_buy_card (shop_id) where telling = 'WAITING'",
)

SANDBOX_TABLES = (
    """create table wechat_sandbox.activity (
        activity_id text primary key,
        appid text not null,
        name text not null default '',
        made_at timestamptz not null,
        expires_at timestamptz not null,
        state smallint not null default 0 check (state between 0 and 2),
        said jsonb not null default '{}'
    )""",
    "create index activity_of_app on wechat_sandbox.activity (appid, made_at)",
    """create table wechat_sandbox.card_update (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        activity_id text not null references wechat_sandbox.activity (activity_id) on delete cascade,
        state smallint not null,
        said jsonb not null
    )""",
    "create index card_update_of_activity on wechat_sandbox.card_update (activity_id, id)",
)


class Migration(migrations.Migration):
    dependencies = [("models", "0023_trade_leftovers")]

    operations = [
        ops.AddField(
            model_name="WechatApp",
            name="landing_page",
            field=fields.CharField(default="pages/landing/landing", db_default="pages/landing/landing", max_length=128),
        ),
        ops.CreateModel(
            name="GroupBuyCard",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("team_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                (
                    "telling",
                    fields.CharEnumField(
                        default=CardTelling.WAITING,
                        description="WAITING: WAITING\nDONE: DONE\nFAILED: FAILED",
                        enum_type=CardTelling,
                        max_length=8,
                    ),
                ),
                ("revision", fields.IntField(default=1)),
                ("told", fields.TextField(default="", unique=False)),
                ("attempts", fields.IntField(default=0)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("leased_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_error", fields.TextField(default="", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "group_buy_card",
                "app": "models",
                "unique_together": (("shop_id", "team_id"),),
                "indexes": [Index(fields=["shop_id", "app_id"])],
                "pk_attr": "id",
                "table_description": "One job for each team, made anew by each change of it. Its times are the wall clock's.",
            },
            bases=["Owned"],
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*one) for one in REFERENCES]),
        ops.RunSQL([check(table, *one) for table, checks in CHECKS.items() for one in checks.items()]),
        ops.RunSQL(list(INDEXES)),
        ops.RunSQL(list(SANDBOX_TABLES)),
    ]
