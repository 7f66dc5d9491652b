"""The schema as clients read it: described throughout, and the committed file is what the code says."""

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_specified_scalar_type,
)

from schema.file import SCHEMA_FILE, schema_text
from schema.root import graphql_schema

OURS = sorted(
    (type_ for name, type_ in graphql_schema.type_map.items() if not name.startswith("__")),
    key=lambda type_: type_.name,
)


def undescribed(type_: GraphQLNamedType) -> list[str]:
    """What of a type says nothing about itself."""
    found = [] if type_.description else [type_.name]
    if isinstance(type_, GraphQLEnumType):
        found += [f"{type_.name}.{name}" for name, value in type_.values.items() if not value.description]
    if isinstance(type_, GraphQLInputObjectType):
        found += [f"{type_.name}.{name}" for name, field in type_.fields.items() if not field.description]
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for name, output in type_.fields.items():
            found += [] if output.description else [f"{type_.name}.{name}"]
            found += [f"{type_.name}.{name}({arg})" for arg, given in output.args.items() if not given.description]
    return found


@pytest.mark.parametrize("type_", OURS, ids=lambda type_: type_.name)
def test_everything_tells_a_developer_something(type_: GraphQLNamedType) -> None:
    assert undescribed(type_) == []


@pytest.mark.parametrize(
    "scalar",
    [type_ for type_ in OURS if isinstance(type_, GraphQLScalarType) and not is_specified_scalar_type(type_)],
    ids=lambda scalar: scalar.name,
)
def test_every_scalar_of_ours_names_its_specification(scalar: GraphQLScalarType) -> None:
    assert scalar.specified_by_url


def test_the_committed_schema_is_what_the_code_says() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
