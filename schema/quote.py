"""What a placement would cost now, and why."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Self

import strawberry

from ids import encode_id
from models.refusal import Refusal, Refusals
from resolvers import quote as resolver
from resolvers.caller import Language
from resolvers.placement_judge import JudgedLine
from resolvers.pricing import TITLES, Adjustment, Explanation, Price
from schema.attempt import Info, user_error
from schema.delivery import DeliveryMethod
from schema.given import global_id
from schema.money import CurrencyCode, Money
from schema.placement_input import QuoteInput, asked_of
from schema.scalars import Fen, Url
from schema.user_error import UserError


@strawberry.enum(description="What became of a rule that could have changed a price.")
class PriceReason(Enum):
    """As resolvers/pricing.py has them."""

    APPLIED = strawberry.enum_value("APPLIED", description="It changed the price.")
    BELOW_THRESHOLD = strawberry.enum_value(
        "BELOW_THRESHOLD", description="It would be better with more in the basket: see `missing`."
    )
    NO_ADDRESS = strawberry.enum_value("NO_ADDRESS", description="Nobody has said where it goes.")
    NOT_DELIVERABLE = strawberry.enum_value("NOT_DELIVERABLE", description="Something is not sent there.")
    NOTHING_TO_SEND = strawberry.enum_value("NOTHING_TO_SEND", description="There is nothing to take freight for.")
    NO_FEE = strawberry.enum_value("NO_FEE", description="The shop takes no freight for it.")
    FREE = strawberry.enum_value("FREE", description="The basket is large enough for it to be free.")


def money(fen: int) -> Money:
    """Return an amount as reads give it."""
    return Money(amount=Decimal(fen).scaleb(-2).quantize(Decimal("0.01")), fen=Fen(fen), currency_code=CurrencyCode.CNY)


@strawberry.type(description="The share of a line in a discount or addition.")
class QuoteAllocation:
    """By the place of the line."""

    line_index: int = strawberry.field(description="The line's place in what was asked, from 0.")
    amount: Money = strawberry.field(description="Its share; negative for a discount.")


@strawberry.type(description="A discount or addition, freight among them.")
class QuoteAdjustment:
    """As an order would have it."""

    kind: str = strawberry.field(description="What kind: `FREIGHT`.")
    title: str = strawberry.field(description="In words for the customer.")
    amount: Money = strawberry.field(description="Negative for a discount.")
    allocations: list[QuoteAllocation] = strawberry.field(description="How it falls on lines; empty for freight.")

    @classmethod
    def of(cls, one: Adjustment, places: dict[object, int]) -> Self:
        """Show one."""
        shares = [QuoteAllocation(line_index=places[line], amount=money(fen)) for line, fen in one.allocations]
        return cls(kind=one.kind, title=TITLES[one.kind], amount=money(one.amount_fen), allocations=shares)


@strawberry.type(description="What a rule did to the price, or why it did nothing.")
class PriceExplanation:
    """One for each rule that had anything to say."""

    kind: str = strawberry.field(description="Which rule: `FREIGHT`.")
    applied: bool = strawberry.field(description="Whether it had an effect.")
    reason: PriceReason = strawberry.field(description="What became of it.")
    amount: Money = strawberry.field(description="What it came to; negative for a discount.")
    missing: Money | None = strawberry.field(description="How much more in the basket would make it better.")

    @classmethod
    def of(cls, one: Explanation) -> Self:
        """Show one."""
        return cls(
            kind=one.kind,
            applied=one.applied,
            reason=PriceReason[one.reason],
            amount=money(one.amount_fen),
            missing=None if one.missing_fen is None else money(one.missing_fen),
        )


@strawberry.type(description="One thing to buy at its price of now.")
class QuoteLine:
    """Only lines that are sold; what is wrong with the others is in `problems`."""

    index: int = strawberry.field(description="Its place in what was asked, from 0.")
    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    product_id: strawberry.ID = strawberry.field(description="The product.")
    cart_line_id: strawberry.ID | None = strawberry.field(description="The line of the cart it came from, if any.")
    title: str = strawberry.field(description="The product's title.")
    variant_title: str = strawberry.field(description="The choice in words.")
    image_url: Url | None = strawberry.field(description="Its picture.")
    quantity: int = strawberry.field(description="Pieces.")
    unit_price: Money = strawberry.field(description="Of one piece, before discounts.")
    subtotal: Money = strawberry.field(description="All pieces, before discounts.")
    total: Money = strawberry.field(description="All pieces, after discounts; freight apart.")

    @classmethod
    def of(cls, line: JudgedLine, priced: Price) -> Self:
        """Show one."""
        row = line.facts
        return cls(
            index=line.index,
            variant_id=strawberry.ID(encode_id("var", row["variant_id"])),
            product_id=strawberry.ID(encode_id("prd", row["product_id"])),
            cart_line_id=global_id("cln", row["cart_line_id"]),
            title=row["title"],
            variant_title=row["variant_title"],
            image_url=row["image_url"],
            quantity=line.quantity,
            unit_price=money(row["price_fen"]),
            subtotal=money(row["price_fen"] * line.quantity),
            total=money(priced.payable[line.line_id]),
        )


@strawberry.type(description="How the goods would reach the customer.")
class QuoteDelivery:
    """Today exactly one."""

    method: DeliveryMethod = strawberry.field(description="How.")
    freight: Money = strawberry.field(description="What sending costs.")


@strawberry.type(description="What a purchase would cost now, and why. Nothing is reserved by it.")
class Quote:
    """A judged wish."""

    lines: list[QuoteLine] = strawberry.field(description="What is sold, with its price.")
    subtotal: Money = strawberry.field(description="All pieces, before discounts and freight.")
    adjustments: list[QuoteAdjustment] = strawberry.field(description="Discounts and additions, freight among them.")
    freight: Money = strawberry.field(description="What sending costs.")
    deliveries: list[QuoteDelivery] = strawberry.field(description="How it would be sent; today exactly one.")
    total: Money = strawberry.field(description="What would be paid: send it as `expectedTotal`.")
    price_explanation: list[PriceExplanation] = strawberry.field(
        description="What every rule did, what it did not and why, and what is missing to a threshold."
    )
    problems: list[UserError] = strawberry.field(
        description="What stands in the way of buying exactly this; the price is of what is left then."
    )
    token: str | None = strawberry.field(
        description="Buys exactly this at this price, as `source.quoteToken`; null while there are problems."
    )
    expires_at: datetime | None = strawberry.field(description="Until when the token holds.")

    @classmethod
    def of(cls, quoted: resolver.Quote, language: Language) -> Self:
        """Show a quote in the caller's language."""
        judgement, priced = quoted.judgement, quoted.judgement.price
        places: dict[object, int] = {line.line_id: line.index for line in judgement.lines}
        return cls(
            lines=[QuoteLine.of(line, priced) for line in judgement.lines],
            subtotal=money(priced.goods_fen),
            adjustments=[QuoteAdjustment.of(one, places) for one in priced.adjustments],
            freight=money(priced.freight_fen),
            deliveries=[QuoteDelivery(method=DeliveryMethod[judgement.method], freight=money(priced.freight_fen))],
            total=money(priced.total_fen),
            price_explanation=[PriceExplanation.of(one) for one in priced.explanations],
            problems=[user_error(problem, language) for problem in quoted.problems],
            token=quoted.token,
            expires_at=quoted.expires_at,
        )


@strawberry.type(description="What a question for a price is answered with.")
class QuotePayload:
    """A quote, or what is wrong with the question."""

    quote: Quote | None = strawberry.field(description="The quote; null exactly when there are user errors.")
    user_errors: list[UserError] = strawberry.field(description="What is wrong with the question by itself.")


@strawberry.type
class QuoteQuery:
    """Part of Query."""

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="What a purchase would cost now, and why. Visitors may ask too; nothing is reserved or written."
    )
    async def quote(
        self, info: Info, input: Annotated[QuoteInput, strawberry.argument(description="What to price.")]
    ) -> QuotePayload:
        """Priced by the same rules as an order."""
        caller = info.context.caller
        try:
            asked = asked_of(input)
            quoted = await resolver.quote(caller, asked.placement, asked.quote_token)
        except Refusal as refusal:
            return QuotePayload(quote=None, user_errors=[user_error(refusal.under("input"), caller.language)])
        except Refusals as several:
            return QuotePayload(
                quote=None,
                user_errors=[user_error(refusal.under("input"), caller.language) for refusal in several.refusals],
            )
        return QuotePayload(quote=Quote.of(quoted, caller.language), user_errors=[])
