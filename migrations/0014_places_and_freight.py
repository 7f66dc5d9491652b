"""Regions, carriers, addresses of customers and freight templates."""

import csv
from pathlib import Path

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ids import new_id
from models.constraints import CASCADE, check, reference, shop_key
from models.freight_template import ChargeBy
from models.region import RegionLevel

SHOP_TABLES = ("freight_rule", "freight_template", "address")

REFERENCES = (
    ("address", "customer_id", "customer", CASCADE),
    ("freight_rule", "template_id", "freight_template", CASCADE),
    ("product", "freight_template_id", "freight_template", "on delete no action"),
)

FEN = "between 0 and 9007199254740991"
# A hundred thousand yuan, a thousand tons: what is more is a slip of the hand.
FEE = "between 0 and 10000000"
AMOUNT = "between 1 and 1000000000"

CHECKS = {
    "region": {
        "code": "code ~ '^[1-9][0-9]{5}$'",
        "name": "name <> ''",
        # The code says it all; level and parent are there to be read and indexed.
        "level": """
            level = case when code like '%0000' then 'PROVINCE' when code like '%00' then 'CITY' else 'DISTRICT' end
        """,
        "parent": """
            parent_code is not distinct from case level
                when 'CITY' then left(code, 2) || '0000' when 'DISTRICT' then left(code, 4) || '00' end
        """,
    },
    "carrier": {"code": "code <> ''", "name": "name <> ''", "pattern": "tracking_pattern <> ''"},
    "address": {
        "province": "province_code ~ '^[1-9][0-9]0000$'",
        "city": "city_code like left(province_code, 2) || '__00' and city_code <> province_code",
        "district": """
            district_code is null
            or city_code is not null and district_code like left(city_code, 4) || '__' and district_code <> city_code
        """,
        "names": "province_name <> '' and city_name <> '' and name_masked <> '' and phone_masked <> ''",
        "postcode": "postcode ~ '^([0-9]{6})?$'",
        "version": "version >= 1",
    },
    "freight_template": {
        "name": "name <> ''",
        "charge_by": "charge_by in ('WEIGHT', 'COUNT')",
        "version": "version >= 1",
    },
    "freight_rule": {
        "position": "position >= 0",
        "amounts": f"first_amount {AMOUNT} and further_amount {AMOUNT}",
        "fees": f"first_fee_fen {FEE} and further_fee_fen {FEE}",
        "free": f"free_from_fen {FEN} and free_from_pieces {AMOUNT}",
        # What is not said to be somewhere else is sent, or not, by leaving the rest out.
        "rest": "delivers or region_codes <> '{}'",
    },
}

INDEXES = (
    "create unique index address_default on address (shop_id, customer_id) where is_default",
    "create unique index freight_template_default on freight_template (shop_id) where is_default",
    "create unique index freight_rule_rest on freight_rule (shop_id, template_id) where region_codes = '{}'",
    """create index product_freight_template on product (shop_id, freight_template_id)
       where freight_template_id is not null""",
)

# WeChat's id, name, what whole tracking numbers look like, whether asking for a parcel takes the phone's last digits.
CARRIERS = (
    ("SF", "顺丰速运", "(SF)?[0-9]{12,15}", True),
    ("ZTO", "中通快递", "[0-9A-Z]{10,18}", True),
    ("YTO", "圆通速递", "[0-9A-Z]{10,18}", False),
    ("STO", "申通快递", "[0-9A-Z]{10,18}", False),
    ("YD", "韵达速递", "[0-9A-Z]{10,18}", False),
    ("JTSD", "极兔速递", "[0-9A-Z]{10,18}", False),
    ("JD", "京东物流", "[0-9A-Z]{8,22}(-[0-9]{1,5}){0,3}-?", False),
    ("EMS", "EMS", "[0-9]{13}|[A-Z]{2}[0-9]{9}[A-Z]{2}", False),
    ("YZPY", "邮政快递包裹", "[0-9]{13}|[A-Z]{2}[0-9]{9}[A-Z]{2}", False),
    ("DBL", "德邦快递", "[0-9A-Z]{8,20}", False),
    ("HTKY", "百世快递", "[0-9A-Z]{10,18}", False),
    ("KYSY", "跨越速运", "[0-9A-Z]{8,20}", True),
    ("ZJS", "宅急送", "[0-9A-Z]{8,20}", False),
    ("UC", "优速快递", "[0-9A-Z]{8,20}", False),
)

REGIONS_FILE = Path(__file__).with_name("regions.csv")


def _carriers() -> str:
    rows = [
        f"('{code}', '{name}', '{pattern}', {str(phone).lower()}, {position})"
        for position, (code, name, pattern, phone) in enumerate(CARRIERS, 1)
    ]
    columns = "code, name, tracking_pattern, needs_phone_tail, position"
    return f"insert into carrier ({columns}) values {', '.join(rows)}"  # noqa: S608 - our own words


