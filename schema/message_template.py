"""Templates of messages: by which WeChat tells customers of an event, and so what a page asks leave for."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from engine.declare import Order, expression, field, many, read, reads
from engine.keyset import TIME
from engine.rows import Rows
from models.message import MessageTemplate as TemplateRow
from schema.node import Node

_BY_AGE: Final = Order("{t}.created_at", TIME)
_REMAINING: Final = """
(select coalesce(sum(quota.remaining), 0)::int from identity person
 join wechat_app app on app.shop_id = person.shop_id and app.appid = person.appid
 join message_quota quota on quota.shop_id = person.shop_id and quota.identity_id = person.id
 where person.shop_id = {shop} and person.customer_id = {viewer} and app.id = {t}.app_id
   and quota.template_id = {t}.template_id)
"""
_APPID: Final = "(select app.appid from wechat_app app where app.shop_id = {shop} and app.id = {t}.app_id)"
_KEYWORDS: Final = (
    "select word ->> 'keyword' as keyword, nullif(word ->> 'value', '') as value, nullif(word ->> 'text', '') as text"
    " from jsonb_array_elements({p}.keywords) word"
)


@strawberry.enum(description="Something that WeChat can tell a customer of.")
class MessageEventName(Enum):
    """Those of resolvers.message_event."""

    ORDER_PAID = strawberry.enum_value("ORDER_PAID", description="Their order is paid.")
    ORDER_SHIPPED = strawberry.enum_value("ORDER_SHIPPED", description="The first parcel of their order is on its way.")
    ORDER_EXPIRING = strawberry.enum_value(
        "ORDER_EXPIRING", description="Their order waits for payment, and the time for it is over in ten minutes."
    )
    REFUND_SUCCEEDED = strawberry.enum_value("REFUND_SUCCEEDED", description="Money went back to them.")
    AFTER_SALE_CHANGED = strawberry.enum_value(
        "AFTER_SALE_CHANGED", description="The shop took a step with what they were not content with."
    )
    GROUP_BUY_JOINED = strawberry.enum_value(
        "GROUP_BUY_JOINED", description="Somebody joined their team; the first time only."
    )
    GROUP_BUY_ONE_MISSING = strawberry.enum_value(
        "GROUP_BUY_ONE_MISSING", description="Somebody joined their team, and now one is missing."
    )
    GROUP_BUY_SUCCEEDED = strawberry.enum_value("GROUP_BUY_SUCCEEDED", description="Their team is complete.")
    GROUP_BUY_FAILED = strawberry.enum_value(
        "GROUP_BUY_FAILED", description="Their team did not come together in time, and their money goes back."
    )
    GROUP_BUY_EXPIRING = strawberry.enum_value(
        "GROUP_BUY_EXPIRING",
        description="Their team is over in two hours, or half of its time where that is less, and not complete.",
    )


@strawberry.enum(description="What a message can say. Each event has some of these, and a keyword takes some kinds.")
class MessageValue(Enum):
    """Those of resolvers.message_event."""

    SHOP_NAME = strawberry.enum_value("SHOP_NAME", description="The shop's name; a text.")
    ORDER_NO = strawberry.enum_value("ORDER_NO", description="The order's number; a code.")
    GOODS = strawberry.enum_value("GOODS", description="What was bought: the first title, and how many; a text.")
    ITEM_COUNT = strawberry.enum_value("ITEM_COUNT", description="Pieces of all lines; a number.")
    TOTAL = strawberry.enum_value("TOTAL", description="What is to be paid, or was; an amount.")
    PLACED_AT = strawberry.enum_value("PLACED_AT", description="When it was ordered; a moment.")
    EXPIRES_AT = strawberry.enum_value("EXPIRES_AT", description="Until when it can be paid; a moment.")
    PAID_AT = strawberry.enum_value("PAID_AT", description="When it was paid; a moment.")
    SHIPPED_AT = strawberry.enum_value("SHIPPED_AT", description="When it was sent; a moment.")
    CARRIER = strawberry.enum_value("CARRIER", description="Who brings the last parcel; a text.")
    TRACKING_NO = strawberry.enum_value("TRACKING_NO", description="The last parcel's number; a code.")
    REFUND_AMOUNT = strawberry.enum_value("REFUND_AMOUNT", description="What went back; an amount.")
    REFUNDED_AT = strawberry.enum_value("REFUNDED_AT", description="When it went back; a moment.")
    AFTER_SALE_NO = strawberry.enum_value("AFTER_SALE_NO", description="The after-sale's number; a code.")
    AFTER_SALE_STATUS = strawberry.enum_value(
        "AFTER_SALE_STATUS", description="Where the after-sale stands, in up to five characters; a text."
    )
    AFTER_SALE_AMOUNT = strawberry.enum_value("AFTER_SALE_AMOUNT", description="What it is about; an amount.")
    TEAM_SIZE = strawberry.enum_value("TEAM_SIZE", description="How many can be in the team; a number.")
    TEAM_JOINED = strawberry.enum_value("TEAM_JOINED", description="How many are in it; a number.")
    TEAM_MISSING = strawberry.enum_value("TEAM_MISSING", description="How many it waits for to succeed; a number.")
    TEAM_NEWEST = strawberry.enum_value(
        "TEAM_NEWEST", description="The first character of the name of whoever joined last: `小**`; a text."
    )
    TEAM_EXPIRES_AT = strawberry.enum_value("TEAM_EXPIRES_AT", description="Until when the team waits; a moment.")


@reads()
@strawberry.type(description="What stands under one keyword of a template.")
class MessageKeyword:
    """Items of the template's JSON."""

    keyword: str = field(description="WeChat's name of the place: a kind and a number, `thing1`.")
    value: MessageValue | None = field(description="What of the event stands there; null for a fixed text.")
    text: str | None = field(description="The fixed text; null for a value.")


