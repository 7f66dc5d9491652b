"""What can be chosen of a product, and what a variant is the choice of."""

import strawberry

from engine.declare import field, reads
from models.option import ProductOption as ProductOptionRow
from schema.node import Node
from schema.visibility import of_product_on_sale


@reads(ProductOptionRow, prefix="opt", guard=of_product_on_sale())
@strawberry.type(description="Something to choose, such as colour or size.")
class ProductOption(Node):
    """In the order it is to be asked."""

    name: str = field(description="What is chosen: `颜色`.")
    position: int = field(description="Place among the product's options, from 1.")
    values: list[str] = field(description="What there is to choose from, in order.")


@reads()
@strawberry.type(description="One choice that makes a variant.")
class SelectedOption:
    """Derived from the product's options and the variant's values."""

    name: str = field(description="What is chosen: `颜色`.")
    value: str = field(description="The choice: `浅杏粉`.")


SELECTED_OPTIONS = """
select o.name, {p}.option_values[o.position] as value
from product_option o
where o.shop_id = {shop} and o.product_id = {p}.product_id and o.position <= cardinality({p}.option_values)
order by o.position
"""
"""The options of a variant by name; an index on (shop_id, product_id, position) brings them in order."""
