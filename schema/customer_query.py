"""Who is asking: the root of everything that is a customer's own."""

import strawberry

from engine.declare import field, one
from schema.customer import Customer


@strawberry.type
class CustomerQuery:
    """Part of Query."""

    viewer: Customer | None = field(one(), description="The customer who is asking; null for visitors and staff.")
