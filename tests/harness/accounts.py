"""Accounts at WeChat Pay: opened at the sandbox's, and entered as a shop's owner enters them."""

from typing import Any

from tests.harness.asking import Answer
from tests.harness.paying import wechat_pay
from tests.harness.shops import SandboxShop

ACCOUNT = "id name mode mchid subMchid providerAppid serialNo platformKeyIds appids channel version"
LIST = f"{{ merchantAccounts {{ {ACCOUNT} }} }}"
SAVE = f"""
mutation ($input: MerchantAccountInput!) {{
  merchantAccountUpsert(input: $input) {{
    merchantAccount {{ {ACCOUNT} }} userErrors {{ code field message ... on ConflictUserError {{ version }} }}
  }}
}}"""


async def save(shop: SandboxShop, **account: Any) -> Answer:
    """Enter an account, or change it."""
    return await shop.staff(SAVE, {"input": account})


async def opened(shop: SandboxShop, **more: Any) -> dict[str, Any]:
    """Open another merchant at the sandbox's WeChat Pay; what a shop enters of it."""
    made = await wechat_pay(
        shop, "/merchants", shopId=shop.global_id, seed=shop.shop.seed, appids=[shop.app.appid], **more
    )
    [key, *_] = made["publicKeys"] or [{"publicKeyId": "", "publicKey": ""}]
    return {
        "mode": "PARTNER" if made["subMchid"] else "DIRECT",
        "mchid": made["mchid"],
        "subMchid": made["subMchid"],
        "providerAppid": made["providerAppid"],
        "serialNo": made["serialNo"],
        "apiV3Key": made["apiV3Key"],
        "privateKeyPem": made["privateKey"],
        "platformKeys": [{"id": key["publicKeyId"], "pem": key["publicKey"]}],
        "appids": [shop.app.appid],
    }


async def provided(shop: SandboxShop, sub_mchid: str, *, mchid: str | None = None) -> dict[str, Any]:
    """Let a service provider take the shop's money, a new one or the one of this number; the account as entered."""
    of = {} if mchid is None else {"mchid": mchid}
    account = await opened(shop, subMchid=sub_mchid, **of)
    assert (await save(shop, **account)).refusals == []
    return account
