"""An imported file is what the shop has: every variant, picture and piece; twice over nothing moves."""

import csv
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from models.database import pool
from resolvers.caller import Caller
from resolvers.import_report import ImportReport
from resolvers.product_import import import_products
from settings import Settings
from tests.harness.shops import open_shop
from tests.resolvers.product_files import more, tea, write

SHARED = Path(os.environ.get("XIAOPU_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
FILES = ("mall_zh/products.csv", "shopify/apparel.csv", "shopify/home-and-garden.csv")

# Every row that an import may touch, with the moments and versions that would betray a needless write.
TABLES = (
    "product",
    "variant",
    "media",
    "product_option",
    "metafield",
    "price_history",
    "stock_level",
    "stock_move",
    "category",
    "collection",
    "collection_product",
    "outbox_event",
)

Importing = Callable[..., Awaitable[ImportReport]]


@pytest.fixture
def bring(caller: Caller, tmp_path: Path) -> Importing:
    """Import rows as a file into a fresh shop."""

    async def bring_rows(*rows: dict[str, str]) -> ImportReport:
        return await import_products(caller, write(tmp_path / "products.csv", *rows))

    return bring_rows


async def everything(caller: Caller) -> dict[str, list[str]]:
    return {
        table: [
            row[0]
            for row in await pool().fetch(
                f"select row_to_json(t)::text from {table} t where shop_id = $1 order by id",
                caller.shop_id,
            )
        ]
        for table in TABLES
    }


async def rows(caller: Caller, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await pool().fetch(sql, caller.shop_id)]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.rejected


@pytest.mark.parametrize("name", FILES)
async def test_real_files_come_in_whole_and_twice_over_nothing_changes(caller: Caller, name: str) -> None:
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"the shared file {name} is not on this machine")
    with file.open(encoding="utf-8-sig", newline="") as text:
        written = list(csv.DictReader(text))
    products = {row["Handle"] for row in written}
    variants = Counter(row["Handle"] for row in written if row["Variant Price"])
    images = Counter((row["Handle"], row["Image Src"]) for row in written if row["Image Src"])

    first = await import_products(caller, file)
    before = await everything(caller)
    second = await import_products(caller, file)

    assert (counts(first), first.problems) == ((len(products), 0, 0, 0), [])
    assert (counts(second), second.problems) == ((0, 0, len(products), 0), [])
    assert await everything(caller) == before
    found = await rows(caller, "select handle, variant_count, image_count from product where shop_id = $1")
    assert {handle: count for handle, count, _ in found} == dict(variants)
    assert sum(count for *_, count in found) == images.total()
    stored = await rows(
        caller, "select handle, url from media join product p on p.id = product_id where p.shop_id = $1"
    )
    assert Counter(stored) == images
    prices = await rows(
        caller, "select handle, price_fen from variant join product p on p.id = product_id where p.shop_id = $1"
    )
    assert Counter(prices) == Counter(
        (row["Handle"], round(float(row["Variant Price"]) * 100)) for row in written if row["Variant Price"]
    )


async def test_an_updated_file_updates(caller: Caller, bring: Importing) -> None:
    stock = {"Variant_Inventory_Tracker": "shopify"}
    await bring(
        tea(
            **stock,
            Variant_Inventory_Qty="5",
            Option1_Name="色",
            Option1_Value="青",
            Image_Src="https://i.example/1.jpg",
        ),
        more(**stock, Variant_Inventory_Qty="9", Option1_Value="红", Variant_Price="10"),
        tea(**stock, Handle="still", Option1_Name="Title", Option1_Value="Default Title"),
    )
    report = await bring(
        tea(**stock, Variant_Inventory_Qty="3", Option1_Name="色", Option1_Value="青", Variant_Price="99")
        | {"Image Src": "https://i.example/2.jpg"},
        more(**stock, Variant_Inventory_Qty="4", Option1_Value="白", Variant_Price="20"),
        tea(**stock, Handle="still", Option1_Name="Title", Option1_Value="Default Title"),
    )

    assert counts(report) == (0, 1, 1, 0)
    assert await rows(caller, "select handle, version, min_price_fen from product where shop_id = $1 order by 1") == [
        ("longjing", 2, 2000),
        ("still", 1, 12800),
    ]
    variants = (
        "select title, variant.price_fen, available, version, array_agg(h.price_fen order by h.created_at, h.id)"
        " from variant join price_history h on h.variant_id = variant.id where variant.shop_id = $1"
        " and cardinality(option_values) = 1 group by variant.id order by position"
    )
    assert await rows(caller, variants) == [("青", 9900, 3, 2, [12800, 9900]), ("白", 2000, 4, 1, [2000])]
    moves = (
        "select title, delta, on_hand_after, reason from stock_move join variant on variant.id = variant_id"
        " where variant.shop_id = $1 and title <> '' order by position, stock_move.id"
    )
    assert await rows(caller, moves) == [("青", 5, 5, "IMPORT"), ("青", -2, 3, "IMPORT"), ("白", 4, 4, "IMPORT")]
    assert await rows(caller, "select url from media where shop_id = $1") == [("https://i.example/2.jpg",)]
    assert await rows(caller, "select name, values from product_option where shop_id = $1") == [("色", ["青", "白"])]


async def test_stock_alone_moves_without_a_new_version(caller: Caller, bring: Importing) -> None:
    await bring(tea(Variant_Inventory_Qty="5"))
    report = await bring(tea(Variant_Inventory_Qty="0"))

    assert counts(report) == (0, 1, 0, 0)
    assert await rows(caller, "select version, in_stock from product where shop_id = $1") == [(1, False)]


async def test_a_column_that_is_not_there_leaves_its_value_alone(caller: Caller, bring: Importing) -> None:
    await bring(
        tea(Vendor="山间集", Tags="新品", Variant_SKU="T1", Variant_Inventory_Qty="5", 产地="杭州")
        | {"Image Src": "https://i.example/1.jpg", "Variant Compare At Price": "200"}
    )
    report = await bring(tea(Variant_Price="99"))

    assert counts(report) == (0, 1, 0, 0)
    assert await rows(caller, "select vendor, tags, image_count from product where shop_id = $1") == [
        ("山间集", ["新品"], 1)
    ]
    assert await rows(
        caller, "select sku, price_fen, compare_at_price_fen, tracked, available from variant where shop_id = $1"
    ) == [("T1", 9900, 20000, True, 5)]
    assert await rows(caller, "select value, visibility from metafield where shop_id = $1") == [("杭州", "PRIVATE")]


async def test_an_empty_cell_takes_the_value_away(caller: Caller, bring: Importing) -> None:
    await bring(tea(Vendor="山间集", 产地="杭州"))
    await bring(tea(Vendor="", 产地=""))

    assert await rows(caller, "select vendor from product where shop_id = $1") == [("",)]
    assert await rows(caller, "select value from metafield where shop_id = $1") == []


async def test_the_bad_stay_out_and_the_others_go_in(caller: Caller, bring: Importing) -> None:
    report = await bring(
        tea(Handle="one"), tea(Handle="two", Variant_Price="贵"), tea(Handle="three", Title=""), tea(Handle="four")
    )

    assert counts(report) == (2, 0, 0, 2)
    assert [(p.row, p.column, p.handle) for p in report.problems] == [
        (3, "Variant Price", "two"),
        (4, "Title", "three"),
    ]
    assert await rows(caller, "select handle from product where shop_id = $1 order by 1") == [("four",), ("one",)]


async def test_where_products_come_from_is_kept(caller: Caller, bring: Importing) -> None:
    await bring(tea(Option1_Name="a/b", Option1_Value="50/克"))

    assert await rows(caller, "select origin, source, external_id from product where shop_id = $1") == [
        ("IMPORTED", "csv", "longjing")
    ]
    assert await rows(caller, "select origin, source, external_id from variant where shop_id = $1") == [
        ("IMPORTED", "csv", "longjing/50%2F克")
    ]


async def test_a_product_renamed_since_is_still_the_same(caller: Caller, bring: Importing) -> None:
    await bring(tea())
    await pool().execute("update product set handle = 'chun-cha' where shop_id = $1", caller.shop_id)

    report = await bring(tea(Title="新龙井"), tea(Handle="chun-cha", Title="别的"))

    assert counts(report) == (0, 1, 0, 1)
    assert report.problems[0].code == "TAKEN"
    assert await rows(caller, "select handle, title from product where shop_id = $1") == [("chun-cha", "新龙井")]


async def test_what_buyers_hold_is_not_taken_away(caller: Caller, bring: Importing) -> None:
    await bring(tea(Variant_Inventory_Qty="5"))
    await pool().execute("update stock_level set reserved = 4 where shop_id = $1", caller.shop_id)

    report = await bring(tea(Variant_Inventory_Qty="3"), tea(Handle="other", Variant_Inventory_Qty="1"))

    assert counts(report) == (1, 0, 0, 1)
    assert report.problems[0].code == "OUT_OF_STOCK"
    assert await rows(caller, "select on_hand from stock_level where shop_id = $1 order by 1") == [(1,), (5,)]


async def test_negative_stock_is_kept_where_it_is_sold_on(caller: Caller, bring: Importing) -> None:
    await bring(
        tea(Variant_Inventory_Qty="-3", Variant_Inventory_Policy="continue"),
        tea(Handle="deny", Variant_Inventory_Qty="-3", Variant_Inventory_Policy="deny"),
    )

    found = """
        select handle, available, in_stock from product join variant on variant.product_id = product.id
        where product.shop_id = $1
    """
    assert sorted(await rows(caller, found)) == [("deny", 0, False), ("longjing", -3, True)]


async def test_categories_and_collections_are_made_once(caller: Caller, bring: Importing) -> None:
    shelves = {"Product_Category": "茶 > 绿茶", "Collection": "春茶"}
    for _ in range(2):
        await bring(
            tea(**shelves), tea(**shelves, Handle="biluochun"), tea(Handle="oolong", Product_Category="茶 > 乌龙")
        )

    tree = (
        "select category.name, parent.name from category left join category parent on parent.id = category.parent_id"
        " where category.shop_id = $1 order by category.id"
    )
    assert await rows(caller, tree) == [("茶", None), ("绿茶", "茶"), ("乌龙", "茶")]
    assert await rows(caller, "select title, kind, product_count from collection where shop_id = $1") == [
        ("春茶", "MANUAL", 2)
    ]


async def test_a_picture_shown_twice_keeps_both_places_and_ids(caller: Caller, bring: Importing) -> None:
    same = "https://i.example/1.jpg"
    pictures = (tea(Image_Src=same, Image_Position="1"), more(Image_Src=same, Image_Position="2"))
    await bring(*pictures)
    before = await rows(caller, "select id, position from media where shop_id = $1 order by position")
    await bring(*pictures)

    assert len(before) == 2
    assert await rows(caller, "select id, position from media where shop_id = $1 order by position") == before


async def test_other_shops_are_not_touched(
    caller: Caller, bring: Importing, settings: Settings, tmp_path: Path
) -> None:
    await bring(tea(Title="甲"))
    before = await everything(caller)
    neighbour = await open_shop(settings, "隔壁")
    report = await import_products(neighbour.caller, write(tmp_path / "other.csv", tea(Title="乙")))

    assert counts(report) == (1, 0, 0, 0)
    assert await everything(caller) == before


async def test_every_new_and_changed_product_is_told(caller: Caller, bring: Importing) -> None:
    await bring(tea(), tea(Handle="other"))
    await bring(tea(Title="新"), tea(Handle="other"))

    assert await rows(
        caller, "select topic from outbox_event where shop_id = $1 and topic like 'product.%' order by sequence"
    ) == [
        ("product.created",),
        ("product.created",),
        ("product.updated",),
    ]


async def test_an_unreadable_file_is_a_report(caller: Caller, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(b"\x00\x01\x02")

    report = await import_products(caller, file)

    assert counts(report) == (0, 0, 0, 0)
    assert not report.clean
