"""Metafields are typed: what is stored as text reads as its type, or is refused."""

from uuid import uuid4

import pytest

from models.metafield import MetafieldType
from models.refusal import Refusals
from resolvers.caller import Caller
from resolvers.metafield import MetafieldName, metafields_delete, metafields_set
from resolvers.metafield_draft import MetafieldDraft, is_value
from resolvers.metafield_owner import of_product, of_variant
from resolvers.metafield_save import OwnedMetafield
from resolvers.product import product_create
from tests.resolvers.drafts import tee
from tests.resolvers.test_products import rows, told

VALUES = [
    (MetafieldType.STRING, ["", "任何"], []),
    (MetafieldType.INTEGER, ["0", "-7", str(2**63 - 1)], ["", "01", "1.0", "+1", str(2**63), "１", "-0"]),
    (MetafieldType.DECIMAL, ["1.50", "-0.1", "0"], [".5", "1.", "1e3", "NaN"]),
    (MetafieldType.BOOLEAN, ["true", "false"], ["True", "1", ""]),
    (
        MetafieldType.DATETIME,
        ["2026-11-21T08:00:00+08:00", "2026-11-21T00:00:00Z"],
        ["2026-11-21", "now", "2026-11-21T00:00:00"],
    ),
    (MetafieldType.URL, ["https://a.cn/x"], ["javascript:alert(1)", "//a.cn", "a.cn", "https://"]),
    (MetafieldType.JSON, ['{"a": [1]}', "null"], ["{a: 1}", ""]),
]


@pytest.mark.parametrize(("kind", "good", "bad"), VALUES)
def test_a_value_reads_as_its_type(kind: MetafieldType, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not is_value(kind, value)] == []
    assert [value for value in bad if is_value(kind, value)] == []


async def test_metafields_of_products_and_variants_are_set_and_deleted(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")
    variant_id = (await rows("variant", product_id=product_id))[0]["id"]
    care = MetafieldDraft(namespace="custom", key="care", value="手洗")

    ids = await metafields_set(
        caller, [OwnedMetafield(care, of_product(product_id)), OwnedMetafield(care, of_variant(variant_id))]
    )
    again = await metafields_set(caller, [OwnedMetafield(care, of_product(product_id))])

    assert again == ids[:1]
    assert await metafields_delete(caller, [MetafieldName("custom", "care", of_variant(variant_id))]) == ids[1:]
    assert [found["id"] for found in await rows("metafield", shop_id=caller.shop_id)] == ids[:1]


async def test_one_wrong_metafield_keeps_all_from_being_set(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")
    good = MetafieldDraft(namespace="a", key="b", value="1")
    bad = MetafieldDraft(namespace="a", key=" ", value="x", type=MetafieldType.INTEGER)

    with pytest.raises(Refusals) as refused:
        await metafields_set(
            caller, [OwnedMetafield(good, of_product(product_id)), OwnedMetafield(bad, of_product(product_id))]
        )
    assert told(refused.value) == [("BLANK", "metafields.1.key"), ("INVALID", "metafields.1.value")]

    with pytest.raises(Refusals) as refused:
        await metafields_set(
            caller, [OwnedMetafield(good, of_product(product_id)), OwnedMetafield(good, of_variant(uuid4()))]
        )
    assert told(refused.value) == [("NOT_FOUND", "metafields.1.ownerId")]
    assert await rows("metafield", shop_id=caller.shop_id) == []
