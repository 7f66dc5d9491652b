"""Values of messages fit whatever they are made of: held against what the sandbox's WeChat takes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat.errors import MessageInvalid, error_of
from wechat.message_value import KeywordKind, amount, fitted, kind_of, moment
from wechat.sandbox.messages import _VALUES

EVENING = datetime(2026, 1, 31, 16, 5, tzinfo=UTC)


@given(st.sampled_from(KeywordKind), st.text())
def test_any_text_fits_under_any_kind(kind: KeywordKind, text: str) -> None:
    made = fitted(kind, text)

    assert _VALUES[kind].fullmatch(made)
    assert "\n" not in made
    # What fits stays as it is.
    assert fitted(kind, made) == made


@given(st.integers(-1, 10**13))
def test_any_amount_fits(fen: int) -> None:
    assert _VALUES["amount"].fullmatch(amount(fen))


@pytest.mark.parametrize(
    ("kind", "text", "made"),
    [
        (KeywordKind.THING, "一二三四五六七八九十一二三四五六七八九十", "一二三四五六七八九十一二三四五六七八九十"),
        (KeywordKind.THING, "一二三四五六七八九十一二三四五六七八九十一", "一二三四五六七八九十一二三四五六七八九…"),
        (KeywordKind.THING, " 两\r\n行\t ", "两 行"),
        (KeywordKind.THING, "", "无"),
        (KeywordKind.NAME, "阿卜杜热依木·买买提明江", "阿卜杜热依木·买买…"),
        (KeywordKind.NAME, "Bartholomew Longname", "Bartholomew Longname"),
        (KeywordKind.PHRASE, "已 paid 付款啦啦啦", "已付款啦啦"),
        (KeywordKind.CHARACTER_STRING, "顺丰 SF-1234", "SF-1234"),
        (KeywordKind.NUMBER, "3 件", "3"),
    ],
)
def test_texts_are_cut_by_characters(kind: KeywordKind, text: str, made: str) -> None:
    assert fitted(kind, text) == made


def test_amounts_and_moments() -> None:
    assert [amount(fen) for fen in (0, 5, 1990, 10**12)] == ["¥0.00", "¥0.05", "¥19.90", "¥99999999.99"]
    assert moment(KeywordKind.TIME, EVENING) == "2026年2月1日 00:05"
    assert moment(KeywordKind.DATE, EVENING) == "2026年2月1日"


def test_keywords_are_a_kind_and_a_number() -> None:
    assert kind_of("thing1") is KeywordKind.THING
    assert kind_of("character_string12") is KeywordKind.CHARACTER_STRING
    assert [kind_of(name) for name in ("thing", "1thing", "things1", "thing1 ", "thing1234", "", "THING1")] == [
        None
    ] * 7


def test_a_refused_value_is_named_and_nothing_else_of_what_was_said() -> None:
    error = error_of("send", 47003, "argument invalid! data.thing12.value invalid 13800000000 rid: abc")

    assert isinstance(error, MessageInvalid)
    assert (error.keyword, error.rid) == ("thing12", "abc")
    assert "138" not in str(error)
