"""What staff can do with reviews: publish, hide, answer; never delete."""

from typing import Annotated

import strawberry

from models.review import ReviewStatus as StoredStatus
from models.staff import Role
from resolvers import review as resolver
from schema.attempt import Info, attempt, referred, referred_list, staff_mutation
from schema.given import as_stored, known, known_all
from schema.payload import Payload, Version, outcome
from schema.review import Review, ReviewStatus


@strawberry.type(description="What became of reviewsModerate.")
class ReviewsModeratePayload(Payload):
    """Ratings follow."""

    reviews: list[Review] | None = outcome("The reviews as they are now, in the order of the ids.")


@strawberry.type(description="What became of reviewReply.")
class ReviewReplyPayload(Payload):
    """With or without an answer."""

    review: Review | None = outcome("The review as it is now.")


@strawberry.type
class ReviewMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Publish or hide reviews, all of them or none. Hiding needs a reason: the law forbids to delete what customers"
        " say. Refused with NOT_ALLOWED for a step that no review takes.",
        Role.CATALOGUE,
    )
    async def reviews_moderate(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The reviews, at most 250.")],
        status: Annotated[ReviewStatus, strawberry.argument(description="PUBLISHED or HIDDEN.")],
        reason: Annotated[
            str | None, strawberry.argument(description="Why they are hidden, at most 500 characters.")
        ] = None,
    ) -> ReviewsModeratePayload:
        """The products' ratings count what is published."""
        caller, wanted = info.context.caller, as_stored(StoredStatus, status)
        moved, errors = await attempt(
            caller, resolver.reviews_moderate(caller, known_all("rev", ids), wanted, reason or "")
        )
        return ReviewsModeratePayload(reviews=referred_list(Review, moved), user_errors=errors)

    @staff_mutation("Answer a review in the shop's name, or take the answer back.", Role.CATALOGUE)
    async def review_reply(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The review.")],
        reply: Annotated[
            str | None, strawberry.argument(description="The answer, at most 2,000 characters; null takes it back.")
        ],
        version: Version = None,
    ) -> ReviewReplyPayload:
        """One answer, the latest."""
        caller = info.context.caller
        id_, errors = await attempt(caller, resolver.review_reply(caller, known("rev", id), reply, version))
        return ReviewReplyPayload(review=referred(Review, id_), user_errors=errors)