def _regions() -> str:
    """Level and parent follow from the code."""
    with REGIONS_FILE.open(encoding="utf-8", newline="") as file:
        rows = ", ".join(f"('{row['code']}', '{row['name']}')" for row in csv.DictReader(file))
    return f"""
        insert into region (code, name, level, parent_code)
        select code, name, level, case level
            when 'CITY' then left(code, 2) || '0000' when 'DISTRICT' then left(code, 4) || '00' end
        from (values {rows}) told (code, name), lateral (
            select case when code like '%0000' then 'PROVINCE' when code like '%00' then 'CITY' else 'DISTRICT' end
        ) said (level)
    """  # noqa: S608 - our own file


class Migration(migrations.Migration):
    dependencies = [("models", "0013_wechat_pay_sandbox")]

    operations = [
        ops.CreateModel(
            name="Region",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=6)),
                ("parent_code", fields.CharField(null=True, max_length=6)),
                (
                    "level",
                    fields.CharEnumField(
                        description="PROVINCE: PROVINCE\nCITY: CITY\nDISTRICT: DISTRICT",
                        enum_type=RegionLevel,
                        max_length=8,
                    ),
                ),
                ("name", fields.CharField(max_length=32)),
            ],
            options={
                "table": "region",
                "app": "models",
                "indexes": [Index(fields=["parent_code", "code"])],
                "pk_attr": "code",
                "table_description": "`parent_code` is null for provinces. Towns stand as districts where a city has no other (东莞, 中山, 儋州).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Carrier",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("name", fields.CharField(max_length=32)),
                ("tracking_pattern", fields.CharField(max_length=120)),
                ("needs_phone_tail", fields.BooleanField(default=False)),
                ("position", fields.IntField()),
            ],
            options={
                "table": "carrier",
                "app": "models",
                "pk_attr": "code",
                "table_description": "`tracking_pattern` is a regular expression that whole tracking numbers meet; `position` orders lists.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Address",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("customer_id", fields.UUIDField()),
                ("recipient_sealed", fields.BinaryField()),
                ("name_masked", fields.CharField(max_length=64)),
                ("phone_masked", fields.CharField(max_length=32)),
                ("province_code", fields.CharField(max_length=6)),
                ("city_code", fields.CharField(null=True, max_length=6)),
                ("district_code", fields.CharField(null=True, max_length=6)),
                ("province_name", fields.CharField(max_length=32)),
                ("city_name", fields.CharField(max_length=32)),
                ("district_name", fields.CharField(max_length=32)),
                ("postcode", fields.CharField(default="", max_length=6)),
                ("tag", fields.CharField(default="", max_length=16)),
                ("is_default", fields.BooleanField(default=False)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "address",
                "app": "models",
                "unique_together": (("shop_id", "id"),),
                "indexes": [Index(fields=["shop_id", "customer_id", "id"])],
                "pk_attr": "id",
                "table_description": "Of a customer's addresses exactly one is the default, as long as there is any: a partial unique index has it.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="FreightTemplate",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=120)),
                (
                    "charge_by",
                    fields.CharEnumField(description="WEIGHT: WEIGHT\nCOUNT: COUNT", enum_type=ChargeBy, max_length=8),
                ),
                ("is_default", fields.BooleanField(default=False)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "freight_template",
                "app": "models",
                "unique_together": (("shop_id", "id"), ("shop_id", "name")),
                "pk_attr": "id",
                "table_description": "A product has one or none; none is the shop's default, and a shop without a default sends for nothing.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="FreightRule",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_id", fields.UUIDField()),
                ("template_id", fields.UUIDField()),
                ("position", fields.IntField()),
                ("region_codes", ArrayField(element_type="text")),
                ("delivers", fields.BooleanField(default=True)),
                ("first_amount", fields.IntField(default=1)),
                ("first_fee_fen", fields.BigIntField(default=0)),
                ("further_amount", fields.IntField(default=1)),
                ("further_fee_fen", fields.BigIntField(default=0)),
                ("free_from_fen", fields.BigIntField(null=True)),
                ("free_from_pieces", fields.IntField(null=True)),
            ],
            options={
                "table": "freight_rule",
                "app": "models",
                "unique_together": (("shop_id", "template_id", "position"),),
                "pk_attr": "id",
                "table_description": "What a template takes for some regions; for the rest of the country where `region_codes` is empty.",
            },
            bases=["Owned"],
        ),
        ops.AddField(
            model_name="Product",
            name="freight_template_id",
            field=fields.UUIDField(null=True),
        ),
        ops.RunSQL([shop_key(table) for table in SHOP_TABLES]),
        ops.RunSQL([reference(*key) for key in REFERENCES]),
        ops.RunSQL([check(table, name, text) for table, named in CHECKS.items() for name, text in named.items()]),
        ops.RunSQL([*INDEXES]),
        ops.RunSQL([_carriers(), _regions()]),
    ]
