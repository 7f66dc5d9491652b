"""What is wrong with an input is said before the database is asked; what is right passes."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.checks import FEN_MAX, is_url, storable
from resolvers.handle import HANDLE_CHARS_MAX, apart, derive_handle, is_handle
from resolvers.media import MediaDraft
from resolvers.option import OptionDraft
from resolvers.product_draft import ProductDraft, product_refusals
from tests.resolvers.drafts import tee, variant


@given(st.text(max_size=400), st.uuids())
@settings(deadline=None)
def test_every_title_suggests_a_handle_that_may_be_used(title: str, product_id: UUID) -> None:
    handle = derive_handle(title)

    assert is_handle(handle), handle
    assert is_handle(apart(handle, product_id))


@pytest.mark.parametrize("handle", ["tee", "纯棉-t-恤", "a", "9_9", "été", "x" * HANDLE_CHARS_MAX])
def test_a_handle_is_words_joined_by_hyphens(handle: str) -> None:
    assert is_handle(handle)


@pytest.mark.parametrize("handle", ["", "-a", "_a", "A", "a b", "a/b", "a?b", "a\n", "x" * (HANDLE_CHARS_MAX + 1)])
def test_anything_else_is_no_handle(handle: str) -> None:
    assert not is_handle(handle)


@given(st.text(max_size=60))
def test_an_address_is_storable_and_has_no_space_or_quote(text: str) -> None:
    url = f"https://{text}"

    if is_url(url):
        assert storable(url)
        assert not any(char.isspace() or char in '<>"\\' for char in url)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "ftp://a.cn", "//a.cn", "https://", "https://u:p@a.cn/", "http:// a", "https://a b", ""],
)
def test_only_absolute_web_addresses_pass(url: str) -> None:
    assert not is_url(url)


WRONG = [
    (tee(title=""), "BLANK", "title"),
    (tee(title="x" * 256), "TOO_LONG", "title"),
    (tee(title="\ud800"), "INVALID", "title"),
    (tee(handle="a b"), "INVALID", "handle"),
    (tee(tags=["a"] * 251), "TOO_LONG", "tags"),
    (tee(tags=["a", " "]), "BLANK", "tags.1"),
    (tee(tags=["x" * 256]), "TOO_LONG", "tags.0"),
    (tee(description_html="x" * 200_001), "TOO_LONG", "descriptionHtml"),
    (tee(per_person_limit=0), "OUT_OF_RANGE", "perPersonLimit"),
    (tee(variants=[]), "BLANK", "variants"),
    (tee(variants=[variant("S", price_fen=-1)]), "OUT_OF_RANGE", "variants.0.price"),
    (tee(variants=[variant("S", price_fen=FEN_MAX + 1)]), "OUT_OF_RANGE", "variants.0.price"),
    (tee(variants=[variant("S", cost_fen=-1)]), "OUT_OF_RANGE", "variants.0.cost"),
    (tee(variants=[variant("S", per_order_limit=0)]), "OUT_OF_RANGE", "variants.0.perOrderLimit"),
    (tee(variants=[variant("S", weight_grams=-1)]), "OUT_OF_RANGE", "variants.0.weightGrams"),
    (tee(options=[OptionDraft("尺码", [])]), "BLANK", "options.0.values"),
    (tee(options=[OptionDraft("尺码", ["S", "S"])]), "DUPLICATE", "options.0.values.1"),
    (tee(options=[OptionDraft("尺码", ["S"]), OptionDraft("尺码", ["S"])]), "DUPLICATE", "options.1.name"),
    (tee(media=[MediaDraft(url="x")]), "INVALID", "media.0.url"),
    (tee(media=[MediaDraft(url="https://a.cn", width=0)]), "OUT_OF_RANGE", "media.0.width"),
]


@pytest.mark.parametrize(("draft", "code", "field"), WRONG)
def test_each_wrong_is_said_at_its_place(draft: ProductDraft, code: str, field: str) -> None:
    assert [(refusal.code, ".".join(refusal.field)) for refusal in product_refusals(draft)] == [(code, field)]


def test_a_right_one_passes() -> None:
    assert product_refusals(tee(variants=[variant("S", price_fen=0), variant("M", price_fen=FEN_MAX)])) == []
