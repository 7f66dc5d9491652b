"""Pictures and films of a product: a list is set as a whole, and what is shown already keeps its id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.media import MediaKind
from models.refusal import Refusal, UserErrorCode
from resolvers.checks import Checks, Step
from resolvers.rows import Row

MEDIA_MAX: Final = 250
PIXELS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDraft:
    """One picture or film. `id` names a stored one; without it, one with the same address is taken to be the same."""

    url: str
    id: UUID | None = None
    kind: MediaKind = MediaKind.IMAGE
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(slots=True)
class MediaPlan:
    """What must be written so that a product shows the list; `id_of_url` is for variants that name a picture."""

    rows: list[Row] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    id_of_url: dict[str, UUID] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)


def media_refusals(media: Sequence[MediaDraft], *prefix: Step) -> list[Refusal]:
    """Say what is wrong with a list of media by itself."""
    checks = Checks(*prefix)
    checks.at_most(media, MEDIA_MAX)
    checks.distinct([medium.id for medium in media], "id")
    for index, medium in enumerate(media):
        checks.url(medium.url, index, "url")
        checks.text(medium.alt, index, "alt")
        checks.number(medium.width, index, "width", least=1, most=PIXELS_MAX)
        checks.number(medium.height, index, "height", least=1, most=PIXELS_MAX)
    return checks.refusals


def plan_media(
    shop_id: UUID, product_id: UUID, stored: Sequence[Mapping[str, Any]], media: Sequence[MediaDraft]
) -> MediaPlan:
    """Match the wished list with what is stored: by id, else by address, each stored one once."""
    plan = MediaPlan()
    left = {row["id"]: row for row in sorted(stored, key=lambda row: row["position"])}
    named = {medium.id for medium in media}
    for index, medium in enumerate(media):
        row = left.get(medium.id) if medium.id else _same_address(left, named, medium.url)
        if medium.id and row is None:
            plan.refusals.append(Refusal(UserErrorCode.NOT_FOUND, "找不到该媒体", "No such media", index, "id"))
            continue
        fresh = _row(shop_id, product_id, row, medium, index + 1)
        if row is not None:
            del left[row["id"]]
        if fresh != row:
            plan.rows.append(fresh)
        plan.id_of_url.setdefault(medium.url, fresh["id"])
    plan.gone = list(left)
    return plan


def _same_address(
    left: Mapping[UUID, Mapping[str, Any]], named: set[UUID | None], url: str
) -> Mapping[str, Any] | None:
    return next((row for row in left.values() if row["url"] == url and row["id"] not in named), None)


def _row(shop_id: UUID, product_id: UUID, stored: Mapping[str, Any] | None, medium: MediaDraft, position: int) -> Row:
    """Keep a measured size when the same file comes again without one."""
    same_file = stored if stored is not None and stored["url"] == medium.url else None
    return {
        "id": stored["id"] if stored is not None else new_id(),
        "shop_id": shop_id,
        "product_id": product_id,
        "kind": medium.kind,
        "url": medium.url,
        "alt": medium.alt,
        "position": position,
        "width": medium.width or (same_file["width"] if same_file else None),
        "height": medium.height or (same_file["height"] if same_file else None),
    }
