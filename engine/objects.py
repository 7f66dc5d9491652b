"""How a selection of fields becomes one JSON object in SQL, whatever its size and its names."""

from dataclasses import dataclass

SMALL = 50
"""json_build_object takes at most 100 arguments: 50 pairs."""
LONGEST_COLUMN = 63
"""PostgreSQL cuts a column name at 63 bytes, so longer answer keys cannot go through row_to_json."""

Fields = list[tuple[str, str]]
"""Answer key and SQL expression, in order."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A select list; `json` makes one object of a row of it, `item` stands for that object inside json_agg."""

    columns: str
    json: str
    item: str


def selected(fields: Fields, alias: str) -> Selected:
    """The select list for a row source, to be read through `alias`; row_to_json is fastest where it can name all."""
    if fields and all(len(key) <= LONGEST_COLUMN for key, _sql in fields):
        return Selected(", ".join(f'{sql} as "{key}"' for key, sql in fields), f"row_to_json({alias})", alias)
    return Selected(f"{long_object(fields)} as o", f"{alias}.o", f"{alias}.o")


def object_of(fields: Fields) -> str:
    """One JSON object as a scalar expression, for values that have no row source of their own."""
    if len(fields) > SMALL:
        return long_object(fields)
    pairs = ", ".join(f"'{key}', {sql}" for key, sql in fields)
    return f"json_build_object({pairs})"


def long_object(fields: Fields) -> str:
    """The same by joining text, without any limit on names or numbers."""
    if not fields:
        return "'{}'::json"
    parts = [f"""'"{key}":' || coalesce(to_json({sql})::text, 'null')""" for key, sql in fields]
    pairs = " || ',' || ".join(parts)
    return f"('{{' || {pairs} || '}}')::json"
