"""What tests of the engine share: two small shops in one database, and the engine beside its reference."""

from collections.abc import Iterator

import pytest

from models.database import transaction
from resolvers.keys import Keys, holding
from settings import Settings
from tests.engine.both import Both
from tests.engine.small_carts import carted
from tests.engine.small_group_buys import grouped
from tests.engine.small_messages import messaged
from tests.engine.small_metafields import noted
from tests.engine.small_orders import ordered
from tests.engine.small_pages import furnished
from tests.engine.small_people import peopled
from tests.engine.small_shop import SmallShop, small_shop


@pytest.fixture(scope="session", autouse=True)
def _sealing(settings: Settings) -> Iterator[None]:
    """Have the keys at hand that recipients are sealed with."""
    with holding(Keys.of(settings)):
        yield


@pytest.fixture(scope="session")
async def small(database: None) -> SmallShop:
    """The shop that is asked."""
    return await _written(_filled(small_shop("甲乙")))


@pytest.fixture(scope="session")
async def neighbour(database: None) -> SmallShop:
    """Another shop in the same tables, which must never be seen."""
    return await _written(_filled(small_shop("丙丁", seed=2)))


@pytest.fixture(scope="session")
async def both(small: SmallShop, neighbour: SmallShop) -> Both:
    """The engine beside its reference; documents and plans are kept for the session."""
    return Both()


def _filled(shop: SmallShop) -> SmallShop:
    return grouped(noted(messaged(ordered(carted(peopled(furnished(shop)))))))


async def _written(shop: SmallShop) -> SmallShop:
    async with transaction() as sql:
        await shop.write(sql)
    return shop
