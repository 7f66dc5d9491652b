"""What can be followed over a socket: the root of every subscription, put together from the nouns."""

import strawberry

from schema.catalogue_change import CatalogueChangeSubscription
from schema.group_buy_team_update import GroupBuyTeamUpdateSubscription
from schema.order_update import OrderUpdateSubscription
from schema.viewer_change import ViewerChangeSubscription


@strawberry.type(
    description="Everything that can be followed over a WebSocket (graphql-transport-ws, at the endpoint's address)."
    " Each answer has a `cursor`; give it as `after` when you come back. Where there is no socket, a query gives"
    " the same: `catalogueChange` for `catalogueUpdated`."
)
class Subscription(
    CatalogueChangeSubscription,
    ViewerChangeSubscription,
    OrderUpdateSubscription,
    GroupBuyTeamUpdateSubscription,
):
    """One field for each operation."""
