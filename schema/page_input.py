"""Pages and their blocks coming in."""

import strawberry

from models.page import BlockKind
from models.page import PageKind as StoredKind
from models.share_link import ShareTarget as StoredTarget
from resolvers.keep import KEEP
from resolvers.page import PageDraft
from resolvers.page_block import COUNT_DEFAULT, BlockDraft, TagDraft, TargetDraft
from schema.given import as_stored, given, given_or_null, known, known_all, known_or_none, optional, plain, stored
from schema.page import PageKind
from schema.scalars import Handle, Url
from schema.share_link import ShareTarget

_PREFIXES = {StoredTarget.PRODUCT: "prd", StoredTarget.COLLECTION: "col", StoredTarget.PAGE: "pag"}


@strawberry.input(description="Where a tap leads.")
class PageTargetInput:
    """Of this shop."""

    kind: ShareTarget = strawberry.field(description="What it is; SHOP is the home page, TEAM is refused.")
    id: strawberry.ID | None = optional("Its id; none for SHOP.")

    def draft(self) -> TargetDraft:
        """Return it as the command takes it."""
        kind = as_stored(StoredTarget, self.kind)
        return TargetDraft(kind, known_or_none(_PREFIXES.get(kind, ""), self.id))


@strawberry.input(description="A picture that may lead somewhere.")
class LeadingBlockInput:
    """BANNER and IMAGE."""

    title: str | None = optional("What stands above it, at most 255 characters.")
    url: Url = strawberry.field(description="Where the picture is.")
    alt: str | None = optional("What is to be seen, at most 255 characters.")
    target: PageTargetInput | None = optional("Where a tap leads; nowhere when left out.")

    def draft(self, kind: BlockKind) -> BlockDraft:
        """Return it as the command takes it."""
        target = plain(self.target)
        return BlockDraft(
            kind=kind,
            title=plain(self.title) or "",
            url=self.url,
            alt=plain(self.alt) or "",
            target=None if target is None else target.draft(),
        )


@strawberry.input(description="Products: `productIds`, or the first of a collection.")
class ProductsBlockInput:
    """One of the two."""

    title: str | None = optional("What stands above it, at most 255 characters.")
    product_ids: list[strawberry.ID] | None = optional("The products in order, at most 100.")
    collection_id: strawberry.ID | None = optional("The collection whose first products are shown.")
    count: int | None = optional(f"How many of the collection, 1 to 100; {COUNT_DEFAULT} when left out.")

    def draft(self, kind: BlockKind) -> BlockDraft:
        """Return it as the command takes it."""
        ids, count = plain(self.product_ids), plain(self.count)
        return BlockDraft(
            kind=kind,
            title=plain(self.title) or "",
            product_ids=None if ids is None else known_all("prd", ids),
            collection_id=known_or_none("col", self.collection_id),
            count=COUNT_DEFAULT if count is None else count,
        )


@strawberry.input(description="A collection, to be opened.")
class CollectionBlockInput:
    """COLLECTION."""

    title: str | None = optional("What stands above it, at most 255 characters.")
    collection_id: strawberry.ID = strawberry.field(description="The collection.")

    def draft(self, kind: BlockKind) -> BlockDraft:
        """Return it as the command takes it."""
        return BlockDraft(kind=kind, title=plain(self.title) or "", collection_id=known("col", self.collection_id))


@strawberry.input(description="Words.")
class WordsBlockInput:
    """TEXT."""

    title: str | None = optional("What stands above it, at most 255 characters.")
    text: str = strawberry.field(description="The words, at most 5,000 characters; shown as they are.")

    def draft(self, kind: BlockKind) -> BlockDraft:
        """Return it as the command takes it."""
        return BlockDraft(kind=kind, title=plain(self.title) or "", text=self.text)


@strawberry.input(description="A film.")
class FilmBlockInput:
    """VIDEO."""

    title: str | None = optional("What stands above it, at most 255 characters.")
    url: Url = strawberry.field(description="Where the film is.")

    def draft(self, kind: BlockKind) -> BlockDraft:
        """Return it as the command takes it."""
        return BlockDraft(kind=kind, title=plain(self.title) or "", url=self.url)


