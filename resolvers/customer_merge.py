"""Two customers of a shop turn out to be one person: the older survives, and has what the other had.

Each column that names a customer has its rule here; a test holds this list to the tables. Old ids and tokens go on:
whoever comes with one is the survivor (`merged_into`, looked up where callers are found).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from clock import wall_now
from models.database import Connection, pool, transaction
from resolvers.caller import ActorKind, Caller
from resolvers.cart_merge import HOLD_CARTS_OF_CUSTOMERS, JOIN_CART_OF_CUSTOMER
from resolvers.group_buy_merge import HOLD_TEAMS_OF_CUSTOMERS, MOVE_INVITATIONS, MOVE_LEADERS, MOVE_SEATS
from resolvers.outbox import emit
from resolvers.retried import retried
from resolvers.viewed_product import MOVE_CUSTOMERS

LATE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class MergeRule:
    """What becomes of the rows of the one who goes; $1 is the shop, $2 the survivor, $3 the one who goes."""

    why: str
    statements: tuple[str, ...]


def _moved(table: str) -> str:
    return f"update {table} set customer_id = $2 where shop_id = $1 and customer_id = $3"  # noqa: S608 - our own tables


def _moved_in_order(table: str, column: str = "customer_id") -> str:
    """Move rows that others change too, locked in the order in which everybody takes them."""
    return f"""
    with theirs as (select id from {table} where shop_id = $1 and {column} = $3 order by id for no key update)
    update {table} set {column} = $2 from theirs where {table}.shop_id = $1 and {table}.id = theirs.id
    """  # noqa: S608 - our own tables


# In the order of their key, as the recorder writes them, so that the two never wait for each other in a circle.
_MOVE_VISITS = """
with theirs as (
    select id from visit where shop_id = $1 and customer_id = $3 order by shop_id, visit_id for update
)
update visit set customer_id = $2 from theirs where visit.id = theirs.id
"""

# The later word on each matter stands: giving and taking back both count.
_LATER_CONSENT = """
update consent set is_current = false
where shop_id = $1 and customer_id in ($2, $3) and is_current and exists (
    select 1 from consent later
    where later.shop_id = $1 and later.customer_id in ($2, $3) and later.is_current and later.kind = consent.kind
        and (coalesce(later.withdrawn_at, later.given_at), later.id)
            > (coalesce(consent.withdrawn_at, consent.given_at), consent.id)
)
"""

_FAVOURITES_OF_BOTH = """
delete from favourite
where shop_id = $1 and customer_id = $3 and exists (
    select 1 from favourite mine
    where mine.shop_id = $1 and mine.customer_id = $2 and mine.product_id is not distinct from favourite.product_id
)
"""

_METAFIELDS_OF_BOTH = """
delete from metafield theirs using metafield mine
where theirs.shop_id = $1 and theirs.customer_id = $3 and mine.shop_id = $1 and mine.customer_id = $2
    and mine.namespace = theirs.namespace and mine.key = theirs.key
"""

# Whoever asks again after a lost answer asks as the survivor. Unique index (shop_id, actor, mutation, key).
_KEYS_OF_THEIRS = f"""
update idempotency_key theirs set actor = '{ActorKind.CUSTOMER}:' || $2::uuid
where theirs.shop_id = $1 and theirs.actor = '{ActorKind.CUSTOMER}:' || $3::uuid and not exists (
    select from idempotency_key mine
    where mine.shop_id = $1 and mine.actor = '{ActorKind.CUSTOMER}:' || $2::uuid
      and mine.mutation = theirs.mutation and mine.key = theirs.key)
"""  # noqa: S608 - a word of our own enum

# Before theirs move: of two defaults the survivor's stays.
_SECOND_DEFAULT = """
update address set is_default = false
where shop_id = $1 and customer_id = $3 and is_default
    and exists (select 1 from address mine where mine.shop_id = $1 and mine.customer_id = $2 and mine.is_default)
"""

_LINKS_OF_PROMOTER = """
update share_link set promoter_id = mine.id
from promoter mine, promoter theirs
where mine.shop_id = $1 and mine.customer_id = $2
    and theirs.shop_id = $1 and theirs.customer_id = $3 and theirs.staff_id is null
    and share_link.shop_id = $1 and share_link.promoter_id = theirs.id
"""
_SECOND_PROMOTER = """
update promoter set customer_id = null, active = active and staff_id is not null
where shop_id = $1 and customer_id = $3
    and exists (select 1 from promoter mine where mine.shop_id = $1 and mine.customer_id = $2)
"""

_FILL_SURVIVOR = """
update customer mine set
    avatar_url = coalesce(mine.avatar_url, theirs.avatar_url),
    phone_sealed = case when mine.phone_hash is null then theirs.phone_sealed else mine.phone_sealed end,
    phone_masked = case when mine.phone_hash is null then theirs.phone_masked else mine.phone_masked end,
    phone_hash = coalesce(mine.phone_hash, theirs.phone_hash),
    paid_orders = mine.paid_orders + theirs.paid_orders,
    first_paid_at = least(mine.first_paid_at, theirs.first_paid_at)
from customer theirs
where mine.shop_id = $1 and mine.id = $2 and theirs.shop_id = $1 and theirs.id = $3
"""
# Who was merged into the one who goes points at the survivor too: one step always finds them.
_POINT = """
update customer set merged_into = $2, phone_sealed = null, phone_hash = null, phone_masked = null,
    paid_orders = 0, first_paid_at = null
