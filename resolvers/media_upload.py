"""Sending a file: a one-time address for what is announced, and the check of what then comes, by its content."""

import asyncio
import hashlib
import io
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import pool, transaction
from models.media import MediaKind
from models.refusal import UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.media_container import BrokenFileError
from resolvers.media_file import StoredFile, as_stored, stored_name
from resolvers.media_film import film_size
from resolvers.media_format import BY_TYPE, Format, MediaFault, MediaRefusedError, recognised
from resolvers.media_image import cleaned
from resolvers.media_store import media, sha256_of

UPLOAD_MINUTES: Final = 15
FIELD_NAME: Final = "file"
FILM_SIDE_PIXELS_MOST: Final = 8192
KEPT_DAYS: Final = 1
_TOKEN_BYTES: Final = 32
_HEAD_BYTES: Final = 12

_ANNOUNCE: Final = """
insert into media_upload (id, shop_id, token_sha256, kind, content_type, size_bytes, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# Index (token_sha256); then the file by its primary key. The token is the credential, so the shop comes out of it.
_FIND: Final = """
select upload.id as upload_id, upload.shop_id, upload.content_type as declared_type, upload.size_bytes as declared_size,
       upload.expires_at, upload.sent_sha256, upload.file_id, file.id, file.name, file.kind, file.content_type,
       file.size_bytes, file.width, file.height
