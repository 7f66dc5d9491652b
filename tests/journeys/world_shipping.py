"""What a furnished shop has sent: one order in part, of which WeChat would not hear; and one that is on its way."""

from typing import Any, Final
from uuid import UUID

from ids import encode_id
from models.database import pool
from tests.harness.asking import Asker
from tests.harness.paying import PAY, SYNC, wechat_pay
from tests.harness.shipping import NUMBER, SHIP
from tests.harness.shops import SandboxShop
from tests.journeys.world_paying import buy

_REFUSED: Final = """
update shipping_upload set state = 'FAILED', next_attempt_at = null, last_error = $3
where shop_id = $1 and order_id = (select order_id from shipment where shop_id = $1 and note = $2) returning id
"""


async def send(shop: SandboxShop, customer: Asker, mark: str, hidden: str, **bought: Any) -> dict[str, str]:
    """Sell two orders and send of the first one piece of two, of the second all."""
    part = await _paid(shop, customer, f"{mark} part", quantity=2, **bought)
    whole = await _paid(shop, customer, f"{mark} whole", **bought)
    parcel = await _send(shop, part["order"], mark, [{"lineId": part["order.line"], "quantity": 1}])
    await _send(shop, whole["order"], f"{mark} all")
    upload: UUID = await pool().fetchval(_REFUSED, shop.id, mark, hidden)
    return {
        "parcel": parcel,
        "upload": encode_id("upl", upload),
        **{f"part{name.removeprefix('order')}": id_ for name, id_ in part.items()},
        **{f"whole{name.removeprefix('order')}": id_ for name, id_ in whole.items()},
    }


async def _paid(  # noqa: PLR0913 - who buys what
    shop: SandboxShop, customer: Asker, mark: str, *, variant: str, address: str, quantity: int = 1
) -> dict[str, str]:
    order = await buy(customer, mark, variant, address, quantity)
    asked = {"input": {"orderId": order["order"]}, "key": f"pay {mark}"}
    request = (await customer(PAY, asked))["orderPay"]["requestPayment"]
    prepay_id = request.pop("package").removeprefix("prepay_id=")
    said = await wechat_pay(shop, "/pay", prepay_id=prepay_id, outcome="success", **request)
    assert said["outcome"] == "success", said
    assert (await customer(SYNC, {"id": order["order"]})).refusals == []
    return order


async def _send(shop: SandboxShop, order: str, note: str, lines: list[dict[str, object]] | None = None) -> str:
    asked = {"id": order, "lines": lines, "carrier": "SF", "number": NUMBER, "note": note, "key": f"send {note}"}
    answer = await shop.staff(SHIP, asked)
    assert answer.refusals == []
    parcel: str = answer["orderShip"]["shipment"]["id"]
    return parcel
