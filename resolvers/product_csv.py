"""Shopify's product CSV: the rows of one handle become one checked product, or the list of what is wrong with it.

The first filled cell of a column of the product counts; rows below add variants, pictures or both.
A variant whose file has no tracker column is tracked when its quantity is given; an empty tracker means untracked.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from models.product import ProductStatus
from models.refusal import UserErrorCode
from models.variant import InventoryPolicy
from resolvers.checks import LONG_TEXT_CHARS_MAX, TAGS_MAX, TEXT_CHARS_MAX, storable
from resolvers.csv_cells import Cells
from resolvers.csv_table import Line
from resolvers.description import DESCRIPTION_CHARS_MAX
from resolvers.handle import is_handle
from resolvers.import_report import Problem
from resolvers.media import MEDIA_MAX
from resolvers.product_columns import OPTIONS, Columns, ExtraColumn
from resolvers.product_draft import VARIANTS_MAX
from resolvers.product_record import ImageRecord, MetafieldRecord, OptionRecord, ProductRecord, VariantRecord

CATEGORY_NAME_CHARS_MAX: Final = 120
METAFIELD_CHARS_MAX: Final = 65_536
PROBLEMS_MAX: Final = 20
"""Told of one product; a row shifted by one column has something wrong in every cell."""

_STATUSES: Final = {
    "active": ProductStatus.ACTIVE,
    "draft": ProductStatus.DRAFT,
    "archived": ProductStatus.ARCHIVED,
    # Bought by link only: we have no such state, and showing it in lists would be the greater mistake.
    "unlisted": ProductStatus.DRAFT,
}
_POLICIES: Final = {
    "": InventoryPolicy.DENY,
    "deny": InventoryPolicy.DENY,
    "false": InventoryPolicy.DENY,
    "continue": InventoryPolicy.CONTINUE,
    "true": InventoryPolicy.CONTINUE,
}
_OPTION_VALUES: Final = tuple(f"option{n}_value" for n in OPTIONS)
# How the format writes that a product has no options.
_NO_OPTION: Final = ("Title", "Default Title")


def read_product(columns: Columns, lines: Sequence[Line]) -> ProductRecord | list[Problem]:
    """Read the rows of one handle, at least one; a list of problems means that the product must be left out."""
    problems: list[Problem] = []
    handle = handle_of(columns, lines[0])
    rows = []
    for line in lines:
        if line.fault:
            problems.append(Problem(line.number, "", UserErrorCode.INVALID, line.fault))
        else:
            rows.append(Cells(line, columns.fields, columns.header, problems))
    product = _product(columns, handle, rows) if rows else None
    if product is None or problems:
        return [replace(problem, handle=handle) for problem in dict.fromkeys(problems)][:PROBLEMS_MAX]
    return product


def handle_of(columns: Columns, line: Line) -> str:
    """Return the handle a row belongs to, "" when it has none; case never tells two products apart."""
    index = columns.fields["handle"]
    return line.cells[index].strip().lower() if index < len(line.cells) else ""


def _product(columns: Columns, handle: str, rows: list[Cells]) -> ProductRecord:
    first = rows[0]
    if not is_handle(handle):
        first.report(
            "handle", UserErrorCode.INVALID, "only lower-case letters, digits, - and _; a letter or digit first"
        )
    images = _images(rows)
    variants = _variants(columns, rows)
    options = _options(rows, variants)
    if not options:
        variants = [replace(variant, option_values=()) for variant in variants]
    _distinct(first, variants)
    return ProductRecord(
        row=first.row,
        handle=handle,
        title=_title(rows),
        variants=tuple(variants),
        options=options,
        images=_with_variant_images(images, variants),
        description_html=_first_text(rows, "description", DESCRIPTION_CHARS_MAX),
        vendor=_first_text(rows, "vendor"),
        category=_category(rows),
        product_type=_first_text(rows, "product_type"),
        tags=_tags(rows),
        status=_status(rows),
        seo_title=_first_text(rows, "seo_title", LONG_TEXT_CHARS_MAX),
        seo_description=_first_text(rows, "seo_description", LONG_TEXT_CHARS_MAX),
        collection=_first_text(rows, "collection"),
        metafields=_product_metafields(columns.extras, rows),
    )


def _first(rows: list[Cells], field: str) -> Cells:
    """Return the first row that fills the column, else the first row."""
    return next((row for row in rows if row.has(field)), rows[0])


def _first_text(rows: list[Cells], field: str, chars_max: int = TEXT_CHARS_MAX) -> str:
    return _first(rows, field).text(field, chars_max)


def _title(rows: list[Cells]) -> str:
    """Two titles under one handle are two products that would overwrite each other."""
    row = _first(rows, "title")
    title = row.text("title")
    if not title:
        row.report("title", UserErrorCode.BLANK, "a product needs a title")
    for other in rows:
        if other.has("title") and other.text("title") != title:
            other.report("title", UserErrorCode.DUPLICATE, f"row {row.row} has this handle with another title")
    return title


def _category(rows: list[Cells]) -> tuple[str, ...]:
    row = _first(rows, "category")
    names = tuple(name.strip() for name in row.text("category", LONG_TEXT_CHARS_MAX).split(">") if name.strip())
    if any(len(name) > CATEGORY_NAME_CHARS_MAX for name in names):
        row.report("category", UserErrorCode.TOO_LONG, f"a name is longer than {CATEGORY_NAME_CHARS_MAX} characters")
    return names


def _tags(rows: list[Cells]) -> tuple[str, ...]:
    row = _first(rows, "tags")
    written = row.text("tags", LONG_TEXT_CHARS_MAX).replace("，", ",").split(",")
    tags = tuple(dict.fromkeys(tag.strip() for tag in written if tag.strip()))
    if len(tags) > TAGS_MAX:
        row.report("tags", UserErrorCode.TOO_LONG, f"more than {TAGS_MAX} tags")
    if any(len(tag) > TEXT_CHARS_MAX for tag in tags):
        row.report("tags", UserErrorCode.TOO_LONG, f"a tag is longer than {TEXT_CHARS_MAX} characters")
    return tags


def _status(rows: list[Cells]) -> ProductStatus:
    """ACTIVE but not published is not seen by anybody, which is our DRAFT."""
    row = _first(rows, "status")
    written = row.text("status").lower()
    status = _STATUSES.get(written or "active")
    if status is None:
        row.report("status", UserErrorCode.INVALID, "neither active, draft nor archived")
    if status is ProductStatus.ACTIVE and not _first(rows, "published").flag("published", blank=True):
        return ProductStatus.DRAFT
    return status or ProductStatus.DRAFT


def _variants(columns: Columns, rows: list[Cells]) -> list[VariantRecord]:
    """Read the first row, and each later one that names an option value, a price or a SKU, as a variant."""
    names = [_first_text(rows, f"option{n}_name") for n in OPTIONS]
    extras = [extra for extra in columns.extras if extra.of_variant]
    marks = (*_OPTION_VALUES, "price_fen", "sku")
    meant = [row for row in rows if row is rows[0] or any(row.has(mark) for mark in marks)]
    if len(meant) > VARIANTS_MAX:
        meant[VARIANTS_MAX].report("handle", UserErrorCode.TOO_LONG, f"more than {VARIANTS_MAX} variants")
        return []
    tracker = "tracked" in columns.fields
    return [_variant(row, _values(row, names), extras, tracker=tracker) for row in meant]


def _values(row: Cells, names: list[str]) -> tuple[str, ...]:
    """Return the values of the options that have a name; a value without a name, or a name without, is wrong."""
    values = []
    for n, name in zip(OPTIONS, names, strict=True):
        value = row.text(f"option{n}_value")
        if name and not value:
            row.report(f"option{n}_value", UserErrorCode.BLANK, f"a variant needs a value for {name!r}")
        if value and not name and (n > 1 or value != _NO_OPTION[1]):
            row.report(
                f"option{n}_name", UserErrorCode.BLANK, f"{value!r} is a value of no option: the name is missing"
            )
        if name:
            values.append(value)
    return tuple(values)


def _variant(row: Cells, values: tuple[str, ...], extras: list[ExtraColumn], *, tracker: bool) -> VariantRecord:
    price_fen = row.money("price_fen")
    if price_fen is None and not row.has("price_fen"):
        row.report("price_fen", UserErrorCode.BLANK, "a variant needs a price")
    if len(" / ".join(values)) > TEXT_CHARS_MAX:
        row.report("option1_value", UserErrorCode.TOO_LONG, f"the values together exceed {TEXT_CHARS_MAX} characters")
    policy = _POLICIES.get(row.text("inventory_policy").lower())
    if policy is None:
        row.report("inventory_policy", UserErrorCode.INVALID, "neither deny nor continue")
    tracked = row.has("tracked") if tracker else row.has("quantity")
    return VariantRecord(
        row=row.row,
        option_values=values,
        price_fen=price_fen or 0,
        compare_at_price_fen=row.money("compare_at_price_fen"),
        cost_fen=row.money("cost_fen"),
        sku=row.text("sku"),
        barcode=row.text("barcode"),
        tracked=tracked,
        quantity=row.quantity("quantity") if tracked else 0,
        inventory_policy=policy or InventoryPolicy.DENY,
        requires_shipping=row.flag("requires_shipping", blank=True),
        weight_grams=row.grams("weight_grams"),
        image_url=row.url("variant_image"),
        metafields=tuple(field for extra in extras if (field := _metafield(extra, row)) is not None),
    )


def _options(rows: list[Cells], variants: list[VariantRecord]) -> tuple[OptionRecord, ...]:
    fields = [f"option{n}_name" for n in OPTIONS]
    names = [name for field in fields if (name := _first_text(rows, field))]
    if names == [_NO_OPTION[0]] and all(variant.option_values == (_NO_OPTION[1],) for variant in variants):
        return ()
    if len(set(names)) < len(names):
        rows[0].report("option2_name", UserErrorCode.DUPLICATE, "two options have the same name")
    return tuple(
        OptionRecord(name, tuple(dict.fromkeys(variant.option_values[place] for variant in variants)))
        for place, name in enumerate(names)
    )


def _distinct(first: Cells, variants: list[VariantRecord]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for variant in variants:
        before = seen.setdefault(variant.option_values, variant.row)
        if before != variant.row:
            chosen = " / ".join(variant.option_values) or "no options"
            reason = f"the same variant as in row {before}: {chosen}"
            first.problems.append(Problem(variant.row, "Option1 Value", UserErrorCode.DUPLICATE, reason))


def _images(rows: list[Cells]) -> list[ImageRecord]:
    """Pictures in the order of their positions; one that is written again with the same place is one."""
    found: dict[tuple[str, int | None], tuple[int, ImageRecord]] = {}
    last = 0
    for row in rows:
        url = row.url("image_url")
        if not url:
            continue
        position = row.position("image_position")
        if position is None and any(url == known for known, _ in found):
            continue
        last = position or last + 1
        found.setdefault((url, position), (last, ImageRecord(url, row.text("image_alt", LONG_TEXT_CHARS_MAX))))
    if len(found) > MEDIA_MAX:
        rows[0].report("image_url", UserErrorCode.TOO_LONG, f"more than {MEDIA_MAX} pictures")
    return [image for _, image in sorted(found.values(), key=lambda placed: placed[0])]


def _with_variant_images(images: list[ImageRecord], variants: list[VariantRecord]) -> tuple[ImageRecord, ...]:
    """Let a variant's picture that is none of the product's join them at the end."""
    known = {image.url for image in images}
    wanted = dict.fromkeys(variant.image_url for variant in variants if variant.image_url)
    return (*images, *(ImageRecord(url) for url in wanted if url not in known))


def _product_metafields(extras: Sequence[ExtraColumn], rows: list[Cells]) -> tuple[MetafieldRecord, ...]:
    found = []
    for extra in extras:
        if not extra.of_variant:
            row = next((row for row in rows if row.at(extra.index)), rows[0])
            metafield = _metafield(extra, row)
            if metafield is not None:
                found.append(metafield)
    return tuple(found)


def _metafield(extra: ExtraColumn, row: Cells) -> MetafieldRecord | None:
    value = row.at(extra.index)
    if not value:
        return None
    if len(value) > METAFIELD_CHARS_MAX:
        row.report_column(extra.index, UserErrorCode.TOO_LONG, f"longer than {METAFIELD_CHARS_MAX} characters")
    if not storable(value):
        row.report_column(extra.index, UserErrorCode.INVALID, "holds characters that cannot be stored (NUL)")
    return MetafieldRecord(extra.namespace, extra.key, value)
