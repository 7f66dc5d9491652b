"""From a shop's app to its WeChat: the row says where, the server knows its own sandbox, production has none."""

import httpx
import pytest

from api.app import create
from models.shop import ShopMode
from models.wechat_app import WECHAT_URL, WechatAppKind
from resolvers.shop import create_shop
from resolvers.wechat_app import add_app
from settings import Settings
from tests.harness.server import client, serving_app
from tests.harness.shops import OpenedShop, SandboxShop
from wechat.access_token import AccessTokens
from wechat.connection import NoSandboxError, Wechat, wechat
from wechat.sandbox.app import PATH, ROUTES


async def test_a_sandbox_shop_logs_its_customers_in(shop: SandboxShop, http: httpx.AsyncClient) -> None:
    minted = await http.post(f"{PATH}/codes", json={"user": "xiaoming", "appid": shop.app.appid})

    session = await wechat().mini_program(shop.app).code2session(minted.json()["code"])

    assert session.openid == minted.json()["openid"]


async def test_a_live_shop_speaks_to_the_real_one(settings: Settings, server: str) -> None:
    live = await create_shop(mode=ShopMode.LIVE, handle="live-wechat", name="正式")
    key = settings.derive("sealing")
    app = await add_app(live, appid="wxlive", secret=key.hex(), sealing_key=key, kind=WechatAppKind.WEBSITE)

    website = wechat().website(app)

    assert website.transport.base_url == WECHAT_URL
    assert website.login_url("https://shop.example/", "s").startswith("https://open.weixin.qq.com/connect/qrconnect?")


async def test_an_address_of_its_own_goes_before_the_servers(
    opened: OpenedShop, settings: Settings, server: str
) -> None:
    opened.app.base_url = "http://wechat.example"
    assert wechat().mini_program(opened.app).transport.base_url == "http://wechat.example"


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({}, "http://127.0.0.1:8000/sandbox/wechat"),
        ({"host": "0.0.0.0", "port": 8101}, "http://127.0.0.1:8101/sandbox/wechat"),  # noqa: S104 - asked, not bound
        ({"host": "::"}, "http://[::1]:8000/sandbox/wechat"),
        ({"host": "10.0.0.7"}, "http://10.0.0.7:8000/sandbox/wechat"),
        ({"wechat_sandbox_url": "http://w/x"}, "http://w/x"),
        ({"mode": "production"}, None),
        ({"mode": "production", "wechat_sandbox_url": "http://w/x"}, "http://w/x"),
    ],
)
def test_a_server_knows_where_its_sandbox_is(settings: Settings, changed: dict[str, object], url: str | None) -> None:
    assert settings.model_copy(update={"port": 8000} | changed).sandbox_wechat == url


async def test_in_production_a_sandbox_shop_has_no_wechat(opened: OpenedShop, settings: Settings) -> None:
    key = settings.derive("sealing")
    async with httpx.AsyncClient(trust_env=False) as http:
        alone = Wechat(http, key, None, AccessTokens(key))
        with pytest.raises(NoSandboxError, match="WECHAT_SANDBOX_URL"):
            alone.mini_program(opened.app)


async def test_in_production_the_sandbox_does_not_exist(settings: Settings, database: None) -> None:
    production = settings.model_copy(update={"mode": "production"})
    async with serving_app(create(production)) as base_url, client(base_url) as http:
        for route in ROUTES:
            for method in route.methods or ():
                answer = await http.request(method, f"{PATH}{route.path}")
                assert (answer.status_code, answer.content) == (404, b"" if method == "HEAD" else b"Not Found")
