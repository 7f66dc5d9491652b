"""Pictures and films of a product coming in."""

import strawberry

from models.media import MediaKind as StoredKind
from resolvers.media import MediaDraft
from schema.given import known_or_none, optional, plain, stored_or
from schema.media import MediaKind
from schema.scalars import Url


@strawberry.input(description="A picture or film of a product, by its address.")
class MediaInput:
    """The place in the list is the place on the page."""

    id: strawberry.ID | None = optional("The one it shall replace or keep; without it, one with the same url is kept.")
    url: Url = strawberry.field(description="Where the file is.")
    alt: str | None = optional("What is to be seen, at most 255 characters.")
    kind: MediaKind | None = optional("Picture or film; a picture when left out.")
    width: int | None = optional("Width in pixels, if you have measured it.")
    height: int | None = optional("Height in pixels, if you have measured it.")

    def draft(self) -> MediaDraft:
        """Return it as the command takes it."""
        return MediaDraft(
            id=known_or_none("med", self.id),
            url=self.url,
            alt=plain(self.alt) or "",
            kind=stored_or(StoredKind, self.kind, StoredKind.IMAGE),
            width=plain(self.width),
            height=plain(self.height),
        )
