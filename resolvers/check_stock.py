"""What is true of stock at every moment."""

from typing import Final

from resolvers.invariant import Invariant

# A variant or product whose figures due work is about to make anew: they are allowed to be behind.
BEHIND: Final = """
select variant.id, variant.product_id from stock_level level
join variant on variant.shop_id = $1 and variant.id = level.variant_id
where level.shop_id = $1 and not level.figured
"""

STOCK_INVARIANTS: Final = (
    Invariant(
        name="stock.on_hand_is_its_moves",
        meaning="What is on hand at a location is the sum of all moves written down there.",
        prefix="lvl",
        broken="""
            select level.id from stock_level level
            where level.shop_id = $1 and level.on_hand <> coalesce((
                select sum(move.delta) from stock_move move
                where move.shop_id = $1 and move.variant_id = level.variant_id
                  and move.location_id = level.location_id), 0)
        """,
    ),
    Invariant(
        name="stock.moves_have_a_level",
        meaning="Stock moves only where there is a level for it.",
        prefix="mov",
        broken="""
            select move.id from stock_move move
            where move.shop_id = $1 and not exists (
                select from stock_level level
                where level.shop_id = $1 and level.variant_id = move.variant_id
                  and level.location_id = move.location_id)
        """,
    ),
    Invariant(
        name="stock.reserved_is_on_hand",
        meaning="No more is reserved than is on hand, unless the variant may be oversold; and never less than nothing.",
        prefix="lvl",
        broken="""
            select id from stock_level
            where shop_id = $1 and (reserved < 0 or (reserved > on_hand and not may_oversell))
        """,
    ),
    Invariant(
        name="stock.oversell_follows_the_variant",
        meaning="A level may be oversold when its variant is not tracked or goes on selling at zero, else it may not.",
        prefix="lvl",
        broken="""
            select level.id from stock_level level
            join variant on variant.shop_id = $1 and variant.id = level.variant_id
            where level.shop_id = $1
              and level.may_oversell <> (not variant.tracked or variant.inventory_policy = 'CONTINUE')
        """,
    ),
    Invariant(
        name="stock.available_is_the_sum",
        meaning="What a variant has available is what is on hand and not reserved, over all locations.",
        prefix="var",
        broken=f"""
            select variant.id from variant
            where variant.shop_id = $1 and variant.id not in (select id from ({BEHIND}) as behind)
              and variant.available <> coalesce((
                  select sum(on_hand - reserved) from stock_level level
                  where level.shop_id = $1 and level.variant_id = variant.id), 0)
        """,  # noqa: S608 - fixed words
    ),
    Invariant(
        name="stock.one_default_location",
        meaning="A shop has exactly one default location.",
        prefix="shp",
        broken="""
            select id from shop
            where id = $1 and 1 <> (select count(*) from location where shop_id = $1 and is_default)
        """,
    ),
)
