"""Who is at the other end of a socket: shown once in connection_init, asked again all the time, renewed by a ping."""

from typing import Any, Final

from starlette.types import Scope

from api.credentials import Credentials, credentials_from
from api.errors import ErrorCode, RequestError
from api.identify import Identities
from api.operations import iso
from api.websocket_frames import CloseCode, SocketClosing
from clock import wall_now
from resolvers.caller import Caller
from resolvers.tokens import LEEWAY_SECONDS, BadTokenError, Tokens

_PARTS: Final = {"shopKey": "shop_key", "token": "authorization", "visitorId": "visitor_id", "visitId": "visit_id"}


class Guest:
    """The credentials of one socket; headers tell only language and client, since browsers can set no others."""

    def __init__(self, scope: Scope, identities: Identities, tokens: Tokens) -> None:
        said = credentials_from(dict(scope["headers"]))
        self._credentials = Credentials(accept_language=said.accept_language, user_agent=said.user_agent)
        self._identities = identities
        self._tokens = tokens
        self._expires_at: int | None = None

    async def introduce(self, payload: dict[str, Any] | None, request_id: str) -> Caller:
        """Take the payload of connection_init. Raises SocketClosing 4403 (proves nothing) or 4400 (malformed)."""
        self._credentials = self._credentials._replace(**_read(payload or {}))
        try:
            caller = await self._identities.caller_of(self._credentials, request_id)
        except RequestError as refused:
            malformed = refused.code == ErrorCode.BAD_USER_INPUT
            raise SocketClosing(CloseCode.BAD_REQUEST if malformed else CloseCode.FORBIDDEN, refused.message) from None
        if self._credentials.authorization:
            self._expires_at = self._tokens.read(_token(self._credentials)).expires_at
        return caller

    async def caller(self, request_id: str) -> Caller:
        """Return who asks now. Raises SocketClosing 4401 when a token is no longer good, 4403 when a key is not."""
        try:
            return await self._identities.caller_of(self._credentials, request_id)
        except RequestError as refused:
            code = CloseCode.UNAUTHORIZED if self._expires_at is not None else CloseCode.FORBIDDEN
            raise SocketClosing(code, refused.message) from None

    async def renew(self, token: object, request_id: str) -> dict[str, Any]:
        """Go on with a newer token of the same person; the payload for the pong, which tells when it was not taken.

        A token that is not taken ends nothing: the one before is good as long as it is.
        """
        if not isinstance(token, str) or self._expires_at is None:
            return {"refused": "A token can only renew the one that connection_init brought"}
        newer = self._credentials._replace(authorization=f"Bearer {token}")
        before = await self.caller(request_id)
        try:
            after = await self._identities.caller_of(newer, request_id)
            expires_at = self._tokens.read(token).expires_at
        except (RequestError, BadTokenError) as bad:
            return {"refused": bad.message if isinstance(bad, RequestError) else str(bad)}
        if (after.shop_id, after.actor, after.subject_id) != (before.shop_id, before.actor, before.subject_id):
            return {"refused": "The token is somebody else's; open another socket for them"}
        self._credentials, self._expires_at = newer, expires_at
        return {"now": iso(wall_now())}

    def seconds_left(self) -> float | None:
        """How long the token is still taken; None without one."""
        if self._expires_at is None:
            return None
        return self._expires_at + LEEWAY_SECONDS - wall_now().timestamp()


def _read(payload: dict[str, Any]) -> dict[str, str]:
    found = {}
    for name, part in _PARTS.items():
        value = payload.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise SocketClosing(CloseCode.BAD_REQUEST, f"{name} is not a string")
        if value:
            found[part] = f"Bearer {value}" if name == "token" else value
    return found


def _token(credentials: Credentials) -> str:
    return credentials.authorization.partition(" ")[2].strip()
