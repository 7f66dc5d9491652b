"""What the owner does with staff, and how staff go from shop to shop."""

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

import models.staff as stored
from ids import encode_id
from resolvers import staff_login as resolver
from schema.attempt import Info, attempt, open_mutation, staff_mutation
from schema.given import as_stored, known
from schema.payload import Payload, outcome
from schema.session_mutation import Session


@strawberry.enum(description="What a member of staff may do.")
class Role(Enum):
    """As stored."""

    OWNER = strawberry.enum_value("OWNER", description="Everything, and who else works here.")
    CATALOGUE = strawberry.enum_value("CATALOGUE", description="Products, stock, collections, pages and reviews.")
    ORDERS = strawberry.enum_value("ORDERS", description="Orders and what follows from them.")
    ANALYTICS = strawberry.enum_value("ANALYTICS", description="Who came, by what, and what it brought.")
    KOL = strawberry.enum_value("KOL", description="Share the shop and see what one's own shares brought.")


@strawberry.input(description="Who is invited.")
class StaffInviteInput:
    """Taken on when nobody in the shop has the name."""

    name: str = strawberry.field(description="As the shop calls them; 1 to 120 characters, unique among its staff.")
    roles: list[Role] = strawberry.field(description="Exactly what they may do; at least one.")

    def stored_roles(self) -> list[stored.Role]:
        """Return them as the command takes them."""
        return [as_stored(stored.Role, role) for role in self.roles]


@strawberry.type(description="A link that makes whoever logs in by it this member of staff.")
class StaffInvitation:
    """It works once."""

    staff_id: strawberry.ID = strawberry.field(description="Who is invited.")
    path: str = strawberry.field(description="Open it in a browser, at the address of this server. Shown only now.")
    expires_at: datetime = strawberry.field(description="Until when it works, in real time.")

    @classmethod
    def of(cls, made: resolver.Invitation) -> "StaffInvitation":
        """Show an invitation."""
        return cls(staff_id=strawberry.ID(encode_id("stf", made.staff_id)), path=made.path, expires_at=made.expires_at)


@strawberry.type(description="What became of staffInvite.")
class StaffInvitePayload(Payload):
    """A former link of the same person is worthless now."""

    invitation: StaffInvitation | None = outcome("The link.")


@strawberry.type(description="What became of sessionSelectShop.")
class SessionSelectShopPayload(Payload):
    """The session in the former shop goes on."""

    session: Session | None = outcome("Tokens for the shop.")


@strawberry.type
class StaffMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Invite somebody to work in the shop, by a link that works once within 72 hours: who opens it and logs in by"
        " WeChat's QR code is that member of staff from then on.",
        stored.Role.OWNER,
    )
    async def staff_invite(
        self,
        info: Info,
        input: Annotated[StaffInviteInput, strawberry.argument(description="Who.")],
    ) -> StaffInvitePayload:
        """Again for the same name makes a new link."""
        caller = info.context.caller
        made, errors = await attempt(
            caller, resolver.staff_invite(caller.shop_id, input.name, input.stored_roles()), "input"
        )
        return StaffInvitePayload(invitation=None if made is None else StaffInvitation.of(made), user_errors=errors)

    @open_mutation(
        "Get tokens for another shop where the person works who logged in by WeChat. Refused with LOGIN_REQUIRED, or"
        " NOT_FOUND for a shop where they do not."
    )
    async def session_select_shop(
        self,
        info: Info,
        shop_id: Annotated[strawberry.ID, strawberry.argument(description="The shop, as the login listed it.")],
    ) -> SessionSelectShopPayload:
        """Of the member of staff who asks."""
        caller = info.context.caller
        pair, errors = await attempt(caller, resolver.session_select_shop(caller, _shop(shop_id)))
        return SessionSelectShopPayload(session=None if pair is None else Session.of(pair), user_errors=errors)


def _shop(text: str) -> UUID:
    return known("shp", text)
