"""How each scalar is written by SQL; the twin of its Python serialiser, and proven equal to it."""

from collections.abc import Callable

_written: dict[str, Callable[[str], str]] = {}
_planned = {"Boolean"}


def decides_plans(scalar: str) -> None:
    """State that a scalar's values (few, and checked) belong to the plan instead of being binds.

    PostgreSQL plans a bound LIMIT for a tenth of the table, so it would plan such a statement anew each time
    (2.3 ms for a list of products); with the number in the text the plan is made once and kept.
    """
    _planned.add(scalar)


def is_planned(scalar: str) -> bool:
    """Whether a plan is made for each value of the scalar."""
    return scalar in _planned


def written_by_sql(scalar: str, form: Callable[[str], str]) -> None:
    """State the SQL expression that writes a scalar from a raw value; the default is PostgreSQL's own JSON form."""
    _written[scalar] = form


def sql_form(scalar: str, expression: str) -> str:
    """The expression whose JSON form is what the scalar's Python serialiser gives."""
    form = _written.get(scalar)
    return form(expression) if form else expression


def sql_list_form(scalar: str, expression: str) -> str:
    """The same for a list of the scalar kept in an array column."""
    form = _written.get(scalar)
    if form is None:
        return expression
    return f"case when {expression} is not null then array(select {form('item')} from unnest({expression}) item) end"
