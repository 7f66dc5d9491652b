"""A proof that would pass whatever the engine did proves nothing: faults planted in the engine must be found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from asyncpg import PostgresError

import engine.compiler
import engine.keyset
import engine.paging
import engine.scalars
import engine.shapes
from engine.compiler import Compiler
from engine.paging import Page
from engine.rows import Order, Rows
from engine.selection import Selections
from engine.sources import Relation
from tests.engine.both import Both, DifferentError
from tests.engine.proof import Viewpoint, prove, viewpoints
from tests.engine.small_shop import SmallShop

pytestmark = pytest.mark.slow

WITHIN = range(200)
"""The documents of the fast run: a fault that gets through them is one that nobody would see."""

Plant = Callable[[pytest.MonkeyPatch], None]


def _wrong_direction(patch: pytest.MonkeyPatch) -> None:
    ordered = engine.rows.ordered
    patch.setattr(
        engine.paging, "ordered", lambda rows, order: ordered(rows, Order(order.sql, order.key, not order.descending))
    )


def _ties_in_any_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        engine.paging, "ordered", lambda rows, order: f" order by {rows.fill(order.sql)}{' desc' * order.descending}"
    )


def _dropped_guard(patch: pytest.MonkeyPatch) -> None:
    rows = Compiler.rows

    def without(self: Compiler, relation: Relation, target: Any, *more: Any) -> Rows:
        keeps, self.statement.keeps = self.statement.keeps, frozenset({"", "ORDERS"})
        try:
            return rows(self, relation, target, *more)
        finally:
            self.statement.keeps = keeps

    patch.setattr(Compiler, "rows", without)


def _page_one_longer(patch: pytest.MonkeyPatch) -> None:
    source = Page.source
    patch.setattr(
        Page,
        "source",
        lambda page: source(page).replace(f"limit {page.window.size}", f"limit {page.window.size + 1}"),
    )


def _list_without_limit(patch: pytest.MonkeyPatch) -> None:
    listed: Callable[..., str] = Compiler.listed
    patch.setattr(Compiler, "listed", lambda *given: listed(*given[:-1], ""))


def _alias_lost(patch: pytest.MonkeyPatch) -> None:
    fields = Selections.fields
    patch.setattr(
        Selections, "fields",
        lambda self, type_, sets: {nodes[0].name.value: nodes for nodes in fields(self, type_, sets).values()},
    )  # fmt: skip


def _long_alias_cut(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine.objects, "LONGEST_COLUMN", 1_000)


def _skip_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Selections, "_is_included", lambda _self, _node: True)


def _wrong_serialiser(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(engine.scalars._written, "DateTime", lambda sql: f"({sql})::text")


def _serialiser_lost(patch: pytest.MonkeyPatch) -> None:
    patch.delitem(engine.scalars._written, "Decimal")


def _cursor_flipped(patch: pytest.MonkeyPatch) -> None:
    conditions = Page._cursor_conditions
    turn = str.maketrans("<>", "><")
    patch.setattr(Page, "_cursor_conditions", lambda self: [one.translate(turn) for one in conditions(self)])


def _cursor_includes_its_item(patch: pytest.MonkeyPatch) -> None:
    conditions = Page._cursor_conditions
    patch.setattr(
        Page, "_cursor_conditions",
        lambda self: [one.replace(") < (", ") <= (").replace(") > (", ") >= (") for one in conditions(self)],
    )  # fmt: skip


def _merged_fields_dropped(patch: pytest.MonkeyPatch) -> None:
    below = Selections.below
    patch.setattr(Selections, "below", lambda self, nodes: below(self, list(nodes)[:1]))


def _fields_in_other_order(patch: pytest.MonkeyPatch) -> None:
    fields = Selections.fields
    patch.setattr(Selections, "fields", lambda self, type_, sets: dict(reversed(fields(self, type_, sets).items())))


def _interfaces_never_apply(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Selections, "_applies", lambda _self, condition, type_: condition is None or condition.name.value == type_.name
    )


def _filter_ignored(patch: pytest.MonkeyPatch) -> None:
    rows = Compiler.rows

    def without(self: Compiler, *given: Any) -> Rows:
        found = rows(self, *given)
        found.conditions = [one for one in found.conditions if "in_stock =" not in one]
        return found

    patch.setattr(Compiler, "rows", without)


def _backward_not_turned(patch: pytest.MonkeyPatch) -> None:
    each = Page._each
    patch.setattr(Page, "_each", lambda self, sql: each(self, sql).replace(f' order by {self.c}."~n" desc', ""))


def _count_of_the_page(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine.paging, "MOST_COUNTED", 2)


def _plans_shared_whatever_the_variables(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine.shapes.Shapes, "of", lambda _self, _type: lambda _value: True)


def _variables_of_the_first_request(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        engine.statement.Statement, "leaf",
        lambda self, leaf, cast, convert=None: self.bind(
            (leaf.key, convert), cast, lambda _reading: convert(leaf.value) if convert else leaf.value
        ),
    )  # fmt: skip


def _viewer_never_asked(patch: pytest.MonkeyPatch) -> None:
    fill = engine.statement.Statement.fill
    patch.setattr(
        engine.statement.Statement, "fill",
        lambda self, template, *row, **more: fill(self, template.replace("{t}.id = {viewer}", "true"), *row, **more),
    )  # fmt: skip


def _every_keeper_keeps_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine.statement.Statement, "lifts", lambda self, _keeper: bool(self.keeps))


def _orders_are_everybodys(patch: pytest.MonkeyPatch) -> None:
    fill = engine.statement.Statement.fill
    own = "{t}.customer_id = {viewer}"
    patch.setattr(
        engine.statement.Statement, "fill",
        lambda self, template, *row, **more: fill(self, template.replace(own, "true"), *row, **more),
    )  # fmt: skip


def _visitor_taken_for_the_viewer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine.statement.Statement, "visitor", engine.statement.Statement.viewer)


def _limit_of_the_row_ignored(patch: pytest.MonkeyPatch) -> None:
    rows = Compiler.rows

    def without(self: Compiler, *given: Any) -> Rows:
        found = rows(self, *given)
        found.limit = ""
        return found

    patch.setattr(Compiler, "rows", without)


def _guards_only_where_public(patch: pytest.MonkeyPatch) -> None:
    rows = Compiler.rows

    def without(self: Compiler, relation: Relation, *more: Any) -> Rows:
        return rows(self, replace(relation, is_public=not relation.is_public), *more)

    patch.setattr(Compiler, "rows", without)


PLANTS: list[Plant] = [
    _wrong_direction,
    _ties_in_any_order,
    _dropped_guard,
    _page_one_longer,
    _list_without_limit,
    _alias_lost,
    _long_alias_cut,
    _skip_ignored,
    _wrong_serialiser,
    _serialiser_lost,
    _cursor_flipped,
    _cursor_includes_its_item,
    _merged_fields_dropped,
    _fields_in_other_order,
    _interfaces_never_apply,
    _filter_ignored,
    _backward_not_turned,
    _count_of_the_page,
    _plans_shared_whatever_the_variables,
    _variables_of_the_first_request,
    _viewer_never_asked,
    _every_keeper_keeps_all,
    _orders_are_everybodys,
    _visitor_taken_for_the_viewer,
    _limit_of_the_row_ignored,
    _guards_only_where_public,
]


@pytest.fixture(scope="module")
async def points(small: SmallShop) -> list[Viewpoint]:
    """Who asks; they looked around before anything was planted."""
    return await viewpoints(small)


@pytest.fixture(scope="module")
async def patient(both: Both) -> Both:
    """An engine of its own, beside a reference that remembers."""
    return both


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
async def test_a_planted_fault_is_found(
    plant: Plant, patient: Both, points: list[Viewpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents are compiled anew, since plans from before are sound."""
    patient.forget()
    plant(monkeypatch)
    try:
        with pytest.raises((DifferentError, PostgresError)) as found:
            await prove(patient, points, WITHIN)
    finally:
        monkeypatch.undo()
        patient.forget()
    assert found.value.__notes__[0].startswith("seed "), "whoever reads the failure has to find the document again"
