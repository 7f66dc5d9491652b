"""Hostile documents: each is refused, and sooner than it could hurt anybody else."""

import time

import pytest
from graphql import GraphQLSchema, build_schema

from engine.codes import ErrorCode
from engine.documents import DocumentCache, DocumentError
from engine.limits import Limits

CPU_SECONDS = 0.05
TRIES = 3

SCHEMA = """
type Query { a: A, list(x: [Int]): Int, nest(i: In): Int }
input In { i: In, x: Int }
type A { a: A, name: String, id: ID }
"""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA)


def refused(schema: GraphQLSchema, text: str) -> tuple[DocumentError, float]:
    """The refusal, and the best CPU time of a few tries, each with an empty memory."""
    best = 1e9
    for _ in range(TRIES):
        documents = DocumentCache(schema, Limits())
        started = time.process_time()
        with pytest.raises(DocumentError) as caught:
            documents.load(text)
        best = min(best, time.process_time() - started)
    return caught.value, best


def allowed(schema: GraphQLSchema, text: str, limits: Limits) -> bool:
    """Whether a document may be run."""
    try:
        DocumentCache(schema, limits).load(text).operation(None)
    except DocumentError:
        return False
    return True


def chain(length: int, body: str, last: str = "name") -> str:
    """Fragments f0 to f<length>, each made of `body` with NEXT for the one after it."""
    parts = [f"fragment f{i} on A {{ {body.replace('NEXT', f'...f{i + 1}')} }}" for i in range(length)]
    return " ".join([*parts, f"fragment f{length} on A {{ {last} }}"])


HOSTILE = {
    "40 doubling fragments": "{ a { ...f0 } } " + chain(40, "NEXT NEXT"),
    "40 doubling fields": "{ a { ...f0 } } " + chain(40, "a { NEXT } a { NEXT }"),
    "40 doubling aliases": "{ a { ...f0 } } " + chain(40, "x: a { NEXT } y: a { NEXT }"),
    "11 doubling fields": "{ a { ...f0 } } " + chain(11, "a { NEXT } a { NEXT }"),
    "fragments in a circle": "{ a { ...f0 } } fragment f0 on A { a { ...f1 } } fragment f1 on A { ...f0 }",
    "a circle nobody uses": "{ a { id } } fragment f0 on A { a { ...f0 } a { ...f0 } }",
    "2,000 aliases": "{ a { " + " ".join(f"a{i}: name" for i in range(2_000)) + " } }",
    "41 aliases": "{ a { " + " ".join(f"a{i}: name" for i in range(41)) + " } }",
    "1,300 aliases": "{ a { " + " ".join(f"a{i}: name" for i in range(1_300)) + " } }",
    "5,000 directives": "{ a { name " + "@skip(if: false) " * 5_000 + "} }",
    "1,900 directives": "{ a { name " + "@x " * 1_900 + "} }",
    "6 directives": "{ a { name " + "@skip(if: false) " * 6 + "} }",
    "directives on an operation": "query " + "@x " * 1_900 + "{ a { name } }",
    "directives on a variable": "query ($x: Int " + "@x " * 1_900 + ") { a { name } }",
    "1 MiB of tokens": "a " * (1 << 19),
    "1 MiB in one string": '{ list(x: "' + "x" * (1 << 20) + '") }',
    "99 kB of tokens": "a " * 49_500,
    "3,900 equal fields": "{ a { " + "name " * 3_900 + "} }",
    "equal fields in fragments": "{ a { " + "... { name } " * 990 + "} }",
    "equal objects": "{ a { " + "a { id name } " * 700 + "} }",
    "300 fragments": "{ a { " + " ".join(f"...f{i}" for i in range(300)) + " } } " + chain(300, "name"),
    "unused fragments that conflict": "{ a { id } } fragment f on A { " + "a { id } " * 700 + "}",
    "15 levels": "{ a " + "{ a " * 14 + "{ id } " + "}" * 15,
    "150 levels": "{ a " + "{ a " * 150 + "{ id } " + "}" * 151,
    "150 inline fragments": "{ a { " + "... { " * 150 + "id" + " }" * 152,
    "fragments of deep inline fragments": "{ a { ...f0 } } " + chain(40, "... { ... { ... { NEXT } } }"),
    "a list of 251": "{ list(x: [" + "1 " * 251 + "]) }",
    "a list of 3,900": "{ list(x: [" + "1 " * 3_900 + "]) }",
    "lists in lists": "{ list(x: " + "[" * 190 + "]" * 190 + ") }",
    "99,000 opening brackets": "{ list(x: " + "[" * 99_000,
    "99,000 opening braces": "{" * 99_000,
    "99,000 quotes": "{ list(x: " + '"' * 99_000,
    "an endless string": '{ list(x: """' + "x" * 99_000,
    "33,000 comments": "#\n" * 33_000 + "{ a { id } }",
    "90,000 digits": "{ list(x: [" + "1" * 90_000 + "]) }",
    "a name of 90,000": "{ " + "a" * 90_000 + " }",
    "500 operations": " ".join(f"query q{i} {{ a {{ id }} }}" for i in range(500)),
    "21 root fields": "{ " + "a { id } " * 21 + "}",
    "21 root fields in fragments": "{ ...r ...r ...r } fragment r on Query { " + "a { id } " * 7 + "}",
    "900 variables": "query (" + " ".join(f"$v{i}: Int" for i in range(900)) + ") { a { id } }",
    "1,300 unknown fields": "{ a { " + " ".join(f"u{i}" for i in range(1_300)) + " } }",
    "two fragments of one name": "{ a { ...f } } fragment f on A { id } fragment f on A { " + "name " * 900 + "}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_a_moment(schema: GraphQLSchema, name: str) -> None:
    error, seconds = refused(schema, HOSTILE[name])

    assert error.code in {ErrorCode.GRAPHQL_VALIDATION_FAILED, ErrorCode.GRAPHQL_PARSE_FAILED}
    assert seconds < CPU_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "{ a { " + " ".join(f"a{i}: name" for i in range(40)) + " } }",
        "{ a " + "{ a " * 12 + "{ id } " + "}" * 13,
        "{ list(x: [" + "1 " * 250 + "]) }",
        "{ " + "a { id } " * 20 + "}",
        "{ a { " + "name " * 100 + "} }",
        '# a comment\n{ a { name @skip(if: false) @include(if: true) } } # and {{{{ "another',
        "{ a { ...f0 } } " + chain(11, "a { NEXT }"),
    ],
)
def test_what_a_page_may_need_is_allowed(schema: GraphQLSchema, text: str) -> None:
    assert allowed(schema, text, Limits(cost=10_000))


def test_a_limit_is_a_setting(schema: GraphQLSchema) -> None:
    text = HOSTILE["41 aliases"]

    assert allowed(schema, text, Limits(aliases=41))
    assert not allowed(schema, text, Limits(aliases=40))


def test_tokens_in_strings_and_comments_do_not_count(schema: GraphQLSchema) -> None:
    text = "{ a { id } }\n# " + "a " * 10_000

    assert allowed(schema, text, Limits())
    assert not allowed(schema, text.replace("#", ""), Limits())
