"""What customers can do with their address book."""

from typing import Annotated

import strawberry

from resolvers import address as resolver
from schema.address import Address
from schema.address_input import AddressCreateInput, AddressUpdateInput
from schema.attempt import IdempotencyKey, Info, attempt, open_mutation, referred
from schema.customer import Customer
from schema.given import global_id, known
from schema.payload import Payload, outcome

AddressId = Annotated[strawberry.ID, strawberry.argument(description="The address.")]


@strawberry.type(description="What became of addressCreate.")
class AddressCreatePayload(Payload):
    """The new one."""

    address: Address | None = outcome("The address as it is now.")


@strawberry.type(description="What became of addressUpdate.")
class AddressUpdatePayload(Payload):
    """The changed one."""

    address: Address | None = outcome("The address as it is now.")


@strawberry.type(description="What became of addressDelete.")
class AddressDeletePayload(Payload):
    """It is gone."""

    deleted_address_id: strawberry.ID | None = outcome("The id of the address that is gone.")
    customer: Customer | None = outcome("The customer, with `addresses` as they are now.")


@strawberry.type(description="What became of addressSetDefault.")
class AddressSetDefaultPayload(Payload):
    """The whole book."""

    customer: Customer | None = outcome("The customer, with `addresses` as they are now.")


@strawberry.type
class AddressMutation:
    """Part of Mutation."""

    @open_mutation(
        "Write an address into the book; the first is the default. Refused with LOGIN_REQUIRED for visitors,"
        " NOT_FOUND or INVALID for a region, LIMIT_REACHED above 50 addresses."
    )
    async def address_create(
        self,
        info: Info,
        input: Annotated[AddressCreateInput, strawberry.argument(description="The address.")],
        idempotency_key: IdempotencyKey,
    ) -> AddressCreatePayload:
        """From our pickers or from WeChat's."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.address_create(caller, input.draft(), idempotency_key))
        return AddressCreatePayload(address=referred(Address, id_), user_errors=errors)

    @open_mutation("Change an address. Refused with LOGIN_REQUIRED for visitors, and as addressCreate is.")
    async def address_update(
        self,
        info: Info,
        id: AddressId,
        input: Annotated[AddressUpdateInput, strawberry.argument(description="What shall be different.")],
    ) -> AddressUpdatePayload:
        """Orders keep what they had."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.address_update(caller, known("adr", id), input.draft()))
        return AddressUpdatePayload(address=referred(Address, id_), user_errors=errors)

    @open_mutation(
        "Strike an address out. When it was the default, the one written last becomes it. Refused with LOGIN_REQUIRED"
        " for visitors."
    )
    async def address_delete(self, info: Info, id: AddressId) -> AddressDeletePayload:
        """Orders keep what they had."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.address_delete(caller, known("adr", id)))
        customer = None if id_ is None else referred(Customer, caller.viewer_id)
        return AddressDeletePayload(deleted_address_id=global_id("adr", id_), customer=customer, user_errors=errors)

    @open_mutation("Make an address the default. Refused with LOGIN_REQUIRED for visitors.")
    async def address_set_default(self, info: Info, id: AddressId) -> AddressSetDefaultPayload:
        """Instead of the one that is."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.address_set_default(caller, known("adr", id)))
        customer = None if id_ is None else referred(Customer, caller.viewer_id)
        return AddressSetDefaultPayload(customer=customer, user_errors=errors)
