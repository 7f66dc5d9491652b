"""Asking over HTTP as a client does, and reading the answer without ceremony."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import httpx

ACCEPT = "application/graphql-response+json, application/json;q=0.9"


class UnexpectedAnswerError(AssertionError):
    """The answer is not of the kind the test relied on; the message carries the whole of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """One userError, as a test likes to compare it: `Refused("TAKEN", "input.handle")`."""

    code: str
    field: str = ""
    message: str = dataclasses.field(default="", compare=False)
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL answer. `answer["product"]["title"]` reads data and fails when there are errors."""

    status: int
    headers: httpx.Headers
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """What was asked for; fails loudly when the answer carries an error."""
        if self.errors or self.body.get("data") is None:
            message = f"HTTP {self.status}: {self.body}"
            raise UnexpectedAnswerError(message)
        data: dict[str, Any] = self.body["data"]
        return data

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The request's errors; empty when all went well."""
        errors: list[dict[str, Any]] = self.body.get("errors", [])
        return errors

    @property
    def codes(self) -> list[str]:
        """The `extensions.code` of each error."""
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def extensions(self) -> dict[str, Any]:
        """`now`, `cost` and whatever else stands beside the data."""
        extensions: dict[str, Any] = self.body.get("extensions", {})
        return extensions

    @property
    def refusals(self) -> list[Refused]:
        """The userErrors of all mutations in the answer, in order; the message and other fields do not compare."""
        return [
            Refused(error["code"], ".".join(error.get("field") or ()), error.get("message", ""), error)
            for payload in self.data.values()
            if isinstance(payload, dict)
            for error in payload.get("userErrors", ())
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with the headers they send. Call it with a document and its variables; `also` adds headers."""

    http: httpx.AsyncClient
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    async def __call__(
        self, document: str, variables: Mapping[str, Any] | None = None, *, operation: str | None = None
    ) -> Answer:
        """Ask and parse the answer, whatever its status."""
        body: dict[str, Any] = {"query": document}
        if variables is not None:
            body["variables"] = variables
        if operation is not None:
            body["operationName"] = operation
        response = await self.http.post("/graphql", json=body, headers={"accept": ACCEPT, **self.headers})
        return Answer(response.status_code, response.headers, response.json())

    def also(self, **headers: str) -> "Asker":
        """The same person sending more headers: `also(accept_language="en", x_visitor_id=...)`."""
        return Asker(self.http, {**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}})


def credentials(*, key: str | None = None, token: str | None = None) -> dict[str, str]:
    """Return the headers that say who asks: a shop's visitor key, a bearer's token, or both."""
    headers = {}
    if key is not None:
        headers["x-shop-key"] = key
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return headers
