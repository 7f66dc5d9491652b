"""Asking an endpoint over bare HTTP, one header at a time, for tests of the protocol itself."""

from collections.abc import Awaitable
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

NEW = "application/graphql-response+json"
OLD = "application/json"
TYPENAME = {"query": "{ __typename }"}


class Post(Protocol):
    """Send a JSON body with an Accept header."""

    def __call__(self, body: Any, accept: str = NEW, **headers: str) -> Awaitable[httpx.Response]:
        """Send it."""


def get(http: httpx.AsyncClient, accept: str | None = None, **parameters: str) -> Awaitable[httpx.Response]:
    """Send parameters in the URL."""
    return http.get("/graphql?" + urlencode(parameters), headers={"accept": accept} if accept else {})
