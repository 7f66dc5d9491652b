"""What is true of the catalogue at every moment: stored figures are what refreshing them would make them."""

from typing import Final

from resolvers.aggregates import FIGURES, STALE_FIGURES, members_of
from resolvers.check_stock import BEHIND
from resolvers.invariant import Invariant

_PRODUCTS_BEHIND: Final = f"select product_id from ({BEHIND}) as behind"  # noqa: S608 - fixed words

CATALOGUE_INVARIANTS: Final = (
    Invariant(
        name="product.figures_are_fresh",
        meaning="A product's prices, stock, counts and rating are those of its variants, pictures, reviews.",
        prefix="prd",
        broken=f"""
            with {FIGURES.format(products="true")}
            select product.id from product join figures on figures.product_id = product.id
            where product.shop_id = $1 and product.id not in ({_PRODUCTS_BEHIND}) and {STALE_FIGURES}
        """,  # noqa: S608 - fixed words
    ),
    Invariant(
        name="product.is_sold_by_variants",
        meaning="A product has at least one variant.",
        prefix="prd",
        broken="""
            select id from product
            where shop_id = $1 and not exists (
                select from variant where variant.shop_id = $1 and variant.product_id = product.id)
        """,
    ),
    Invariant(
        name="product.has_words",
        meaning="A product has words to be found by.",
        prefix="prd",
        broken="""
            select id from product
            where shop_id = $1 and not exists (
                select from product_words where product_words.shop_id = $1 and product_words.product_id = product.id)
        """,
    ),
    Invariant(
        name="variant.price_is_written_down",
        meaning="The last line of a variant's price history is the price it has.",
        prefix="var",
        broken="""
            select variant.id from variant
            left join lateral (
                select price_fen, compare_at_price_fen from price_history told
                where told.shop_id = $1 and told.variant_id = variant.id
                order by told.created_at desc, told.id desc limit 1
            ) last on true
            where variant.shop_id = $1
              and (variant.price_fen, variant.compare_at_price_fen)
                  is distinct from (last.price_fen, last.compare_at_price_fen)
        """,
    ),
    Invariant(
        name="collection.count_is_its_members",
        meaning="A collection's count is that of the products on it.",
        prefix="col",
        broken="""
            select id from collection
            where shop_id = $1 and product_count <> (
                select count(*) from collection_product placed
                where placed.shop_id = $1 and placed.collection_id = collection.id)
        """,
    ),
    Invariant(
        name="collection.members_meet_its_rules",
        meaning="A collection by rule has the products that meet its rules, all of them and no others.",
        prefix="col",
        broken=f"""
            with {members_of(shelves="true", products=f"product.id not in ({_PRODUCTS_BEHIND})")}, placed as (
                select placed.collection_id, placed.product_id from collection_product placed
                join shelf on shelf.id = placed.collection_id
                where placed.shop_id = $1 and placed.product_id not in ({_PRODUCTS_BEHIND})
            )
            select collection_id as id from member full join placed using (collection_id, product_id)
            where member.product_id is null or placed.product_id is null
            group by collection_id
        """,  # noqa: S608 - fixed words
    ),
    Invariant(
        name="category.path_leads_to_it",
        meaning="A category's path is its parent's path and itself.",
        prefix="cat",
        broken="""
            select category.id from category
            left join category parent on parent.shop_id = $1 and parent.id = category.parent_id
            where category.shop_id = $1
              and category.path is distinct from coalesce(parent.path, array[]::uuid[]) || category.id
        """,
    ),
)
