"""A product file is read exactly as it was written, old columns and new, whatever wrote it."""

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.product import ProductStatus
from models.variant import InventoryPolicy
from resolvers.csv_table import open_table
from resolvers.product_columns import FIELD_OF_COLUMN, columns_of
from resolvers.product_record import MetafieldRecord
from tests.resolvers.product_files import good, more, tea, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "products.csv"


def test_one_row_is_a_product_with_one_variant_and_no_options(file: Path) -> None:
    [product] = good(write(file, tea(Option1_Name="Title", Option1_Value="Default Title")))

    assert (product.handle, product.title, product.row, product.options) == ("longjing", "龙井", 2, ())
    [variant] = product.variants
    assert (variant.price_fen, variant.option_values) == (12800, ())


def test_continuation_rows_add_variants_pictures_or_both(file: Path) -> None:
    rows = (
        tea(Option1_Name="净含量", Option1_Value="50 克", Image_Src="https://i.example/1.jpg", Image_Position="1"),
        more(Option1_Value="100 克", Variant_Price="238", Image_Src="https://i.example/3.jpg", Image_Position="3"),
        more(Option1_Value="250 克", Variant_Price="568"),
        more(Image_Src="https://i.example/2.jpg", Image_Position="2", Image_Alt_Text="茶汤"),
    )

    [product] = good(write(file, *rows))

    assert [(v.option_values, v.price_fen) for v in product.variants] == [
        (("50 克",), 12800),
        (("100 克",), 23800),
        (("250 克",), 56800),
    ]
    assert [option.values for option in product.options] == [("50 克", "100 克", "250 克")]
    assert [(i.url[-5], i.alt) for i in product.images] == [("1", ""), ("2", "茶汤"), ("3", "")]


def test_rows_of_a_handle_that_stand_apart_are_one_product(file: Path) -> None:
    rows = (
        tea(Option1_Name="色", Option1_Value="青"),
        tea(Handle="other", Title="别的", Option1_Name="色", Option1_Value="白"),
        more(Option1_Value="红", Variant_Price="1"),
    )

    products = {product.handle: product for product in good(write(file, *rows))}

    assert [len(products[handle].variants) for handle in ("longjing", "other")] == [2, 1]


def test_case_does_not_make_two_products(file: Path) -> None:
    [product] = good(write(file, tea(Handle="LongJing"), more(Image_Src="https://i.example/1.jpg")))

    assert (product.handle, len(product.images)) == ("longjing", 1)


def test_the_same_picture_counts_once_per_place(file: Path) -> None:
    same = {"Image_Src": "https://i.example/1.jpg"}
    rows = (
        tea(**same, Image_Position="1", Option1_Name="色", Option1_Value="青"),
        more(**same, Image_Position="1", Option1_Value="红", Variant_Price="1"),
        more(**same, Image_Position="2"),
        more(**same),
    )

    [product] = good(write(file, *rows))

    assert len(product.images) == 2


def test_a_variants_own_picture_joins_the_products(file: Path) -> None:
    [product] = good(write(file, tea(Image_Src="https://i.example/1.jpg", Variant_Image="https://i.example/v.jpg")))

    assert [image.url for image in product.images] == ["https://i.example/1.jpg", "https://i.example/v.jpg"]
    assert product.variants[0].image_url == "https://i.example/v.jpg"


@pytest.mark.parametrize(
    ("cells", "tracked", "quantity"),
    [
        ({"Variant_Inventory_Tracker": "shopify", "Variant_Inventory_Qty": "7"}, True, 7),
        ({"Variant_Inventory_Tracker": "shopify", "Variant_Inventory_Qty": "-3"}, True, -3),
        ({"Variant_Inventory_Tracker": "shopify", "Variant_Inventory_Qty": ""}, True, 0),
        ({"Variant_Inventory_Tracker": "", "Variant_Inventory_Qty": "1"}, False, 0),
        ({"Variant_Inventory_Qty": "100"}, True, 100),
        ({"Variant_Inventory_Qty": ""}, False, 0),
        ({}, False, 0),
    ],
)
def test_who_counts_tracks(file: Path, cells: dict[str, str], tracked: bool, quantity: int) -> None:
    [product] = good(write(file, tea(**cells)))

    assert (product.variants[0].tracked, product.variants[0].quantity) == (tracked, quantity)


def test_everything_else_about_a_variant(file: Path) -> None:
    cells = {
        "Variant SKU": "T-1",
        "Variant Barcode": "6901234567892",
        "Variant Compare At Price": "168",
        "Cost per item": "60.5",
        "Variant Grams": "125.5",
        "Variant Inventory Policy": "continue",
        "Variant Requires Shipping": "false",
    }
    [variant] = good(write(file, tea() | cells))[0].variants

    assert (variant.sku, variant.barcode, variant.compare_at_price_fen, variant.cost_fen) == (
        "T-1",
        "6901234567892",
        16800,
        6050,
    )
    assert (variant.weight_grams, variant.inventory_policy, variant.requires_shipping) == (
        126,
        InventoryPolicy.CONTINUE,
        False,
    )


