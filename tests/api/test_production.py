"""Production: the testers' door is not there, and weak or missing secrets keep the house shut."""

import httpx
import pytest

from api.app import create
from settings import Settings, SettingsError, load_settings
from tests.conftest import SECRET_KEY
from tests.harness.server import client, serving_app

DOORS = (
    ("POST", "/sandbox/shops"),
    ("DELETE", "/sandbox/shops/shp_00000000000000000000000000000000"),
    ("POST", "/sandbox/shops/shp_00000000000000000000000000000000/clock"),
    ("POST", "/sandbox/shops/shp_00000000000000000000000000000000/settle"),
    ("GET", "/sandbox/shops/shp_00000000000000000000000000000000/check"),
    ("POST", "/sandbox/staff/tokens"),
    ("POST", "/sandbox/wechat/merchants"),
    ("POST", "/sandbox/wechat/pay"),
    ("POST", "/sandbox/failpoints"),
)


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_the_testers_door_is_open_in_development(http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, path, content=b"{")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] in {"INVALID", "NOT_FOUND"}


async def test_in_production_it_does_not_exist(settings: Settings, database: None) -> None:
    production = settings.model_copy(update={"mode": "production"})
    async with serving_app(create(production)) as base_url, client(base_url) as http:
        for method, path in DOORS:
            answer = await http.request(method, path, content=b"{}")
            assert (answer.status_code, answer.text) == (404, "Not Found")


@pytest.mark.parametrize("secret", ["", "short", "a" * 64, "change-me-change-me-change-me-please"])
def test_a_missing_or_weak_secret_is_refused_and_never_quoted(secret: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(mode="production", secret_key=secret, database_url="postgresql://h/d", redis_url="redis://h")
    assert "SECRET_KEY" in str(refused.value)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize("missing", ["database_url", "redis_url"])
def test_production_never_starts_servers_of_its_own(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(missing.upper(), raising=False)
    given = {"database_url": "postgresql://h/d", "redis_url": "redis://h"}
    del given[missing]
    with pytest.raises(SettingsError, match=missing.upper()):
        load_settings(mode="production", secret_key=SECRET_KEY, **given)


def test_the_worker_stands_apart_in_production_unless_asked_in(settings: Settings) -> None:
    def runs(**given: object) -> bool:
        return settings.model_copy(update={"worker_inside": None, **given}).runs_worker

    assert (runs(), runs(mode="production")) == (True, False)
    assert (runs(worker_inside=False), runs(mode="production", worker_inside=True)) == (False, True)
