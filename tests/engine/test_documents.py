"""Documents: what is loaded once, what is refused, and which operation runs."""

import pytest
from graphql import GraphQLSchema, build_schema, get_introspection_query

from engine.codes import ErrorCode
from engine.documents import DocumentCache, DocumentError
from engine.limits import Limits

SCHEMA = """
type Query { shop: Shop, add(a: Int, b: Int): Int, tint(colour: Colour, text: String): Int }
type Mutation { rename(name: String): Shop }
enum Colour { RED GREEN }
type Shop { name: String, parent: Shop }
"""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA)


@pytest.fixture
def documents(schema: GraphQLSchema) -> DocumentCache:
    return DocumentCache(schema, Limits())


def refusal(documents: DocumentCache, text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        documents.load(text)
    return caught.value


def test_the_same_text_is_read_once(documents: DocumentCache) -> None:
    assert documents.load("{ shop { name } }") is documents.load("{ shop { name } }")


def test_another_text_is_another_document(documents: DocumentCache) -> None:
    assert documents.load("{ shop { name } }") is not documents.load("{ shop { name  } }")


def test_the_least_recently_used_document_is_forgotten(schema: GraphQLSchema) -> None:
    documents = DocumentCache(schema, Limits(), keep=2)
    first, second = documents.load("{ shop { name } }"), documents.load("{ add }")
    documents.load("{ shop { name } }")
    documents.load("{ add(a: 1) }")

    assert documents.load("{ shop { name } }") is first
    assert documents.load("{ add }") is not second


def test_the_only_operation_needs_no_name(documents: DocumentCache) -> None:
    operation = documents.load("query Named { shop { name } }").operation(None)

    assert (operation.name, operation.kind) == ("Named", "query")


def test_of_several_operations_the_named_one_runs(documents: DocumentCache) -> None:
    document = documents.load("query A { add } mutation B { rename { name } }")

    assert document.operation("B").kind == "mutation"


@pytest.mark.parametrize("name", [None, "", "C", "a"])
def test_without_a_right_name_none_of_several_runs(documents: DocumentCache, name: str | None) -> None:
    document = documents.load("query A { add } query B { add }")

    with pytest.raises(DocumentError) as caught:
        document.operation(name)
    assert caught.value.code is ErrorCode.OPERATION_RESOLUTION_FAILURE


@pytest.mark.parametrize("name", ["", "B"])
def test_a_wrong_name_is_refused_also_when_there_is_only_one(documents: DocumentCache, name: str) -> None:
    with pytest.raises(DocumentError) as caught:
        documents.load("query A { add }").operation(name)
    assert caught.value.code is ErrorCode.OPERATION_RESOLUTION_FAILURE


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", ErrorCode.GRAPHQL_PARSE_FAILED, "Unexpected <EOF>"),
        ("{ shop {", ErrorCode.GRAPHQL_PARSE_FAILED, "Expected Name"),
        ('{ tint(text: "\\uD800") }', ErrorCode.GRAPHQL_PARSE_FAILED, "Invalid Unicode"),
        ("{ nothing }", ErrorCode.GRAPHQL_VALIDATION_FAILED, "Cannot query field 'nothing'"),
        ("{ shop }", ErrorCode.GRAPHQL_VALIDATION_FAILED, "must have a selection"),
        ("query ($a: Int) { add }", ErrorCode.GRAPHQL_VALIDATION_FAILED, "never used"),
        ("type Query { a: Int }", ErrorCode.GRAPHQL_VALIDATION_FAILED, "defines types"),
        ("fragment F on Shop { name }", ErrorCode.GRAPHQL_VALIDATION_FAILED, "never used"),
        ("{ shop { ...F } } fragment F on Shop { ...F }", ErrorCode.GRAPHQL_VALIDATION_FAILED, "within itself"),
        ("{ shop { name @skip } }", ErrorCode.GRAPHQL_VALIDATION_FAILED, "required"),
        ('{ tint(text: "a\\u0000") }', ErrorCode.BAD_USER_INPUT, "NUL"),
        ('{ tint(text: """a\0""") }', ErrorCode.BAD_USER_INPUT, "NUL"),
        (f"{{ add(a: {'9' * 5000}) }}", ErrorCode.GRAPHQL_VALIDATION_FAILED, "Int"),
    ],
)
def test_what_is_wrong_is_said_with_its_code(documents: DocumentCache, text: str, code: ErrorCode, words: str) -> None:
    error = refusal(documents, text)

    assert error.code is code
    assert words in error.errors[0].message


def test_an_error_says_where(documents: DocumentCache) -> None:
    assert refusal(documents, "{\n  shop { nam }\n}").errors[0].locations == ((2, 10),)


def test_a_refusal_is_remembered_and_says_the_same(documents: DocumentCache) -> None:
    first, second = refusal(documents, "{ nothing }"), refusal(documents, "{ nothing }")

    assert first is not second
    assert (first.code, first.errors) == (second.code, second.errors)


def test_a_message_never_echoes_a_whole_document(documents: DocumentCache) -> None:
    for text in (f"{{ tint(colour: {'A' * 90_000}) }}", f"{{ {'a' * 90_000} }}"):
        assert all(len(fault.message) <= 201 for fault in refusal(documents, text).errors)


def test_a_few_of_many_errors_are_told(documents: DocumentCache) -> None:
    errors = refusal(documents, "{" + " ".join(f"unknown{i}" for i in range(20)) + "}").errors

    assert len(errors) == 6
    assert "Too many validation errors" in errors[-1].message


def test_introspection_as_tools_write_it_is_served(documents: DocumentCache) -> None:
    operation = documents.load(get_introspection_query(input_value_deprecation=True)).operation(None)

    assert operation.introspective
    assert operation.cost(None) <= 250


def test_introspection_that_doubles_back_is_refused(documents: DocumentCache) -> None:
    text = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"

    assert refusal(documents, text).code is ErrorCode.GRAPHQL_VALIDATION_FAILED


def test_an_ordinary_operation_is_not_introspective(documents: DocumentCache) -> None:
    assert not documents.load("{ __typename shop { __typename name } }").operation(None).introspective
