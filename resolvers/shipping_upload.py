"""What WeChat has to be told of a payment's parcels: a job for each payment, made anew by each change of them.

The worker carries it out (shipping_send.py). Money of a mini-program stays frozen until it is done.
"""

from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import Connection, pool
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller

# Of the payment that counts; a total of zero has none of WeChat's. `updated_at` is the moment that WeChat is told of
# this revision under, and has to grow: said twice after a lost answer it is the same, and WeChat takes it once.
_RENEW: Final = """
insert into shipping_upload as job (id, shop_id, order_id, payment_id, state, revision, uploaded_revision, attempts,
                                    next_attempt_at, last_error, created_at, updated_at)
select $3, $1, $2, payment.id, 'WAITING', 1, 0, 0, $4, '', $4, $4 from payment
where payment.shop_id = $1 and payment.order_id = $2 and payment.state = 'SUCCEEDED' and not payment.is_surplus
  and payment.method = 'WECHAT'
on conflict (shop_id, payment_id) do update
set state = 'WAITING', revision = job.revision + 1, attempts = 0, next_attempt_at = $4, last_error = '',
    updated_at = greatest($4, job.updated_at + interval '1 millisecond')
"""
_RETRY: Final = """
update shipping_upload set state = 'WAITING', attempts = 0, next_attempt_at = $3, last_error = '',
                           updated_at = greatest($3, updated_at + interval '1 millisecond')
where shop_id = $1 and id = $2 and state = 'FAILED' returning id
"""
# What somebody has in hand has said nothing yet: it is not at rest either.
_WAITING: Final = """
select count(*) from shipping_upload
where shop_id = $1 and state = 'WAITING' and (next_attempt_at <= $2 or last_error = '')
"""


async def renew_upload(sql: Connection, shop_id: UUID, order_id: UUID) -> None:
    """Have WeChat told of an order's parcels as they are now, inside the transaction that changed them."""
    await sql.execute(_RENEW, shop_id, order_id, new_id(), wall_now())


async def shipping_upload_retry(caller: Caller, upload_id: UUID) -> UUID:
    """Have WeChat told once more what it refused. Raises Refusal NOT_FOUND when nothing failed under this id."""
    found: UUID | None = await pool().fetchval(_RETRY, caller.shop_id, upload_id, wall_now())
    if found is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "没有失败的发货上传", "No failed upload of this id", "id")
    return found


async def waiting_uploads(shop_id: UUID) -> int:
    """Return how many payments of a shop WeChat should be told of by now."""
    waiting: int = await pool().fetchval(_WAITING, shop_id, wall_now())
    return waiting
