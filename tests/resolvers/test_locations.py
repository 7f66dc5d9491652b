"""Places that hold stock: each shop has one default, and names are its own."""

import pytest

from models.refusal import Refusal
from resolvers.caller import Caller
from resolvers.location import LocationDraft, location_create, location_update
from resolvers.product import product_create
from tests.resolvers.drafts import tee, variant
from tests.resolvers.test_products import row, rows


async def test_a_new_default_takes_the_place_of_the_old_one(caller: Caller) -> None:
    (old,) = await rows("location", shop_id=caller.shop_id)

    new = await location_create(caller, LocationDraft(name="华东仓", make_default=True), "k1")
    await product_create(caller, tee(variants=[variant("S")]), "k2")

    assert (await row("location", id=old["id"]))["is_default"] is False
    assert (await row("stock_level", shop_id=caller.shop_id))["location_id"] == new


async def test_a_name_is_given_once(caller: Caller) -> None:
    east = await location_create(caller, LocationDraft(name="华东仓"), "k1")
    await location_create(caller, LocationDraft(name="华南仓"), "k2")

    with pytest.raises(Refusal) as refused:
        await location_update(caller, east, LocationDraft(name="华南仓"))
    assert (refused.value.code, refused.value.field) == ("TAKEN", ["input", "name"])

    await location_update(caller, east, LocationDraft(name="华东一仓"))
    assert (await row("location", id=east))["name"] == "华东一仓"
