"""What testers do to notifications: keep them, list them, let them go in any order, send them again, forge them."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request

from clock import wall_now
from wechat.sandbox.doors import door
from wechat.sandbox.inputs import InputError, read_body, read_query
from wechat.sandbox.pay_inputs import HoldInput, MerchantListInput, ReleaseInput, SendInput
from wechat.sandbox.pay_letters import Told, tell
from wechat.sandbox.pay_merchants import find_merchant
from wechat.sandbox.pay_notifications import deliver_pay_notifications, find_letter, send_again
from wechat.sandbox.pay_stories import held, hold, let_go, notifications_of

NUMBER_MAX: Final = 2**63 - 1


async def hold_notifications(request: Request) -> dict[str, Any]:
    """Keep a merchant's further notifications, or stop keeping them."""
    asked = await read_body(request, HoldInput)
    merchant = await find_merchant(asked.mchid)
    if merchant is None:
        message = "mchid: there is no such merchant"
        raise InputError(message)
    await hold(merchant, is_holding=asked.hold)
    return {"hold": asked.hold, "held": await held(asked.mchid)}


async def list_notifications(request: Request) -> list[dict[str, Any]]:
    """List a merchant's notifications."""
    asked = read_query(request, MerchantListInput)
    return await notifications_of(asked.mchid, asked.order, asked.limit)


async def release_notifications(request: Request) -> dict[str, Any]:
    """Send what is kept, one after the other; in the order of `ids`, else the oldest first."""
    asked = await read_body(request, ReleaseInput)
    released = []
    for number in await held(asked.mchid) if asked.ids is None else asked.ids:
        if await let_go(asked.mchid, number):
            await deliver_pay_notifications(wall_now(), numbers=[number])
            released.append(number)
    return {"released": released}


async def send_notification(request: Request) -> dict[str, Any]:
    """Send one more than once, or a forged one, and say what was answered each time."""
    text = request.path_params["number"]
    letter = await find_letter(int(text)) if text.isascii() and text.isdigit() and int(text) <= NUMBER_MAX else None
    if letter is None:
        message = "there is no such notification"
        raise InputError(message)
    asked = await read_body(request, SendInput)
    sends = [tell(letter, asked.forge) if asked.forge else send_again(letter) for _ in range(asked.times)]
    answers: Sequence[Told] = await asyncio.gather(*sends) if asked.parallel else [await send for send in sends]
    return {"answers": [{"status": told.status, "body": told.answer} for told in answers]}


NOTIFICATION_DOORS: Final = (
    door("/notifications", "GET", list_notifications),
    door("/notifications/hold", "POST", hold_notifications),
    door("/notifications/release", "POST", release_notifications),
    door("/notifications/{number}/send", "POST", send_notification),
)
