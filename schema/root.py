"""The schema: the roots, the scalars, and the declarations behind them."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from engine.sources import Sources
from schema.block import ImageBlock, ProductBlock, TextBlock, VideoBlock
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.stock import StockLevel, StockMove
from schema.subscription import Subscription
from schema.user_error import USER_ERRORS

schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[TextBlock, ImageBlock, VideoBlock, ProductBlock, StockLevel, StockMove, *USER_ERRORS],
    config=StrawberryConfig(scalar_map=SCALARS),
)
graphql_schema = schema._schema  # noqa: SLF001 - the engine works on graphql-core's own schema

sources = Sources(graphql_schema)
