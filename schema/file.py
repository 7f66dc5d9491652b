"""The committed schema file: what clients generate their code from, held equal to the code."""

from pathlib import Path

from graphql import print_schema

from schema.root import graphql_schema

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")


def schema_text() -> str:
    """Return the schema in GraphQL's own language, as introspection would tell it."""
    return print_schema(graphql_schema) + "\n"


def is_current() -> bool:
    """Whether the committed file says what the code says."""
    return SCHEMA_FILE.exists() and SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
