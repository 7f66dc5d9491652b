"""Money: fen inside, and outside both exact forms a client may want."""

from decimal import Decimal
from enum import Enum

import strawberry

from engine.declare import expression, field, reads, value
from schema.scalars import Fen


@strawberry.enum(description="The currency of an amount.")
class CurrencyCode(Enum):
    """ISO 4217."""

    CNY = strawberry.enum_value("CNY", description="Chinese yuan; 1 yuan is 100 fen.")


@reads()
@strawberry.type(description="An amount of money. Show `amount`, calculate with `fen`.")
class Money:
    """Reads one input: the amount in fen."""

    amount: Decimal = field(
        expression("({0}::numeric / 100)::numeric(20, 2)"), description="Yuan with two decimals, as a string: `19.90`."
    )
    fen: Fen = field(expression("{0}"), description="The same in fen, exact in JavaScript: `1990`.")
    currency_code: CurrencyCode = field(expression("'CNY'::text"), description="The currency of the amount.")


@reads()
@strawberry.type(description="The cheapest and the dearest price of a product's variants; often the same.")
class PriceRange:
    """Reads two inputs: the smallest and the largest price in fen."""

    min: Money = field(value("{0}"), description="The lowest price of any variant.")
    max: Money = field(value("{1}"), description="The highest price of any variant.")


@strawberry.input(description="An amount of money coming in: fen only, so that nothing is ever rounded.")
class MoneyInput:
    """Fen is the only money that comes in."""

    fen: Fen = strawberry.field(description="The amount in fen: 1990 is 19.90 yuan.")
