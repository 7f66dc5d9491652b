"""Where files are kept: a directory in the home, or a bucket that speaks S3. A name never changes its bytes."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import httpx

from clock import wall_now
from resolvers.s3_signature import NOTHING_SHA256, S3Key, object_url, signed_headers
from settings import Settings, make_home

CHUNK_BYTES: Final = 1_000_000
S3_SECONDS: Final = 30.0
_WORKERS: Final = 2


class StoreUnavailableError(RuntimeError):
    """The bucket did not do what it was asked; the message has its status and nothing secret."""


class MediaStore(Protocol):
    """Files by name, such as `<shop>/<digest>.jpg`."""

    async def put(self, name: str, file: BinaryIO, content_type: str) -> None:
        """Keep a file, from its start to its end. Raises StoreUnavailableError."""

    async def size(self, name: str) -> int | None:
        """Return how many bytes a file has; None when there is none. Raises StoreUnavailableError."""

    async def read(self, name: str, start: int, length: int) -> bytes:
        """Return a part of a file that is there. Raises StoreUnavailableError."""


@dataclass(frozen=True, slots=True)
class DirectoryStore:
    """Files under a directory of this machine."""

    home: Path

    async def put(self, name: str, file: BinaryIO, content_type: str) -> None:  # noqa: ARG002 - the name tells it
        """Write beside and move into place: nobody ever reads half a file."""
        await asyncio.to_thread(self._put, self.home / name, file)

    async def size(self, name: str) -> int | None:
        """Ask the file system."""
        try:
            return (await asyncio.to_thread((self.home / name).stat)).st_size
        except FileNotFoundError:
            return None

    async def read(self, name: str, start: int, length: int) -> bytes:
        """Read a part."""
        return await asyncio.to_thread(_read, self.home / name, start, length)

    @staticmethod
    def _put(path: Path, file: BinaryIO) -> None:
        make_home(path.parent)
        file.seek(0)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".")
        with os.fdopen(handle, "wb") as written:
            for chunk in _chunks(file):
                written.write(chunk)
        Path(beside).replace(path)


@dataclass(frozen=True, slots=True)
class S3Store:
    """Objects of a bucket; every request is signed, what is sent included."""

    http: httpx.AsyncClient = field(repr=False)
    key: S3Key
    endpoint: str
    bucket: str

    async def put(self, name: str, file: BinaryIO, content_type: str) -> None:
        """Send the file in pieces, under the hash of all of it."""
        digest = (await asyncio.to_thread(sha256_of, file)).hex()
        length = file.tell()
        file.seek(0)
        headers = {"content-type": content_type, "content-length": str(length)}
        answer = await self._ask("PUT", name, headers, digest, _sent(file))
        _expect(answer, HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)

    async def size(self, name: str) -> int | None:
        """Ask for the head of the object."""
        answer = await self._ask("HEAD", name, {})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        _expect(answer, HTTPStatus.OK)
        return int(answer.headers["content-length"])

    async def read(self, name: str, start: int, length: int) -> bytes:
        """Ask for a range of the object."""
        answer = await self._ask("GET", name, {"range": f"bytes={start}-{start + length - 1}"})
        _expect(answer, HTTPStatus.PARTIAL_CONTENT)
        return answer.content

    async def _ask(
        self, method: str, name: str, headers: dict[str, str], digest: str = NOTHING_SHA256,
        content: AsyncIterator[bytes] | None = None,
    ) -> httpx.Response:  # fmt: skip
        url = object_url(self.endpoint, self.bucket, name)
        # Encodings would change the length that HEAD tells.
        signed = signed_headers(
            self.key, method, url, wall_now(), payload_sha256=digest, headers={"accept-encoding": "identity", **headers}
        )
        try:
            return await self.http.request(method, url, headers=signed, content=content)
        except httpx.HTTPError as fault:
            message = f"{method} did not reach the bucket: {type(fault).__name__}"
            raise StoreUnavailableError(message) from None


def _expect(answer: httpx.Response, *wanted: HTTPStatus) -> None:
    if answer.status_code not in wanted:
        message = f"{answer.request.method} answered {answer.status_code}"
        raise StoreUnavailableError(message)


def sha256_of(file: BinaryIO) -> bytes:
    """Return the SHA-256 of a file, read from its start to its end."""
    digest = sha256()
    file.seek(0)
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.digest()


def _read(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


async def _sent(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield chunk


@dataclass(frozen=True, slots=True)
class Media:
    """What the process has open for files: the store, the threads that work on pictures, and the address outside."""

    store: MediaStore
    workers: ThreadPoolExecutor
    address: str


_opened: list[Media] = []


@asynccontextmanager
async def connect_media(settings: Settings) -> AsyncIterator[Media]:
    """Open the store that the settings name, for the length of a block."""
    async with httpx.AsyncClient(timeout=S3_SECONDS, trust_env=False) as http:
        store: MediaStore = DirectoryStore(settings.home / "media")
        if settings.media_s3_endpoint:
            key = S3Key(settings.media_s3_access_key, settings.media_s3_secret_key, settings.media_s3_region)
            store = S3Store(http, key, settings.media_s3_endpoint, settings.media_s3_bucket)
        with ThreadPoolExecutor(_WORKERS, "media") as workers:
            opened = Media(store, workers, settings.media_address)
            _opened.append(opened)
            try:
                yield opened
            finally:
                _opened.remove(opened)


def media() -> Media:
    """Return what was opened last. Raises RuntimeError outside `connect_media`."""
    if not _opened:
        message = "no store of files is open"
        raise RuntimeError(message)
    return _opened[-1]
