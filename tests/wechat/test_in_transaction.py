"""Nobody asks WeChat inside a database transaction: the connections refuse, whoever holds them."""

import asyncio

import pytest

from models.database import in_transaction_now, transaction
from settings import Settings
from tests.wechat import pay_office
from tests.wechat.hand import Hand
from wechat.client import MiniProgram
from wechat.connection import connect_wechat
from wechat.pay import Pay
from wechat.pay_errors import PayUnknown
from wechat.transport import CallInTransactionError
from wechat.website_login import WebsiteLogin

IN_TIME_SECONDS = 10.0


async def test_the_app_refuses(mini: MiniProgram, tester: Hand) -> None:
    code = await tester.code()
    async with transaction():
        with pytest.raises(CallInTransactionError):
            await mini.code2session(code)
    # Nothing left: the code is as good as before.
    assert (await mini.code2session(code)).openid


async def test_the_merchant_refuses(mini: MiniProgram) -> None:
    pay = Pay(mini.transport.http, pay_office.merchant())
    async with transaction():
        with pytest.raises(CallInTransactionError):
            await pay.query("T1")
    with pytest.raises(PayUnknown):
        await pay.query("T1")


async def test_the_website_refuses(mini: MiniProgram) -> None:
    login = WebsiteLogin("wx1", "sandbox", "http://127.0.0.1:1", "http://127.0.0.1:1")
    async with transaction():
        with pytest.raises(CallInTransactionError):
            await login.finish(mini.transport.http, "code", "http://127.0.0.1:1/back")


async def test_the_connections_of_the_process_refuse(settings: Settings) -> None:
    async with connect_wechat(settings.derive("sealing"), None) as opened, transaction():
        with pytest.raises(CallInTransactionError):
            await opened.pay(pay_office.merchant()).close("T1")


async def test_it_is_refused_in_an_inner_transaction_too(mini: MiniProgram, tester: Hand) -> None:
    code = await tester.code()
    async with transaction():
        async with transaction():
            assert in_transaction_now()
        with pytest.raises(CallInTransactionError):
            await mini.code2session(code)


async def test_a_task_is_inside_as_long_as_the_transaction_it_was_started_in(mini: MiniProgram, tester: Hand) -> None:
    code, ended = await tester.code(), asyncio.Event()

    async def inside_and_after() -> str:
        with pytest.raises(CallInTransactionError):
            await mini.code2session(code)
        refused.set()
        await ended.wait()
        return (await mini.code2session(code)).openid

    refused = asyncio.Event()
    async with transaction():
        task = asyncio.create_task(inside_and_after())
        await asyncio.wait_for(refused.wait(), IN_TIME_SECONDS)
    ended.set()
    assert await asyncio.wait_for(task, IN_TIME_SECONDS)


async def test_a_transaction_that_failed_is_over(mini: MiniProgram, tester: Hand) -> None:
    code = await tester.code()
    with pytest.raises(KeyError):
        async with transaction():
            raise KeyError
    assert not in_transaction_now()
    assert (await mini.code2session(code)).openid


async def test_others_may_ask_meanwhile(mini: MiniProgram, tester: Hand) -> None:
    code, opened, asked = await tester.code(), asyncio.Event(), asyncio.Event()

    async def writes() -> None:
        async with transaction():
            opened.set()
            await asked.wait()

    writer = asyncio.create_task(writes())
    await asyncio.wait_for(opened.wait(), IN_TIME_SECONDS)
    assert (await mini.code2session(code)).openid
    asked.set()
    await writer
