"""What a friend who was asked to pay sees before."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers import pay_preview as resolver
from schema.attempt import Info
from schema.money import Money
from schema.quote import money
from schema.scalars import Url


@strawberry.type(description="Some pieces of one thing that is to be paid for.")
class PayPreviewLine:
    """As it was when the order was placed."""

    title: str = strawberry.field(description="The product.")
    variant_title: str = strawberry.field(description="Which of it.")
    image_url: Url | None = strawberry.field(description="A picture of it; null when there is none.")
    quantity: int = strawberry.field(description="How many.")


@strawberry.type(
    description="What somebody who was asked to pay sees of an order: nothing of where it goes, and of who asks no more"
    " than a hint."
)
class PayPreview:
    """Of an order that waits."""

    shop_name: str = strawberry.field(description="Who sells.")
    buyer: str = strawberry.field(description="Who asks, with most of the name hidden: `小**鱼`.")
    lines: list[PayPreviewLine] = strawberry.field(
        description=f"What is bought, in the order's order; the first {resolver.LINES_MAX} of it."
    )
    item_count: int = strawberry.field(description="How many pieces it is in all.")
    total: Money = strawberry.field(description="What is to be paid, with freight.")
    expires_at: datetime = strawberry.field(description="Until when it can be paid.")

    @classmethod
    def of(cls, seen: resolver.PayPreview) -> Self:
        """Show it."""
        lines = [
            PayPreviewLine(
                title=line.title,
                variant_title=line.variant_title,
                image_url=None if line.image_url is None else Url(line.image_url),
                quantity=line.quantity,
            )
            for line in seen.lines
        ]
        return cls(
            shop_name=seen.shop_name,
            buyer=seen.buyer,
            lines=lines,
            item_count=seen.item_count,
            total=money(seen.total_fen),
            expires_at=seen.expires_at,
        )


@strawberry.type
class PayPreviewQuery:
    """Part of Query."""

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="What a friend's `order.payToken` is for; show it before `orderPay`. Null when the token is not of"
        " this shop, and when nothing can be paid by it any more: it was paid, or its time is over."
    )
    async def pay_preview(
        self, info: Info, pay_token: Annotated[str, strawberry.argument(description="A friend's `order.payToken`.")]
    ) -> PayPreview | None:
        """For whoever holds the token."""
        seen = await resolver.pay_preview(info.context.caller, pay_token)
        return None if seen is None else PayPreview.of(seen)
