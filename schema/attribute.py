"""Attributes: a customer's own words on a line, a cart or an order, such as what shall be engraved."""

import strawberry

from engine.declare import field, reads

ATTRIBUTES = "select a.key, a.value from jsonb_each_text({p}.attributes) a order by a.key"
"""The words of a row's `attributes`, by name."""


@reads()
@strawberry.type(description="The customer's own words on something.")
class Attribute:
    """A pair of texts."""

    key: str = field(description="What it is about: `刻字`.")
    value: str = field(description="The words.")


@strawberry.input(description="The customer's own words on something.")
class AttributeInput:
    """A pair of texts."""

    key: str = strawberry.field(description="What it is about, at most 255 characters; each once.")
    value: str = strawberry.field(description="The words, at most 255 characters.")


def words_of(attributes: list[AttributeInput] | None) -> dict[str, str]:
    """Return what was said as a mapping; what is said last of one thing stands."""
    return {one.key: one.value for one in attributes} if attributes else {}
