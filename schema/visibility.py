"""What the public may see: a product on sale inside its window on the shop's clock, and what hangs from it."""


def on_sale(alias: str) -> str:
    """The condition for a product row under `alias`.

    `timestamptz_cmp(..) <> 1` is `<=` in words that PostgreSQL expects to hold almost always, as it does. Of `<=` with
    a bind it expects one in three, which makes the plan it could keep look dearer than planning every request anew:
    0.3 ms against 1.1 ms for a collection's page. The price: an index on published_at is no longer entered at now.
    """
    return (
        f"{alias}.status = 'ACTIVE' and timestamptz_cmp({alias}.published_at, {{now}}) <> 1"
        f" and ({alias}.unpublish_at is null or {alias}.unpublish_at > {{now}})"
    )


def of_product_on_sale(product_id: str = "{t}.product_id") -> str:
    """The condition for a row that belongs to a product: a look at the product by its primary key."""
    return f"exists (select 1 from product g where g.shop_id = {{shop}} and g.id = {product_id} and {on_sale('g')})"


OF_VARIANT_ON_SALE = (
    "exists (select 1 from variant v, product g where v.shop_id = {shop} and v.id = {t}.variant_id"
    f" and g.shop_id = v.shop_id and g.id = v.product_id and {on_sale('g')})"
)