def test_everything_else_about_a_product(file: Path) -> None:
    cells = {
        "Body (HTML)": "<p>好茶</p>",
        "Vendor": "山间集",
        "Product Category": "茶 > 绿茶",
        "Type": "绿茶",
        "Tags": "新品, 礼物，新品",
        "SEO Title": "龙井茶",
        "SEO Description": "明前",
        "Collection": "春茶",
    }
    [product] = good(write(file, tea() | cells))

    assert (product.category, product.tags, product.collection) == (("茶", "绿茶"), ("新品", "礼物"), "春茶")
    assert (product.vendor, product.product_type, product.seo_title, product.seo_description) == (
        "山间集",
        "绿茶",
        "龙井茶",
        "明前",
    )
    assert product.description_html == "<p>好茶</p>"


@pytest.mark.parametrize(
    ("status", "published", "found"),
    [
        ("active", "TRUE", ProductStatus.ACTIVE),
        ("active", "FALSE", ProductStatus.DRAFT),
        ("draft", "true", ProductStatus.DRAFT),
        ("Archived", "true", ProductStatus.ARCHIVED),
        ("", "", ProductStatus.ACTIVE),
    ],
)
def test_only_what_is_active_and_published_is_shown(
    file: Path, status: str, published: str, found: ProductStatus
) -> None:
    [product] = good(write(file, tea(Status=status, Published=published)))

    assert product.status is found


def test_unknown_columns_become_metafields_of_their_owner(file: Path) -> None:
    cells = {
        "Google Shopping / Gender": "unisex",
        "Gift Card": "false",
        "产地": "杭州",
        "Material (product.metafields.custom.material)": "茶",
        "Size (variant.metafields.custom.size_note)": "小",
        "Variant Taxable": "true",
        "空": "",
    }
    [product] = good(write(file, tea() | cells))

    assert set(product.metafields) == {
        MetafieldRecord("import", "google-shopping-gender", "unisex"),
        MetafieldRecord("import", "gift-card", "false"),
        MetafieldRecord("import", "产地", "杭州"),
        MetafieldRecord("custom", "material", "茶"),
    }
    assert set(product.variants[0].metafields) == {
        MetafieldRecord("custom", "size_note", "小"),
        MetafieldRecord("import", "variant-taxable", "true"),
    }


def test_two_columns_never_share_a_metafield() -> None:
    columns = columns_of(["Handle", "Title", "Variant Price", "A / B", "A - B"])

    assert [key for _, key in columns.keys(of_variant=False)] == ["a-b", "a-b-5"]


def test_the_new_names_of_the_columns_are_known_too(file: Path) -> None:
    row = {
        "Title": "龙井",
        "URL handle": "longjing",
        "Price": "9.9",
        "Compare-at price": "19.9",
        "Inventory tracker": "shopify",
        "Inventory quantity": "4",
        "Continue selling when out of stock": "TRUE",
        "Product image URL": "https://i.example/1.jpg",
        "Published on online store": "TRUE",
    }
    [product] = good(write(file, row))

    variant = product.variants[0]
    assert (variant.price_fen, variant.compare_at_price_fen, variant.quantity) == (990, 1990, 4)
    assert variant.inventory_policy is InventoryPolicy.CONTINUE
    assert (len(product.images), product.metafields) == (1, ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_any_delimiter_and_the_encodings_of_chinese_spreadsheets(file: Path, delimiter: str, encoding: str) -> None:
    [product] = good(write(file, tea(Tags='带"引号"，和逗号', Type="两\r\n行"), delimiter=delimiter, encoding=encoding))

    assert (product.title, product.tags, product.product_type) == ("龙井", ('带"引号"', "和逗号"), "两\r\n行")


_texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(str.strip).filter(bool)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=_texts,
    fen=st.integers(0, 2**53 - 1),
    values=st.lists(_texts, min_size=1, max_size=6, unique=True),
    breaks=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read(file: Path, title: str, fen: int, values: list[str], breaks: str) -> None:
    price = f"{fen // 100}.{fen % 100:02}"
    rows = [
        tea(Title=title, Variant_Price=price, Option1_Name="款", Option1_Value=values[0], Type=f"一{breaks}二"),
        *(more(Option1_Value=value, Variant_Price=price) for value in values[1:]),
    ]

    [product] = good(write(file, *rows))

    assert (product.title, product.product_type) == (title, f"一{breaks}二")
    assert [(v.option_values, v.price_fen) for v in product.variants] == [((value,), fen) for value in values]


def test_the_table_agrees_with_the_csv_module(file: Path) -> None:
    write(file, tea(Type='a"b'), tea(Handle="b", Type="一,二"))
    with file.open(encoding="utf-8", newline="") as text:
        expected = list(csv.reader(text))[1:]

    assert [line.cells for line in open_table(file, FIELD_OF_COLUMN).rows()] == expected
