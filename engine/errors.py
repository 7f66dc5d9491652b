"""What the engine refuses: one fault with a code from the GraphQL vocabulary, never half an answer."""

from typing import Any


class RequestFault(Exception):
    """The whole request is refused. `code` becomes `extensions.code`; `extensions` are added beside it."""

    def __init__(self, code: str, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions = extensions


def bad_input(message: str) -> RequestFault:
    """An argument or variable that the schema could not refuse by itself."""
    return RequestFault("BAD_USER_INPUT", message)