where shop_id = $1 and (id = $3 or merged_into = $3)
"""

MERGE_RULES: Final[Mapping[str, MergeRule]] = {
    "identity.customer_id": MergeRule("the survivor logs in by all of them", (_moved("identity"),)),
    "session.customer_id": MergeRule("who is logged in stays so, as the survivor", (_moved("session"),)),
    "visitor.customer_id": MergeRule("their devices are the survivor's", (_moved("visitor"),)),
    "visit.customer_id": MergeRule("their visits are the survivor's; what they are owed to stays", (_MOVE_VISITS,)),
    "review.customer_id": MergeRule("what they wrote is the survivor's, under the name it was written by",
                                    (_moved("review"),)),
    "share_link.customer_id": MergeRule("their links go on, as the survivor's", (_moved("share_link"),)),
    "consent.customer_id": MergeRule("all is kept; of each kind the later word is current",
                                     (_LATER_CONSENT, _moved("consent"))),
    "favourite.customer_id": MergeRule(
        "the survivor keeps what either had, each once", (_FAVOURITES_OF_BOTH, _moved("favourite"))
    ),
    "address.customer_id": MergeRule(
        "the survivor's book has the addresses of both, and its own default", (_SECOND_DEFAULT, _moved("address"))
    ),
    "cart.customer_id": MergeRule(
        "one cart with what both had; the same adds up, and the other's id leads to it",
        (HOLD_CARTS_OF_CUSTOMERS, JOIN_CART_OF_CUSTOMER, _moved("cart")),
    ),
    "metafield.customer_id": MergeRule(
        "the survivor's stand, and what only the other had joins them", (_METAFIELDS_OF_BOTH, _moved("metafield"))
    ),
    "orders.customer_id": MergeRule("their orders are the survivor's", (_moved_in_order("orders"),)),
    "payment.payer_customer_id": MergeRule(
        "what they paid, the survivor paid", (_moved_in_order("payment", "payer_customer_id"),)
    ),
    "after_sale.customer_id": MergeRule("their after-sales are the survivor's", (_moved_in_order("after_sale"),)),
    "viewed_product.customer_id": MergeRule("the later look of either, each product once", (MOVE_CUSTOMERS,)),
    "message.customer_id": MergeRule(
        "what they were told, the survivor was told; what each agreed to hear stays with WeChat's name of them",
        (_moved_in_order("message"),),
    ),
    "idempotency_key.actor": MergeRule(
        "a wish of theirs that is sent again is answered as it was; the survivor's own key stands",
        (_KEYS_OF_THEIRS,),
    ),
    "promoter.customer_id": MergeRule(
        "a customer is a promoter once: the survivor's gets the links, else the other's becomes the survivor's",
        (_LINKS_OF_PROMOTER, _SECOND_PROMOTER, _moved("promoter")),
    ),
    "group_buy_seat.customer_id": MergeRule(
        "their seats are the survivor's; where both sit in one team, the younger id's stays under that id",
        (HOLD_TEAMS_OF_CUSTOMERS, MOVE_SEATS),
    ),
    "group_buy_seat.invited_by": MergeRule("whom they brought, the survivor brought", (MOVE_INVITATIONS,)),
    "group_buy_team.leader_id": MergeRule("where they lead, the survivor leads", (MOVE_LEADERS,)),
    "customer.merged_into": MergeRule(
        "the survivor keeps phone and picture or takes them over, and has paid for both; older ids point at them",
        (_FILL_SURVIVOR, _POINT),
    ),
}  # fmt: skip

# In the order of ids, so that two merges wait for each other and never in a circle. Who only names a customer in a row
# of their own (a cart, an order) need not wait: what comes late under the older id follows.
_HOLD = "select id from customer where shop_id = $1 and id = any($2::uuid[]) order by id for no key update"
_WHEN = "update customer set merged_at = $3 where shop_id = $1 and id = $2"
_OLDEST = "select id from customer where shop_id = $1 and id = any($2::uuid[]) order by created_at, id limit 1"


# Partial index (merged_at): the merges of the last minute.
_LATELY = """
select shop_id, merged_into, id from customer
where merged_into is not null and merged_at > $1 and ($2::uuid is null or shop_id = $2)
"""


async def finish_merges(wall: datetime, shop_id: UUID | None) -> int:
    """Apply the rules once more to who was merged in the last minute; returns how many.

    Processes remember for a second who stands behind a token, so rows may still have come under the older id.
    """
    lately = await pool().fetch(_LATELY, wall - timedelta(seconds=LATE_SECONDS), shop_id)
    for row in lately:
        await _finish(row["shop_id"], row["merged_into"], row["id"])
    return len(lately)


async def merge_customers(sql: Connection, caller: Caller, customer_ids: Iterable[UUID]) -> UUID:
    """Merge customers into the oldest of them inside the open transaction; returns who survives."""
    ids = sorted(customer_ids)
    await sql.execute(_HOLD, caller.shop_id, ids)
    survivor: UUID = await sql.fetchval(_OLDEST, caller.shop_id, ids)
    for gone in ids:
        if gone != survivor:
            await _apply(sql, caller.shop_id, survivor, gone)
            await sql.execute(_WHEN, caller.shop_id, gone, wall_now())
            await emit(sql, caller, "customer.merged", gone, {"into": survivor})
    # Whoever follows the survivor is told of the phone or picture that came.
    await emit(sql, caller, "customer.updated", survivor, {})
    return survivor


@retried
async def _finish(shop_id: UUID, survivor: UUID, gone: UUID) -> None:
    async with transaction() as sql:
        await sql.execute(_HOLD, shop_id, sorted((survivor, gone)))
        await _apply(sql, shop_id, survivor, gone)


async def _apply(sql: Connection, shop_id: UUID, survivor: UUID, gone: UUID) -> None:
    for rule in MERGE_RULES.values():
        for statement in rule.statements:
            await sql.execute(statement, shop_id, survivor, gone)
