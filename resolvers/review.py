"""What the shop can do with reviews: publish, hide with a reason, answer. Nothing deletes one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from models.database import Connection, transaction
from models.refusal import Refusal, UserErrorCode
from models.review import REVIEW_TRANSITIONS, ReviewStatus
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import BULK_MAX, Checks, require_version
from resolvers.outbox import emit, emit_many

REASON_CHARS_MAX: Final = 500
REPLY_CHARS_MAX: Final = 2000

# Unique (shop_id, id); in id order for everybody who locks several.
_HELD = """
select id, product_id, status, version from review where shop_id = $1 and id = any($2::uuid[]) order by id for update
"""
_MODERATE = """
update review set status = $3, hidden_reason = $4, version = version + 1 where shop_id = $1 and id = any($2::uuid[])
"""
_REPLY = "update review set reply = $3, replied_at = $4, version = version + 1 where shop_id = $1 and id = $2"


async def reviews_moderate(
    caller: Caller, review_ids: Sequence[UUID], status: ReviewStatus, reason: str = ""
) -> list[UUID]:
    """Publish or hide reviews, all or none; ratings of their products follow.

    Raises Refusals: NOT_FOUND, NOT_ALLOWED for a step that no review takes (REVIEW_TRANSITIONS), BLANK for hiding
    without a reason: the law lets a shop hide a review, not silence it.
    """
    checks = Checks()
    checks.at_most(review_ids, BULK_MAX, "ids")
    checks.distinct(review_ids, "", "ids")
    checks.text(reason, "reason", chars=REASON_CHARS_MAX, blank=status is not ReviewStatus.HIDDEN)
    checks.end()
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        rows = {row["id"]: row for row in await sql.fetch(_HELD, caller.shop_id, review_ids)}
        _check_steps(rows, review_ids, status)
        kept_reason = reason if status is ReviewStatus.HIDDEN else ""
        await sql.execute(_MODERATE, caller.shop_id, review_ids, status, kept_reason)
        await refresh_products(sql, caller.shop_id, [row["product_id"] for row in rows.values()])
        told = {review_id: {"status": status} for review_id in review_ids}
        await emit_many(sql, caller.shop_id, "review.moderated", told)
    return list(review_ids)


async def review_reply(caller: Caller, review_id: UUID, reply: str | None, version: int | None = None) -> UUID:
    """Answer a review in the shop's name, or take the answer back with null. Raises NOT_FOUND, CONFLICT, BLANK."""
    checks = Checks()
    checks.text(reply, "reply", chars=REPLY_CHARS_MAX, blank=False)
    checks.end()
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _only(sql, caller, review_id)
        require_version(version, stored["version"])
        replied_at = caller.now if reply is not None else None
        await sql.execute(_REPLY, caller.shop_id, review_id, reply, replied_at)
        await refresh_products(sql, caller.shop_id, [])
        await emit(sql, caller, "review.replied", review_id, {})
    return review_id


def _check_steps(rows: Mapping[UUID, Mapping[str, Any]], review_ids: Sequence[UUID], status: ReviewStatus) -> None:
    checks = Checks("ids")
    for index, review_id in enumerate(review_ids):
        row = rows.get(review_id)
        if row is None:
            checks.add([_no_review((index,))])
        elif status not in REVIEW_TRANSITIONS[ReviewStatus(row["status"])]:
            checks.refuse(
                UserErrorCode.NOT_ALLOWED,
                f"评价不能从 {row['status']} 变为 {status}",
                f"A review does not go from {row['status']} to {status}",
                index,
            )
    checks.end()


async def _only(sql: Connection, caller: Caller, review_id: UUID) -> Mapping[str, Any]:
    stored: Mapping[str, Any] | None = await sql.fetchrow(_HELD, caller.shop_id, [review_id])
    if stored is None:
        raise _no_review(("id",))
    return stored


def _no_review(field: tuple[str | int, ...]) -> Refusal:
    return Refusal(UserErrorCode.NOT_FOUND, "找不到该评价", "No such review", *field)
