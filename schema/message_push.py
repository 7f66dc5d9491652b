"""Where WeChat pushes an app's messages, as the owner enters it and sees it: never with a secret."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from engine.declare import Order, expression, field, many, reads
from engine.keyset import TIME
from models.message_push import MessagePush as PushRow
from models.staff import Role
from resolvers import message_push as resolver
from schema.attempt import Info, attempt, referred, staff_mutation
from schema.payload import Payload, outcome

_OLDEST_FIRST: Final = Order("{t}.created_at", TIME)
_APPID: Final = "(select app.appid from wechat_app app where app.shop_id = {shop} and app.id = {t}.app_id)"
_PATH: Final = f"'{resolver.PUSH_PATH}/' || {{t}}.channel"


@reads(PushRow, guard="false", keeper="OWNER")
@strawberry.type(
    description="A mini-program's door for what WeChat pushes (消息推送). Its address, token and EncodingAESKey are"
    " entered at WeChat, with safe mode (安全模式) and JSON."
)
class MessagePush:
    """Rows of the shop."""

    appid: str = field(expression(_APPID), description="The mini-program.")
    path: str = field(expression(_PATH), description="The path of its address; the host is this server's.")
    created_at: datetime = field(description="When it was entered.")
    updated_at: datetime = field(description="When it was last changed.")


@strawberry.input(description="By what WeChat proves itself when it pushes messages of a mini-program.")
class MessagePushInput:
    """Secrets only come in."""

    appid: str = strawberry.field(description="The mini-program.")
    token: str = strawberry.field(description="Token, 3 to 32 letters or digits. Kept sealed and never shown.")
    encoding_aes_key: str = strawberry.field(
        description="EncodingAESKey, 43 letters or digits. Kept sealed and never shown."
    )


@strawberry.type(description="What became of messagePushUpsert.")
class MessagePushUpsertPayload(Payload):
    """The door."""

    message_push: MessagePush | None = outcome("The door as it is now.")


@strawberry.type
class MessagePushQuery:
    """Part of Query."""

    message_pushes: list[MessagePush] | None = field(
        many(order=_OLDEST_FIRST),
        description="Where WeChat pushes messages of the shop's mini-programs, the oldest first. Requires: OWNER.",
        roles=[Role.OWNER],
    )


@strawberry.type
class MessagePushMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Enter by what WeChat proves itself when it pushes messages of a mini-program, or change it; the address stays."
        " Refused with INVALID for token or key, NOT_FOUND for the app.",
        Role.OWNER,
    )
    async def message_push_upsert(
        self, info: Info, input: Annotated[MessagePushInput, strawberry.argument(description="Token and key.")]
    ) -> MessagePushUpsertPayload:
        """Keyed by the app."""
        caller = info.context.caller
        draft = resolver.PushDraft(input.appid, input.token, input.encoding_aes_key)
        id_, errors = await attempt(caller, resolver.message_push_upsert(caller, draft))
        return MessagePushUpsertPayload(message_push=referred(MessagePush, id_), user_errors=errors)
