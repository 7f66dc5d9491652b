"""What a product is to the customer who looks at it: everything personal stands here, and nowhere else."""

import strawberry

from engine.declare import expression, field, reads, value
from schema.money import Money


@reads()
@strawberry.type(description="What a product is to the customer who asks.")
class ViewerContext:
    """Reads the viewer, then a product's id, lowest price, whether it is in stock, and its limit per person."""

    price: Money = field(value("{2}"), description="The lowest price of any variant for this customer.")
    favourite: bool = field(
        expression(
            "exists (select 1 from favourite f where f.shop_id = {shop} and f.customer_id = {0} and f.product_id = {1})"
        ),
        description="Whether they keep it among their favourites.",
    )
    can_buy: bool = field(expression("{3}"), description="Whether they can buy any of it now.")
    limit_left: int | None = field(
        expression("{4}"), description="How many more they may ever buy; null without a limit."
    )


OF_PRODUCT = value("{viewer}", "{t}.id", "{t}.min_price_fen", "{t}.in_stock", "{t}.per_person_limit")
"""Null for visitors and staff, for whom there is no viewer's row."""
