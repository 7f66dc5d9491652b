"""The owner enters by which account the shop takes money; secrets go in and never come out."""

from typing import Any

import pytest

from models.database import pool
from models.staff import Role
from settings import Settings
from tests.harness.accounts import LIST, SAVE, opened, save
from tests.harness.asking import Refused
from tests.harness.buying import on_sale
from tests.harness.paying import count, mchid_of, payer, settled, wechat_pay
from tests.harness.phones import phone_in_another_app
from tests.harness.shops import SandboxShop


async def test_a_sandbox_shop_takes_money_from_the_first_moment(shop: SandboxShop) -> None:
    [account] = (await shop.staff(LIST))["merchantAccounts"]

    assert (account["mode"], account["appids"], account["version"]) == ("DIRECT", [shop.app.appid], 1)
    [key] = account["platformKeyIds"]
    assert key.startswith("PUB_KEY_ID_")
    assert len(account["channel"]) == 32


async def test_secrets_are_sealed_and_for_nobodys_eyes(shop: SandboxShop) -> None:
    account = await opened(shop)

    answer = await save(shop, **account)

    assert answer.refusals == []
    assert account["apiV3Key"] not in str(answer.body)
    row = str(await pool().fetchrow("select * from merchant_account where mchid = $1", account["mchid"]))
    assert account["apiV3Key"] not in row
    assert "PRIVATE KEY" not in row
    for asker in (shop.visitor, await shop.staff_with(Role.ORDERS, Role.CATALOGUE)):
        assert (await asker(LIST)).codes == ["FORBIDDEN"]
        assert (await asker(SAVE, {"input": account})).codes == ["FORBIDDEN"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    id_ = answer["merchantAccountUpsert"]["merchantAccount"]["id"]
    assert (await (await shop.staff_with(Role.ORDERS, Role.CATALOGUE))(node, {"id": id_}))["node"] is None


async def test_the_app_pays_through_the_account_that_has_it_now(shop: SandboxShop) -> None:
    former = await mchid_of(shop)
    account = await opened(shop)

    assert (await save(shop, **account)).refusals == []
    by_number = {one["mchid"]: one["appids"] for one in (await shop.staff(LIST))["merchantAccounts"]}
    assert by_number == {former: [], account["mchid"]: [shop.app.appid]}
    ming, [mug] = await payer(shop), await on_sale(shop, "mug", 5)
    order = await ming.places((mug, 1))
    await ming.has_paid(order["id"])
    await settled(shop)

    assert (await ming.order(order["id"]))["status"] == "PAID"
    assert await count(shop, "payment", f"mchid = '{account['mchid']}'") == 1


async def test_a_change_keeps_what_was_left_out(shop: SandboxShop) -> None:
    [account] = (await shop.staff(LIST))["merchantAccounts"]
    same = {"mode": account["mode"], "mchid": account["mchid"]}

    renamed = await save(shop, **same, name="收款", version=1)
    assert renamed["merchantAccountUpsert"]["merchantAccount"] == account | {"name": "收款", "version": 2}
    [late] = (await save(shop, **same, name="又改", version=1)).refusals
    assert (late.code, late.field, late.more["version"]) == ("CONFLICT", "input.version", 2)

    ming, [mug] = await payer(shop), await on_sale(shop, "mug", 5)
    assert (await ming.pays((await ming.places((mug, 1)))["id"]))["requestPayment"]


async def test_without_a_key_of_wechats_its_certificates_are_fetched(shop: SandboxShop) -> None:
    account = await opened(shop, keyMode="CERTIFICATE")
    del account["platformKeys"]

    answer = await save(shop, **account)

    assert answer.refusals == []
    [serial] = answer["merchantAccountUpsert"]["merchantAccount"]["platformKeyIds"]
    assert int(serial, 16)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"apiV3Key": "short"}, ("INVALID", "input.apiV3Key")),
        ({"privateKeyPem": "x"}, ("INVALID", "input.privateKeyPem")),
        ({"serialNo": "z"}, ("INVALID", "input.serialNo")),
        ({"platformKeys": [{"id": "PUB_KEY_ID_1", "pem": "x"}]}, ("INVALID", "input.platformKeys")),
        ({"mode": "PARTNER"}, ("INVALID", "input.subMchid")),
        ({"providerAppid": "wx0123456789abcdef"}, ("INVALID", "input.providerAppid")),
        ({"mode": "PARTNER", "subMchid": "1700000001"}, ("INVALID", "input.providerAppid")),
        ({"mode": "PARTNER", "subMchid": "1700000001", "providerAppid": "wx"}, ("INVALID", "input.providerAppid")),
        ({"mchid": "12a"}, ("INVALID", "input.mchid")),
        ({"appids": ["wxnobody"]}, ("NOT_FOUND", "input.appids.0")),
        ({"apiV3Key": None}, ("BLANK", "input.apiV3Key")),
    ],
)
async def test_what_cannot_work_is_refused_by_its_field(
    shop: SandboxShop, change: dict[str, Any], refused: tuple[str, str]
) -> None:
    answer = await save(shop, **await opened(shop) | change)

    assert answer.refusals == [Refused(*refused)]
    assert await count(shop, "merchant_account") == 1


async def test_each_app_pays_by_its_own_openid(shop: SandboxShop, settings: Settings) -> None:
    ming, [mug] = await payer(shop), await on_sale(shop, "mug", 5)
    order = await ming.places((mug, 1))
    first = await ming.pays(order["id"])
    other = await phone_in_another_app(ming.phone, settings, f"wx{'7' * 16}")
    account, [stands] = await mchid_of(shop), (await shop.staff(LIST))["merchantAccounts"]
    await wechat_pay(shop, "/merchants", mchid=account, appids=[other.appid])
    both = [shop.app.appid, other.appid]
    assert (await save(shop, mode="DIRECT", mchid=stands["mchid"], appids=both)).refusals == []

    asker = await other.logged_in()
    second = await asker(
        """mutation ($id: ID!) { orderPay(input: {orderId: $id}, idempotencyKey: "2") {
          payment { id } requestPayment { appId package } userErrors { code field message } } }""",
        {"id": order["id"]},
    )

    assert second.refusals == []
    paying = second["orderPay"]
    assert paying["requestPayment"]["appId"] == other.appid
    assert paying["payment"]["id"] != first["payment"]["id"]
    openids = await pool().fetch("select distinct payer_openid from payment where shop_id = $1", shop.id)
    assert len(openids) == 2
