"""Variants that are promised by an offer may not go: what was said to shoppers must be there to be had."""

from typing import Final

from models.refusal import Refusal, UserErrorCode

# Indexes (shop_id, variant_id) of the offer's variants and of seats, unique (shop_id, id) of offers, (shop_id,
# group_buy_id, state, ..) of teams. What a seat comes to in the end goes by its variant's prices.
IS_OFFERED: Final = """
exists (
    select from group_buy_variant one
    join group_buy offer on offer.shop_id = one.shop_id and offer.id = one.group_buy_id
    where one.shop_id = variant.shop_id and one.variant_id = variant.id and (offer.status <> 'ENDED' or exists (
        select from group_buy_team team
        where team.shop_id = offer.shop_id and team.group_buy_id = offer.id and team.state in ('OPENING', 'FORMING')
    ) or exists (
        select from group_buy_seat seat
        where seat.shop_id = one.shop_id and seat.variant_id = one.variant_id and seat.settle_at is not null
    ))
)
"""
"""For a row of `variant`: it is in an offer that has not ended, or in a round of one that is not settled yet."""


def offered_refusal(title: str, *field: str | int) -> Refusal:
    """Say that a variant cannot go while an offer promises it."""
    return Refusal(
        UserErrorCode.IN_USE,
        f"规格“{title}”正在参加拼团，不能删除",
        f"Variant {title!r} is in a group-buy and cannot be removed",
        *field,
    )
