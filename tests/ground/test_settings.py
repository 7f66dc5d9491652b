"""Settings: production refuses what is missing or weak and says what to do; development needs nothing."""

import stat
from pathlib import Path

import pytest

from settings import Settings, SettingsError, load_settings

STRONG = "Zx8-cV3_bN6mQ1wE5rT9yU2iO7pA4sD0"
PRODUCTION = {
    "MODE": "production",
    "SECRET_KEY": STRONG,
    "DATABASE_URL": "postgresql://shop@db/xiaopu",
    "REDIS_URL": "redis://cache",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("XIAOPU_HOME", str(tmp_path / "home"))
    return monkeypatch


def test_development_needs_nothing_and_keeps_one_secret(environment: pytest.MonkeyPatch) -> None:
    first, second = load_settings(), load_settings()

    assert first.secret_key == second.secret_key
    assert stat.S_IMODE((first.home / "secret_key").stat().st_mode) == 0o600
    assert first.secret_key not in repr(first)


def test_production_starts_with_all_it_needs(environment: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        environment.setenv(name, value)

    assert load_settings().is_production


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_production_names_what_is_missing(environment: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in PRODUCTION.items():
        environment.setenv(name, "" if name == missing else value)

    with pytest.raises(SettingsError, match=f"{missing} is missing"):
        load_settings()


def test_a_bucket_needs_its_keys_and_an_address_for_clients(environment: pytest.MonkeyPatch) -> None:
    for name, value in (PRODUCTION | {"MEDIA_S3_ENDPOINT": "https://s3.example", "MEDIA_S3_ACCESS_KEY": "a"}).items():
        environment.setenv(name, value)
    with pytest.raises(SettingsError, match="MEDIA_S3_SECRET_KEY"):
        load_settings()

    environment.setenv("MEDIA_S3_SECRET_KEY", "b")
    environment.setenv("MEDIA_URL", "https://img.example/")
    assert load_settings().media_address == "https://img.example"


@pytest.mark.parametrize("weak", ["short", "a" * 64, "please-change-me-please-change-me-now"])
def test_a_weak_secret_is_refused_and_not_repeated(environment: pytest.MonkeyPatch, weak: str) -> None:
    environment.setenv("SECRET_KEY", weak)

    with pytest.raises(SettingsError, match="SECRET_KEY") as refused:
        load_settings()
    assert weak not in str(refused.value)


def test_a_port_that_is_none_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "eighty")

    with pytest.raises(SettingsError, match=r"PORT: .*integer"):
        load_settings()


def test_the_command_line_wins_over_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "8101")

    assert load_settings(port=8102).port == 8102
    assert load_settings(port=None).port == 8101


def test_each_purpose_has_a_key_of_its_own(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings(secret_key=STRONG)

    assert settings.derive("cursor") == settings.derive("cursor") != settings.derive("token")
    assert len(settings.derive("cursor")) == 32


def test_origins_are_split_at_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CORS_ORIGINS", "https://a.example, https://b.example,")

    assert load_settings().cors_origins == ("https://a.example", "https://b.example")


def test_a_home_keeps_its_mode(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o750)

    load_settings()

    assert stat.S_IMODE(home.stat().st_mode) == 0o750
