"""Files of a shop as clients get them: as they are stored, or smaller, made when first wanted and kept."""

import asyncio
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from models.database import Connection, pool
from models.media import MediaKind
from resolvers.media import MediaDraft
from resolvers.media_format import BY_ENDING, Format
from resolvers.media_image import resized
from resolvers.media_size import STEPS
from resolvers.media_store import media

DIGEST_CHARS: Final = 32
_NAME: Final = re.compile(
    r"(?P<digest>[0-9a-f]{32})(?:_(?P<width>\d{1,4})x(?P<height>\d{1,4}))?\.(?P<ending>[a-z0-9]{3,4})"
)
_ADDRESS: Final = re.compile(r"/media/(?P<shop>[0-9a-f]{32})/(?P<name>[0-9a-f]{32}\.[a-z0-9]{3,4})$")
_SIDES: Final = frozenset({0, *STEPS})

# Unique (shop_id, name). Whoever knows an address may see the picture, from whatever shop they come.
_FIND: Final = """
select id, shop_id, name, kind, content_type, size_bytes, width, height from media_file
where shop_id = $1 and name like $2 and kind = any($3::text[]) limit 1
"""
_MEASURE: Final = "select name, kind, width, height from media_file where shop_id = $1 and name = any($2::text[])"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept; `width` and `height` in pixels."""

    shop_id: UUID
    name: str
    kind: MediaKind
    content_type: str
    size_bytes: int
    width: int
    height: int

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"{media().address}/media/{self.shop_id.hex}/{self.name}"


@dataclass(frozen=True, slots=True)
class Served:
    """What is to be sent: a name in the store."""

    name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A picture that fits into a box, of a file that is stored."""

    source: str
    name: str
    format: Format
    width: int
    height: int


_making: dict[_Wanted, asyncio.Task[None]] = {}


def as_stored(row: Record) -> StoredFile:
    """Read a row."""
    columns = ("shop_id", "name", "kind", "content_type", "size_bytes", "width", "height")
    return StoredFile(**{column: row[column] for column in columns})


def stored_name(digest: str, format_: Format) -> str:
    """Return the name under which bytes of this SHA-256 are kept."""
    return f"{digest[:DIGEST_CHARS]}.{format_.ending}"


async def find_served(shop: str, name: str) -> Served | None:
    """Return a file, or a picture made smaller; None for what is not there or not offered.

    Raises StoreUnavailableError.
    """
    found, shop_id = _NAME.fullmatch(name), _shop_id(shop)
    format_ = BY_ENDING.get(found["ending"]) if found else None
    if not found or shop_id is None or format_ is None:
        return None
    kept_at = f"{shop}/{name}"
    if found["width"] is None:
        row = await pool().fetchrow(_FIND, shop_id, name, list(MediaKind))
        return Served(kept_at, format_.content_type, row["size_bytes"]) if row else None
    width, height = int(found["width"]), int(found["height"])
    if format_.kind is not MediaKind.IMAGE or not {width, height} <= _SIDES or f"_{width}x{height}." not in name:
        return None
    row = await pool().fetchrow(_FIND, shop_id, f"{found['digest']}.%", [MediaKind.IMAGE])
    if row is None:
        return None
    size = await media().store.size(kept_at)
    if size is None:
        await _made(_Wanted(f"{shop}/{row['name']}", kept_at, format_, width, height))
        size = await media().store.size(kept_at)
    return None if size is None else Served(kept_at, format_.content_type, size)


async def measured(sql: Connection, shop_id: UUID, lists: Sequence[Sequence[MediaDraft]]) -> list[list[MediaDraft]]:
    """Return the media with kind and size of files that the shop has stored; asks nothing when none looks like one."""
    named = [[_own_name(shop_id, medium.url) for medium in drafts] for drafts in lists]
    names = {name for row in named for name in row if name}
    rows = {row["name"]: row for row in await sql.fetch(_MEASURE, shop_id, sorted(names))} if names else {}
    return [
        [_sized(draft, rows.get(name or "")) for draft, name in zip(drafts, of, strict=True)]
        for drafts, of in zip(lists, named, strict=True)
    ]


def _sized(draft: MediaDraft, row: Mapping[str, Any] | None) -> MediaDraft:
    if row is None:
        return draft
    return replace(draft, kind=MediaKind(row["kind"]), width=row["width"], height=row["height"])


def _own_name(shop_id: UUID, url: str) -> str | None:
    found = _ADDRESS.search(url)
    return found["name"] if found and found["shop"] == shop_id.hex else None


def _shop_id(text: str) -> UUID | None:
    return UUID(hex=text) if re.fullmatch(r"[0-9a-f]{32}", text) else None


async def _made(wanted: _Wanted) -> None:
    """Make it once in this process; two processes would write the same bytes to the same name."""
    task = _making.get(wanted)
    if task is None:
        task = _making[wanted] = asyncio.create_task(_make(wanted))
        task.add_done_callback(lambda _: _making.pop(wanted, None))
    # Shielded: when the first of several who wait goes away, the others still get their picture.
    await asyncio.shield(task)


async def _make(wanted: _Wanted) -> None:
    store, size = media().store, await media().store.size(wanted.source)
    data = await store.read(wanted.source, 0, size or 0)
    made = await asyncio.get_running_loop().run_in_executor(
        media().workers, resized, wanted.format, data, wanted.width, wanted.height
    )
    await store.put(wanted.name, io.BytesIO(made), wanted.format.content_type)
