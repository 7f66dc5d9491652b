"""What the public may see: a product on sale inside its window on the shop's clock, and what hangs from it."""


def on_sale(alias: str) -> str:
    """The condition for a product row under `alias`."""
    return (
        f"{alias}.status = 'ACTIVE' and {alias}.published_at <= {{now}}"
        f" and ({alias}.unpublish_at is null or {alias}.unpublish_at > {{now}})"
    )


def of_product_on_sale(product_id: str = "{t}.product_id") -> str:
    """The condition for a row that belongs to a product: a look at the product by its primary key."""
    return f"exists (select 1 from product g where g.shop_id = {{shop}} and g.id = {product_id} and {on_sale('g')})"


OF_VARIANT_ON_SALE = (
    "exists (select 1 from variant v, product g where v.shop_id = {shop} and v.id = {t}.variant_id"
    f" and g.shop_id = v.shop_id and g.id = v.product_id and {on_sale('g')})"
)
