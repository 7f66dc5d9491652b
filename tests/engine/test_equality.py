"""The engine answers what graphql-core answers, byte for byte after parsing, with one statement."""

import pytest

from tests.conftest import Counting
from tests.engine.both import Both
from tests.engine.proof import Tally, prove, viewpoints
from tests.engine.small_shop import SmallShop

pytestmark = pytest.mark.slow

FAST = range(200)
LONG = range(1_000, 3_000)


def _held(tally: Tally, documents: int) -> None:
    assert tally.documents == documents
    assert tally.filled >= 0.8 * documents, "too many documents find nothing"
    scarce = {mark: seen for mark, seen in tally.features.items() if seen < documents // 50}
    assert len(tally.features) >= 12
    assert not scarce, "the generator hardly ever writes these"


async def test_generated_documents_get_equal_answers(both: Both, small: SmallShop) -> None:
    """200 documents, each by several sets of variables, as visitor and as staff."""
    _held(await prove(both, await viewpoints(small), FAST), len(FAST))


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_thousands_of_generated_documents_get_equal_answers(both: Both, small: SmallShop) -> None:
    """2,000 more."""
    _held(await prove(both, await viewpoints(small), LONG), len(LONG))


async def test_the_server_counts_one_statement_too(both: Both, small: SmallShop, statements: Counting) -> None:
    """In PostgreSQL's own log, for generated documents as they come."""
    points = await viewpoints(small)
    async with statements() as seen:
        tally = await prove(both, points, range(40), ask=both.data)

    assert [sql for sql in seen.sql if not sql.startswith("select convert_to(")] == []
    assert len(seen) == tally.runs > 40
