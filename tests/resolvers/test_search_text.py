"""Search text: any two neighbours of a title find it, and nothing that is typed is anything but text."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.database import pool
from resolvers.search_text import LEXEMES_MAX, SearchText, document_of, folded, query_of, term_of

SHOP = UUID("01900000-0000-7000-8000-000000000001")
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
WORDS = ("四件套", "床品", "纯棉", "MUJI", "1.8米", "AB-12/x", "　", " ", "!", "'", "\\", "&|!:*<->")
TITLES = st.lists(st.one_of(st.sampled_from(WORDS), HAN), min_size=1, max_size=12).map("".join)
HOSTILE = (
    "'", "''", "\\", "\\'", "a' | 'b", "a & b", "!a", "a:*", "a:A", "(((", "<->", "a <2> b", "'); drop table x; --",
    "$1", "{shop}", "\x00", "\ud7ff", "%_", "@01900000000070008000000000000001", "𠀀𠀁",
    "é'é", "👨‍👩‍👧", "\u202e四件套",
)  # fmt: skip


async def _finds(query: str, text: SearchText, shop: UUID = SHOP) -> bool:
    asked = query_of(query)
    found: bool | None = await pool().fetchval("select $1::tsvector @@ $2::tsquery", document_of(shop, text), asked.all)
    return bool(found)


def _lexemes(title: str) -> set[str]:
    """The title's lexemes as Python reads them, for properties that ask a hundred times."""
    return {part.split("':")[0].strip("'") for part in document_of(SHOP, SearchText(title)).split(" ")}


def _meets(query: str, lexemes: set[str]) -> bool:
    """Whether each word of a search is among the lexemes, in one of its ways."""
    asked = query_of(query).all
    assert asked is not None
    return all(
        any(all(part.strip("()'") in lexemes for part in way.split(" & ")) for way in group.strip("()").split(" | "))
        for group in asked.split(") & (")
    )


@given(TITLES, st.data())
def test_any_two_neighbours_of_a_title_find_it(title: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, max(len(title) - 2, 0)))
    neighbours = title[at : at + 2]

    if query_of(neighbours).all is not None:
        assert _meets(neighbours, _lexemes(title))


@given(TITLES, st.data())
def test_any_part_of_a_chinese_title_finds_it(title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(title)))
    part = "".join(one for one in title[start : data.draw(st.integers(start, len(title)))] if one >= "一")

    if part and part in title:
        assert _meets(part, _lexemes(title))


@given(st.text(max_size=200))
def test_whatever_is_typed_is_made_of_lexemes_and_our_own_operators(text: str) -> None:
    asked = query_of(text)

    for words in filter(None, (asked.all, asked.any, asked.rank)):
        rest = "".join(part for at, part in enumerate(words.split("'")) if at % 2 == 0)
        assert set(rest) <= set(" &|()")
        assert not set("".join(words.split("'")[1::2])) & set("\\&|!:*<>() \0")


@given(st.text(max_size=200))
def test_a_term_stays_itself(text: str) -> None:
    term = term_of(text)

    assert len(term) <= 1800
    assert "  " not in term
    assert bool(term) == (query_of(text).all is not None)


@pytest.mark.parametrize("text", HOSTILE)
async def test_postgres_reads_hostile_text_as_text(database: None, text: str) -> None:
    said = SearchText(title=f"毛巾 {text}", vendor=text, tags=[text], categories=[text], options=[text], skus=[text])

    assert await _finds("毛巾", said)
    assert not await _finds("浴巾", said)
    if query_of(text).all is not None:
        assert await _finds(text, said)


async def test_nobody_finds_another_shops_lexeme_by_typing_it(database: None) -> None:
    assert not await _finds(f"@{SHOP.hex}", SearchText("毛巾"))


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("四件套", SearchText("全棉四件套装"), True),
        ("床单全棉", SearchText("全棉印花床单"), True),
        ("买四件套吗", SearchText("全棉四件套"), True),
        ("红", SearchText("连衣裙", options=["颜色", "酒红色"]), True),
        ("muji 毛巾", SearchText("毛巾", vendor="MUJI"), True),
        ("ＭＵＪＩ　毛巾", SearchText("毛巾", vendor="muji"), True),
        ("muj", SearchText("MUJI 毛巾"), True),
        ("mij", SearchText("MUJI 毛巾"), False),
        ("ab-1234", SearchText("毛巾", skus=["AB-1234/XL"]), True),
        ("ab1234", SearchText("毛巾", skus=["AB-1234/XL"]), True),
        ("AB1234", SearchText("毛巾", skus=["ab1234"]), True),
        ("1235", SearchText("毛巾", skus=["AB-1234"]), False),
        ("123", SearchText("毛巾", skus=["AB-1234"]), False),
        ("床品", SearchText("被套", categories=["家纺", "床品", "被套"]), True),
        ("新款", SearchText("被套", tags=["新款"]), True),
        ("件四", SearchText("四件套"), False),
        ("𠀀𠀁", SearchText("甲𠀀𠀁乙"), True),
        ("がな", SearchText("ひらがな"), True),
        ("한국", SearchText("대한국민"), True),
        ("CAFÉ", SearchText("café"), True),
        ("²", SearchText("2 件"), True),
    ],
)
async def test_what_finds_what(database: None, query: str, text: SearchText, found: bool) -> None:
    assert await _finds(query, text) is found


def test_the_title_weighs_most_and_a_word_has_its_best_weight() -> None:
    document = document_of(SHOP, SearchText("毛巾", vendor="毛巾", tags=["浴巾"], product_type="面巾", skus=["浴巾9"]))

    assert "'毛巾':1A" in document
    assert "'浴巾':1B" in document
    assert "'面巾':1C" in document
    assert "'9':1D" in document


def test_a_product_of_endless_text_has_only_so_many_lexemes() -> None:
    endless = [f"标签{number}" for number in range(5_000)]

    assert document_of(SHOP, SearchText("毛巾", tags=endless)).count(" ") == LEXEMES_MAX


def test_a_pasted_page_is_searched_by_its_beginning() -> None:
    assert query_of("毛巾" * 10_000) == query_of("毛巾" * 50)
    assert len(query_of(" ".join(f"词{number}" for number in range(1_000))).all or "") < 2_000


def test_full_width_and_case_are_one() -> None:
    assert folded("ＭＵＪＩ　毛巾") == folded("muji 毛巾")
    assert term_of("  MUJI   毛巾 ") == "muji 毛巾"
    assert term_of(" !! ") == ""
