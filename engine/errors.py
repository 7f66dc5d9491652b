"""What the engine refuses: one fault with a code from the GraphQL vocabulary, never half an answer."""

from typing import Any

from engine.codes import ErrorCode


class RequestFault(Exception):  # noqa: N818 - a fault of the request, told apart from refusals
    """The whole request is refused. `code` becomes `extensions.code`; `extensions` are added beside it."""

    def __init__(self, code: ErrorCode, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions = extensions


def bad_input(message: str) -> RequestFault:
    """An argument or variable that the schema could not refuse by itself."""
    return RequestFault(ErrorCode.BAD_USER_INPUT, message)
