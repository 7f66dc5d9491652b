"""Subscriptions: a read that is made again when something happened, and the cursor that tells whether it changed.

The field answers with an object that has a field `cursor`: text which differs whenever the answer may. It is read
beside the subscriber's own selection, in the same statement, so it is known whether it was selected or not. So is
whether the row is the same for all who may read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from graphql import FieldNode, GraphQLObjectType, NameNode, SelectionSetNode, get_named_type

from engine.arguments import Leaf
from engine.compiler import Compiler
from engine.following import Following
from engine.objects import selected
from engine.sources import Relation
from engine.statement import Bind, Row, Statement

CURSOR: Final = "cursor"
NOTHING: Final = UUID(int=0)
"""The id of nothing: no event is about it."""

_SEPARATOR: Final = b"\n"
_SHARED: Final = b"t"
_ONLY_CURSOR: Final = SelectionSetNode(selections=(FieldNode(name=NameNode(value=CURSOR)),))


@dataclass(frozen=True, slots=True)
class Live:
    """How the one field of a subscription is read.

    `about` is what it names of all that it could follow. `asks` is what of the reader its selection depends on,
    whatever the row.
    """

    sql: str
    following: Following
    about: Bind | None
    asks: frozenset[str]


def live_read(compiler: Compiler, root: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Live:
    """The statement: the cursor, whether the row is shared, and the answer, a line each; no cursor, no news."""
    (nodes,) = compiler.selections.fields(root, sets).values()
    asked = nodes[0]
    following = following_of(root, asked.name.value)
    again = FieldNode(name=asked.name, arguments=asked.arguments, selection_set=_ONLY_CURSOR)
    cursor = f"coalesce({compiler.field(root, [again], Row())} ->> '{CURSOR}', '')"
    chosen = selected(compiler.fields(root, sets, Row()), "q")
    lines = f"{cursor} || E'\\n' || {_shared(compiler, root, asked, following)} || E'\\n' || {chosen.json}::text"
    sql = f"select convert_to({lines}, 'UTF8') from (select {chosen.columns}) q"
    return Live(sql, following, _about(compiler, root, asked, following), _asks(compiler, root, nodes))


def parted(answer: bytes) -> tuple[str, bool, bytes]:
    """The cursor (empty when there is nothing new), whether the row is shared, and the JSON of the answer."""
    cursor, shared, data = answer.split(_SEPARATOR, 2)
    return cursor.decode(), shared == _SHARED, data


def following_of(root: GraphQLObjectType, field: str) -> Following:
    """What the field declares to follow."""
    declared = root.fields[field].extensions["strawberry-definition"]
    found: Following = declared.metadata["following"]
    return found


def _shared(compiler: Compiler, root: GraphQLObjectType, node: FieldNode, following: Following) -> str:
    """Whether the row is the same for all who may read it, news or not; what nobody sees is shared with nobody."""
    if not following.is_shared:
        return "'f'"
    declared, facts = root.fields[node.name.value], compiler.sources.fields[root.name, node.name.value]
    if not isinstance(facts.source, Relation):
        message = f"{root.name}.{node.name.value} follows no rows"
        raise TypeError(message)
    target = get_named_type(declared.type)
    rows = compiler.rows(facts.source, target, compiler.given(facts, declared, [node]), Row())
    where = " and ".join(rows.conditions) or "true"
    origin = compiler.origin(facts.source, target, rows)
    is_shared = f"select ({rows.fill(following.is_shared)}) from {origin} where {where} limit 1"
    return f"case when ({is_shared}) then 't' else 'f' end"


def _about(compiler: Compiler, root: GraphQLObjectType, node: FieldNode, following: Following) -> Bind | None:
    about = following.about
    if about is None:
        return None
    facts = compiler.sources.fields[root.name, node.name.value]
    leaf = compiler.given(facts, root.fields[node.name.value], [node]).get(about.argument)
    if not isinstance(leaf, Leaf):
        return None
    return lambda reading: about.decode(str(leaf.read(reading.variables))) or NOTHING


def _asks(compiler: Compiler, root: GraphQLObjectType, nodes: list[FieldNode]) -> frozenset[str]:
    """What the selection alone asks of who reads: it is written once more, by itself."""
    alone = Compiler(compiler.sources, compiler.selections, compiler.variables, Statement(compiler.statement.keeps))
    target = get_named_type(root.fields[nodes[0].name.value].type)
    if not isinstance(target, GraphQLObjectType):
        message = f"{target} is no object"
        raise TypeError(message)
    alone.fields(target, compiler.selections.below(nodes), Row("t"))
    return alone.statement.asks
