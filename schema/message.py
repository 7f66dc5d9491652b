"""Messages to customers as staff find them: what was told to whom, what was not, and why."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.declare import Order as Sorting
from engine.declare import column, expression, field, one, page, reads
from engine.keyset import TIME
from engine.rows import Rows
from ids import decode_id
from models.message import Message as MessageRow
from models.staff import Role
from schema.connection import Connection, paged
from schema.message_template import MessageEventName, MessageTemplate
from schema.node import Node
from schema.order import Order

_NEWEST_FIRST: Final = Sorting("{t}.created_at", TIME, descending=True)
_APPID: Final = "(select app.appid from wechat_app app where app.shop_id = {shop} and app.id = {t}.app_id)"
_RECIPIENT: Final = """
select 'cus_' || replace(c.id::text, '-', '') as customer_id, c.nickname, c.phone_masked from customer c
where c.shop_id = {p}.shop_id and c.id = {p}.customer_id
"""
# `last_error` is a word of ours, or what WeChat answered: its code, and the keyword that it took exception to.
_OURS: Final = ("NOT_AGREED", "OVER", "GONE", "NO_TEMPLATE", "GIVEN_UP", "ANSWER_LOST")
_CODE: Final = "substring({t}.last_error from '^-?[0-9]+')"
_REASON: Final = f"""
case when {{t}}.last_error = '' then null
     when {{t}}.last_error in {_OURS} then {{t}}.last_error
     when {_CODE} = '43101' then 'NOT_AGREED'
     when {_CODE} is not null then 'REFUSED'
     when {{t}}.last_error in ('NoSandboxError', 'SealBrokenError') then 'NOT_CONFIGURED'
     else 'UNREACHABLE' end
"""


@strawberry.enum(description="How far a message has come.")
class MessageState(Enum):
    """As stored."""

    WAITING = strawberry.enum_value("WAITING", description="To be sent, or tried again.")
    SENT = strawberry.enum_value("SENT", description="WeChat took it.")
    UNWANTED = strawberry.enum_value(
        "UNWANTED", description="Not sent: the customer had not agreed to it, or there was nothing to tell any more."
    )
    FAILED = strawberry.enum_value("FAILED", description="Given up.")


@strawberry.enum(description="Why a message was not sent, or not at the last attempt.")
class MessageReason(Enum):
    """Derived from what was written down when it was tried."""

    NOT_AGREED = strawberry.enum_value(
        "NOT_AGREED", description="The customer has agreed to no message of this template that is not used up."
    )
    OVER = strawberry.enum_value("OVER", description="It was so no more: a reminder of an order that is paid.")
    GONE = strawberry.enum_value("GONE", description="What it was to tell of is not there any more.")
    NO_TEMPLATE = strawberry.enum_value("NO_TEMPLATE", description="No template tells of the event any more.")
    REFUSED = strawberry.enum_value("REFUSED", description="WeChat refused it; see `wechatCode` and `keyword`.")
    ANSWER_LOST = strawberry.enum_value(
        "ANSWER_LOST", description="WeChat's answer got lost: it may have arrived, and is not sent twice."
    )
    UNREACHABLE = strawberry.enum_value("UNREACHABLE", description="WeChat was not to be reached.")
    GIVEN_UP = strawberry.enum_value("GIVEN_UP", description="Every attempt came to nothing.")
    NOT_CONFIGURED = strawberry.enum_value(
        "NOT_CONFIGURED", description="The mini-program's secret cannot be read, or its WeChat is not there."
    )


@reads()
@strawberry.type(description="Whom a message was for. After a merge of customers, who they are now.")
class MessageRecipient:
    """Derived from the customer: what may be shown of them."""

    customer_id: strawberry.ID = field(description="The customer.")
    nickname: str = field(description="As they call themselves.")
    phone: str | None = field(
        column("phone_masked"),
        description="Their phone number as it may be shown, `138****0000`; null until they said.",
    )


@reads(MessageRow, prefix="msg", guard="false", keeper="ORDERS")
@strawberry.type(description="One message to one customer. For staff with the role ORDERS.")
class Message(Node):
    """Rows of the shop."""

    event: MessageEventName = field(description="What it tells of.")
    state: MessageState = field(description="How far it has come.")
    reason: MessageReason | None = field(
        expression(_REASON), description="Why it was not sent, or not at the last attempt; null when nothing was wrong."
    )
    wechat_code: int | None = field(
        expression(f"({_CODE})::int"), description="WeChat's `errcode`; null when it said none."
    )
    keyword: str | None = field(
        expression("substring({t}.last_error from '^-?[0-9]+ (.+)$')"),
        description="The keyword of the template that WeChat took exception to, `thing2`; null when it named none.",
    )
    attempts: int = field(description="How often WeChat was asked, or was about to be.")
    recipient: MessageRecipient = field(one(rows=_RECIPIENT), description="Whom it was for.")
    order: Order | None = field(
        one("{t}.id = {p}.order_id"), description="The order that it is about; null when it is about none."
    )
    template: MessageTemplate | None = field(
        one("{t}.app_id = {p}.app_id and {t}.event = {p}.event"),
        description="The template that tells of the event now; null when none is in use.",
    )
    appid: str = field(expression(_APPID), description="The mini-program in which the customer is told.")
    created_at: datetime = field(description="When there was something to tell.")
    next_attempt_at: datetime | None = field(description="When it is tried next; null when it has ended.")
    sent_at: datetime | None = field(description="When WeChat took it; null when it did not.")


MessageConnection = Connection[Message]


def _name(member: object) -> str:
    return str(getattr(member, "value", member))


def _order(text: str) -> object:
    return decode_id("ord", text)


def _customer(text: str) -> object:
    return decode_id("cus", text)


@strawberry.type
class MessageQuery:
    """Part of Query."""

    @paged(
        page(order=_NEWEST_FIRST),
        MessageConnection | None,
        description="What customers were told and what not, the newest first. Requires: ORDERS.",
        roles=[Role.ORDERS],
    )
    def messages(
        rows: Rows,
        order_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only about this order.")] = None,
        customer_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only to this customer, by an older id too.")
        ] = None,
        event: Annotated[MessageEventName | None, strawberry.argument(description="Only of this event.")] = None,
        state: Annotated[MessageState | None, strawberry.argument(description="Only those in this state.")] = None,
    ) -> None:
        """Narrowed; by the index of the order, the customer or the moment."""
        if order_id is not None:
            rows.where(f"{rows.t}.order_id = {rows.bind(order_id, 'uuid', _order)}")
        if customer_id is not None:
            who = "(select coalesce(c.merged_into, c.id) from customer c where c.shop_id = {shop} and c.id = "
            rows.where(f"{rows.t}.customer_id = {rows.fill(who)}{rows.bind(customer_id, 'uuid', _customer)})")
        if event is not None:
            rows.where(f"{rows.t}.event = {rows.bind(event, 'text', _name)}")
        if state is not None:
            rows.where(f"{rows.t}.state = {rows.bind(state, 'text', _name)}")
