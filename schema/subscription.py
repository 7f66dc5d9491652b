"""What can be followed over a socket: the root of every subscription, put together from the nouns."""

import strawberry

from schema.catalogue_change import CatalogueChangeSubscription


@strawberry.type(
    description="Everything that can be followed over a WebSocket (graphql-transport-ws, at the endpoint's address)."
    " Each answer has a `cursor`; give it as `after` when you come back, and ask the query of the same name's noun"
    " where there is no socket."
)
class Subscription(CatalogueChangeSubscription):
    """One field for each operation."""
