"""Logging in through WeChat, staying so, and leaving."""

from datetime import datetime
from typing import Annotated, Self, cast

import strawberry

from engine.commands import Ref
from resolvers import login, session
from schema.attempt import Info, attempt, open_mutation
from schema.customer import Customer
from schema.given import optional, plain
from schema.payload import Payload, outcome


@strawberry.type(description="The tokens of a customer who is logged in. Their times are real ones, not the shop's.")
class Session:
    """Keep both; send the access token as `Authorization: Bearer`, beside the X-Shop-Key."""

    access_token: str = strawberry.field(description="Good for 15 minutes, with the key it was made by.")
    access_token_expires_at: datetime = strawberry.field(description="Until when it is good.")
    refresh_token: str = strawberry.field(description="Good for one sessionRefresh.")
    refresh_token_expires_at: datetime = strawberry.field(description="Until when it is good.")

    @classmethod
    def of(cls, pair: session.Pair) -> Self:
        """Show a pair of tokens."""
        return cls(
            access_token=pair.access_token,
            access_token_expires_at=pair.access_expires_at,
            refresh_token=pair.refresh_token,
            refresh_token_expires_at=pair.refresh_expires_at,
        )


@strawberry.input(description="What `wx.login` gave, and what brought the customer.")
class LoginWithWechatInput:
    """The app is the one that the X-Shop-Key belongs to."""

    code: str = strawberry.field(description="The code of `wx.login`; it works once.")
    share_token: str | None = optional("The share token or scene that the customer came by, for the visit.")


@strawberry.type(description="What became of loginWithWechat or sessionRefresh.")
class SessionPayload(Payload):
    """A customer with tokens."""

    session: Session | None = outcome("The tokens.")
    customer: Customer | None = strawberry.field(
        description="Who is logged in; null for staff, and when there are user errors."
    )


@strawberry.type(description="What became of sessionRevoke.")
class SessionRevokePayload(Payload):
    """Nothing is left to tell of it."""

    revoked: bool | None = outcome("True: the token is worth nothing now.")


RefreshToken = Annotated[str, strawberry.argument(description="The newest refresh token of the session.")]


@strawberry.type
class SessionMutation:
    """Part of Mutation."""

    @open_mutation(
        "Log a customer in by the code of `wx.login`; the first time makes them one. Sent with X-Visitor-Id, what the"
        " device did before is theirs. Sent again with the same code within a minute it answers the same. Refused with"
        " LOGIN_CODE_EXPIRED, WECHAT_RISK_BLOCKED, WECHAT_RATE_LIMITED, BUSY, WECHAT_ANSWER_LOST, WECHAT_APP_REJECTED"
        " or, without a mini-program's key, NOT_ALLOWED."
    )
    async def login_with_wechat(
        self,
        info: Info,
        input: Annotated[LoginWithWechatInput, strawberry.argument(description="The code.")],
    ) -> SessionPayload:
        """Keyed by the code."""
        caller = info.context.caller
        wish = login.login_with_wechat(caller, input.code, plain(input.share_token))
        logged_in, errors = await attempt(caller, wish, "input")
        if logged_in is None:
            return SessionPayload(session=None, customer=None, user_errors=errors)
        return _answer(info, logged_in)

    @open_mutation(
        "Change a refresh token for new tokens. Leave Authorization out when the access token has expired. The same"
        " token again within a minute gives the same new ones, for an answer that got lost; later it ends the session."
        " Refused with SESSION_EXPIRED or SESSION_REVOKED: log in again."
    )
    async def session_refresh(self, info: Info, refresh_token: RefreshToken) -> SessionPayload:
        """Keyed by the token."""
        caller = info.context.caller
        logged_in, errors = await attempt(caller, session.session_refresh(caller, refresh_token))
        if logged_in is None:
            return SessionPayload(session=None, customer=None, user_errors=errors)
        return _answer(info, logged_in)

    @open_mutation("Log out: end the session of a refresh token. Its access tokens are refused within a second.")
    async def session_revoke(self, info: Info, refresh_token: RefreshToken) -> SessionRevokePayload:
        """Doing it twice does no harm."""
        caller = info.context.caller
        _, errors = await attempt(caller, session.session_revoke(caller, refresh_token))
        return SessionRevokePayload(revoked=None if errors else True, user_errors=errors)


def _answer(info: Info, logged_in: session.LoggedIn) -> SessionPayload:
    """Read the customer as themselves: whoever asked was nobody yet."""
    if logged_in.customer_id is None:
        return SessionPayload(session=Session.of(logged_in.pair), customer=None, user_errors=[])
    customer = Ref("Customer", logged_in.customer_id, login.as_customer(info.context.caller, logged_in.customer_id))
    return SessionPayload(session=Session.of(logged_in.pair), customer=cast("Customer", customer), user_errors=[])
