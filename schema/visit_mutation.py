"""Telling how a visit began."""

from datetime import datetime
from typing import Annotated

import strawberry

from ids import client_uuid
from resolvers import visit as resolver
from resolvers.visit import VisitDetails
from schema.attempt import Info, attempt, open_mutation
from schema.given import optional, plain
from schema.payload import Payload, outcome


@strawberry.input(description="How a visit began, as `onLaunch` and `onShow` told it. Anything may be left out.")
class VisitTrackInput:
    """Evidence in the query counts like evidence given."""

    path: str | None = optional("The page that opened, at most 1,024 characters; it may carry its query.")
    query: str | None = optional(
        "Its query as it came, at most 2,048 characters: `st=`, `scene=`, `campaign`, `channel` and ad clicks are read"
        " from it. What is secret or personal is not kept."
    )
    scene: int | None = optional("WeChat's scene value, 1 to 99,999.")
    share_token: str | None = optional("The token of a share, or a code's `t=<token>`. Unknown ones are left out.")
    channel: str | None = optional("Where the visit comes from, at most 64 characters.")
    campaign: str | None = optional("Which campaign brought it, at most 64 characters.")
    article: str | None = optional("Address or title of the article it comes from, at most 512 characters.")
    open_g_id: str | None = optional("The chat group it comes from, at most 128 characters.")
    referrer_appid: str | None = optional("`referrerInfo.appId`, at most 32 characters.")
    platform: str | None = optional("`ios`, `android`, `devtools`, ...; at most 32 characters.")
    client_time: datetime | None = optional("When it began, by the client's clock.")

    def details(self) -> VisitDetails:
        """Return it as the command takes it."""
        return VisitDetails(
            path=plain(self.path),
            query=plain(self.query),
            scene_value=plain(self.scene),
            share_token=plain(self.share_token),
            channel=plain(self.channel),
            campaign=plain(self.campaign),
            article=plain(self.article),
            open_gid=plain(self.open_g_id),
            referrer_appid=plain(self.referrer_appid),
            platform=plain(self.platform),
            client_time=plain(self.client_time),
        )


@strawberry.type(description="What became of visitTrack.")
class VisitTrackPayload(Payload):
    """It is written within a second."""

    visit_id: strawberry.ID | None = outcome("The visit that was told of.")


@strawberry.type
class VisitMutation:
    """Part of Mutation."""

    @open_mutation(
        "Tell how a visit began. Needs X-Visitor-Id. The same visit may be told of again and again: what"
        " was told first stays, what was missing is added. Never waits for the database."
    )
    async def visit_track(
        self,
        info: Info,
        visit_id: Annotated[
            strawberry.ID, strawberry.argument(description="The UUID you made for this launch: that of X-Visit-Id.")
        ],
        input: Annotated[VisitTrackInput, strawberry.argument(description="How it began.")],
    ) -> VisitTrackPayload:
        """Keyed by the visit id."""
        caller = info.context.caller
        noted, errors = await attempt(caller, resolver.visit_track(caller, client_uuid(visit_id), input.details()))
        return VisitTrackPayload(visit_id=None if noted is None else strawberry.ID(str(noted)), user_errors=errors)
