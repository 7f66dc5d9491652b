"""The endpoint over a schema of a few fields, run by graphql-core: for what the shop's own schema never does.

Real identities, a real throttle, real HTTP; only the schema is small, and some of its fields break on purpose.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from graphql import DocumentNode, build_schema, execute, get_variable_values
from graphql.execution import ExecutionResult
from starlette.applications import Starlette
from starlette.routing import Route

from api.app import _middleware
from api.graphql import GraphQLEndpoint
from api.identify import Identities
from api.operations import make_operations
from engine.codes import ErrorCode
from engine.documents import Operation
from engine.errors import RequestFault
from engine.execution import Answer
from resolvers.caller import Caller
from resolvers.tokens import Tokens
from settings import Settings

SECRET = "postgresql://root:hunter2@db"  # what a careless driver puts into its message

SCHEMA = build_schema(
    """
    type Query { hello(name: String = "world"): String!, add(a: Int!, b: Int!): Int!, pages(first: Int): PageConnection
                 broken: String, brokenHard: String!, picky(word: String!): String, slow: String }
    type Mutation { shout(text: String!): String! }
    type Page { number: Int! }
    type PageConnection { nodes: [Page!]!, pageInfo: PageInfo! }
    type PageInfo { hasNextPage: Boolean! }
    """
)


def _break(*_: object) -> NoReturn:
    raise RuntimeError(SECRET)


def _picky(_root: object, _info: object, word: str) -> str:
    if word == "foreign":
        message = "The cursor belongs to another list"
        raise RequestFault(ErrorCode.BAD_USER_INPUT, message)
    return word


async def _slow(*_: object) -> str:
    await asyncio.sleep(3600)
    return "never"


_RESOLVERS: dict[str, Any] = {
    "hello": lambda _root, _info, name: f"Hello {name}",
    "add": lambda _root, _info, a, b: a + b,
    "pages": lambda _root, _info, first=20: {
        "nodes": [{"number": number} for number in range(min(first, 3))],
        "pageInfo": {"hasNextPage": False},
    },
    "broken": _break,
    "brokenHard": _break,
    "picky": _picky,
    "slow": _slow,
}
assert SCHEMA.query_type
assert SCHEMA.mutation_type
for _name, _resolver in _RESOLVERS.items():
    SCHEMA.query_type.fields[_name].resolve = _resolver
SCHEMA.mutation_type.fields["shout"].resolve = lambda _root, _info, text: text.upper()


class TinyEngine:
    """Runs everything by the reference executor."""

    async def run(self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller) -> Answer:
        """Refuse as an engine does, then execute."""
        given = dict(variables or {})
        coerced = get_variable_values(SCHEMA, operation.node.variable_definitions or (), given)
        if isinstance(coerced, list):
            raise RequestFault(ErrorCode.BAD_USER_INPUT, coerced[0].message)
        if operation.name == "ForStaff" and not caller.is_staff:
            message = "Not allowed: Query.hello"
            raise RequestFault(ErrorCode.FORBIDDEN, message, fields=["Query.hello"])
        if operation.name == "Fault":
            raise RuntimeError(SECRET)
        document = DocumentNode(definitions=(operation.node, *operation.fragments.values()))
        result = execute(SCHEMA, document, variable_values=given, context_value=caller)
        if not isinstance(result, ExecutionResult):
            result = await result
        return Answer(orjson.dumps(result.data), result.errors, fell_back=True)


def tiny_app(settings: Settings) -> Starlette:
    """The endpoint as the app mounts it."""
    operations = make_operations(settings, SCHEMA, TinyEngine())
    endpoint = GraphQLEndpoint(operations, Identities(Tokens(settings.derive("token"))))
    return Starlette(routes=[Route("/graphql", endpoint)], middleware=_middleware(settings))
