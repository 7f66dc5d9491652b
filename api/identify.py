"""Who is asking: from a request's headers to a Caller, with at most one statement and usually none.

What keys, shops, apps and staff say is remembered for at most a second per process, also when it says no.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Final, NoReturn, TypeVar
from uuid import UUID

from api.asking_who import People
from api.credentials import Credentials, header_uuid, is_crawler, preferred_language
from api.errors import ErrorCode, RequestError
from clock import wall_now
from models.shop import ShopMode
from models.staff import Role
from resolvers.caller import ActorKind, Caller, Language
from resolvers.tokens import BadTokenError, Bearer, Tokens

REMEMBER_SECONDS: Final = 1.0
_KNOWN_MAX: Final = 10_000
_REFUSED_MAX: Final = 1_000
_KEY_CHARS_MAX: Final = 64
_ALL_ROLES: Final = frozenset(Role)


@dataclass(frozen=True, slots=True)
class _Refused:
    """An answer of the database that refuses, kept apart from its exception so that none is raised twice."""

    code: ErrorCode
    message: str
    until: float


@dataclass(frozen=True, slots=True)
class _Known:
    """Who stands behind a key and a token, without what each request adds."""

    shop_id: UUID
    mode: ShopMode
    clock_offset: timedelta
    language: Language
    app_id: UUID | None
    actor: ActorKind
    subject_id: UUID | None
    roles: frozenset[Role]
    until: float


Answer = TypeVar("Answer", _Known, _Refused)


class Identities:
    """Finds callers, and remembers for a second what the database said of a key and a token."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._known: dict[tuple[str, str], _Known] = {}
        self._refused: dict[tuple[str, str], _Refused] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[_Known | _Refused]] = {}
        self._forgotten = 0
        self._people = People()

    async def caller_of(self, credentials: Credentials, request_id: str) -> Caller:
        """Return who is asking.

        Raises RequestError: UNAUTHENTICATED (no or unknown key; token malformed, expired or revoked), FORBIDDEN
        (token of another shop or app than the key's), BAD_USER_INPUT (visitor or visit id that is no UUID).
        """
        asked = (credentials.shop_key, credentials.authorization)
        known = self._known.get(asked)
        if known is None or known.until <= monotonic():
            known = await self._recall(asked)
        now = wall_now()
        visitor_id, visit_id = credentials.visitor_id, credentials.visit_id
        return Caller(
            known.shop_id,
            known.mode,
            known.actor,
            now + known.clock_offset if known.clock_offset else now,
            request_id,
            (credentials.accept_language and preferred_language(credentials.accept_language)) or known.language,
            known.app_id,
            known.subject_id,
            known.roles,
            header_uuid(visitor_id, "X-Visitor-Id") if visitor_id else None,
            header_uuid(visit_id, "X-Visit-Id") if visit_id else None,
            bool(credentials.user_agent) and is_crawler(credentials.user_agent),
        )

    def forget(self) -> None:
        """Ask the database anew from now on, as after a sandbox clock was moved."""
        self._known.clear()
        self._refused.clear()
        self._forgotten += 1

    async def _recall(self, asked: tuple[str, str]) -> _Known:
        """Ask the database once for all who ask the same at this moment."""
        answer: _Known | _Refused | None = self._refused.get(asked)
        if answer is None or answer.until <= monotonic():
            task = self._asking.get(asked)
            if task is None:
                bearer = self._bearer(asked[1])
                task = self._asking[asked] = asyncio.create_task(self._look_up(asked, bearer))
                task.add_done_callback(lambda _: self._asking.pop(asked, None))
            # Shielded: when the first of several who wait goes away, the others still get their answer.
            answer = await asyncio.shield(task)
        if isinstance(answer, _Refused):
            raise RequestError(answer.code, answer.message)
        return answer

    def _bearer(self, authorization: str) -> Bearer | None:
        if not authorization:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            _unauthenticated("Authorization must be: Bearer <token>")
        try:
            return self._tokens.read(token.strip()).bearer
        except BadTokenError as bad:
            _unauthenticated(str(bad))

    async def _look_up(self, asked: tuple[str, str], bearer: Bearer | None) -> _Known | _Refused:
        key = asked[0] if len(asked[0]) <= _KEY_CHARS_MAX and asked[0].isprintable() else ""
        staff_id = bearer.subject_id if bearer and bearer.kind is ActorKind.STAFF else None
        customer_id = bearer.subject_id if bearer and bearer.kind is ActorKind.CUSTOMER else None
        shop_id, session_id = (bearer.shop_id, bearer.session_id) if bearer else (None, None)
        forgotten = self._forgotten
        row = await self._people.ask((key or None, shop_id, staff_id, customer_id, session_id))
        answer = _judge(row, asked[0], bearer)
        if forgotten != self._forgotten:
            # Asked before `forget`: good enough for who waits, not to be remembered.
            return answer
        if isinstance(answer, _Refused):
            _keep(self._refused, asked, answer, _REFUSED_MAX)
        else:
            _keep(self._known, asked, answer, _KNOWN_MAX)
        return answer


