"""What testers do with cards in chats: read them as people see them now, and let their ids come to an end."""

from typing import Annotated, Any, Final

from pydantic import StringConstraints
from starlette.requests import Request

from clock import wall_now
from wechat.sandbox.doors import door
from wechat.sandbox.dynamic_message import cards_of, expire
from wechat.sandbox.inputs import AppidInput, read_body, read_query

ActivityId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,128}$")]


class CardInput(AppidInput):
    """An app's cards: those of one activity, or all."""

    activity_id: ActivityId | None = None


async def list_cards(request: Request) -> list[dict[str, Any]]:
    """List cards as people see them now."""
    asked = read_query(request, CardInput)
    return await cards_of(asked.appid, asked.activity_id, wall_now())


async def expire_cards(request: Request) -> dict[str, Any]:
    """End an activity before its day is over, or all of an app."""
    asked = await read_body(request, CardInput)
    return {"expired": await expire(asked.appid, asked.activity_id, wall_now())}


CARD_DOORS: Final = (door("/cards", "GET", list_cards), door("/cards/expire", "POST", expire_cards))
