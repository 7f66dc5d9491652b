"""What is wrong with a product file is told by row and column, and costs no other product anything."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.import_report import UnreadableFile
from tests.resolvers.product_files import more, problems, read, tea, text_of, write

SAID = {"BLANK", "TOO_LONG", "INVALID", "OUT_OF_RANGE", "DUPLICATE"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "products.csv"


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"Title": ""}, "Title", "BLANK"),
        ({"Title": "长" * 256}, "Title", "TOO_LONG"),
        ({"Title": "零\0"}, "Title", "INVALID"),
        ({"Handle": "long jing"}, "Handle", "INVALID"),
        ({"Handle": ""}, "Handle", "INVALID"),
        ({"Variant_Price": ""}, "Variant Price", "BLANK"),
        ({"Variant_Price": "9.999"}, "Variant Price", "INVALID"),
        ({"Variant_Price": "-1"}, "Variant Price", "INVALID"),
        ({"Variant_Price": "1,299.00"}, "Variant Price", "INVALID"),
        ({"Variant_Price": "１２"}, "Variant Price", "INVALID"),
        ({"Variant_Price": "1e3"}, "Variant Price", "INVALID"),
        ({"Variant_Price": "99999999999999.99"}, "Variant Price", "OUT_OF_RANGE"),
        ({"Variant_Compare_At_Price": "面议"}, "Variant Compare At Price", "INVALID"),
        ({"Variant_Inventory_Qty": "1.5"}, "Variant Inventory Qty", "INVALID"),
        ({"Variant_Inventory_Qty": "9" * 11}, "Variant Inventory Qty", "OUT_OF_RANGE"),
        ({"Variant_Grams": "-5"}, "Variant Grams", "INVALID"),
        ({"Variant_Requires_Shipping": "maybe"}, "Variant Requires Shipping", "INVALID"),
        ({"Variant_Inventory_Policy": "perhaps"}, "Variant Inventory Policy", "INVALID"),
        ({"Image_Src": "javascript:alert(1)"}, "Image Src", "INVALID"),
        ({"Image_Src": "/a.jpg"}, "Image Src", "INVALID"),
        ({"Image_Src": "https://i.example/a.jpg", "Image_Position": "0"}, "Image Position", "INVALID"),
        ({"Status": "sold"}, "Status", "INVALID"),
        ({"Option1_Name": "色", "Option1_Value": ""}, "Option1 Value", "BLANK"),
        ({"Option1_Name": "", "Option1_Value": "青"}, "Option1 Name", "BLANK"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column(file: Path, cells: dict[str, str], column: str, code: str) -> None:
    write(file, tea(Handle="before"), tea(**cells), tea(Handle="after"))

    assert problems(file) == [(3, column, code)]
    assert [p.handle for p in read(file) if not isinstance(p, list)] == ["before", "after"]


def test_the_same_variant_twice_is_told_at_the_second(file: Path) -> None:
    write(file, tea(Option1_Name="色", Option1_Value="青"), more(Option1_Value="青", Variant_Price="1"))

    assert problems(file) == [(3, "Option1 Value", "DUPLICATE")]


def test_another_title_under_the_same_handle_is_another_product(file: Path) -> None:
    write(file, tea(Option1_Name="色", Option1_Value="青"), tea(Title="碧螺春", Option1_Value="红"))

    assert problems(file) == [(3, "Title", "DUPLICATE")]


def test_a_fault_in_any_row_leaves_the_whole_product_out(file: Path) -> None:
    write(file, tea(Option1_Name="色", Option1_Value="青"), more(Option1_Value="红", Variant_Price="x"))

    assert [type(product) for product in read(file)] == [list]


def test_rows_are_counted_as_a_spreadsheet_shows_them(file: Path) -> None:
    """A cell of three lines is one row, a blank row is one too."""
    text = text_of([tea(Type="一\n二\n三"), tea(Handle="bad", Title="")])
    head, first, rest = text.partition("longjing")
    file.write_text(head + "\r\n" + first + rest, encoding="utf-8")

    assert problems(file) == [(4, "Title", "BLANK")]


def test_a_row_of_the_wrong_width_costs_its_product_only(file: Path) -> None:
    file.write_text("Handle,Title,Variant Price\na,甲,1\nb,乙\nc,丙,3,4\nd,丁,5,,\n", encoding="utf-8")

    assert problems(file) == [(3, "", "INVALID"), (4, "", "INVALID")]
    assert [p.handle for p in read(file) if not isinstance(p, list)] == ["a", "d"]


def test_a_quote_that_never_closes_costs_its_product_only(file: Path) -> None:
    file.write_text('Handle,Title,Variant Price\na,甲,1\nb,"乙,2\nc,丙,3\n', encoding="utf-8")

    assert problems(file) == [(3, "", "INVALID")]
    assert [p.handle for p in read(file) if not isinstance(p, list)] == ["a"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"a,b\n1,2\n", "no column"),
        ("Handle,Title\na,甲\n".encode(), "Variant Price"),
        ("Handle,Title,Variant Price,title\na,甲,1,乙\n".encode(), "two columns"),
        ("Handle,Title,Variant Price\na,甲,1\n".encode("utf-16"), "UTF-16"),
        (b"Handle,Title,Variant Price\n" + "龙井茶".encode() + b"\xff,x,1\n", "byte"),
        (b'Handle,"Title', "quote"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)

    with pytest.raises(UnreadableFile, match=reason):
        read(file)


def test_a_header_alone_is_no_products(file: Path) -> None:
    file.write_text("Handle,Title,Variant Price\n", encoding="utf-8")

    assert read(file) == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=400))
def test_noise_is_refused_or_told_and_never_a_fault(file: Path, noise: bytes) -> None:
    file.write_bytes(b"Handle,Title,Variant Price\n" + noise)

    try:
        said = [(row, code) for row, _, code in problems(file)]
    except UnreadableFile as refusal:
        said = [(refusal.problem.row, refusal.problem.code)]

    last = 2 + noise.count(b"\n") + noise.count(b"\r")
    assert all(1 <= row <= last and code in SAID for row, code in said)
