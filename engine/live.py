"""Subscriptions: a read that is made again when something happened, and the cursor that tells whether it changed.

The field answers with an object that has a field `cursor`: text which differs whenever the answer may. It is read
beside the subscriber's own selection, in the same statement, so it is known whether it was selected or not.
"""

from collections.abc import Sequence
from typing import Final

from graphql import FieldNode, GraphQLObjectType, NameNode, SelectionSetNode

from engine.compiler import Compiler
from engine.following import Following
from engine.objects import selected
from engine.statement import Row

CURSOR: Final = "cursor"
_SEPARATOR: Final = b"\n"
_ONLY_CURSOR: Final = SelectionSetNode(selections=(FieldNode(name=NameNode(value=CURSOR)),))


def live_statement(compiler: Compiler, root: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> str:
    """The statement for the one field of a subscription: its cursor, a line feed, its answer; no cursor, no news."""
    (nodes,) = compiler.selections.fields(root, sets).values()
    asked = nodes[0]
    again = FieldNode(name=asked.name, arguments=asked.arguments, selection_set=_ONLY_CURSOR)
    cursor = f"coalesce({compiler.field(root, [again], Row())} ->> '{CURSOR}', '')"
    chosen = selected(compiler.fields(root, sets, Row()), "q")
    return f"select convert_to({cursor} || E'\\n' || {chosen.json}::text, 'UTF8') from (select {chosen.columns}) q"


def parted(answer: bytes) -> tuple[str, bytes]:
    """The cursor (empty when there is nothing new) and the JSON of what `live_statement` answered."""
    cursor, _, data = answer.partition(_SEPARATOR)
    return cursor.decode(), data


def following_of(root: GraphQLObjectType, field: str) -> Following:
    """What the field declares to follow."""
    declared = root.fields[field].extensions["strawberry-definition"]
    found: Following = declared.metadata["following"]
    return found
