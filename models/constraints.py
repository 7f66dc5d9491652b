"""The raw SQL of constraints that Tortoise has no words for: keys that carry the shop, and checks."""

CASCADE = "on delete cascade"


def shop_key(table: str) -> str:
    """Return the key by which a row goes with its shop."""
    return (
        f"alter table {table} add constraint {table}_shop_id_fkey foreign key (shop_id) references shop (id) {CASCADE}"
    )


def reference(table: str, column: str, target: str, on_delete: str) -> str:
    """Return the key by which a row points at one of its own shop, and never into another."""
    return (
        f"alter table {table} add constraint {table}_{column}_fkey"
        f" foreign key (shop_id, {column}) references {target} (shop_id, id) {on_delete}"
    )


def check(table: str, name: str, condition: str) -> str:
    """Return a condition that every row meets."""
    return f"alter table {table} add constraint {table}_{name}_check check ({' '.join(condition.split())})"
