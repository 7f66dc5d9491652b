"""The engine answers what graphql-core answers, byte for byte after parsing, with one statement."""

import pytest

from tests.conftest import Counting
from tests.engine.both import Both
from tests.engine.proof import Tally, prove, viewpoints
from tests.engine.small_shop import SmallShop

pytestmark = pytest.mark.slow

FAST = range(200)
LONG = range(1_000, 3_000)
MARKS = 12


def scarce(tally: Tally) -> list[str]:
    """What the documents of a run hardly ever had, so that their being equal proves little of it."""
    rare = [mark for mark, seen in tally.features.items() if seen < tally.documents // 50]
    if tally.filled < 0.8 * tally.documents:
        rare.append("something to find")
    if len(tally.features) < MARKS:
        rare.append(f"{MARKS - len(tally.features)} of the marks")
    return rare


async def test_generated_documents_get_equal_answers(both: Both, small: SmallShop) -> None:
    """200 documents, each by several sets of variables, as visitor and as staff."""
    tally = await prove(both, await viewpoints(small), FAST)

    assert tally.documents == len(FAST)
    assert scarce(tally) == []


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_thousands_of_generated_documents_get_equal_answers(both: Both, small: SmallShop) -> None:
    """2,000 more."""
    tally = await prove(both, await viewpoints(small), LONG)

    assert tally.documents == len(LONG)
    assert scarce(tally) == []


async def test_the_server_counts_one_statement_too(both: Both, small: SmallShop, statements: Counting) -> None:
    """In PostgreSQL's own log, for generated documents as they come."""
    points = await viewpoints(small)
    async with statements() as seen:
        tally = await prove(both, points, range(40), ask=both.data)

    assert [sql for sql in seen.sql if not sql.startswith("select convert_to(")] == []
    assert len(seen) == tally.runs > 40
