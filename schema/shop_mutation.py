"""What the owner can do with the shop itself."""

from typing import Annotated

import strawberry

from models.staff import Role
from resolvers import shop as resolver
from schema.attempt import Info, attempt, referred, staff_mutation
from schema.given import optional, plain
from schema.payload import Payload, outcome
from schema.scalars import Url
from schema.shop import Shop


@strawberry.input(description="Something the shop promises with everything it sells.")
class ServicePromiseInput:
    """Shown beside the price."""

    title: str = strawberry.field(description="In a few characters, at most 60: `七天无理由退货`.")
    text: str | None = optional("What it means, at most 1,000 characters.")


@strawberry.input(description="What shall be different in the shop. What is left out stays as it is.")
class ShopUpdateInput:
    """Handle, mode and currency are fixed."""

    version: int = strawberry.field(
        description="The version you have read; refused with CONFLICT when it no longer stands."
    )
    name: str | None = optional("As shown to customers; 1 to 120 characters.")
    description: str | None = optional("A few words about the shop, at most 5,000 characters.")
    logo_url: Url | None = optional("The address of its logo; null takes it away.")
    service_promises: list[ServicePromiseInput] | None = optional(
        "What it promises with everything it sells, in order, at most 20; the whole list."
    )

    def changes(self) -> resolver.ShopChanges:
        """Return it as the command takes it: an empty logo is none."""
        logo_url = None if self.logo_url is strawberry.UNSET else self.logo_url or ""
        said = plain(self.service_promises)
        promises = None if said is None else [resolver.Promise(one.title, plain(one.text) or "") for one in said]
        return resolver.ShopChanges(plain(self.name), plain(self.description), logo_url, promises)


@strawberry.type(description="What became of shopUpdate.")
class ShopUpdatePayload(Payload):
    """The caller's own shop."""

    shop: Shop | None = outcome("The shop as it is now.")


@strawberry.type
class ShopMutation:
    """Part of Mutation."""

    @staff_mutation("Describe the shop anew.", Role.OWNER)
    async def shop_update(
        self,
        info: Info,
        input: Annotated[ShopUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> ShopUpdatePayload:
        """The version guards against overwriting."""
        caller = info.context.caller
        version, errors = await attempt(caller, resolver.shop_update(caller, input.version, input.changes()), "input")
        shop_id = None if version is None else caller.shop_id
        return ShopUpdatePayload(shop=referred(Shop, shop_id), user_errors=errors)
