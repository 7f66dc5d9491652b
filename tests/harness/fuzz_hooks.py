"""What Schemathesis must know of us: values of our scalars, ids that exist, and the rules no schema can say.

Loaded by its command line (SCHEMATHESIS_HOOKS), in a process of its own. FUZZ_VALUES names a JSON file of what is
really there in the shop that is fuzzed.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import graphql
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

from schema.root import graphql_schema

# The only errors that valid data may earn: `first` with `last`, a cursor of another list, a picture of no size, and the
# price with the limits that go with it. A schema has no words for these.
UNSAYABLE = re.compile(
    r"first or last, not both|cursor does not belong|A size is from 1 to 10000 pixels"
    r"|costs \d+ points|too many ((levels of|root )?fields|aliases)"
)

FEN_MAX = 2**53 - 1
REAL: dict[str, list[str]] = json.loads(Path(os.environ["FUZZ_VALUES"]).read_text())

_HEX = st.text("0123456789abcdef", min_size=32, max_size=32)
_PREFIXES = st.sampled_from(["prd", "var", "col", "cat", "shp", "rev", "med", "loc", "mtf", "xyz"])
_WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-小铺", min_size=1, max_size=20)
_MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
_CURSOR_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

scalar(
    "ID",
    (st.sampled_from(REAL["ids"]) | st.builds("{}_{}".format, _PREFIXES, _HEX) | st.text("ab_0小", max_size=40)).map(
        nodes.String
    ),
)
scalar("Handle", (st.sampled_from(REAL["handles"]) | _WORDS).map(nodes.String))
scalar("Url", _WORDS.map("https://img.example.com/{}.jpg".format).map(nodes.String))
scalar("Phone", st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True).map(nodes.String))
scalar("RegionCode", st.sampled_from(["330000", "330100", "330106", "999999"]).map(nodes.String))
scalar("Fen", (st.integers(0, 100_000) | st.just(FEN_MAX)).map(nodes.Int))
scalar("PageSize", st.integers(1, 100).map(nodes.Int))
scalar("Cursor", st.text(_CURSOR_CHARS, min_size=60, max_size=300).map(nodes.String))
scalar("DateTime", _MOMENTS.map(lambda moment: moment.isoformat().replace("+00:00", "Z")).map(nodes.String))
scalar("Decimal", st.decimals(0, 10**6, places=2).map(str).map(nodes.String))
scalar("JSON", _WORDS.map(nodes.String) | st.integers(0, 9).map(nodes.Int))


class OneMember(graphql.Visitor):
    """Leaves exactly one member in each input of which exactly one must be given: `@oneOf` is unknown here."""

    def __init__(self, types: graphql.TypeInfo) -> None:
        super().__init__()
        self._types = types

    def leave_object_value(self, node: graphql.ObjectValueNode, *_args: Any) -> graphql.ObjectValueNode | None:
        """Keep any one that is not null; where there is none, make the first that can be made of nothing."""
        kind = graphql.get_nullable_type(self._types.get_input_type())
        if not isinstance(kind, graphql.GraphQLInputObjectType) or not kind.is_one_of:
            return None
        said = [field for field in node.fields if not isinstance(field.value, graphql.NullValueNode)]
        text = graphql.print_ast(node)
        field = said[crc32(text.encode()) % len(said)] if said else _made(kind)
        return graphql.ObjectValueNode(fields=(field,))


def _made(kind: graphql.GraphQLInputObjectType) -> graphql.ObjectFieldNode:
    """An empty list, or yes."""
    for name, field in kind.fields.items():
        if graphql.is_list_type(field.type):
            return graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=graphql.ListValueNode(values=()))
        if field.type is graphql.GraphQLBoolean:
            yes = graphql.BooleanValueNode(value=True)
            return graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=yes)
    message = f"Nobody has said how to make a {kind.name}"
    raise LookupError(message)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Have valid data keep to `@oneOf`; data that shall be refused stay as they are."""
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    types = graphql.TypeInfo(graphql_schema)
    document = graphql.parse(case.body)
    said = graphql.visit(document, graphql.TypeInfoVisitor(types, OneMember(types)))
    if said is not document:
        case.body = graphql.print_ast(said)


@schemathesis.check
def valid_data_is_accepted(_context: Any, response: Any, case: Any) -> None:
    """positive_data_acceptance, but for the rules that a schema cannot say: each error is looked at by itself."""
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    for error in response.json().get("errors") or ():
        if not UNSAYABLE.search(error["message"]):
            message = f"Valid data was refused: {error['message']}"
            raise AssertionError(message)
