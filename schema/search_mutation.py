"""Forgetting what one searched for."""

import strawberry

from resolvers import search_log as resolver
from schema.attempt import Info, attempt, open_mutation
from schema.payload import Payload, outcome


@strawberry.type(description="What became of searchHistoryClear.")
class SearchHistoryClearPayload(Payload):
    """Nothing to forget is no error."""

    cleared_count: int | None = outcome("How many searches were forgotten.")


@strawberry.type
class SearchMutation:
    """Part of Mutation."""

    @open_mutation("Forget what this visitor (`X-Visitor-Id`) searched for, on this client.")
    async def search_history_clear(self, info: Info) -> SearchHistoryClearPayload:
        """At once; they stay counted among hot words, as nobody's."""
        count, errors = await attempt(info.context.caller, resolver.search_history_clear(info.context.caller))
        return SearchHistoryClearPayload(cleared_count=count, user_errors=errors)
