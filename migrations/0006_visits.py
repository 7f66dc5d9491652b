"""Who brings visitors, what they share, and every visit; WeChat's scene values as data of the platform."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key
from models.promoter import PromoterKind
from models.scene import SceneGroup
from models.share_link import ShareTarget
from models.visit import AttributionSource

# The leaves first, as in 0002.
SHOP_TABLES = ("code_image", "visit", "share_link", "promoter")

REFUSE = "on delete no action"

REFERENCES = (
    # Promoters and links are never deleted but with their shop: visits and orders name them.
    ("promoter", "staff_id", "staff", REFUSE),
    ("promoter", "customer_id", "customer", "on delete set null (customer_id)"),
    ("share_link", "parent_id", "share_link", REFUSE),
    ("share_link", "promoter_id", "promoter", REFUSE),
    # Who is forgotten is no longer named; what they brought still counts.
    ("share_link", "customer_id", "customer", "on delete set null (customer_id)"),
    ("visit", "customer_id", "customer", "on delete set null (customer_id)"),
    ("visit", "app_id", "wechat_app", "on delete set null (app_id)"),
    ("visit", "share_link_id", "share_link", REFUSE),
    ("visit", "promoter_id", "promoter", REFUSE),
    ("code_image", "app_id", "wechat_app", CASCADE),
    ("code_image", "share_link_id", "share_link", CASCADE),
)

# As they were when the tables were made: a new one comes with a migration of its own.
GROUPS = """
    'RECENT', 'SEARCH', 'CHAT_CARD', 'GROUP_TOOL', 'APP_SHARE', 'CODE', 'OFFICIAL_ACCOUNT', 'MESSAGE', 'PAYMENT',
    'ADS', 'MOMENTS', 'CHANNELS', 'MINI_TO_MINI', 'NEARBY', 'LINK', 'WECOM', 'CARD', 'OTHER'
