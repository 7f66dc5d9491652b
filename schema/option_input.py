"""Options of a product coming in."""

import strawberry

from resolvers.option import OptionDraft


@strawberry.input(description="What can be chosen, and the values there are. At most 5 options with 250 values each.")
class OptionInput:
    """Names are unique in a product, values in an option."""

    name: str = strawberry.field(description="What is chosen: `颜色`.")
    values: list[str] = strawberry.field(description="What there is to choose, in the order it is shown.")

    def draft(self) -> OptionDraft:
        """Return it as the command takes it."""
        return OptionDraft(self.name, self.values)
