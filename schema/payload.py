"""What every mutation answers with: what it was about, null exactly when `userErrors` is not empty."""

from typing import Annotated, Any

import strawberry

from schema.user_error import UserError

Version = Annotated[
    int | None,
    strawberry.argument(description="The version you have read; refused with CONFLICT when it no longer stands."),
]


@strawberry.type(description="What became of a mutation.")
class Payload:
    """The part that all have."""

    user_errors: list[UserError] = strawberry.field(
        description="All that was wrong; then nothing was done. Empty when all is well."
    )


def outcome(description: str) -> Any:  # noqa: ANN401 - a field of any type
    """Declare the field that is null exactly when there are user errors."""
    return strawberry.field(description=f"{description} Null exactly when there are user errors.")
