"""Reviews of what was bought: by the buyer, when it has arrived, once for each line.

What nobody has found fault with is published; words that WeChat is not sure of, and every picture, wait for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ids import new_id
from models.database import Connection, pool
from models.order import FulfilmentStatus
from models.refusal import Refusal, UserErrorCode
from models.review import ReviewStatus
from resolvers.aggregates import refresh_products
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Checks
from resolvers.customer import required_customer
from resolvers.idempotency import once
from resolvers.outbox import emit
from resolvers.review_import import ANONYMOUS
from resolvers.words import look_at_words, words_rejected
from wechat.answers import Suggestion
from wechat.client import TextPlace

STARS_MAX: Final = 5
BODY_CHARS_MAX: Final = 1000
PICTURES_MAX: Final = 9

_FIND: Final = """
select line.reviewed_at, line.product_id, orders.fulfilment_status, customer.nickname
from order_line line
join orders on orders.shop_id = $1 and orders.id = line.order_id
join customer on customer.shop_id = $1 and customer.id = orders.customer_id
where line.shop_id = $1 and line.id = $2 and orders.customer_id = $3
"""
# Of rivals one gets the line. What was refunded whole was not kept.
_TAKE: Final = """
update order_line line set reviewed_at = $4 from orders
where line.shop_id = $1 and line.id = $2 and line.reviewed_at is null and line.refunded_quantity < line.quantity
  and line.product_id is not null and orders.shop_id = $1 and orders.id = line.order_id and orders.customer_id = $3
  and orders.fulfilment_status = 'RECEIVED'
returning line.product_id
"""
_WRITE: Final = """
insert into review (id, shop_id, product_id, customer_id, order_line_id, author_name, rating, body, image_urls, status,
                    hidden_reason, source, version, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', 1, $11)
"""


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """What a buyer says of a line."""

    line_id: UUID
    rating: int
    body: str = ""
    image_urls: Sequence[str] = ()


async def order_review(caller: Caller, draft: ReviewDraft, key: str) -> UUID:
    """Write the review of a line, once for this key; returns the line.

    Raises Refusals: LOGIN_REQUIRED, OUT_OF_RANGE, TOO_LONG or INVALID for a value, NOT_FOUND, NOT_ALLOWED (not
    received, refunded, reviewed, or the product is gone), CONTENT_REJECTED, what WeChat refuses.
    """
    customer_id = required_customer(caller)
    _check(draft)
    line = await pool().fetchrow(_FIND, caller.shop_id, draft.line_id, customer_id)
    if line is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该商品行", "No such line of an order of yours", "lineId")
    if line["fulfilment_status"] != FulfilmentStatus.RECEIVED:
        raise Refusal(UserErrorCode.NOT_ALLOWED, "收货后才能评价", "It has not been received", "lineId")
    # Words that are written down already need no second look: the key answers, or the line is taken.
    is_new = line["reviewed_at"] is None
    status = await _judged(caller, customer_id, draft) if is_new else ReviewStatus.PENDING

    async def write(sql: Connection) -> UUID:
        await open_catalogue(sql, caller.shop_id)
        product_id = await sql.fetchval(_TAKE, caller.shop_id, draft.line_id, customer_id, caller.now)
        if product_id is None:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "该商品不能评价", "Reviewed already, or not kept", "lineId")
        review_id, name = new_id(), masked_name(line["nickname"])
        said = (draft.rating, draft.body.strip(), list(draft.image_urls), status, caller.now)
        await sql.execute(_WRITE, review_id, caller.shop_id, product_id, customer_id, draft.line_id, name, *said)
        await refresh_products(sql, caller.shop_id, [product_id])
        await emit(sql, caller, "review.created", review_id, {"productId": product_id.hex})
        return draft.line_id

    return UUID(await once(caller, "orderReview", key, draft, write))


def masked_name(nickname: str) -> str:
    """Return a name as strangers may read it: `小**鱼`, of one or two characters the first: `小**`."""
    name = nickname.strip()
    if not name:
        return ANONYMOUS
    return f"{name[0]}**{name[-1] if len(name) > 2 else ''}"  # noqa: PLR2004 - of two, both would be all


def _check(draft: ReviewDraft) -> None:
    checks = Checks()
    checks.number(draft.rating, "rating", least=1, most=STARS_MAX)
    checks.text(draft.body, "body", chars=BODY_CHARS_MAX)
    checks.at_most(draft.image_urls, PICTURES_MAX, "imageUrls")
    for index, url in enumerate(draft.image_urls):
        checks.url(url, "imageUrls", index)
    checks.end()


async def _judged(caller: Caller, customer_id: UUID, draft: ReviewDraft) -> ReviewStatus:
    """Return where a review begins. Raises Refusal CONTENT_REJECTED, and whatever WeChat refuses."""
    suggestion: Suggestion | None = Suggestion.PASS
    if draft.body.strip():
        suggestion = await look_at_words(caller, customer_id, draft.body.strip(), TextPlace.COMMENT, "body")
    if suggestion is Suggestion.RISKY:
        raise words_rejected(("body",))
    is_clean = suggestion is Suggestion.PASS and not draft.image_urls
    return ReviewStatus.PUBLISHED if is_clean else ReviewStatus.PENDING