@reads(TemplateRow, prefix="mtp", guard="{t}.active", keeper="OWNER")
@strawberry.type(
    description="A template at WeChat by which an app tells of an event. Ask for leave with `templateId` by"
    " `wx.requestSubscribeMessage` after a tap, then send the answer by `messageOptInRecord`."
)
class MessageTemplate(Node):
    """Rows of the shop."""

    appid: str = field(expression(_APPID), description="The mini-program that has it.")
    event: MessageEventName = field(description="What it tells of.")
    template_id: str = field(description="Its id at WeChat.")
    remaining: int = field(
        expression(_REMAINING),
        description="How many messages of it the customer who asks agreed to that were not sent yet, as far as is"
        " known; ask again when it is 0. 0 for everybody else.",
    )
    keywords: list[MessageKeyword] = field(many(rows=_KEYWORDS), description="What it says.")
    page: str = field(
        description="What it opens, `{orderId}` standing for the order's id, and `{teamId}` for the team's in what is"
        " told of teams; empty for nothing."
    )
    active: bool = field(description="Whether it is sent. Customers see those that are.")
    version: int = field(description="Send it back when changing the template; refused with CONFLICT when stale.")
    created_at: datetime = field(description="When it was entered.")
    updated_at: datetime = field(description="When it was last changed.")


def _name(member: object) -> str:
    return str(getattr(member, "value", member))


@strawberry.type
class MessageTemplateQuery:
    """Part of Query."""

    @read(
        many(order=_BY_AGE),
        list[MessageTemplate],
        description="By which templates the shop tells customers of events, the oldest first; its owner sees those too"
        " that are not in use.",
    )
    def message_templates(
        rows: Rows,
        appid: Annotated[
            str | None, strawberry.argument(description="Only those of this mini-program; of all when left out.")
        ] = None,
        event: Annotated[
            MessageEventName | None, strawberry.argument(description="Only the one for this event.")
        ] = None,
    ) -> None:
        """All that the caller may see."""
        if appid is not None:
            app = "(select app.id from wechat_app app where app.shop_id = {shop} and app.appid = "
            rows.where(f"{rows.t}.app_id = {rows.fill(app)}{rows.bind(appid, 'text')})")
        if event is not None:
            rows.where(f"{rows.t}.event = {rows.bind(event, 'text', _name)}")
