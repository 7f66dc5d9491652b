"""What has a metafield: found, with the role that it takes, and held so that nobody else writes of it meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from models.database import Connection
from models.metafield import OwnerKind
from models.refusal import UserErrorCode
from models.staff import Role
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import NOBODY, Checks

ROLE_OF: Final[Mapping[OwnerKind, Role]] = {
    OwnerKind.PRODUCT: Role.CATALOGUE,
    OwnerKind.VARIANT: Role.CATALOGUE,
    OwnerKind.CUSTOMER: Role.ORDERS,
    OwnerKind.CART: Role.ORDERS,
    OwnerKind.CART_LINE: Role.ORDERS,
    OwnerKind.ORDER: Role.ORDERS,
}

# Survivors of merges too. Before carts, as a merge of customers takes them, and a payment before orders.
_HOLD_CUSTOMERS: Final = """
select id from customer
where shop_id = $1 and id in (
    select unnest(array[asked.id, asked.merged_into]) from customer asked
    where asked.shop_id = $1 and asked.id = any($2::uuid[]))
order by id for no key update
"""
# Whoever takes lines away or joins carts holds the cart for writing before its lines; whoever adds need not wait.
_HOLD_CARTS: Final = """
select id from cart
where shop_id = $1 and id in (
    select unnest(array[asked.id, asked.merged_into]) from cart asked
    where asked.shop_id = $1 and (asked.id = any($2::uuid[]) or asked.id in (
        select line.cart_id from cart_line line where line.shop_id = $1 and line.id = any($3::uuid[]))))
order by id for share
"""
# Unique (shop_id, id) of every table. Whoever was merged is who they are now. Carts and lines can go in this moment:
# then they are waited for, and are not there.
_FIND: Final = """
select 'product_id' as kind, id as asked, id, id as product_id from product where shop_id = $1 and id = any($2::uuid[])
union all
select 'variant_id', id, id, product_id from variant where shop_id = $1 and id = any($3::uuid[])
union all
select 'customer_id', id, coalesce(merged_into, id), null from customer where shop_id = $1 and id = any($4::uuid[])
union all
select 'cart_id', id, coalesce(merged_into, id), null
from (select id, merged_into from cart where shop_id = $1 and id = any($5::uuid[]) order by id for key share) held
union all
select 'cart_line_id', id, id, null
from (select id from cart_line where shop_id = $1 and id = any($6::uuid[]) order by id for key share) held
union all
select 'order_id', id, id, null from orders where shop_id = $1 and id = any($7::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """The one thing that has a metafield. An id of no known kind is a product that is not there."""

    kind: OwnerKind
    id: UUID

    @property
    def is_nobody(self) -> bool:
        """Whether the id names nothing, whatever there is."""
        return self.id == NOBODY


def of_product(product_id: UUID) -> Owner:
    """Return a product as an owner."""
    return Owner(OwnerKind.PRODUCT, product_id)


def of_variant(variant_id: UUID) -> Owner:
    """Return a variant as an owner."""
    return Owner(OwnerKind.VARIANT, variant_id)


@dataclass(frozen=True, slots=True)
class FoundOwner:
    """Who it is now; `product_id` of goods, whose product changes with them."""

    owner: Owner
    product_id: UUID | None


async def hold_owners(sql: Connection, caller: Caller, owners: Sequence[Owner], checks: Checks) -> list[FoundOwner]:
    """Hold the shop's metafields for writing, and say who the owners are, in their order.

    All writers of metafields take the shop's row first, and so never meet; then customers, then carts.
    Adds to `checks`, and ends them: NOT_ALLOWED for kinds that the caller has no role for, NOT_FOUND.
    """
    for index, owner in enumerate(owners):
        if not owner.is_nobody and not caller.may(ROLE_OF[owner.kind]):
            zh, en = "没有修改该对象元字段的权限", "Metafields of this kind are not yours to write"
            checks.refuse(UserErrorCode.NOT_ALLOWED, zh, en, index, "ownerId")
    checks.end()
    await open_catalogue(sql, caller.shop_id)
    ids = {kind: [owner.id for owner in owners if owner.kind is kind] for kind in OwnerKind}
    if ids[OwnerKind.CUSTOMER]:
        await sql.execute(_HOLD_CUSTOMERS, caller.shop_id, ids[OwnerKind.CUSTOMER])
    if ids[OwnerKind.CART] or ids[OwnerKind.CART_LINE]:
        await sql.execute(_HOLD_CARTS, caller.shop_id, ids[OwnerKind.CART], ids[OwnerKind.CART_LINE])
    rows = await sql.fetch(_FIND, caller.shop_id, *(ids[kind] for kind in OwnerKind))
    found = {
        Owner(kind, row["asked"]): FoundOwner(Owner(kind, row["id"]), row["product_id"])
        for row in rows
        for kind in (OwnerKind(row["kind"]),)
    }
    for index, owner in enumerate(owners):
        if owner not in found:
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该对象", "Nothing has this id", index, "ownerId")
    checks.end()
    return [found[owner] for owner in owners]
