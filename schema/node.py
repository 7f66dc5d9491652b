"""Node: whatever has an id of its own and can be asked for again by it."""

import strawberry

from engine.declare import field, global_id


@strawberry.interface(description="Anything with an id of its own. Ask for it again with `node(id:)`.")
class Node:
    """Implemented by every type that has a table."""

    id: strawberry.ID = field(
        global_id(), description="Opaque and unique in its shop. An id of another shop, or no id at all, is not found."
    )