"""

CHECKS = {
    "promoter": {
        "kind": "kind in ('KOL', 'GUIDE', 'CUSTOMER', 'PARTNER')",
        "name": "name <> ''",
        "version": "version >= 1",
    },
    "share_link": {
        "token": "token ~ '^[0-9A-Za-z]{8,12}$'",
        "owner": "num_nonnulls(promoter_id, customer_id) <= 1",
        "target": """
            target_kind in ('PRODUCT', 'COLLECTION', 'PAGE', 'SHOP') and (target_kind = 'SHOP') = (target_id is null)
        """,
        "depth": "depth >= 0",
        "parent": "parent_id <> id",
        "expires": "expires_at > created_at",
    },
    "scene": {"group": f"scene_group in ({GROUPS})", "value": "value between 1 and 99999"},
    "visit": {
        "scene": f"""
            (scene_value is null) = (scene_group is null) and scene_value between 1 and 99999
            and scene_group in ({GROUPS})
        """,
        "source": "source in ('SHARE', 'CAMPAIGN', 'AD', 'SCENE', 'DIRECT')",
        # Only a share credits somebody, and nobody for a visit of their own.
        "credit": "promoter_id is null or (source = 'SHARE' and not is_self_share)",
    },
    "code_image": {"picture": "octet_length(picture) > 0"},
}

INDEXES = (
    # Deleting or merging a customer; the visits of a link and of a promoter, newest first.
    "create index share_link_customer on share_link (shop_id, customer_id) where customer_id is not null",
    "create index share_link_promoter on share_link (shop_id, promoter_id) where promoter_id is not null",
    "create index share_link_parent on share_link (shop_id, parent_id) where parent_id is not null",
    "create index visit_customer on visit (shop_id, customer_id) where customer_id is not null",
    """create index visit_share_link on visit (shop_id, share_link_id, arrived_at, id)
       where share_link_id is not null""",
    "create index visit_promoter on visit (shop_id, promoter_id, arrived_at, id) where promoter_id is not null",
)

# developers.weixin.qq.com, 场景值列表. New numbers appear all the time: what is missing here is OTHER.
SCENES = {
    SceneGroup.RECENT: (1001, 1010, 1022, 1023, 1089, 1090, 1103, 1104, 1131, 1178, 1186, 1187, 1223),
    SceneGroup.SEARCH: (1005, 1006, 1027, 1042, 1053, 1054, 1106, 1183, 1244, 1252),
    SceneGroup.CHAT_CARD: (1007, 1008, 1044, 1088, 1096, 1173, 1208),
    SceneGroup.GROUP_TOOL: (1158, 1160, 1185),
    SceneGroup.APP_SHARE: (1036, 1069, 1168),
    SceneGroup.CODE: (1011, 1012, 1013, 1025, 1031, 1032, 1047, 1048, 1049, 1072, 1124, 1125, 1126, 1150),
    SceneGroup.OFFICIAL_ACCOUNT: (1020, 1035, 1043, 1058, 1074, 1082, 1091, 1102, 1144, 1152, 1157),
    SceneGroup.MESSAGE: (1014, 1073, 1081, 1107, 1202, 1207, 1231),
    SceneGroup.PAYMENT: (1019, 1034, 1057, 1060, 1071, 1097),
    SceneGroup.ADS: (1045, 1046, 1067, 1068, 1084, 1095, 1189, 1200, 1201, 1215, 1228, 1230, 1232, 1238),
    SceneGroup.MOMENTS: (1154, 1155),
    SceneGroup.CHANNELS: (1175, 1176, 1177, 1184, 1191, 1193, 1195, 1197, 1198, 1216),
    SceneGroup.MINI_TO_MINI: (1037, 1038),
    SceneGroup.NEARBY: (1026, 1092, 1146, 1242, 1245),
    SceneGroup.LINK: (1018, 1055, 1065, 1167, 1194),
    SceneGroup.WECOM: (1119, 1120, 1121, 1192),
    SceneGroup.CARD: (1028, 1029, 1052),
    SceneGroup.OTHER: (1000,),
}
# WeChat's crawler and test builds.
NOBODY = (1030, 1129, 1203)


def _scenes() -> str:
    rows = [f"({value}, '{group}', true)" for group, values in SCENES.items() for value in values]
    rows += [f"({value}, 'OTHER', false)" for value in NOBODY]
    return f"insert into scene (value, scene_group, counts) values {', '.join(rows)}"  # noqa: S608 - our own words


class Migration(migrations.Migration):
    dependencies = [("models", "0005_wechat_sandbox")]
    operations = [
        ops.CreateModel(
            name="CodeImage",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("app_id", fields.UUIDField()),
                ("share_link_id", fields.UUIDField()),
                ("picture", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "code_image",
                "app": "models",
                "unique_together": (("shop_id", "share_link_id", "app_id"),),
                "pk_attr": "id",
                "table_description": "One for each app that a link is opened with; `picture` is the file as WeChat sent it, PNG or JPEG.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Promoter",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="KOL: KOL\nGUIDE: GUIDE\nCUSTOMER: CUSTOMER\nPARTNER: PARTNER",
                        enum_type=PromoterKind,
                        max_length=8,
                    ),
                ),
                ("name", fields.CharField(max_length=64)),
                ("avatar_url", fields.TextField(null=True, unique=False)),
                ("staff_id", fields.UUIDField(null=True)),
                ("customer_id", fields.UUIDField(null=True)),
                ("active", fields.BooleanField(default=True)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "promoter",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "staff_id"), ("shop_id", "customer_id")),
                "pk_attr": "id",
                "table_description": "Never deleted, for visits and orders name them: one that is not `active` brings nobody from then on.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Scene",
            fields=[
                ("value", fields.IntField(primary_key=True, generated=False, unique=True, db_index=True)),
                (
                    "scene_group",
                    fields.CharEnumField(
                        description="RECENT: RECENT\nSEARCH: SEARCH\nCHAT_CARD: CHAT_CARD\nGROUP_TOOL: GROUP_TOOL\nAPP_SHARE: APP_SHARE\nCODE: CODE\nOFFICIAL_ACCOUNT: OFFICIAL_ACCOUNT\nMESSAGE: MESSAGE\nPAYMENT: PAYMENT\nADS: ADS\nMOMENTS: MOMENTS\nCHANNELS: CHANNELS\nMINI_TO_MINI: MINI_TO_MINI\nNEARBY: NEARBY\nLINK: LINK\nWECOM: WECOM\nCARD: CARD\nOTHER: OTHER",
                        enum_type=SceneGroup,
                        max_length=20,
                    ),
                ),
                ("counts", fields.BooleanField(default=True)),
            ],
            options={
                "table": "scene",
                "app": "models",
                "pk_attr": "value",
                "table_description": "`counts` is false for numbers that no person comes with: WeChat's crawler and test builds.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ShareLink",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("token", fields.CharField(max_length=12)),
                ("parent_id", fields.UUIDField(null=True)),
                ("depth", fields.IntField(default=0)),
                ("promoter_id", fields.UUIDField(null=True)),
                ("customer_id", fields.UUIDField(null=True)),
                ("visitor_id", fields.UUIDField(null=True)),
                (
                    "target_kind",
                    fields.CharEnumField(
                        description="PRODUCT: PRODUCT\nCOLLECTION: COLLECTION\nPAGE: PAGE\nSHOP: SHOP",
                        enum_type=ShareTarget,
                        max_length=12,
                    ),
                ),
                ("target_id", fields.UUIDField(null=True)),
                ("channel", fields.CharField(null=True, max_length=64)),
                ("campaign", fields.CharField(null=True, max_length=64)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "share_link",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "token")),
                "indexes": [Index(fields=["shop_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "Of a promoter, of a customer, or of the shop itself when it has neither. Never changed once made.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="Visit",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("visit_id", fields.UUIDField()),
                ("visitor_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField(null=True)),
                ("app_id", fields.UUIDField(null=True)),
                ("path", fields.TextField(null=True, unique=False)),
                ("query", fields.TextField(null=True, unique=False)),
                ("scene_value", fields.IntField(null=True)),
                (
                    "scene_group",
                    fields.CharEnumField(
                        null=True,
                        description="RECENT: RECENT\nSEARCH: SEARCH\nCHAT_CARD: CHAT_CARD\nGROUP_TOOL: GROUP_TOOL\nAPP_SHARE: APP_SHARE\nCODE: CODE\nOFFICIAL_ACCOUNT: OFFICIAL_ACCOUNT\nMESSAGE: MESSAGE\nPAYMENT: PAYMENT\nADS: ADS\nMOMENTS: MOMENTS\nCHANNELS: CHANNELS\nMINI_TO_MINI: MINI_TO_MINI\nNEARBY: NEARBY\nLINK: LINK\nWECOM: WECOM\nCARD: CARD\nOTHER: OTHER",
                        enum_type=SceneGroup,
                        max_length=20,
                    ),
                ),
                ("counts", fields.BooleanField(default=True)),
                ("share_link_id", fields.UUIDField(null=True)),
                ("told_channel", fields.CharField(null=True, max_length=64)),
                ("told_campaign", fields.CharField(null=True, max_length=64)),
                ("ad_click_id", fields.CharField(null=True, max_length=128)),
                ("article", fields.TextField(null=True, unique=False)),
                ("open_gid", fields.CharField(null=True, max_length=128)),
                ("referrer_appid", fields.CharField(null=True, max_length=32)),
                ("platform", fields.CharField(null=True, max_length=32)),
                ("client_time", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("arrived_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "source",
                    fields.CharEnumField(
                        default=AttributionSource.DIRECT,
                        description="SHARE: SHARE\nCAMPAIGN: CAMPAIGN\nAD: AD\nSCENE: SCENE\nDIRECT: DIRECT",
                        enum_type=AttributionSource,
                        max_length=12,
                    ),
                ),
                ("promoter_id", fields.UUIDField(null=True)),
                ("channel", fields.CharField(null=True, max_length=64)),
                ("campaign", fields.CharField(null=True, max_length=64)),
                ("is_self_share", fields.BooleanField(default=False)),
            ],
            options={
                "table": "visit",
                "app": "models",
                "unique_together": (("shop_id", "visit_id"),),
                "indexes": [
                    Index(fields=["shop_id", "arrived_at", "id"]),
                    Index(fields=["shop_id", "visitor_id", "arrived_at"]),
                ],
                "pk_attr": "id",
                "table_description": "`visit_id` and `visitor_id` are what the client made up. What was told first stays; what is missing may follow.",
            },
            bases=["Owned"],
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*key) for key in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
        ops.RunSQL([*INDEXES, _scenes()]),
    ]
