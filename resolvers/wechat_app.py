"""What can be done with a shop's WeChat apps: add one, its secret sealed."""

import re
from typing import Final
from uuid import UUID

from clock import wall_now
from models.refusal import Refusal, UserErrorCode
from models.shop import Shop, ShopMode
from models.wechat_app import LANDING_PAGE, SANDBOX_URL, WECHAT_URL, WechatApp, WechatAppKind
from sealing import seal

APPID_CHARS_MAX: Final = 32
NAME_CHARS_MAX: Final = 120
OPEN_ACCOUNT_CHARS_MAX: Final = 64
_PAGE: Final = re.compile(r"[\w\-][\w\-/.]{0,127}", re.ASCII)


async def add_app(  # noqa: PLR0913 - an app is these facts
    shop: Shop,
    *,
    appid: str,
    secret: str,
    sealing_key: bytes,
    kind: WechatAppKind = WechatAppKind.MINI_PROGRAM,
    name: str = "",
    open_account: str = "",
    base_url: str | None = None,
    landing_page: str = LANDING_PAGE,
) -> WechatApp:
    """Add a WeChat app to a shop; without `base_url` a LIVE shop speaks to WeChat, a sandbox to the sandbox.

    Apps with one `open_account` know people together, by their unionid; without one an app knows only its own.
    `landing_page` is a page's path in the mini-program, without a slash before it and without a query.
    `sealing_key` is `settings.derive("sealing")`. Raises Refusal: INVALID for the appid, the account, the page or the
    base URL, NOT_ALLOWED when a sandbox shop would speak to the real WeChat, TAKEN when the shop has the app already.
    """
    url = base_url or (WECHAT_URL if shop.mode is ShopMode.LIVE else SANDBOX_URL)
    _check(shop, appid, url)
    if not _PAGE.fullmatch(landing_page):
        raise Refusal(
            UserErrorCode.INVALID,
            "页面路径不正确",
            "A page is a path such as pages/landing/landing",
            "landingPage",
        )
    if len(open_account) > OPEN_ACCOUNT_CHARS_MAX or "\0" in open_account:
        en = f"An Open Platform account is named by at most {OPEN_ACCOUNT_CHARS_MAX} characters"
        raise Refusal(UserErrorCode.INVALID, "开放平台账号不正确", en, "openAccount")
    if await WechatApp.filter(shop_id=shop.id, appid=appid).exists():
        raise Refusal(UserErrorCode.TAKEN, "该应用已添加", f"The shop has the app {appid} already", "appid")
    return await WechatApp.create(
        shop_id=shop.id,
        appid=appid,
        kind=kind,
        name=(name or appid)[:NAME_CHARS_MAX],
        secret_sealed=seal(secret, sealing_key),
        open_account=open_account,
        base_url=url,
        landing_page=landing_page,
        created_at=wall_now(),
    )


async def find_app(shop_id: UUID, appid: str) -> WechatApp:
    """Return a shop's app by its appid. Raises Refusal NOT_FOUND."""
    app = await WechatApp.get_or_none(shop_id=shop_id, appid=appid)
    if app is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个应用", f"The shop has no app {appid}", "appid")
    return app


def _check(shop: Shop, appid: str, url: str) -> None:
    if not appid.isascii() or not appid.isalnum() or len(appid) > APPID_CHARS_MAX:
        raise Refusal(
            UserErrorCode.INVALID,
            "appid 只能由字母和数字组成",
            f"An appid is letters and digits, at most {APPID_CHARS_MAX}",
            "appid",
        )
    if url != SANDBOX_URL and not url.startswith(("https://", "http://")):
        raise Refusal(UserErrorCode.INVALID, "网址不正确", "A base URL begins with http:// or https://", "baseUrl")
    if shop.mode is ShopMode.SANDBOX and url.startswith(WECHAT_URL):
        raise Refusal(
            UserErrorCode.NOT_ALLOWED,
            "沙箱店铺不能连接真实微信",
            "A sandbox never speaks to the real WeChat",
            "baseUrl",
        )
