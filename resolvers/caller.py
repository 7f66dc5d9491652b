"""A caller: who is asking, in which shop, through which app, at what moment. The first argument of every resolver."""

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Literal, NamedTuple
from uuid import UUID

from ids import new_id
from models.shop import Shop, ShopMode
from models.staff import Role
from resolvers.shop_clock import shop_now

Language = Literal["zh-CN", "en"]
DEFAULT_LANGUAGE: Language = "zh-CN"


class ActorKind(StrEnum):
    """VISITOR came with a shop key only, CUSTOMER and STAFF with a token, SYSTEM is the worker or the command line."""

    VISITOR = "VISITOR"
    CUSTOMER = "CUSTOMER"
    STAFF = "STAFF"
    SYSTEM = "SYSTEM"


@cache
def _keeps(roles: frozenset[Role]) -> frozenset[str]:
    has_all = Role.OWNER in roles
    keepers = (("", Role.CATALOGUE), ("ORDERS", Role.ORDERS), ("OWNER", Role.OWNER))
    return frozenset(keeper for keeper, role in keepers if has_all or role in roles)


class Caller(NamedTuple):
    """`now` is the shop's clock and the only time a resolver knows; `subject_id` is the customer or the staff row.

    Roles of fields are checked on the compiled document before anything runs, so commands trust them
    and only keep to `shop_id`. `visitor_id` and `visit_id` are what the client made up: never a proof. One is made for
    each request, hence a tuple: a frozen dataclass takes four times as long.
    """

    shop_id: UUID
    mode: ShopMode
    actor: ActorKind
    now: datetime
    request_id: str
    language: Language = DEFAULT_LANGUAGE
    app_id: UUID | None = None
    subject_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    visitor_id: UUID | None = None
    visit_id: UUID | None = None
    is_bot: bool = False
    """Whether the client calls itself a crawler: it may read, and counts for nobody."""

    @property
    def is_staff(self) -> bool:
        """Whether drafts and private values of the shop may be seen: staff of it, and the house itself."""
        return self.actor in (ActorKind.STAFF, ActorKind.SYSTEM)

    @property
    def keeps(self) -> frozenset[str]:
        """What is read without its guards.

        Drafts, hidden reviews and private values ("") by those who keep the catalogue, everybody's orders ("ORDERS")
        by those who keep orders, what the shop takes money by ("OWNER") by its owner.
        """
        return _keeps(self.roles)

    @property
    def viewer_id(self) -> UUID | None:
        """The customer who asks: whoever else it is has nothing of their own in the shop."""
        return self.subject_id if self.actor is ActorKind.CUSTOMER else None

    @property
    def staff_id(self) -> UUID | None:
        """The member of staff who asks, for rows that record who did it."""
        return self.subject_id if self.actor is ActorKind.STAFF else None

    def may(self, role: Role) -> bool:
        """Whether the caller has the role; an OWNER and the house itself have all."""
        return role in self.roles or Role.OWNER in self.roles


def system_caller(shop: Shop) -> Caller:
    """Return the house itself acting in a shop: worker, command line, demo data."""
    return Caller(
        shop_id=shop.id,
        mode=shop.mode,
        actor=ActorKind.SYSTEM,
        now=shop_now(shop.clock_offset_ms),
        request_id=new_id().hex,
        roles=frozenset(Role),
    )