def _judge(row: Any, key: str, bearer: Bearer | None) -> _Known | _Refused:  # noqa: ANN401, PLR0911 - one rule a line
    """Apply the rules to what the database found."""
    if key and row["key_shop_id"] is None:
        return _no(ErrorCode.UNAUTHENTICATED, "X-Shop-Key is not a key of any shop, or was revoked")
    if bearer is None:
        if not key:
            return _no(ErrorCode.UNAUTHENTICATED, "Send the shop's visitor key as X-Shop-Key")
        return _known(row, ActorKind.VISITOR, None, frozenset())
    if key and row["key_shop_id"] != bearer.shop_id:
        return _no(ErrorCode.FORBIDDEN, "The token belongs to another shop than X-Shop-Key")
    if bearer.kind is ActorKind.STAFF:
        stands = row["roles"] is not None and row["token_version"] == bearer.version
        if not stands or row["session_id"] != bearer.session_id:
            return _no(ErrorCode.UNAUTHENTICATED, "The token was revoked")
        roles = frozenset(Role(role) for role in row["roles"])
        return _known(row, ActorKind.STAFF, bearer.subject_id, _ALL_ROLES if Role.OWNER in roles else roles)
    if not key:
        return _no(ErrorCode.UNAUTHENTICATED, "A customer's token needs the shop's visitor key as X-Shop-Key")
    if row["appid"] != bearer.audience:
        return _no(ErrorCode.FORBIDDEN, "The token belongs to another app than X-Shop-Key")
    if row["customer_id"] is None or row["session_id"] != bearer.session_id:
        return _no(ErrorCode.UNAUTHENTICATED, "The token was revoked")
    return _known(row, ActorKind.CUSTOMER, row["customer_id"], frozenset())


def _known(row: Any, actor: ActorKind, subject_id: UUID | None, roles: frozenset[Role]) -> _Known:  # noqa: ANN401
    return _Known(
        shop_id=row["shop_id"],
        mode=ShopMode(row["mode"]),
        clock_offset=timedelta(milliseconds=row["clock_offset_ms"]),
        language="en" if row["language"].startswith("en") else "zh-CN",
        app_id=row["app_id"],
        actor=actor,
        subject_id=subject_id,
        roles=roles,
        until=monotonic() + REMEMBER_SECONDS,
    )


def _no(code: ErrorCode, message: str) -> _Refused:
    return _Refused(code, message, monotonic() + REMEMBER_SECONDS)


def _unauthenticated(message: str) -> NoReturn:
    raise RequestError(ErrorCode.UNAUTHENTICATED, message)


def _keep(memory: dict[tuple[str, str], Answer], asked: tuple[str, str], answer: Answer, most: int) -> None:
    """Remember newest last and drop the oldest: all live equally long, so age is the order of use."""
    memory.pop(asked, None)
    memory[asked] = answer
    if len(memory) > most:
        del memory[next(iter(memory))]
