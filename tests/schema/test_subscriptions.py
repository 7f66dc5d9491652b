"""Whatever can be followed answers with a cursor, takes one as `after`, and can be asked for by a query as well."""

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_non_null_type

from engine.following import Following
from engine.live import following_of
from schema.root import graphql_schema, sources

ROOT = graphql_schema.subscription_type
assert ROOT
QUERY = graphql_schema.query_type
assert QUERY


@pytest.mark.parametrize(("name", "field"), list(ROOT.fields.items()))
def test_it_answers_with_a_cursor_and_takes_one(name: str, field: GraphQLField) -> None:
    answer = get_named_type(field.type)
    assert isinstance(answer, GraphQLObjectType)
    assert str(answer.fields["cursor"].type) == "String!"
    assert str(field.args["after"].type) == "String"
    # Read by the engine, which finds null where nothing is new.
    assert sources.fields["Subscription", name].source
    assert not is_non_null_type(field.type)


@pytest.mark.parametrize(("name", "field"), list(ROOT.fields.items()))
def test_it_says_what_wakes_it(name: str, field: GraphQLField) -> None:
    assert ROOT
    following = following_of(ROOT, name)

    assert isinstance(following, Following)
    # Whole words, so that no other noun begins like it.
    assert [topic for topic in following.topics if not topic.endswith(".")] == []
    assert following.topics


@pytest.mark.parametrize("field", ROOT.fields.values(), ids=list(ROOT.fields))
def test_a_query_tells_the_same(field: GraphQLField) -> None:
    assert QUERY
    twins = [twin for twin in QUERY.fields.values() if get_named_type(twin.type) is get_named_type(field.type)]

    assert [twin.args.keys() for twin in twins] == [field.args.keys()]
