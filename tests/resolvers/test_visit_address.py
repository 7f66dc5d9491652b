"""Addresses of visits: evidence is found however it was wrapped, and what is secret or personal is never kept."""

from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.visit_address import Evidence, evidence_in, filtered_path, filtered_query, share_token

TOKEN = "aB3dE5gH1j"
SECRET = "s3cr3tValue"
SECRET_NAMES = [
    "code", "js_code", "token", "access_token", "shareToken", "phone", "phoneNumber", "mobile", "tel", "openid",
    "unionId", "session_key", "sessionKey", "password", "pwd", "app_secret", "ticket", "signature", "iv",
    "encryptedData", "rawData", "email", "idCard", "address", "realName", "Authorization", "api_key",
]  # fmt: skip
PERSONAL = [
    "13812345678", "+8613812345678", "tel:13812345678", "11010519491231002X", "ming@example.cn",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln",
]  # fmt: skip

harmless = st.dictionaries(
    st.sampled_from(["id", "sku", "from", "tab", "campaign", "st"]), st.text(max_size=20), max_size=4
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", Evidence()),
        (f"st={TOKEN}", Evidence(token=TOKEN)),
        (f"?id=1&st={TOKEN}&campaign=618", Evidence(token=TOKEN, campaign="618")),
        (f"scene=t%3D{TOKEN}", Evidence(token=TOKEN)),
        (f"scene=t%253D{TOKEN}", Evidence(token=TOKEN)),
        (f"scene=t%3D{TOKEN}%26ch%3Dposter%26c%3D618", Evidence(token=TOKEN, channel="poster", campaign="618")),
        ("utm_source=weibo&utm_campaign=双11", Evidence(channel="weibo", campaign="双11")),
        ("gdt_vid=wx0abc", Evidence(ad_click_id="wx0abc")),
        ("st=short", Evidence()),
        ("st=aB3dE5gH1j-", Evidence()),
        (f"st={TOKEN}&st=bbbbbbbbbb", Evidence(token=TOKEN)),
        ("campaign=%00", Evidence()),
        (f"campaign={'x' * 100}", Evidence(campaign="x" * 64)),
        ("=&&&==&%&%zz", Evidence()),
    ],
)
def test_evidence_is_found(query: str, found: Evidence) -> None:
    assert evidence_in(query) == found


@given(harmless, st.sampled_from(SECRET_NAMES), st.integers(0, 3), st.booleans())
def test_a_secret_field_keeps_its_name_only(fields: dict[str, str], name: str, wraps: int, inside: bool) -> None:
    value = f"/pages/x?{name}={SECRET}" if inside else SECRET
    for _ in range(wraps):
        value = quote(value, safe="")
    query = urlencode({**fields, ("redirect" if inside else name): value})

    kept = filtered_query(query)

    assert SECRET not in kept
    assert dict(parse_qsl(kept, keep_blank_values=True))["redirect" if inside else name] == "***"


@given(st.sampled_from(PERSONAL), st.sampled_from(["id", "from", "x"]), st.integers(0, 2))
def test_what_gives_a_person_away_is_hidden_whatever_it_is_called(value: str, name: str, wraps: int) -> None:
    wrapped = value
    for _ in range(wraps):
        wrapped = quote(wrapped, safe="")

    assert filtered_query(urlencode({name: wrapped})) == f"{name}=***"
    assert filtered_path(f"pages/{wrapped}/show?token=1").endswith("/***/show")


@pytest.mark.parametrize("value", ["7", "龙井", "prd_01a2009c8beb799c8d2a0d87774b3e4a", "t=aB3dE5gH1j", "2026-01-01"])
def test_what_is_harmless_stays(value: str) -> None:
    query = urlencode({"id": value, "st": TOKEN})

    assert filtered_query(query) == query
    assert filtered_path("pages/goods/show") == "pages/goods/show"


def test_json_in_a_field_is_looked_into() -> None:
    assert filtered_query(urlencode({"data": '{"code": "0a3"}'})) == "data=***"


@given(st.text(max_size=300))
def test_nothing_that_comes_breaks_it(text: str) -> None:
    kept = filtered_query(text)

    assert kept.isascii()
    assert "\0" not in kept
    assert filtered_query(kept) == kept
    evidence_in(text)
    filtered_path(text)
    token = share_token(text)
    assert token is None or token.isalnum()
