"""Collections and their rules coming in."""

from enum import Enum

import strawberry

from models.collection import RuleField as StoredField
from models.collection import RuleMatch as StoredMatch
from models.collection import RuleRelation as StoredRelation
from resolvers.collection_draft import CollectionDraft, RuleDraft
from resolvers.keep import KEEP
from schema.collection import CollectionKind, RuleMatch
from schema.given import as_stored, given, given_or_null, optional, plain, stored
from schema.scalars import Handle, Url


@strawberry.enum(description="What of a product a rule looks at.")
class RuleField(Enum):
    """As stored."""

    TITLE = strawberry.enum_value("TITLE", description="The title, without regard to case.")
    TAG = strawberry.enum_value("TAG", description="The tags: any one may meet the rule; NOT_EQUALS: none is equal.")
    VENDOR = strawberry.enum_value("VENDOR", description="The brand, without regard to case.")
    PRODUCT_TYPE = strawberry.enum_value("PRODUCT_TYPE", description="The shop's own word, without regard to case.")
    CATEGORY = strawberry.enum_value("CATEGORY", description="The category or any above it; the value is its id.")
    MIN_PRICE = strawberry.enum_value("MIN_PRICE", description="The lowest price; the value is in fen: `1990`.")
    IN_STOCK = strawberry.enum_value("IN_STOCK", description="Whether it can be bought; `true` or `false`.")


@strawberry.enum(description="How a rule compares the product with its value.")
class RuleRelation(Enum):
    """As stored."""

    EQUALS = strawberry.enum_value("EQUALS", description="The same. For every field.")
    NOT_EQUALS = strawberry.enum_value("NOT_EQUALS", description="Not the same. For every field but IN_STOCK.")
    CONTAINS = strawberry.enum_value("CONTAINS", description="Has the value in it. For words.")
    STARTS_WITH = strawberry.enum_value("STARTS_WITH", description="Begins with the value. For words.")
    GREATER_THAN = strawberry.enum_value("GREATER_THAN", description="More than the value. For MIN_PRICE.")
    LESS_THAN = strawberry.enum_value("LESS_THAN", description="Less than the value. For MIN_PRICE.")


@strawberry.input(description="One rule that products of a collection meet.")
class RuleInput:
    """Field, relation, value."""

    field: RuleField = strawberry.field(description="What to look at.")
    relation: RuleRelation = strawberry.field(description="How to compare.")
    value: str = strawberry.field(description="What to compare with, in the form that the field asks for.")

    def draft(self) -> RuleDraft:
        """Return it as the command takes it."""
        return RuleDraft(as_stored(StoredField, self.field), as_stored(StoredRelation, self.relation), self.value)


@strawberry.input(description="What a collection has beside its title.")
class CollectionFieldsInput:
    """What is left out stays as it is."""

    handle: Handle | None = optional("Name for addresses; made from the title when a new collection has none.")
    description: str | None = optional("A few words about it, at most 5,000 characters.")
    image_url: Url | None = optional("Its picture; null for none.")
    position: int | None = optional("Place among the shop's collections, 0 or more; 0 when left out.")
    published: bool | None = optional("Whether customers see it; true when left out.")
    rule_match: RuleMatch | None = optional("Whether all rules must be met or any one; ALL when left out.")
    rules: list[RuleInput] | None = optional(
        "The whole list of rules, at most 50, for a collection of kind RULE. Without rules it is empty."
    )

    def fields(self, title: str | None) -> CollectionDraft:
        """Return what was said, as the command takes it."""
        rules = plain(self.rules)
        return CollectionDraft(
            handle=given(self.handle),
            title=given(title),
            description=given(self.description),
            image_url=given_or_null(self.image_url),
            position=given(self.position),
            published=given(self.published),
            rule_match=stored(StoredMatch, self.rule_match),
            rules=KEEP if rules is None else [rule.draft() for rule in rules],
        )


@strawberry.input(description="A collection to make.")
class CollectionCreateInput(CollectionFieldsInput):
    """Its kind is fixed."""

    title: str = strawberry.field(description="As shown to customers; 1 to 255 characters.")
    kind: CollectionKind = strawberry.field(description="How it gets its products; fixed from now on.")

    def draft(self) -> CollectionDraft:
        """Return it as the command takes it."""
        return self.fields(self.title)


@strawberry.input(description="What shall be different in a collection. What is left out stays as it is.")
class CollectionUpdateInput(CollectionFieldsInput):
    """`version` guards against overwriting what somebody else wrote."""

    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    title: str | None = optional("As shown to customers; 1 to 255 characters.")

    def draft(self) -> CollectionDraft:
        """Return it as the command takes it."""
        return self.fields(self.title)
