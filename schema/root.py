"""The schema: the roots, the scalars, and the declarations behind them."""

import strawberry
from graphql import GraphQLInputObjectType
from strawberry.schema.config import StrawberryConfig

from engine.calling import call_directly
from engine.sources import Sources
from schema.block import ImageBlock, ProductBlock, TextBlock, VideoBlock
from schema.landing import LANDING_TARGETS
from schema.mutation import Mutation
from schema.page_block import PAGE_BLOCKS
from schema.query import Query
from schema.scalars import SCALARS
from schema.stock import StockLevel, StockMove
from schema.subscription import Subscription
from schema.user_error import USER_ERRORS

schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[
        TextBlock,
        ImageBlock,
        VideoBlock,
        ProductBlock,
        StockLevel,
        StockMove,
        *PAGE_BLOCKS,
        *LANDING_TARGETS,
        *USER_ERRORS,
    ],
    config=StrawberryConfig(scalar_map=SCALARS),
)
graphql_schema = schema._schema  # noqa: SLF001 - the engine works on graphql-core's own schema
# Strawberry knows of @oneOf by itself only; so that validation, variables and introspection know of it too:
for _type in graphql_schema.type_map.values():
    _definition = _type.extensions.get("strawberry-definition")
    if isinstance(_type, GraphQLInputObjectType) and getattr(_definition, "is_one_of", False):
        _type.is_one_of = True
call_directly(graphql_schema)

sources = Sources(graphql_schema)