from media_upload upload
left join media_file file on file.shop_id = upload.shop_id and file.id = upload.file_id
where upload.token_sha256 = $1
"""
_LOCK: Final = "select id from media_upload where shop_id = $1 and id = $2 for update"
# A statement of its own, after the lock: only then does its snapshot see what the rival has committed.
_RIVAL: Final = """
select upload.sent_sha256, file.* from media_upload upload
join media_file file on file.shop_id = upload.shop_id and file.id = upload.file_id
where upload.shop_id = $1 and upload.id = $2
"""
# Unique (shop_id, name): who sends the same again is given what is there.
_KEEP: Final = """
insert into media_file (id, shop_id, name, kind, content_type, size_bytes, width, height, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (shop_id, name) do update set name = excluded.name
returning id, shop_id, name, kind, content_type, size_bytes, width, height
"""
_DONE: Final = "update media_upload set file_id = $3, sent_sha256 = $4 where shop_id = $1 and id = $2"
# Index (expires_at).
_REAP: Final = "delete from media_upload where expires_at < $1"


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where to send the file, as multipart/form-data with one part named `field_name`."""

    url: str
    field_name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """An address that stands: what may come there, and what has come."""

    id: UUID
    shop_id: UUID
    format: Format
    size_bytes: int
    expires_at: datetime
    sent_sha256: bytes | None
    file: StoredFile | None


@dataclass(frozen=True, slots=True)
class _Checked:
    """What will be stored: the bytes to keep, and how large the picture is."""

    file: BinaryIO
    width: int
    height: int


async def media_upload_create(caller: Caller, kind: MediaKind, size_bytes: int, content_type: str) -> UploadTarget:
    """Give an address for one file of this kind, type and size, good for 15 minutes. Raises Refusals."""
    checks = Checks()
    format_ = BY_TYPE.get(content_type.lower().strip())
    if format_ is None or format_.kind is not kind:
        fit = ", ".join(one.content_type for one in BY_TYPE.values() if one.kind is kind)
        checks.refuse(UserErrorCode.INVALID, f"仅支持 {fit}", f"Of this kind only {fit}", "type")
    else:
        checks.number(size_bytes, "size", least=1, most=format_.bytes_most)
    checks.end()
    token, now = secrets.token_urlsafe(_TOKEN_BYTES), wall_now()
    expires_at = now + timedelta(minutes=UPLOAD_MINUTES)
    await pool().execute(
        _ANNOUNCE, new_id(), caller.shop_id, _digest(token), kind, content_type.lower().strip(), size_bytes, now,
        expires_at,
    )  # fmt: skip
    return UploadTarget(f"{media().address}/media/uploads/{token}", FIELD_NAME, expires_at)


async def find_upload(token: str) -> Upload:
    """Return what may be sent to this address. Raises MediaRefusedError: NOT_FOUND, EXPIRED."""
    row = await pool().fetchrow(_FIND, _digest(token))
    if row is None:
        raise MediaRefusedError(MediaFault.NOT_FOUND, "There is no such address to send a file to")
    file = as_stored(row) if row["file_id"] else None
    if file is None and row["expires_at"] <= wall_now():
        raise MediaRefusedError(MediaFault.EXPIRED, "The address is no longer good; ask for another")
    return Upload(
        row["upload_id"], row["shop_id"], BY_TYPE[row["declared_type"]], row["declared_size"], row["expires_at"],
        row["sent_sha256"], file,
    )  # fmt: skip


async def receive_file(upload: Upload, sent: BinaryIO) -> StoredFile:
    """Check what came and keep it; the same file sent again gives the same answer.

    Raises MediaRefusedError: ALREADY_USED for another file after the first, and whatever is wrong with the file; the
    address is then still good for a better one. Raises StoreUnavailableError.
    """
    digest = await asyncio.to_thread(sha256_of, sent)
    if upload.file is not None:
        return _again(upload.sent_sha256, digest, upload.file)
    checked = await asyncio.get_running_loop().run_in_executor(media().workers, _check, upload, sent)
    name = stored_name((await asyncio.to_thread(sha256_of, checked.file)).hex(), upload.format)
    size_bytes = checked.file.seek(0, io.SEEK_END)
    await media().store.put(f"{upload.shop_id.hex}/{name}", checked.file, upload.format.content_type)
    async with transaction() as sql:
        await sql.execute(_LOCK, upload.shop_id, upload.id)
        rival = await sql.fetchrow(_RIVAL, upload.shop_id, upload.id)
        if rival is not None:
            return _again(rival["sent_sha256"], digest, as_stored(rival))
        row = await sql.fetchrow(
            _KEEP, new_id(), upload.shop_id, name, upload.format.kind, upload.format.content_type, size_bytes,
            checked.width, checked.height, wall_now(),
        )  # fmt: skip
        await sql.execute(_DONE, upload.shop_id, upload.id, row["id"], digest)
    return as_stored(row)


async def reap_media_uploads(wall: datetime) -> int:
    """Forget addresses a day after their end; the files stay. Returns how many rows went."""
    done: str = await pool().execute(_REAP, wall - timedelta(days=KEPT_DAYS))
    return int(done.rpartition(" ")[2])


def _again(known: bytes | None, digest: bytes, file: StoredFile) -> StoredFile:
    if known is None or bytes(known) != digest:
        raise MediaRefusedError(MediaFault.ALREADY_USED, "Another file has been sent to this address")
    return file


def _check(upload: Upload, sent: BinaryIO) -> _Checked:
    """Hold a file to what was announced and to its own format. Runs in a thread."""
    size_bytes = sent.seek(0, io.SEEK_END)
    if size_bytes != upload.size_bytes:
        message = f"{size_bytes} bytes came, {upload.size_bytes} were announced"
        raise MediaRefusedError(MediaFault.SIZE_DIFFERS, message)
    sent.seek(0)
    if recognised(sent.read(_HEAD_BYTES)) is not upload.format:
        raise MediaRefusedError(MediaFault.TYPE_DIFFERS, f"The file is not {upload.format.content_type}")
    if upload.format.kind is MediaKind.VIDEO:
        return _checked_film(sent, size_bytes)
    sent.seek(0)
    picture = cleaned(upload.format, sent.read())
    return _Checked(io.BytesIO(picture.data), picture.width, picture.height)


def _checked_film(sent: BinaryIO, size_bytes: int) -> _Checked:
    try:
        width, height = film_size(sent, size_bytes)
    except BrokenFileError:
        message = "The file is damaged, or holds no film that browsers show"
        raise MediaRefusedError(MediaFault.BROKEN, message) from None
    if max(width, height) > FILM_SIDE_PIXELS_MOST:
        message = f"More than {FILM_SIDE_PIXELS_MOST} pixels on a side"
        raise MediaRefusedError(MediaFault.TOO_MANY_PIXELS, message)
    return _Checked(sent, width, height)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
