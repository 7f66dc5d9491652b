"""What migrations write in raw SQL, gathered from all of them by the names they share."""

import re
from importlib import import_module
from types import ModuleType
from typing import Final

from settings import PROJECT

MIGRATIONS: Final = sorted(file.stem for file in (PROJECT / "migrations").glob("[0-9]*.py"))
_MODULES: Final = [import_module(f"migrations.{name}") for name in MIGRATIONS]


def _of_all(name: str) -> list[ModuleType]:
    return [module for module in _MODULES if hasattr(module, name)]


# (table, column, target, on delete)
REFERENCES: Final[list[tuple[str, str, str, str]]] = [
    reference for module in _of_all("REFERENCES") for reference in module.REFERENCES
]
SHOP_TABLES: Final[list[str]] = [table for module in _of_all("SHOP_TABLES") for table in module.SHOP_TABLES]
# Of those, the ones that the key to their order holds in the shop.
CHILDREN: Final[list[str]] = [table for module in _of_all("CHILDREN") for table in module.CHILDREN]
# Names of constraints.
CHECKS: Final[list[str]] = [
    f"{table}_{name}_check"
    for module in _of_all("CHECKS")
    for table, checks in module.CHECKS.items()
    for name in checks
]
# Names of what `create index` makes, but for the tables of the sandbox's WeChat.
INDEXES: Final[list[str]] = [
    re.sub(r"^create (unique )?index (\S+) on .*$", r"\2", statement, flags=re.DOTALL)
    for module in _of_all("INDEXES")
    for statement in module.INDEXES
]
