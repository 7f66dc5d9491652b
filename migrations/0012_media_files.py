"""Files that shops store, and the one-time addresses to which they are sent."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import check, reference, shop_key
from models.media import MediaKind

SHOP_TABLES = ("media_upload", "media_file")

REFERENCES = (("media_upload", "file_id", "media_file", "on delete no action"),)

TYPES = "'image/jpeg', 'image/png', 'image/webp', 'image/gif', 'video/mp4'"

CHECKS = {
    "media_file": {
        "name": "name ~ '^[0-9a-f]{32}[.](jpg|png|webp|gif|mp4)$'",
        "kind": f"kind in ('IMAGE', 'VIDEO') and content_type in ({TYPES})",
        "size": "size_bytes >= 1 and width >= 1 and height >= 1",
    },
    "media_upload": {
        "digest": "octet_length(token_sha256) = 32 and octet_length(sent_sha256) = 32",
        "kind": f"kind in ('IMAGE', 'VIDEO') and content_type in ({TYPES})",
        "size": "size_bytes >= 1",
        "done": "(file_id is null) = (sent_sha256 is null)",
        "expires": "expires_at > created_at",
    },
}


class Migration(migrations.Migration):
    dependencies = [("models", "0011_merges")]

    operations = [
        ops.CreateModel(
            name="MediaFile",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=48)),
                (
                    "kind",
                    fields.CharEnumField(description="IMAGE: IMAGE\nVIDEO: VIDEO", enum_type=MediaKind, max_length=8),
                ),
                ("content_type", fields.CharField(max_length=32)),
                ("size_bytes", fields.BigIntField()),
                ("width", fields.IntField()),
                ("height", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "media_file",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "name")),
                "pk_attr": "id",
                "table_description": "`name` is the start of the SHA-256 of what is stored and the format's ending: the same file is stored once.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="MediaUpload",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("token_sha256", fields.BinaryField()),
                (
                    "kind",
                    fields.CharEnumField(description="IMAGE: IMAGE\nVIDEO: VIDEO", enum_type=MediaKind, max_length=8),
                ),
                ("content_type", fields.CharField(max_length=32)),
                ("size_bytes", fields.BigIntField()),
                ("file_id", fields.UUIDField(null=True)),
                ("sent_sha256", fields.BinaryField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "media_upload",
                "app": "models",
                "indexes": [
                    Index(fields=["token_sha256"]),
                    Index(fields=["expires_at"]),
                    Index(fields=["shop_id", "file_id"]),
                ],
                "pk_attr": "id",
                "table_description": "Kept as the SHA-256 of its token; `sent_sha256` is what came, so that a lost answer can be had again.",
            },
            bases=["Owned"],
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*key) for key in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
    ]
