"""Tokens: what we signed is believed for its minutes; whatever else looks like a token is not."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwk, jws

import resolvers.tokens
from ids import new_id
from resolvers.caller import ActorKind
from resolvers.tokens import BadTokenError, Bearer, TokenFault, Tokens

SEED = bytes(range(32))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEARER = Bearer(ActorKind.STAFF, new_id(), "staff", new_id(), 3)

tokens = Tokens(SEED)


def part(value: object) -> str:
    return urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def split(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    whole = jws.extract_compact(token.encode())
    return whole.headers(), orjson.loads(whole.payload)


def signed(header: dict[str, Any], claims: dict[str, Any], seed: bytes = SEED) -> str:
    """Sign whatever is asked for, as an attacker with the key would: the key is right, the rest is not."""
    message = f"{part(header)}.{part(claims)}"
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(message.encode())
    return f"{message}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def fault_of(token: str, reader: Tokens = tokens) -> TokenFault:
    with pytest.raises(BadTokenError) as refused:
        reader.read(token)
    return refused.value.fault


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(resolvers.tokens, "wall_now", lambda: moment)


def test_a_token_says_what_it_was_given() -> None:
    assert tokens.read(tokens.issue(BEARER)).bearer == BEARER


def test_a_customers_token_is_for_one_app() -> None:
    customer = Bearer(ActorKind.CUSTOMER, new_id(), "wx0123456789abcdef", new_id(), 1)
    assert tokens.read(tokens.issue(customer)).bearer == customer


def test_two_tokens_of_one_second_differ() -> None:
    assert tokens.issue(BEARER) != tokens.issue(BEARER)


def test_the_header_pins_algorithm_and_key() -> None:
    header, _ = split(tokens.issue(BEARER))
    assert header.keys() == {"typ", "alg", "kid"}
    assert header["alg"] == "Ed25519"


def test_a_token_lives_fifteen_minutes_and_half_a_minute_of_leeway(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)
    token = tokens.issue(BEARER)
    at(monkeypatch, NOON + timedelta(minutes=15, seconds=29))
    assert tokens.read(token).bearer == BEARER
    at(monkeypatch, NOON + timedelta(minutes=15, seconds=30))
    assert fault_of(token) is TokenFault.EXPIRED


def test_a_token_of_the_future_is_not_good_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)
    token = tokens.issue(BEARER)
    at(monkeypatch, NOON - timedelta(seconds=31))
    assert fault_of(token) is TokenFault.EARLY


@pytest.mark.parametrize("minutes", [0, -1, 24 * 60 + 1])
def test_nobody_gets_a_token_for_longer_than_a_day(minutes: int) -> None:
    with pytest.raises(ValueError, match="1 to 1440 minutes"):
        tokens.issue(BEARER, minutes)


def test_another_secret_makes_every_token_foreign() -> None:
    assert fault_of(tokens.issue(BEARER), Tokens(bytes(32))) is TokenFault.FOREIGN


def test_a_changed_claim_breaks_the_signature() -> None:
    token = tokens.issue(BEARER)
    header, claims = split(token)
    forged = f"{part(header)}.{part({**claims, 'ver': 9})}.{token.rpartition('.')[2]}"
    assert fault_of(forged) is TokenFault.FORGED


def test_our_header_over_anothers_signature_is_forged() -> None:
    header, claims = split(tokens.issue(BEARER))
    assert fault_of(signed(header, claims, seed=bytes(32))) is TokenFault.FORGED


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "EdDSA"},
        {"kid": "another"},
        {"kid": None},
        {"typ": "at+jwt"},
        {"crit": ["exp"], "exp": 0},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/chain"},
        {"zip": "DEF"},
        {"b64": False, "crit": ["b64"]},
        {"jwk": jwk.OKPKey.generate_key("Ed25519").as_dict(private=False)},
    ],
    ids=lambda change: next(iter(change.items()))[0] + "=" + str(next(iter(change.values())))[:6],
)
def test_a_header_we_never_write_is_refused_even_when_the_signature_is_right(change: dict[str, Any]) -> None:
    header, claims = split(tokens.issue(BEARER))
    assert fault_of(signed({**header, **change}, claims)) is TokenFault.FOREIGN


def test_no_signature_at_all_is_refused() -> None:
    header, claims = split(tokens.issue(BEARER))
    assert fault_of(f"{part({**header, 'alg': 'none'})}.{part(claims)}.") is TokenFault.FOREIGN
    assert fault_of(f"{part(header)}.{part(claims)}.") is TokenFault.FORGED


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"iss": "somebody"}, TokenFault.FOREIGN),
        ({"sub": "cus_" + "0" * 32}, TokenFault.FOREIGN),
        ({"shop": "shp_nonsense"}, TokenFault.FOREIGN),
        ({"aud": "wx0123"}, TokenFault.AUDIENCE),
        ({"kind": "SYSTEM"}, TokenFault.INCOMPLETE),
        ({"kind": "VISITOR"}, TokenFault.INCOMPLETE),
        ({"exp": None}, TokenFault.INCOMPLETE),
        ({"exp": "soon"}, TokenFault.INCOMPLETE),
        ({"sub": 7}, TokenFault.INCOMPLETE),
        ({"ver": []}, TokenFault.INCOMPLETE),
    ],
)
def test_claims_are_checked_one_by_one(change: dict[str, Any], fault: TokenFault) -> None:
    header, claims = split(tokens.issue(BEARER))
    assert fault_of(signed(header, {**claims, **change})) is fault


@pytest.mark.parametrize(
    "mangle",
    [
        lambda _: "",
        lambda _: "a.b.c",
        lambda _: "..",
        lambda _: "é.é.é",
        lambda token: token + ".",
        lambda token: token.replace(".", "", 1),
        lambda token: token[1:],
        lambda _: part([]) + ".e30.e30",
        lambda _: part("text") + ".e30.e30",
    ],
)
def test_what_is_no_token_is_foreign(mangle: Callable[[str], str]) -> None:
    assert fault_of(mangle(tokens.issue(BEARER))) is TokenFault.FOREIGN


def test_a_token_of_more_than_eight_kilobytes_is_not_even_looked_at() -> None:
    assert fault_of("a" * (8 * 1024 + 1)) is TokenFault.TOO_LONG
