"""Schemathesis against the served schema: all its checks, no findings. `make fuzz` runs it for long."""

import asyncio
import os
import re
import sys
from pathlib import Path

import orjson
import pytest

from resolvers.product import product_create, products_publish
from tests.harness.shops import SandboxShop
from tests.resolvers.drafts import tee

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "tests/harness/fuzz_hooks.py"
PASSED = re.compile(r"No issues found|passed")
REAL = """
{ shop { id } products(first: 50) { nodes { id handle variants(first: 5) { nodes { id } } } }
  collections(first: 20) { nodes { id handle } } categories { id handle } }
"""


async def furnish(shop: SandboxShop, folder: Path) -> Path:
    """Put some products into the shop; the file that names what is there."""
    made = [await product_create(shop.caller, tee(f"tee-{number}"), f"fuzz-{number}") for number in range(3)]
    await products_publish(shop.caller, made)
    seen = await shop.visitor(REAL)
    rows = [*seen["products"]["nodes"], *seen["collections"]["nodes"], *seen["categories"]]
    variants = [variant for row in seen["products"]["nodes"] for variant in row["variants"]["nodes"]]
    assert rows
    found = folder / "real.json"
    found.write_bytes(
        orjson.dumps(
            {
                "ids": [seen["shop"]["id"], *(row["id"] for row in [*rows, *variants])],
                "handles": [row["handle"] for row in rows],
            }
        )
    )
    return found


async def fuzz(shop: SandboxShop, folder: Path, *options: str) -> str:
    """Run Schemathesis' command line as the owner of a throwaway shop; what it said. Fails on any finding."""
    real = await furnish(shop, folder)
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", f"{shop.http.base_url}/graphql",
        "--header", f"X-Shop-Key: {shop.key}",
        "--header", f"Authorization: Bearer {shop.token_of(shop.owner)}",
        "--checks", "all", "--exclude-checks", "positive_data_acceptance",
        "--generation-allow-x00", "false", "--generation-database", "none", "--no-color", *options,
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "FUZZ_VALUES": str(real), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await running.communicate()
    text = said.decode()
    assert running.returncode == 0, text[-12_000:]
    return text


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_few_examples_of_every_field_find_nothing(shop: SandboxShop, tmp_path: Path) -> None:
    """The same ones each time, so that what lands is judged by its own change; `make fuzz` looks for others."""
    said = await fuzz(shop, tmp_path, "--max-examples", "4", "--seed", "20261122")

    assert PASSED.search(said)


@pytest.mark.fuzz
@pytest.mark.timeout(7200)
async def test_many_examples_of_every_field_find_nothing(shop: SandboxShop, tmp_path: Path) -> None:
    said = await fuzz(shop, tmp_path, "--max-examples", os.environ.get("FUZZ_EXAMPLES", "200"))

    assert PASSED.search(said)
