"""Staging: the checked records of a batch as rows of temporary tables, each with the ids it has if it is new."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson

from ids import new_id
from models.database import Connection
from resolvers.checks import TEXT_CHARS_MAX
from resolvers.description import description_blocks
from resolvers.product_record import MetafieldRecord, ProductRecord, VariantRecord

# They belong to the connection, are nobody else's, and are empty outside a transaction.
STAGES: Final = {
    "import_product": """
        id uuid, is_new boolean, handle text, title text, vendor text, product_type text, category_id uuid,
        tags text[], description_blocks jsonb, seo_title text, seo_description text, status text,
        made_at timestamptz""",
    "import_option": "id uuid, product_id uuid, position smallint, name text, values text[]",
    "import_media": "id uuid, is_new boolean, product_id uuid, url text, nth integer, alt text, position integer",
    "import_variant": """
        number integer, id uuid, is_new boolean, product_id uuid, option_values text[], external_id text, title text,
        position integer, sku text, barcode text, price_fen bigint, compare_at_price_fen bigint, cost_fen bigint,
        tracked boolean, inventory_policy text, requires_shipping boolean, weight_grams integer, image_url text,
        media_id uuid, quantity bigint, price_id uuid, level_id uuid, move_id uuid""",
    "import_metafield": """
        id uuid, product_id uuid, variant_number integer, namespace text, key text, value text, visibility text""",
    "import_change": "product_id uuid, edited boolean",
}

CREATE_STAGES: Final = ";".join(
    f"create temp table if not exists {name} ({columns}) on commit delete rows" for name, columns in STAGES.items()
)
ANALYSE_STAGES: Final = ";".join(f"analyze {name}" for name in STAGES)


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and where it goes: the product it is (a fresh id when `is_new`) and its category."""

    record: ProductRecord
    id: UUID
    is_new: bool
    category_id: UUID | None


async def stage(sql: Connection, batch: Sequence[Placed], now: datetime) -> None:
    """Load a batch into the staging tables, inside the open transaction; `now` is when new rows are made."""
    await sql.execute(CREATE_STAGES)
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in STAGES}
    number = 0
    for placed in batch:
        record = placed.record
        rows["import_product"].append(_product(placed, now))
        rows["import_option"] += [
            (new_id(), placed.id, place, option.name, list(option.values))
            for place, option in enumerate(record.options, 1)
        ]
        rows["import_media"] += _media(placed)
        rows["import_metafield"] += _metafields(placed.id, None, record.metafields)
        for position, variant in enumerate(record.variants, 1):
            number += 1
            rows["import_variant"].append(_variant(number, placed, position, variant))
            rows["import_metafield"] += _metafields(placed.id, number, variant.metafields)
    for name, records in rows.items():
        if records:
            await sql.copy_records_to_table(name, records=records)
    await sql.execute(ANALYSE_STAGES)


def _product(placed: Placed, now: datetime) -> tuple[Any, ...]:
    record = placed.record
    return (
        placed.id,
        placed.is_new,
        record.handle,
        record.title,
        record.vendor,
        record.product_type,
        placed.category_id,
        list(record.tags),
        orjson.dumps(description_blocks(record.description_html)).decode(),
        record.seo_title,
        record.seo_description,
        record.status.value,
        record.created_at or now,
    )


def _media(placed: Placed) -> Iterator[tuple[Any, ...]]:
    seen: Counter[str] = Counter()
    for position, image in enumerate(placed.record.images, 1):
        seen[image.url] += 1
        yield new_id(), True, placed.id, image.url, seen[image.url], image.alt, position


def _variant(number: int, placed: Placed, position: int, variant: VariantRecord) -> tuple[Any, ...]:
    return (
        number,
        new_id(),
        True,
        placed.id,
        list(variant.option_values),
        variant_external_id(placed.record.handle, variant.option_values),
        " / ".join(variant.option_values)[:TEXT_CHARS_MAX],
        position,
        variant.sku,
        variant.barcode,
        variant.price_fen,
        variant.compare_at_price_fen,
        variant.cost_fen,
        variant.tracked,
        variant.inventory_policy.value,
        variant.requires_shipping,
        variant.weight_grams,
        variant.image_url,
        None,
        variant.quantity,
        new_id(),
        new_id(),
        new_id(),
    )


def _metafields(
    product_id: UUID, variant_number: int | None, metafields: Sequence[MetafieldRecord]
) -> Iterator[tuple[Any, ...]]:
    for one in metafields:
        yield new_id(), product_id, variant_number, one.namespace, one.key, one.value, one.visibility.value


def variant_external_id(handle: str, option_values: Sequence[str]) -> str:
    """Return the name that a variant has in its source: `shirt/red/xl`; a digest stands for one that is too long."""
    plain = "/".join([handle, *(value.replace("%", "%25").replace("/", "%2F") for value in option_values)])
    if len(plain) <= TEXT_CHARS_MAX:
        return plain
    return sha256(plain.encode()).hexdigest()
