"""The house rules hold, and their keeper sees a fault when there is one."""

import ast
from pathlib import Path

from tests.house import _in_node, faults


def test_the_house_is_in_order() -> None:
    assert list(faults()) == []


def test_an_upward_import_is_seen() -> None:
    node = ast.parse("from schema.product import Product").body[0]

    assert list(_in_node(Path("models/product.py"), "models", node)) == [
        "models/product.py:1: models imports schema, which is not below it"
    ]


def test_a_second_clock_is_seen() -> None:
    node = ast.parse("datetime.now").body[0].value  # type: ignore[attr-defined]

    assert list(_in_node(Path("resolvers/a.py"), "resolvers", node)) == [
        "resolvers/a.py:1: datetime.now is for clock.py alone"
    ]
