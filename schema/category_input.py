"""Nodes of the category tree coming in."""

import strawberry

from resolvers.category import CategoryDraft
from schema.given import given, given_or_null, known_or_keep, optional
from schema.scalars import Handle, Url


@strawberry.input(description="What a category has beside its name.")
class CategoryFieldsInput:
    """What is left out stays as it is."""

    handle: Handle | None = optional("Name for addresses, at most 128 characters; made from the name when left out.")
    image_url: Url | None = optional("A picture for the category page; null for none.")
    position: int | None = optional("Place among its siblings, 0 or more; 0 when left out.")
    parent_id: strawberry.ID | None = optional("The category above; null for the root. At most ten levels.")

    def fields(self, name: str | None) -> CategoryDraft:
        """Return what was said, as the command takes it."""
        return CategoryDraft(
            handle=given(self.handle),
            name=given(name),
            image_url=given_or_null(self.image_url),
            position=given(self.position),
            parent_id=known_or_keep("cat", self.parent_id),
        )


@strawberry.input(description="A category to make.")
class CategoryCreateInput(CategoryFieldsInput):
    """At the root unless a parent is given."""

    name: str = strawberry.field(description="As shown to customers; 1 to 120 characters.")

    def draft(self) -> CategoryDraft:
        """Return it as the command takes it."""
        return self.fields(self.name)


@strawberry.input(description="What shall be different in a category. With another parent, all below moves along.")
class CategoryUpdateInput(CategoryFieldsInput):
    """`version` guards against overwriting what somebody else wrote."""

    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    name: str | None = optional("As shown to customers; 1 to 120 characters.")

    def draft(self) -> CategoryDraft:
        """Return it as the command takes it."""
        return self.fields(self.name)
