"""Placing an order: what was chosen is reserved, its price frozen, and what belongs to it copied."""

from uuid import UUID

from resolvers.caller import Caller
from resolvers.idempotency import check_key, input_sha256
from resolvers.order_desk import place_at_desk
from resolvers.placement import Placement, Wish, check_placement, login_required
from resolvers.quote_token import read_quote_token


async def order_place(caller: Caller, placement: Placement, key: str, quote_token: str | None = None) -> UUID:
    """Place an order, once for this key; returns its id.

    Raises Refusals: LOGIN_REQUIRED; what `check_placement` finds; QUOTE_EXPIRED; NOT_FOUND, NO_LONGER_SOLD,
    StockRefusal, LimitRefusal (per order, per person, unpaid orders), NOT_DELIVERABLE, with the path of the line;
    PriceRefusal when the total is not what the customer expects. Then nothing is reserved and the key is not used up.
    RetryRefusal BUSY or IDEMPOTENCY_IN_PROGRESS after a wait.
    """
    if caller.viewer_id is None:
        raise login_required()
    check_key(key)
    digest = input_sha256([placement, quote_token])
    if quote_token is not None:
        placement = read_quote_token(caller, quote_token, placement)
    check_placement(placement).end()
    return await place_at_desk(Wish(caller, placement, key, digest))
