"""Staff log in by WeChat: who they are to it, invitations, and sessions of their own."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key

SHOP_TABLES = ("staff_identity", "staff_invitation")

REFERENCES = (
    ("staff_identity", "staff_id", "staff", CASCADE),
    ("staff_invitation", "staff_id", "staff", CASCADE),
    ("session", "staff_id", "staff", CASCADE),
)

CHECKS = {
    "staff_identity": {"openid": "openid <> '' and appid <> ''"},
    "staff_invitation": {"digest": "octet_length(token_sha256) = 32", "expires": "expires_at > created_at"},
    # A customer is logged in through an app; staff are so in the whole shop.
    "session": {"subject": "num_nonnulls(customer_id, staff_id) = 1 and (customer_id is null) = (app_id is null)"},
}

INDEXES = ("create index session_staff on session (shop_id, staff_id) where staff_id is not null",)


class Migration(migrations.Migration):
    dependencies = [("models", "0009_landing")]

    operations = [
        ops.CreateModel(
            name="StaffIdentity",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("staff_id", fields.UUIDField()),
                ("appid", fields.CharField(max_length=32)),
                ("openid", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "staff_identity",
                "app": "models",
                "unique_together": (("shop_id", "staff_id"), ("shop_id", "appid", "openid")),
                "indexes": [Index(fields=["appid", "openid"])],
                "pk_attr": "id",
                "table_description": "The person behind a member of staff, in the website app that shows the QR code; the same in all their shops.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="StaffInvitation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("staff_id", fields.UUIDField()),
                ("token_sha256", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "staff_invitation",
                "app": "models",
                "unique_together": (("shop_id", "staff_id"),),
                "indexes": [Index(fields=["token_sha256"])],
                "pk_attr": "id",
                "table_description": "Kept as the SHA-256 of its token only; the times are of the wall clock.",
            },
            bases=["Owned"],
        ),
        ops.AlterModelOptions(
            name="Session",
            options={
                "table": "session",
                "app": "models",
                "unique_together": (("shop_id", "id"),),
                "pk_attr": "id",
                "table_description": "A family of refresh tokens: of a customer in one app, or of a member of staff.",
            },
        ),
        ops.AlterField(
            model_name="Session",
            name="app_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AlterField(
            model_name="Session",
            name="customer_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Session",
            name="staff_id",
            field=fields.UUIDField(null=True),
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*key) for key in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
        ops.RunSQL([*INDEXES]),
    ]
