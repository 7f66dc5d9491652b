"""Who customers are to WeChat, how long they stay logged in, what they agreed to, and codes being exchanged."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.consent import ConsentKind
from models.constraints import CASCADE, check, reference, shop_key
from models.wechat_code import WechatCodeKind

# Cascades of a deleted shop run in this order: the leaves first, as in 0002.
SHOP_TABLES = ("refresh_token", "session", "identity", "consent", "visitor", "wechat_code")

REFERENCES = (
    ("identity", "customer_id", "customer", CASCADE),
    ("session", "customer_id", "customer", CASCADE),
    ("session", "app_id", "wechat_app", CASCADE),
    ("refresh_token", "session_id", "session", CASCADE),
    ("consent", "customer_id", "customer", CASCADE),
    ("visitor", "customer_id", "customer", CASCADE),
    ("wechat_code", "app_id", "wechat_app", CASCADE),
)

CHECKS = {
    "customer": {
        "phone": """
            (phone_sealed is null) = (phone_hash is null) and (phone_sealed is null) = (phone_masked is null)
            and octet_length(phone_hash) = 32
        """
    },
    "identity": {
        "openid": "openid <> '' and appid <> ''",
        "unionid": "unionid <> ''",
        "person": "octet_length(person_hash) = 32",
    },
    "refresh_token": {
        "digest": "octet_length(token_sha256) = 32",
        "expires": "expires_at > created_at",
        "pair": "next_pair_sealed is null or used_at is not null",
    },
    "consent": {
        "kind": "kind in ('TERMS', 'PRIVACY', 'MARKETING', 'PERSONALISATION')",
        "policy": "policy_version <> ''",
        "withdrawn": "withdrawn_at >= given_at",
    },
    "wechat_code": {
        "kind": "kind in ('LOGIN', 'PHONE')",
        "digest": "octet_length(code_sha256) = 32",
        "answer": "answer_sealed is null or answered_at is not null",
    },
}

INDEXES = (
    # Who else is this person; a shop has a person once in each app, so it is unique in no other way.
    "create index identity_unionid on identity (shop_id, open_account, unionid) where unionid is not null",
    "create index identity_customer on identity (shop_id, customer_id)",
    "create index session_customer on session (shop_id, customer_id)",
    "create index refresh_token_session on refresh_token (shop_id, session_id)",
    # Pairs that are to be forgotten: a minute's worth at most.
    "create index refresh_token_pair on refresh_token (used_at) where next_pair_sealed is not null",
    "create unique index consent_current on consent (shop_id, customer_id, kind) where is_current",
    "create index visitor_customer on visitor (shop_id, customer_id)",
    "create index customer_phone on customer (shop_id, phone_hash) where phone_hash is not null",
)


class Migration(migrations.Migration):
    dependencies = [("models", "0007_search")]

    operations = [
        ops.CreateModel(
            name="Consent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="TERMS: TERMS\nPRIVACY: PRIVACY\nMARKETING: MARKETING\nPERSONALISATION: PERSONALISATION",
                        enum_type=ConsentKind,
                        max_length=16,
                    ),
                ),
                ("policy_version", fields.CharField(max_length=64)),
                ("given_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("withdrawn_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("is_current", fields.BooleanField(default=True)),
            ],
            options={
                "table": "consent",
                "app": "models",
                "indexes": [Index(fields=["shop_id", "customer_id", "given_at", "id"])],
                "pk_attr": "id",
                "table_description": "Never changed but by its withdrawal: agreeing again is another row, and only the last of a kind is current.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Identity",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField()),
                ("appid", fields.CharField(max_length=32)),
                ("openid", fields.CharField(max_length=64)),
                ("open_account", fields.CharField(default="", max_length=64)),
                ("unionid", fields.CharField(null=True, max_length=64)),
                ("person_hash", fields.BinaryField()),
                ("session_key_sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity",
                "app": "models",
                "unique_together": (("shop_id", "appid", "openid"),),
                "pk_attr": "id",
                "table_description": "`openid` is WeChat's name of the person in the app, `unionid` the one in an Open Platform account.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="RefreshToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("session_id", fields.UUIDField()),
                ("token_sha256", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("next_pair_sealed", fields.BinaryField(null=True)),
            ],
            options={
                "table": "refresh_token",
                "app": "models",
                "unique_together": (("shop_id", "token_sha256"),),
                "indexes": [Index(fields=["expires_at"])],
                "pk_attr": "id",
                "table_description": "Kept as its SHA-256 only. Once used it keeps the pair it was changed for, sealed, for who lost the answer.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "session",
                "app": "models",
                "unique_together": (("shop_id", "id"),),
                "pk_attr": "id",
                "table_description": "A family of refresh tokens. Its times are of the wall clock, as everything about tokens is.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Visitor",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("visitor_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField()),
                ("joined_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "visitor",
                "app": "models",
                "unique_together": (("shop_id", "visitor_id"),),
                "pk_attr": "id",
                "table_description": "`visitor_id` is what the client made up; of several who log in on one device the last has it.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="WechatCode",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="LOGIN: LOGIN\nPHONE: PHONE", enum_type=WechatCodeKind, max_length=8
                    ),
                ),
                ("code_sha256", fields.BinaryField()),
                ("claimed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answer_sealed", fields.BinaryField(null=True)),
            ],
            options={
                "table": "wechat_code",
                "app": "models",
                "unique_together": (("shop_id", "app_id", "kind", "code_sha256"),),
                "indexes": [Index(fields=["claimed_at"])],
                "pk_attr": "id",
                "table_description": "Who inserts the row asks WeChat; the others wait for `answer_sealed`, which is kept for a minute.",
            },
            bases=["Owned"],
        ),
        ops.AddField(
            model_name="Customer",
            name="phone_hash",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="Customer",
            name="phone_masked",
            field=fields.CharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name="Customer",
            name="phone_sealed",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="WechatApp",
            name="open_account",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*key) for key in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
        ops.RunSQL([*INDEXES]),
    ]
