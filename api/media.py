"""Files over HTTP: sent to one-time addresses as `wx.uploadFile` sends them, and fetched whole, in part or smaller."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Final

import orjson
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive

from resolvers.media_file import Served, StoredFile, find_served
from resolvers.media_format import MediaFault, MediaRefusedError
from resolvers.media_store import CHUNK_BYTES, StoreUnavailableError, media
from resolvers.media_upload import FIELD_NAME, Upload, find_upload, receive_file

FORM_BYTES: Final = 64_000
"""What a form may have around its file."""
SEND_SECONDS: Final = 120
_SOON: Final = {"Retry-After": "1"}
# A name stands for its bytes, so nothing ever changes. Whatever slips through is no page: it runs nothing anywhere.
_KEEP: Final = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
_RANGE: Final = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")
_STATUS: Final = {
    MediaFault.NOT_FOUND: HTTPStatus.NOT_FOUND,
    MediaFault.EXPIRED: HTTPStatus.GONE,
    MediaFault.ALREADY_USED: HTTPStatus.CONFLICT,
    MediaFault.BAD_FORM: HTTPStatus.BAD_REQUEST,
    MediaFault.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    MediaFault.TYPE_DIFFERS: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}


async def upload(request: Request) -> Response:
    """Take one file; answer with what it has become, or `{code, message}`."""
    try:
        expected = await find_upload(request.path_params["token"])
        return _stored(await _received(request, expected))
    except MediaRefusedError as refused:
        status = _STATUS.get(refused.why, HTTPStatus.UNPROCESSABLE_ENTITY)
        return _said(status, {"code": refused.why, "message": str(refused)})
    except StoreUnavailableError:
        return _unavailable()


async def download(request: Request) -> Response:
    """Answer with a file, or the range of it that is asked for: films are played so."""
    try:
        served = await find_served(request.path_params["shop"], request.path_params["name"])
    except StoreUnavailableError:
        return _unavailable()
    if served is None:
        return _said(HTTPStatus.NOT_FOUND, {"code": MediaFault.NOT_FOUND, "message": "There is no such file"})
    etag = f'"{served.name.partition("/")[2]}"'
    headers = {**_KEEP, "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    asked = request.headers.get("range")
    part = _part(asked, served.size_bytes) if asked else (0, served.size_bytes)
    if part is None:
        return Response(
            None, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{served.size_bytes}"}
        )
    start, end = part
    headers["Content-Length"] = str(end - start)
    if asked and part != (0, served.size_bytes):
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{served.size_bytes}"
    status = HTTPStatus.PARTIAL_CONTENT if "Content-Range" in headers else HTTPStatus.OK
    if request.method == "HEAD":
        return Response(None, status, headers, media_type=served.content_type)
    return StreamingResponse(_pieces(served, start, end), status, headers, media_type=served.content_type)


async def _received(request: Request, expected: Upload) -> StoredFile:
    """Read the form, no more of it than was announced, and hand the file over."""
    bounded = Request(request.scope, _bounded(request.receive, expected.size_bytes + FORM_BYTES))
    try:
        async with (
            asyncio.timeout(SEND_SECONDS),
            bounded.form(max_files=1, max_fields=16, max_part_size=FORM_BYTES) as form,
        ):
            files = [part for part in form.getlist(FIELD_NAME) if isinstance(part, UploadFile)]
            if len(files) != 1:
                message = f"Send multipart/form-data with one file named {FIELD_NAME}"
                raise MediaRefusedError(MediaFault.BAD_FORM, message)
            return await receive_file(expected, files[0].file)
    except (HTTPException, MultiPartException):
        raise MediaRefusedError(MediaFault.BAD_FORM, "The form can't be read") from None
    except ClientDisconnect:
        raise MediaRefusedError(MediaFault.BAD_FORM, "The file did not come to its end") from None
    except TimeoutError:
        message = f"The file did not arrive within {SEND_SECONDS} seconds"
        raise MediaRefusedError(MediaFault.TOO_SLOW, message) from None


def _bounded(receive: Receive, bytes_most: int) -> Receive:
    """Stop reading where more comes than was announced."""
    left = bytes_most

    async def take() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise MediaRefusedError(MediaFault.SIZE_DIFFERS, "More came than was announced")
        return message

    return take


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Return start and end of a range; the whole when several or strange ones are asked for, None beyond the end."""
    found = _RANGE.fullmatch(asked.strip())
    if not found or found[0] == "bytes=-":
        return 0, size
    first, last = found[1], found[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
    return (start, end) if start < end else None


async def _pieces(served: Served, start: int, end: int) -> AsyncIterator[bytes]:
    for at in range(start, end, CHUNK_BYTES):
        yield await media().store.read(served.name, at, min(CHUNK_BYTES, end - at))


def _stored(file: StoredFile) -> Response:
    body = {
        "url": file.url, "kind": file.kind, "type": file.content_type, "size": file.size_bytes, "width": file.width,
        "height": file.height,
    }  # fmt: skip
    return _said(HTTPStatus.OK, body)


def _unavailable() -> Response:
    body = {"code": "UNAVAILABLE", "message": "Files can't be reached at the moment; try again"}
    return _said(HTTPStatus.SERVICE_UNAVAILABLE, body, _SOON)


def _said(status: int, body: Mapping[str, object], headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, media_type="application/json"
    )


def media_routes() -> list[Route]:
    """Return the routes of files."""
    return [
        Route("/media/uploads/{token}", upload, methods=["POST"]),
        Route("/media/{shop}/{name}", download, methods=["GET"]),
    ]
