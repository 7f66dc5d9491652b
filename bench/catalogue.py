"""The shop that is measured: a thousand products, the same ones every time, through the import that merchants use."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.database import pool
from models.refusal import Refusal
from resolvers.caller import system_caller
from resolvers.product_import import import_products
from resolvers.sandbox_shop import open_sandbox

PRODUCTS: Final = 1_000
COLLECTIONS: Final = 5
KEY: Final = "bench"
_COLOURS: Final = ("雾霾蓝", "浅杏粉", "炭灰", "奶油白", "松石绿")
_SIZES: Final = ("S", "M", "L")
_THINGS: Final = ("双肩包", "手账本", "保温杯", "帆布鞋", "香薰蜡烛", "桌面收纳盒", "羊毛围巾")
_HEADER: Final = (
    *("Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published"),
    *("Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value"),
    *("Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy"),
    *("Variant Price", "Variant Compare At Price", "Image Src", "Image Position", "Image Alt Text"),
    *("SEO Title", "Status"),
)

# What no catalogue file says: ratings, sales and measured pictures, a function of the handle and so the same each time.
_FIGURES: Final = """
with figures as (select id, abs(hashtext(handle)) as n from product where shop_id = $1)
update product set rating_count = n % 90, rating_sum = (n % 90) * 4,
    rating_hundredths = case when n % 90 = 0 then 0 else 300 + n % 200 end, sales_count = n % 5000
from figures where product.shop_id = $1 and figures.id = product.id
"""
_MEASURED: Final = "update media set width = 800, height = 600 where shop_id = $1"
_SHELVES: Final = """
insert into collection (id, shop_id, handle, title, description, image_url, kind, rule_match, rules, position,
                        published, product_count, version, created_at, updated_at)
select gen_random_uuid(), $1, 'shelf-' || n, '好物推荐 ' || n, '店长每周挑选的好物。',
       'https://img.example.com/shelf-' || n || '.jpg', 'MANUAL', 'ALL', '[]', n, true, 200, 1, $2, $2
from generate_series(1, $3::int) n
"""
_PLACES: Final = """
insert into collection_product (id, shop_id, collection_id, product_id, position)
select gen_random_uuid(), $1, collection.id, product.id, product.n
from collection
join (select id, row_number() over (order by handle) as n from product where shop_id = $1) product
  on product.n % $2::int = collection.position % $2::int
where collection.shop_id = $1
"""


@dataclass(frozen=True, slots=True)
class Stocked:
    """What pages may be asked of the shop."""

    products: list[str]
    collections: list[str]


async def stock_shop(directory: Path, sealing_key: bytes) -> Stocked:
    """Open the shop in a migrated, empty database and fill it. Raises RuntimeError when the import leaves any out."""
    try:
        opened = await open_sandbox(handle="bench", name="测量", seed=1, sealing_key=sealing_key, key=KEY)
    except Refusal as refused:
        message = f"the shop could not be opened: {refused.en}"
        raise RuntimeError(message) from None
    file = directory / "products.csv"
    handles = _write(file)
    report = await import_products(system_caller(opened.shop), file)
    if report.created != PRODUCTS:
        message = f"the import made {report.created} of {PRODUCTS} products"
        raise RuntimeError(message)
    shop = opened.shop
    await pool().execute(_FIGURES, shop.id)
    await pool().execute(_MEASURED, shop.id)
    await pool().execute(_SHELVES, shop.id, shop.created_at, COLLECTIONS)
    await pool().execute(_PLACES, shop.id, COLLECTIONS)
    await pool().execute("vacuum analyze")
    return Stocked(handles[:: PRODUCTS // 50], [f"shelf-{n}" for n in range(1, COLLECTIONS + 1)])


def _write(file: Path) -> list[str]:
    """Write the products as a CSV and return their handles: three variants, four pictures, two options each."""
    handles = [f"product-{number:04}" for number in range(PRODUCTS)]
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(_HEADER)
        for number, handle in enumerate(handles):
            writer.writerows(_rows(number, handle))
    return handles


def _rows(number: int, handle: str) -> list[list[object]]:
    thing, colour = _THINGS[number % len(_THINGS)], _COLOURS[number % len(_COLOURS)]
    price = 1990 + number * 37 % 40_000
    title = f"{colour}{thing} {number}"
    rows: list[list[object]] = []
    for place in range(4):
        about: list[object] = [""] * 6
        if place == 0:
            about = [title, f"<p>{title}，柔软耐用。</p><ul><li>可机洗</li></ul>", f"品牌{number % 12}", thing]
            about += [f"{colour}, 新品, {thing}", "true"]
        variant: list[object] = [""] * 10
        if place < len(_SIZES):
            names = ["颜色", "尺码"] if place == 0 else ["", ""]
            fen = price + place * 500
            variant = [names[0], colour, names[1], _SIZES[place], f"SKU-{number}-{place}", 300, "shopify"]
            variant += [number * 7 % 40, "deny", f"{fen / 100:.2f}"]
            variant += [f"{(fen + 3000) / 100:.2f}" if number % 3 == 0 else ""]
        else:
            variant += [""]
        image = [f"https://img.example.com/p/{handle}/{place}.jpg", place + 1, f"{title} 图{place + 1}"]
        rows.append([handle, *about, *variant, *image, title if place == 0 else "", "active" if place == 0 else ""])
    return rows
