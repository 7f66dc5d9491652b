"""The category tree: every node knows its way from the root, and no branch stands below itself."""

from uuid import UUID

import pytest

from models.refusal import LimitRefusal, Refusal
from resolvers.caller import Caller
from resolvers.category import CategoryDraft, category_create, category_delete, category_update
from resolvers.product import product_create
from tests.resolvers.drafts import tee
from tests.resolvers.test_products import row, rows


async def branch(caller: Caller, *names: str) -> list[UUID]:
    """A branch from the root down."""
    made: list[UUID] = []
    for name in names:
        draft = CategoryDraft(name=name, parent_id=made[-1] if made else None)
        made.append(await category_create(caller, draft, f"{name} {len(made)}"))
    return made


async def test_a_branch_moves_with_all_below_it(caller: Caller) -> None:
    home, bed, sheet = await branch(caller, "居家", "床品", "床单")
    (summer,) = await branch(caller, "夏季")

    await category_update(caller, bed, CategoryDraft(parent_id=summer), 1)

    assert (await row("category", id=bed))["path"] == [summer, bed]
    assert (await row("category", id=sheet))["path"] == [summer, bed, sheet]
    assert (await row("category", id=home))["path"] == [home]

    await category_update(caller, bed, CategoryDraft(parent_id=None))
    assert (await row("category", id=sheet))["path"] == [bed, sheet]


async def test_no_branch_stands_below_itself(caller: Caller) -> None:
    top, middle, leaf = await branch(caller, "a", "b", "c")

    for below in (top, middle, leaf):
        with pytest.raises(Refusal) as refused:
            await category_update(caller, top, CategoryDraft(parent_id=below))
        assert (refused.value.code, refused.value.field) == ("INVALID", ["input", "parentId"])


async def test_the_tree_has_ten_levels(caller: Caller) -> None:
    ten = await branch(caller, *"abcdefghij")

    with pytest.raises(LimitRefusal) as refused:
        await category_create(caller, CategoryDraft(name="k", parent_id=ten[-1]), "k")

    assert (refused.value.limit, refused.value.used) == (10, 11)


async def test_same_names_get_handles_of_their_own_and_a_taken_one_is_refused(caller: Caller) -> None:
    first, second = await branch(caller, "床品", "床品")

    assert (await row("category", id=first))["handle"] == "床品"
    assert (await row("category", id=second))["handle"] == f"床品-{second.hex[-8:]}"
    with pytest.raises(Refusal) as refused:
        await category_update(caller, second, CategoryDraft(handle="床品"))
    assert refused.value.code == "TAKEN"


async def test_only_an_empty_category_is_deleted(caller: Caller) -> None:
    top, leaf = await branch(caller, "a", "b")
    await product_create(caller, tee(category_id=leaf), "k")

    for used in (top, leaf):
        with pytest.raises(Refusal) as refused:
            await category_delete(caller, used)
        assert refused.value.code == "IN_USE"
    (empty,) = await branch(caller, "z")
    await category_delete(caller, empty, 1)

    assert {found["id"] for found in await rows("category", shop_id=caller.shop_id)} == {top, leaf}
