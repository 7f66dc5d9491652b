"""What WeChat is told of parcels: in its own shapes, and its noes in types."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.harness.server import serving_app
from wechat import errors
from wechat.client import MiniProgram
from wechat.shipping import (
    LogisticsType,
    Parcel,
    Shipping,
    masked,
    notify_confirm_receive,
    upload_shipping_info,
)
from wechat.transport import Transport

AT = datetime(2026, 11, 22, 10, 0, 0, 120000, UTC)
BOX = Parcel("茶叶 250g", "SF1234567890", "SF", "13800001234")
SHIPPED = Shipping("1900007291", "T1", "o1", LogisticsType.EXPRESS, (BOX,), is_all=True, uploaded_at=AT)


class Desk:
    """Where shippings are told: it keeps what came, and says what a test wants."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.answer: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}

    async def token(self, _request: Request) -> JSONResponse:
        """Hand out the app's token."""
        return JSONResponse({"access_token": "token", "expires_in": 7200})

    async def listen(self, request: Request) -> JSONResponse:
        """Take what is told."""
        self.told.append((request.url.path, orjson.loads(await request.body())))
        return JSONResponse(self.answer)


@pytest.fixture
def desk() -> Desk:
    """A desk with nothing on it."""
    return Desk()


@pytest.fixture
async def app(mini: MiniProgram, desk: Desk) -> AsyncIterator[MiniProgram]:
    """An app whose WeChat is the desk."""
    routes = [
        Route("/cgi-bin/stable_token", desk.token, methods=["POST"]),
        Route("/wxa/sec/order/{call}", desk.listen, methods=["POST"]),
    ]
    async with serving_app(Starlette(routes=routes)) as base_url:
        yield replace(mini, transport=Transport(mini.transport.http, base_url))


async def test_a_parcel_is_told_as_published(app: MiniProgram, desk: Desk) -> None:
    await upload_shipping_info(app, SHIPPED)
    assert desk.told == [
        (
            "/wxa/sec/order/upload_shipping_info",
            {
                "order_key": {"order_number_type": 1, "mchid": "1900007291", "out_trade_no": "T1"},
                "logistics_type": 1,
                "delivery_mode": 1,
                "shipping_list": [
                    {
                        "item_desc": "茶叶 250g",
                        "tracking_no": "SF1234567890",
                        "express_company": "SF",
                        "contact": {"receiver_contact": "138****1234"},
                    }
                ],
                "upload_time": "2026-11-22T18:00:00.120+08:00",
                "payer": {"openid": "o1"},
            },
        )
    ]


@pytest.mark.parametrize("kind", [LogisticsType.CITY, LogisticsType.VIRTUAL, LogisticsType.PICKUP])
async def test_what_no_courier_brings_is_a_list_of_one_as_well(
    app: MiniProgram, desk: Desk, kind: LogisticsType
) -> None:
    await upload_shipping_info(app, replace(SHIPPED, logistics=kind, parcels=(Parcel("茶" * 200),)))
    told = desk.told[0][1]
    assert (told["logistics_type"], told["shipping_list"]) == (int(kind), [{"item_desc": "茶" * 120}])


async def test_a_shipping_in_parts_says_whether_more_follows(app: MiniProgram, desk: Desk) -> None:
    await upload_shipping_info(app, replace(SHIPPED, is_all=False))
    await upload_shipping_info(app, replace(SHIPPED, parcels=(BOX, BOX)))
    assert [(told["delivery_mode"], told["is_all_delivered"], len(told["shipping_list"])) for _, told in desk.told] == [
        (2, False, 1),
        (2, True, 2),
    ]


@pytest.mark.parametrize("count", [0, 16])
async def test_a_shipping_has_one_to_fifteen_parcels(app: MiniProgram, desk: Desk, count: int) -> None:
    with pytest.raises(ValueError, match="parcels"):
        await upload_shipping_info(app, replace(SHIPPED, parcels=(BOX,) * count))
    assert desk.told == []


async def test_the_reminder_is_told_as_published(app: MiniProgram, desk: Desk) -> None:
    await notify_confirm_receive(app, "1900007291", "T1", AT)
    said = {"merchant_id": "1900007291", "merchant_trade_no": "T1", "received_time": 1795341600}
    assert desk.told == [("/wxa/sec/order/notify_confirm_receive", said)]


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (10060001, errors.PaymentNotSeen),
        (10060002, errors.ShippingKnown),
        (10060003, errors.ShippingKnown),
        (10060004, errors.ShippingNotWanted),
        (10060005, errors.ShippingInvalid),
        (10060009, errors.ShippingInvalid),
        (10060012, errors.SystemBusy),
        (10060023, errors.ShippingKnown),
        (10060026, errors.ShippingInvalid),
        (10060031, errors.ShippingNotWanted),
        (268485216, errors.ShippingInvalid),
        (47001, errors.ShippingInvalid),
        (10069999, errors.WechatError),
    ],
)
async def test_each_no_is_of_its_kind(
    app: MiniProgram, desk: Desk, errcode: int, kind: type[errors.WechatError]
) -> None:
    desk.answer = {"errcode": errcode, "errmsg": "no rid: 6a-1"}
    with pytest.raises(errors.WechatError) as refused:
        await upload_shipping_info(app, SHIPPED)
    assert (type(refused.value), refused.value.rid) == (kind, "6a-1")


def test_a_phone_keeps_its_last_four_digits() -> None:
    assert [masked(phone) for phone in ("13800001234", "+8613800001234", "5551234")] == [
        "138****1234",
        "+86138****1234",
        "****1234",
    ]


def test_nobody_is_printed() -> None:
    assert "13800001234" not in str(SHIPPED)
    assert "o1" not in str(SHIPPED)
