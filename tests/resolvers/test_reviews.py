"""Reviews are published or hidden with a reason, never deleted; only what is published counts."""

import pytest

from models.refusal import ConflictRefusal, Refusals
from models.review import ReviewStatus
from resolvers.caller import Caller
from resolvers.product import product_create
from resolvers.review import review_reply, reviews_moderate
from tests.resolvers.drafts import tee
from tests.resolvers.test_products import review, row, told


async def test_the_rating_is_of_published_reviews_only(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")
    five, four, one = [await review(caller, product_id, rating=rating) for rating in (5, 4, 1)]

    await reviews_moderate(caller, [five, four, one], ReviewStatus.PUBLISHED)
    product = await row("product", id=product_id)
    assert (product["rating_sum"], product["rating_count"], product["rating_hundredths"]) == (10, 3, 333)

    await reviews_moderate(caller, [one], ReviewStatus.HIDDEN, "广告")
    product = await row("product", id=product_id)
    assert (product["rating_sum"], product["rating_count"], product["rating_hundredths"]) == (9, 2, 450)


async def test_hiding_needs_a_reason(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")
    found = await review(caller, product_id)

    with pytest.raises(Refusals) as refused:
        await reviews_moderate(caller, [found], ReviewStatus.HIDDEN, " ")

    assert told(refused.value) == [("BLANK", "reason")]


async def test_a_step_that_no_review_takes_moves_none(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")
    pending, published = await review(caller, product_id), await review(caller, product_id, status="PUBLISHED")

    with pytest.raises(Refusals) as refused:
        await reviews_moderate(caller, [pending, published], ReviewStatus.PUBLISHED)

    assert told(refused.value) == [("NOT_ALLOWED", "ids.1")]
    assert (await row("review", id=pending))["status"] == "PENDING"


async def test_the_shop_answers_once_per_version(caller: Caller) -> None:
    product_id = await product_create(caller, tee(), "k")
    found = await review(caller, product_id)

    await review_reply(caller, found, "谢谢", 1)
    with pytest.raises(ConflictRefusal):
        await review_reply(caller, found, "多谢", 1)

    stored = await row("review", id=found)
    assert (stored["reply"], stored["replied_at"], stored["version"]) == ("谢谢", caller.now, 2)
