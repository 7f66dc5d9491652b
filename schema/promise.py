"""What a shop promises with everything it sells."""

import strawberry

from engine.declare import expression, field, reads


@reads()
@strawberry.type(description="Something the shop promises with everything it sells, shown beside the price.")
class ServicePromise:
    """Part of the shop's row."""

    title: str = field(expression("({t}.promise ->> 'title')"), description="In a few characters: `七天无理由退货`.")
    text: str = field(expression("({t}.promise ->> 'text')"), description="What it means; may be empty.")


PROMISES = """
select p.value as promise from shop s, jsonb_array_elements(s.service_promises) with ordinality as p(value, place)
where s.id = {shop} order by p.place
"""
