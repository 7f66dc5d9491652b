"""Messages: entering templates, and recording what customers agreed to."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import message_quota, message_template
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred, referred_list, staff_mutation
from schema.given import optional, plain
from schema.message_template import MessageEventName, MessageTemplate, MessageValue
from schema.payload import Payload, outcome


@strawberry.input(description="What stands under one keyword of a template: a value of the event, or a fixed text.")
class MessageKeywordInput:
    """One of two."""

    keyword: str = strawberry.field(
        description="WeChat's name of the place, as `wxaapi/newtmpl/gettemplate` lists it: `thing1`, `amount3`. A text"
        " stands under thing, name, phrase; a code under character_string, thing; a number under number,"
        " character_string, thing; an amount under amount, thing; a moment under time, date, thing."
    )
    value: MessageValue | None = optional("What of the event; left out for a fixed text.")
    text: str | None = optional("A fixed text that WeChat takes there; left out for a value.")


@strawberry.input(description="By which template a mini-program tells of an event; known by `appid` and `event`.")
class MessageTemplateInput:
    """The whole of it."""

    appid: str = strawberry.field(description="The mini-program that has the template.")
    event: MessageEventName = strawberry.field(description="What it tells of.")
    template_id: str = strawberry.field(description="Its id at WeChat.")
    keywords: list[MessageKeywordInput] = strawberry.field(description="All of the template's keywords; at most 10.")
    page: str | None = optional(
        "What it opens, without a slash before it; `{orderId}` stands for the order's id, `{teamId}` in what is told of"
        " teams for the team's. Nothing when left out."
    )
    active: bool | None = optional("Whether it is sent; it is when left out.")
    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")

    def draft(self) -> message_template.TemplateDraft:
        """Return it as the command takes it."""
        return message_template.TemplateDraft(
            appid=self.appid,
            event=str(self.event.value),
            template_id=self.template_id,
            keywords=[
                message_template.Keyword(
                    one.keyword, "" if not one.value else str(one.value.value), plain(one.text) or ""
                )
                for one in self.keywords
            ],
            page=plain(self.page) or "",
            active=plain(self.active) is not False,
            version=plain(self.version),
        )


@strawberry.type(description="What became of messageTemplateUpsert.")
class MessageTemplateUpsertPayload(Payload):
    """The template."""

    message_template: MessageTemplate | None = outcome("The template as it is now.")


@strawberry.type(description="What became of messageOptInRecord.")
class MessageOptInRecordPayload(Payload):
    """The templates."""

    message_templates: list[MessageTemplate] | None = outcome(
        "Those that were asked for, one for each event, with `remaining` as it is now."
    )


@strawberry.type
class MessageMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Say by which template a mini-program tells customers of an event, in place of the one before.", Role.OWNER
    )
    async def message_template_upsert(
        self,
        info: Info,
        input: Annotated[MessageTemplateInput, strawberry.argument(description="The template.")],
    ) -> MessageTemplateUpsertPayload:
        """Keyed by app and event."""
        caller = info.context.caller
        id_, errors = await attempt(caller, message_template.message_template_upsert(caller, input.draft()))
        return MessageTemplateUpsertPayload(message_template=referred(MessageTemplate, id_), user_errors=errors)

    @open_mutation(
        "Record what a customer answered to `wx.requestSubscribeMessage`: one message more for each template they"
        " accepted, up to 100. Refused with LOGIN_REQUIRED, NOT_FOUND for a template that the app does not use."
    )
    async def message_opt_in_record(
        self,
        info: Info,
        template_ids: Annotated[
            list[str], strawberry.argument(description="The templates that were asked for, 1 to 5.")
        ],
        accepted: Annotated[
            list[str], strawberry.argument(description="Those of them that WeChat answered `accept` for.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> MessageOptInRecordPayload:
        """Of the app whose key was sent."""
        caller = info.context.caller
        ids, errors = await attempt(
            caller, message_quota.message_opt_in_record(caller, template_ids, accepted, idempotency_key)
        )
        return MessageOptInRecordPayload(message_templates=referred_list(MessageTemplate, ids), user_errors=errors)
