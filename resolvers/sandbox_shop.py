"""A sandbox shop ready for use: app, account, visitor key, owner and KOL, opened in one go for testers and the demo."""

from dataclasses import dataclass
from typing import Final

from models.promoter import Promoter, PromoterKind
from models.shop import Shop, ShopMode
from models.staff import Role, Staff
from models.wechat_app import WechatApp
from resolvers.caller import system_caller
from resolvers.merchant_account import add_sandbox_account
from resolvers.randomness import randomness
from resolvers.shop import create_shop
from resolvers.staff import staff_named
from resolvers.visitor_key import create_key
from resolvers.wechat_app import add_app
from wechat.sandbox.pay_merchants import make_merchant

OWNER_NAME: Final = "店长"
KOL_NAME: Final = "达人"
_SANDBOX_SECRET: Final = "sandbox"  # noqa: S105 - opens nothing: no real WeChat knows the app
_APPID_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class SandboxShop:
    """What was opened; `key` is the visitor key. The KOL is a promoter, as every KOL must be to share."""

    shop: Shop
    app: WechatApp
    key: str
    owner: Staff
    kol: Staff


async def open_sandbox(*, handle: str, name: str, seed: int, sealing_key: bytes, key: str | None = None) -> SandboxShop:
    """Open an empty sandbox shop with a mini-program, a merchant account, a visitor key and two members of staff.

    The appid and the merchant's number follow the seed; the key does not, unless the demo shop names its own. Raises
    Refusal as `create_shop` and `create_key` do.
    """
    shop = await create_shop(mode=ShopMode.SANDBOX, handle=handle, name=name, seed=seed)
    appid = f"wx{randomness(seed, 'appid').getrandbits(_APPID_BITS):016x}"
    app = await add_app(shop, appid=appid, secret=_SANDBOX_SECRET, sealing_key=sealing_key, name=name)
    made = await make_merchant(mchid=None, shop_id=shop.id, seed=seed, appids=[appid])
    await add_sandbox_account(system_caller(shop), made, [appid], sealing_key)
    visitor_key = await create_key(app, key)
    owner = await staff_named(shop.id, OWNER_NAME, [Role.OWNER])
    kol = await staff_named(shop.id, KOL_NAME, [Role.KOL])
    await Promoter.create(
        shop_id=shop.id,
        kind=PromoterKind.KOL,
        name=KOL_NAME,
        staff_id=kol.id,
        created_at=shop.created_at,
        updated_at=shop.created_at,
    )
    return SandboxShop(shop, app, visitor_key.key, owner, kol)
