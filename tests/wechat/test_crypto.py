"""WeChat's cryptography, held to published and recomputed vectors, and to what must be refused."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from wechat.crypto import (
    WATERMARK_SECONDS,
    PushError,
    SessionDataError,
    check_push,
    decrypt_push,
    decrypt_session_data,
    encrypt_push,
    encrypt_session_data,
    is_raw_data_genuine,
    push_signature,
    raw_data_signature,
    session_signature,
)

# The sample of WeChat's own documentation.
BAND_APPID = "wx4f4bc4dec97d474b"
BAND_KEY = "tiihtNczf5v6AKRyjwEUhQ=="
BAND_IV = "r7BXXKkLb8qrSNn05n0qiA=="
BAND_AT = datetime.fromtimestamp(1477314187, UTC)
BAND_SEALED = (
    "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOET"
    "KUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXw"
    "u0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UI"
    "eorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYV"
    "oKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
)
RAW_DATA = (
    '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",'
    '"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpuj'
    'xyzYsrztuuICqIM5ibXQ/0"}'
)
RAW_KEY = "HyVFkGl5F5OQWJZZaNzBBg=="

PUSH = {"token": "testtoken", "timestamp": "1700000000", "nonce": "n0nce"}
PUSH_APPID = "wx0000000000000001"
PUSH_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PUSHED = (
    b'{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1700000000,"MsgType":"event",'
    b'"Event":"user_enter_tempsession"}'
)
PUSH_SEALED = (
    "Q3stYC6hdFzMh9T8HCvyDPcgI3A4KSvgnw0dvsrAfvEp2brs9t8a6ay+tSozCrK+Q1H1pxKwjTIbgh2K9h3t48EbcpQu9hDvg5z3WYvYKp624REb"
    "ezho8udQJ7oGx4qOg6Vznu2pWlKJjThjdE4mjvL6PQEIURO4FD0oKFE9vxaHqnGugK9f/RqEpsTkBVHk6jdvjs9gsOWU6IXBSFBXUg=="
)

texts = st.text(max_size=40)
junk = st.one_of(texts, st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode()))
session_keys = st.binary(min_size=16, max_size=16).map(lambda raw: base64.b64encode(raw).decode())
# 43 characters of base64 say 32 bytes.
aes_keys = st.binary(min_size=32, max_size=32).map(lambda raw: base64.b64encode(raw).decode()[:43])


def open_band(**changed: object) -> dict[str, object]:
    asked: dict[str, object] = {"session_key": BAND_KEY, "appid": BAND_APPID, "now": BAND_AT}
    asked |= {"encrypted": BAND_SEALED, "iv": BAND_IV} | changed
    return decrypt_session_data(**asked)  # type: ignore[arg-type]


def test_the_sample_of_the_documentation_opens() -> None:
    profile = open_band()
    assert profile["openId"] == "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
    assert profile["nickName"] == "Band"
    assert profile["unionId"] == "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
    assert profile["watermark"] == {"timestamp": 1477314187, "appid": BAND_APPID}


def test_raw_data_is_signed_as_documented() -> None:
    signature = "75e81ceda165f4ffa64f4068af58c64b8f54b88c"
    assert raw_data_signature(RAW_DATA, RAW_KEY) == signature
    assert is_raw_data_genuine(RAW_DATA, signature, RAW_KEY)
    assert not is_raw_data_genuine(RAW_DATA.replace("Band", "Bond"), signature, RAW_KEY)
    assert not is_raw_data_genuine(RAW_DATA, "七" * 40, RAW_KEY)


def test_a_session_is_proven_with_the_base64_text_as_key() -> None:
    signature = "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"
    assert session_signature("o0q0otL8aEzpcZL/FT9WsQ==", '{"foo":"bar"}') == signature


@pytest.mark.parametrize(
    "changed",
    [
        {"session_key": RAW_KEY},
        {"session_key": "c2hvcnQ="},
        {"session_key": "not base64"},
        {"iv": "c2hvcnQ="},
        {"iv": "七"},
        {"encrypted": BAND_SEALED[:-4]},
        {"encrypted": ""},
        {"encrypted": "A" + BAND_SEALED[1:]},
        {"appid": "wx0000000000000001"},
        {"now": BAND_AT + timedelta(seconds=WATERMARK_SECONDS + 1)},
        {"now": BAND_AT - timedelta(seconds=WATERMARK_SECONDS + 1)},
    ],
)
def test_whatever_is_wrong_with_sealed_data_sounds_the_same(changed: dict[str, object]) -> None:
    with pytest.raises(SessionDataError, match=r"^the data was not sealed for this app and session$"):
        open_band(**changed)


@given(st.dictionaries(texts, texts, max_size=5), session_keys)
def test_what_is_sealed_opens_again(data: dict[str, str], session_key: str) -> None:
    sealed = data | {"watermark": {"appid": BAND_APPID, "timestamp": int(BAND_AT.timestamp())}}
    encrypted, iv = encrypt_session_data(sealed, session_key)
    assert open_band(encrypted=encrypted, iv=iv, session_key=session_key) == sealed


@given(junk, junk, junk)
def test_junk_instead_of_sealed_data_is_a_typed_error(encrypted: str, iv: str, session_key: str) -> None:
    with pytest.raises(SessionDataError):
        open_band(encrypted=encrypted, iv=iv, session_key=session_key)


@pytest.mark.parametrize("data", [b"[]", b"1", b"{}", b'{"watermark":[]}', b"{"])
def test_sealed_json_without_a_watermark_is_refused(data: bytes) -> None:
    encrypted, iv = _sealed_bytes(data)
    with pytest.raises(SessionDataError):
        open_band(encrypted=encrypted, iv=iv)


def _sealed_bytes(plain: bytes) -> tuple[str, str]:
    fill = 16 - len(plain) % 16
    cipher = Cipher(algorithms.AES(base64.b64decode(BAND_KEY)), modes.CBC(base64.b64decode(BAND_IV))).encryptor()
    sealed = cipher.update(plain + bytes([fill]) * fill) + cipher.finalize()
    return base64.b64encode(sealed).decode(), BAND_IV


def test_a_push_is_signed_as_recomputed() -> None:
    assert push_signature(**PUSH) == "ecc9a2d2567679a271ba9f0de27aff31fa7de72e"
    assert push_signature(**PUSH, encrypted=PUSH_SEALED) == "57b3c431c1c631d422267134e0137089fc0d7095"


def test_a_message_in_safe_mode_is_sealed_and_opened_as_recomputed() -> None:
    sealed = encrypt_push(PUSHED, encoding_aes_key=PUSH_KEY, appid=PUSH_APPID, prefix=b"0123456789abcdef")
    assert sealed == PUSH_SEALED
    assert decrypt_push(PUSH_SEALED, encoding_aes_key=PUSH_KEY, appid=PUSH_APPID) == PUSHED


@pytest.mark.parametrize("changed", ["token", "timestamp", "nonce", "signature", "encrypted"])
def test_one_changed_character_breaks_the_signature(changed: str) -> None:
    signed = {**PUSH, "encrypted": PUSH_SEALED, "signature": push_signature(**PUSH, encrypted=PUSH_SEALED)}
    check_push(**signed)
    signed[changed] = "x" + signed[changed][1:]
    with pytest.raises(PushError):
        check_push(**signed)


def test_an_app_without_a_token_believes_nobody() -> None:
    with pytest.raises(PushError):
        check_push(push_signature("", "1", "2"), token="", timestamp="1", nonce="2")


@pytest.mark.parametrize(
    ("sealed", "key", "appid"),
    [
        (PUSH_SEALED, PUSH_KEY, "wx0000000000000002"),
        (PUSH_SEALED, PUSH_KEY[::-1], PUSH_APPID),
        (PUSH_SEALED, PUSH_KEY[:-1], PUSH_APPID),
        (PUSH_SEALED, "七" * 43, PUSH_APPID),
        (PUSH_SEALED[:-4], PUSH_KEY, PUSH_APPID),
        (PUSH_SEALED[4:], PUSH_KEY, PUSH_APPID),
        ("", PUSH_KEY, PUSH_APPID),
        ("七", PUSH_KEY, PUSH_APPID),
    ],
)
def test_a_message_for_somebody_else_or_damaged_is_refused(sealed: str, key: str, appid: str) -> None:
    with pytest.raises(PushError, match=r"^the message was not signed or sealed for this app$"):
        decrypt_push(sealed, encoding_aes_key=key, appid=appid)


@given(st.binary(max_size=300), aes_keys, st.from_regex(r"wx[0-9a-f]{16}", fullmatch=True))
def test_any_message_comes_out_of_safe_mode_as_it_went_in(message: bytes, key: str, appid: str) -> None:
    sealed = encrypt_push(message, encoding_aes_key=key, appid=appid)
    assert len(base64.b64decode(sealed)) % 32 == 0
    assert decrypt_push(sealed, encoding_aes_key=key, appid=appid) == message


@given(junk, aes_keys)
def test_junk_instead_of_a_message_is_a_typed_error(sealed: str, key: str) -> None:
    with pytest.raises(PushError):
        decrypt_push(sealed, encoding_aes_key=key, appid=PUSH_APPID)
