"""What was measured, as a machine reads it, as a person does, and as it is kept."""

import os
import platform
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Final

import orjson

from bench.load import Load
from clock import wall_now
from embedded_place import POSTGRES_MAJOR

_PACKAGES: Final = ("strawberry-graphql", "graphql-core", "tortoise-orm", "asyncpg", "starlette", "uvicorn", "uvloop")

_HEAD: Final = (
    *("page", "fields", "application", "CPU ms", "of limit", "less than Strawberry"),
    *("PostgreSQL ms", "answers/s", "statements"),
)
_SAID: Final = {"limit": "hand-written", "ours": "ours", "strawberry": "plain Strawberry"}


@dataclass(slots=True)
class Result:
    """One page: all turns by application."""

    name: str
    fields: int
    statements: int | None
    loads: defaultdict[str, list[Load]] = field(default_factory=lambda: defaultdict(list))

    def cpu_ms(self, name: str) -> float:
        """Milliseconds of an application's CPU for one answer."""
        return median(load.cpu_ms for load in self.loads[name])

    def postgres_ms(self, name: str) -> float | None:
        """Milliseconds of PostgreSQL's CPU for one answer; None when its processes are not ours to read."""
        found = [load.postgres_ms for load in self.loads[name] if load.postgres_ms is not None]
        return median(found) if found else None

    def per_second(self, name: str) -> float:
        """Answers in a second."""
        return median(load.per_second for load in self.loads[name])

    def ratio_cpu(self, name: str, to: str) -> float:
        """CPU of one for each of the other; the median of the rounds' own ratios."""
        return median(load.cpu_ms / other.cpu_ms for load, other in self._pairs(name, to))

    def ratio_per_second(self, name: str, to: str) -> float:
        """Answers of one for each of the other, in the same way."""
        return median(load.per_second / other.per_second for load, other in self._pairs(name, to))

    def _pairs(self, name: str, to: str) -> Iterator[tuple[Load, Load]]:
        """Turns of the same round."""
        others = {load.round: load for load in self.loads[to]}
        return ((load, others[load.round]) for load in self.loads[name] if load.round in others)


def line(result: Result) -> str:
    """Write one page as a line of JSON."""
    found = {
        "bench": result.name,
        "ours_cpu_ms": round(result.cpu_ms("ours"), 3),
        "limit_cpu_ms": round(result.cpu_ms("limit"), 3),
        "ratio_cpu": round(result.ratio_cpu("ours", "limit"), 2),
        "ours_rps": round(result.per_second("ours")),
        "limit_rps": round(result.per_second("limit")),
        "ratio_rps": round(result.ratio_per_second("ours", "limit"), 2),
        "strawberry_cpu_ms": round(result.cpu_ms("strawberry"), 3),
        "statements": result.statements,
    }
    return orjson.dumps(found).decode()


def table(results: list[Result]) -> str:
    """Write all pages as a table that is also Markdown."""
    rows = [_HEAD, tuple("---" for _ in _HEAD)]
    rows += [_row(result, name, said) for result in results for name, said in _SAID.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(_joined(row, widths) for row in rows)


def _row(result: Result, name: str, said: str) -> tuple[str, ...]:
    postgres = result.postgres_ms(name)
    return (
        result.name,
        str(result.fields),
        said,
        f"{result.cpu_ms(name):.3f}",
        f"{result.ratio_cpu(name, 'limit'):.2f}x",
        f"{result.ratio_cpu('strawberry', name):.0f}x",
        "" if postgres is None else f"{postgres:.3f}",
        f"{result.per_second(name):.0f}",
        str(result.statements) if name == "ours" and result.statements is not None else "",
    )


def _joined(row: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width, "-" if cell == "---" else " ") for cell, width in zip(row, widths, strict=True))
    return f"| {' | '.join(cells)} |"


PEER: Final = "## Beside Vendure"
"""Where the part of the page begins that no run of ours writes."""


def results_file(results: list[Result], lines: list[str], plan: tuple[int, int, float], kept: str) -> str:
    """Write the page that is kept: numbers, and what they were measured on.

    `plan` is connections, rounds, seconds; `lines` what is no page; `kept` the page as it was, for its last part.
    """
    connections, rounds, seconds = plan
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    peer = kept[kept.index(PEER) :] if PEER in kept else ""
    said = "\n".join(lines)
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    machine = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()})"
    return f"""# What an answer costs

Measured on {wall_now():%Y-%m-%d} by `.venv/bin/python -m bench --write`; how to read it: `README.md`, beside this.

- {machine}, shared with neighbours; load at the end {busy}
- Python {platform.python_version()}, PostgreSQL {POSTGRES_MAJOR} from the wheel
- {packages}
- {connections} connections; {rounds} rounds of {seconds} s by turns; one process each; medians, of ratios too

{table(results)}

What is no page, a line each:

```json
{said}
```

{peer}"""
