"""Whether somebody is new in a shop: no paid order of theirs, by customer, unionid or verified phone (rules 3.4, 3.20).

Whoever has a second account under the same phone number or the same unionid is not new.
"""

from typing import Final

# Of `{who}.id`. Primary key; index customer_phone (shop_id, phone_hash); index identity_unionid (shop_id,
# open_account, unionid); index orders (shop_id, customer_id, created_at, id). A paid order counts for good, whatever
# became of it, but for one that the failure of its team undid.
_HAS_PAID: Final = """
exists (
    select from customer me
    join customer other on other.shop_id = me.shop_id and other.id in (
        select me.id
        union all
        select phone.id from customer phone where phone.shop_id = me.shop_id and phone.phone_hash = me.phone_hash
        union all
        select theirs.customer_id from identity mine
        join identity theirs on theirs.shop_id = mine.shop_id and theirs.open_account = mine.open_account
            and theirs.unionid = mine.unionid
        where mine.shop_id = me.shop_id and mine.customer_id = me.id
    )
    where me.shop_id = $1 and me.id = {who}
      and other.paid_orders > case when other.id = me.id then {own} else 0 end + (
          select count(*) from orders gone
          where gone.shop_id = me.shop_id and gone.customer_id = other.id and exists (
              select from refund where refund.shop_id = gone.shop_id and refund.order_id = gone.id
                and refund.reason = 'GROUP_FAILED'))
)
"""


def has_paid(who: str, *, own: int = 0) -> str:
    """Return the condition that `who` is not new, in a statement whose $1 is the shop.

    `own` are orders of the same customer that are not held against them: one, at the payment of the very order.
    """
    return _HAS_PAID.format(who=who, own=own)


# Under which people who may be the same wait for each other at payment: by phone, by unionid, else by themselves.
HOLD_PERSON: Final = """
select pg_advisory_xact_lock(key) from (
    select distinct hashtextextended(name, 0) as key from (
        select 'new customer ' || me.shop_id || ' ' || me.id as name from customer me
        where me.shop_id = $1 and me.id = $2
        union all
        select 'new customer ' || me.shop_id || ' ' || encode(me.phone_hash, 'hex') from customer me
        where me.shop_id = $1 and me.id = $2 and me.phone_hash is not null
        union all
        select 'new customer ' || mine.shop_id || ' ' || mine.open_account || ' ' || mine.unionid from identity mine
        where mine.shop_id = $1 and mine.customer_id = $2 and mine.unionid is not null
    ) named order by key
) ordered
"""
