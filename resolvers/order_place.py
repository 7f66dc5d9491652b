"""Placing an order: what was chosen is reserved, its price frozen, and what belongs to it copied."""

from uuid import UUID

from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.campaigns import CAMPAIGNS
from resolvers.idempotency import check_key, done_before, input_sha256
from resolvers.order_desk import place_at_desk
from resolvers.placement import MUTATION, Placement, Wish, check_placement, login_required
from resolvers.quote_token import read_quote_token


async def order_place(
    caller: Caller, placement: Placement, key: str, quote_token: str | None = None, mutation: str = MUTATION
) -> UUID:
    """Place an order, once for this key; returns its id.

    Raises Refusals: LOGIN_REQUIRED; what `check_placement` finds; QUOTE_EXPIRED; NOT_FOUND, NO_LONGER_SOLD,
    StockRefusal, LimitRefusal (per order, per person, unpaid orders), NOT_DELIVERABLE, with the path of the line;
    what a campaign has against it, and NOT_ALLOWED for one that another `mutation` serves;
    PriceRefusal when the total is not what the customer expects. Then nothing is reserved and the key is not used up.
    RetryRefusal BUSY or IDEMPOTENCY_IN_PROGRESS after a wait.
    """
    if caller.viewer_id is None:
        raise login_required()
    check_key(key)
    digest = input_sha256([placement, quote_token])
    if quote_token is not None:
        said = [placement, quote_token]
        try:
            placement = read_quote_token(caller, quote_token, placement)
        except Refusal:
            # Too old by now, for an order that may stand since: its key is good for longer.
            if (earlier := await done_before(caller, mutation, key, said)) is None:
                raise
            return UUID(earlier)
    check_placement(placement).end()
    _check_way(placement, mutation)
    return await place_at_desk(Wish(caller, placement, key, digest, mutation))


def _check_way(placement: Placement, mutation: str) -> None:
    """Raise Refusal NOT_ALLOWED for a mutation that does not serve this way of buying: a campaign may have its own."""
    offer, needed = placement.offer, MUTATION
    if offer is not None:
        campaign = CAMPAIGNS[offer.kind]
        needed = campaign.starts_by if offer.instance_id is None else campaign.joins_by
    if mutation != needed:
        raise Refusal(UserErrorCode.NOT_ALLOWED, f"请使用 {needed} 下单", f"This is bought by {needed}", "source")