@strawberry.input(description="A product on a picture.")
class LookTagInput:
    """In thousandths."""

    x: int = strawberry.field(description="How far from the left, 0 to 1,000 thousandths of the width.")
    y: int = strawberry.field(description="How far from the top, 0 to 1,000 thousandths of the height.")
    product_id: strawberry.ID = strawberry.field(description="The product.")


@strawberry.input(description="A picture with products to be found on it.")
class LookBlockInput:
    """LOOK."""

    title: str | None = optional("What stands above it, at most 255 characters.")
    url: Url = strawberry.field(description="Where the picture is.")
    alt: str | None = optional("What is to be seen, at most 255 characters.")
    tags: list[LookTagInput] = strawberry.field(description="What is to be found, at most 20.")

    def draft(self, kind: BlockKind) -> BlockDraft:
        """Return it as the command takes it."""
        tags = [TagDraft(tag.x, tag.y, known("prd", tag.product_id)) for tag in self.tags]
        return BlockDraft(kind=kind, title=plain(self.title) or "", url=self.url, alt=plain(self.alt) or "", tags=tags)


@strawberry.input(description="Group-buys that are open, those that end first in front.")
class GroupBuysBlockInput:
    """GROUP_BUYS."""

    title: str | None = optional("What stands above it, at most 255 characters.")
    count: int | None = optional(f"How many at most, 1 to 100; {COUNT_DEFAULT} when left out.")

    def draft(self, kind: BlockKind) -> BlockDraft:
        """Return it as the command takes it."""
        count = plain(self.count)
        return BlockDraft(kind=kind, title=plain(self.title) or "", count=COUNT_DEFAULT if count is None else count)


@strawberry.input(description="A block: exactly one of these, else it is refused with INVALID.")
class PageBlockInput:
    """One way to say it for each kind."""

    banner: LeadingBlockInput | None = optional("A picture across the page that leads somewhere.")
    products: ProductsBlockInput | None = optional("Products.")
    collection: CollectionBlockInput | None = optional("A collection, to be opened.")
    text: WordsBlockInput | None = optional("Words.")
    image: LeadingBlockInput | None = optional("A picture, which may lead somewhere.")
    video: FilmBlockInput | None = optional("A film.")
    look: LookBlockInput | None = optional("A picture with products to be found on it.")
    group_buys: GroupBuysBlockInput | None = optional("Group-buys that are open.")

    def draft(self) -> BlockDraft:
        """Return it as the command takes it, which refuses what says nothing or several things."""
        said = [(kind, block) for kind in BlockKind if (block := plain(getattr(self, kind.lower())))]
        if len(said) != 1:
            return BlockDraft(kind=BlockKind.TEXT, said=len(said))
        made: BlockDraft = said[0][1].draft(said[0][0])
        return made


@strawberry.input(description="A page to put together, or what shall be different in one. What is left out stays.")
class PageUpsertInput:
    """Without an id a new page is made."""

    id: strawberry.ID | None = optional("The page to change; a new one is made when left out.")
    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    handle: Handle | None = optional("Name for addresses; made from the title when a new page has none.")
    kind: PageKind | None = optional("TOPIC when a new page has none. A shop has one HOME: a second is refused.")
    title: str | None = optional("As shown above it; 1 to 255 characters; a new page needs one.")
    blocks: list[PageBlockInput] | None = optional("All its parts, in order, at most 50.")
    published: bool | None = optional("Whether customers see it; false when a new page does not say.")
    share_title: str | None = optional("Title of a card that is passed on, at most 255 characters.")
    share_image_url: Url | None = optional("Picture of such a card; null for none.")

    def draft(self) -> PageDraft:
        """Return it as the command takes it."""
        blocks = plain(self.blocks)
        return PageDraft(
            id=known_or_none("pag", self.id),
            version=plain(self.version),
            handle=given(self.handle),
            title=given(self.title),
            kind=stored(StoredKind, self.kind),
            published=given(self.published),
            share_title=given(self.share_title),
            share_image_url=given_or_null(self.share_image_url),
            blocks=KEEP if blocks is None else [block.draft() for block in blocks],
        )
