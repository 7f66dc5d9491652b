"""What customers can do with favourites: keep a product or the shop to find it again, and let it go."""

from typing import Final
from uuid import UUID

from ids import new_id
from models.database import transaction
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.customer import required_customer
from resolvers.retried import retried

# Unique (shop_id, id) of product; the keys of favourite let each in once, whatever comes at the same moment.
_KEEP_PRODUCT: Final = """
with found as (
    select id from product where shop_id = $2 and id = $4
        and status = 'ACTIVE' and published_at <= $5 and (unpublish_at is null or unpublish_at > $5)
), kept as (
    insert into favourite (id, shop_id, customer_id, product_id, created_at)
    select $1, $2, $3, id, $5 from found
    on conflict do nothing
)
select id from found
"""
_KEEP_SHOP: Final = """
insert into favourite (id, shop_id, customer_id, product_id, created_at) values ($1, $2, $3, null, $4)
on conflict do nothing
"""
# What is no longer on sale can be let go all the same.
_DROP_PRODUCT: Final = """
with gone as (delete from favourite where shop_id = $1 and customer_id = $2 and product_id = $3)
select id from product where shop_id = $1 and id = $3
"""
_DROP_SHOP: Final = "delete from favourite where shop_id = $1 and customer_id = $2 and product_id is null"


@retried
async def favourite_add(caller: Caller, product_id: UUID | None) -> UUID:
    """Keep a product, or the shop when it is null; returns the customer. Twice is once.

    Raises Refusal LOGIN_REQUIRED, or NOT_FOUND for a product that is not on sale here.
    """
    customer_id = required_customer(caller)
    async with transaction() as sql:
        if product_id is None:
            await sql.execute(_KEEP_SHOP, new_id(), caller.shop_id, customer_id, caller.now)
        elif not await sql.fetchval(_KEEP_PRODUCT, new_id(), caller.shop_id, customer_id, product_id, caller.now):
            raise _no_such_product()
    return customer_id


@retried
async def favourite_remove(caller: Caller, product_id: UUID | None) -> UUID:
    """Let a product go, or the shop when it is null; returns the customer. What was not kept is gone too.

    Raises Refusal LOGIN_REQUIRED, or NOT_FOUND for a product that is not of this shop.
    """
    customer_id = required_customer(caller)
    async with transaction() as sql:
        if product_id is None:
            await sql.execute(_DROP_SHOP, caller.shop_id, customer_id)
        elif not await sql.fetchval(_DROP_PRODUCT, caller.shop_id, customer_id, product_id):
            raise _no_such_product()
    return customer_id


def _no_such_product() -> Refusal:
    return Refusal(UserErrorCode.NOT_FOUND, "找不到该商品", "No such product", *("productId",))
