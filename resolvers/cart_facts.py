"""What a cart's lines are worth today: price, whether still sold, how many are left, which limit is passed.

One select says it for the answer (schema) and for commands, so that the two never differ.
"""

from typing import Final

# The lines of a cart by the key that begins with it, then variant, product and stock levels by theirs. `of_variant`
# and `of_product` are how many pieces an order would take of each with this line and all others that are ticked.
# What was sold out or is no longer sold cannot be had in any quantity; too many of something can be mended.
# Words in braces stay for who uses it: the engine's {shop} and {now}, and {cart}, the cart's id.
CART_LINES: Final = """
select fact.*, not fact.is_sold or coalesce(fact.stock_left = 0, false) as is_invalid,
       least(case when fact.of_variant > fact.variant_limit then fact.variant_limit end,
             case when fact.of_product > fact.product_limit then fact.product_limit end) as passed_limit
from (
    select line.*, variant.price_fen as unit_fen, product.id as product_id, product.title,
           variant.title as variant_title,
           product.status = 'ACTIVE' and product.published_at <= {now}
               and (product.unpublish_at is null or product.unpublish_at > {now}) as is_sold,
           case when variant.tracked and variant.inventory_policy = 'DENY' then greatest(coalesce((
               select sum(level.on_hand - level.reserved) from stock_level level
               where level.shop_id = variant.shop_id and level.variant_id = variant.id
           ), 0), 0)::int end as stock_left,
           least(variant.per_order_limit, variant.per_person_limit) as variant_limit,
           least(product.per_order_limit, product.per_person_limit) as product_limit,
           (case when line.selected then 0 else line.quantity end
               + coalesce(sum(line.quantity) filter (where line.selected) over (partition by variant.id), 0))::int
               as of_variant,
           (case when line.selected then 0 else line.quantity end
               + coalesce(sum(line.quantity) filter (where line.selected) over (partition by product.id), 0))::int
               as of_product
    from cart_line line
    join variant on variant.shop_id = line.shop_id and variant.id = line.variant_id
    join product on product.shop_id = variant.shop_id and product.id = variant.product_id
    where line.shop_id = {shop} and line.cart_id = {cart}
) fact
"""
