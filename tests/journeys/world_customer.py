"""People of a furnished shop: somebody who has logged in, with codes not used yet; and the owner, known to WeChat."""

from typing import Final

from models.staff_login import StaffIdentity
from tests.harness.phones import CONSENT, PROFILE, phone_of
from tests.harness.shops import SandboxShop

CUSTOMER: Final = (
    "id nickname avatarUrl phone createdAt consents { kind policyVersion givenAt withdrawnAt } metafields { id value }"
)

_CODE_SECONDS: Final = 3600


async def arrive(shop: SandboxShop, mark: str) -> dict[str, str]:
    """Log somebody in, and return what one may ask with: id, tokens, codes."""
    phone = phone_of(shop, mark)
    stays, leaves, login = await phone.login(), await phone.login(), await phone.login()
    me = phone.customer(login["session"]["accessToken"])
    profile = {"nickname": mark, "avatarUrl": f"https://img.example/{mark}"}
    consent = {"kind": "PRIVACY", "policyVersion": mark, "agreed": True}
    for document, wish in ((PROFILE, profile), (CONSENT, consent)):
        assert (await me(document, {"input": wish})).refusals == []
    await StaffIdentity.create(
        shop_id=shop.id, staff_id=shop.owner.id, appid=shop.app.appid, openid=mark, created_at=shop.caller.now
    )
    return {
        "customer": login["customer"]["id"],
        "customer.token": login["session"]["accessToken"],
        "refresh.token": stays["session"]["refreshToken"],
        "revoke.token": leaves["session"]["refreshToken"],
        "login.code": await phone.code(seconds=_CODE_SECONDS),
        "phone.code": await phone.phone_code(seconds=_CODE_SECONDS),
    }
