"""What STYLE leaves to a machine and no linter knows: the order of the floors, one clock, one reader of settings."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 300
# A room of tests may tell a few stories more.
TEST_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
# From the top: a floor imports from those below it, and within itself.
FLOORS = (
    {"main"},
    {"api"},
    {"worker", "schema"},
    {"resolvers"},
    {"wechat"},
    {"models", "engine"},
    {"embedded"},
    {"embedded_engine"},
    {"embedded_place"},
    {"ids", "sealing", "settings"},
    {"logs"},
    {"clock"},
)
HEIGHT = {room: len(FLOORS) - number for number, floor in enumerate(FLOORS) for room in floor}
# Calls that only one file may make.
ONLY_IN = {
    "os.environ": "settings.py",
    "os.getenv": "settings.py",
    "datetime.now": "clock.py",
    "datetime.utcnow": "clock.py",
    "time.time": "clock.py",
    "time.time_ns": "clock.py",
}
# They start processes with an environment made for them, and look at the clock from outside.
STARTERS = {"tests", "bench"}
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}
# `order` and `price` are missing on purpose: SQL orders rows, and a document has a price in points.
COMMERCE = {"product", "variant", "collection", "category", "review", "cart", "sku", "fen", "shopper", "wechat"}


def faults() -> Iterator[str]:
    """Yield every fault found, as `file:line: what`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split():
        if (PROJECT / name).exists():
            yield from _in_file(Path(name))
    yield from _settings_documented()


def _in_file(path: Path) -> Iterator[str]:
    text = (PROJECT / path).read_text()
    tree = ast.parse(text)
    room = path.parts[0].removesuffix(".py")
    if path.stem in DRAWERS:
        yield f"{path}:1: a drawer; name the file for what it does"
    if room == "migrations" or not text.strip():
        return
    if not ast.get_docstring(tree):
        yield f"{path}:1: no first line that says what it is for"
    if text.count("\n") > (TEST_LINES_MAX if path.parts[0] == "tests" else FILE_LINES_MAX):
        yield f"{path}:1: {text.count(chr(10))} lines; look for the second noun in it"
    for node in ast.walk(tree):
        yield from _in_node(path, room, node)


def _in_node(path: Path, room: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from _in_function(path, node)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for target in _targets(node):
            if room in HEIGHT and target != room and HEIGHT.get(target, 0) >= HEIGHT[room]:
                yield f"{path}:{node.lineno}: {room} imports {target}, which is not below it"
    elif isinstance(node, ast.Attribute) and room not in STARTERS:
        spoken = ast.unparse(node)
        owner = ONLY_IN.get(spoken)
        if owner and str(path) != owner:
            yield f"{path}:{node.lineno}: {spoken} is for {owner} alone"
    if room == "engine":
        yield from _commerce(path, node)


def _in_function(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > FUNCTION_LINES_MAX:
        yield f"{path}:{node.lineno}: {node.name} has {lines} lines"
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import | ast.ImportFrom):
            yield f"{path}:{inner.lineno}: an import inside {node.name}; move the thing instead"


def _commerce(path: Path, node: ast.AST) -> Iterator[str]:
    for attribute in ("id", "arg", "name", "attr"):
        name = getattr(node, attribute, None)
        if isinstance(name, str) and COMMERCE & set(name.lower().split("_")):
            yield f"{path}:{getattr(node, 'lineno', 1)}: {name} is a word of commerce"


def _targets(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").split(".")[0]]
    return [alias.name.split(".")[0] for alias in node.names]


def _settings_documented() -> Iterator[str]:
    written = (PROJECT / ".env.example").read_text()
    for name in Settings.model_fields:
        if f"\n{name.upper()}=" not in written:
            yield f".env.example:1: {name.upper()} is not documented"


if __name__ == "__main__":
    found = list(faults())
    sys.stdout.write("".join(f"{fault}\n" for fault in found) or "the house is in order\n")
    sys.exit(bool(found))
