"""Facts as JSON: the forms of what JSON itself has none for."""

from decimal import Decimal
from uuid import UUID


def plain(value: object) -> object:
    """Give a value its form in JSON; for orjson's `default`. Raises TypeError for what has none.

    Also asked about ids that came from the database: asyncpg's UUID is a class of its own to orjson.
    """
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(str(member) for member in value)
    message = f"a {type(value).__name__} has no form in JSON"
    raise TypeError(message)
