"""A bucket that speaks S3, for one test: keeps what is signed rightly, by a reading of the signature of its own."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.harness.server import serving_app

ACCESS_KEY, SECRET_KEY, REGION = "AKIATEST", "s3cr3t/key+of=tests", "cn-test-1"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<scope>[^,]+), ?SignedHeaders=(?P<names>[^,]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class Bucket:
    """What it holds by path, and what it was asked."""

    url: str = ""
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_away: bool = False

    async def answer(self, request: Request) -> Response:
        """PUT, HEAD and GET with a range, as S3 does them."""
        body, path = await request.body(), request.url.path
        self.asked.append(f"{request.method} {path}")
        if self.is_away:
            return Response(status_code=503)
        if not self._is_signed(request, body):
            return Response("SignatureDoesNotMatch", 403)
        if request.method == "PUT":
            self.objects[path] = body, request.headers["content-type"]
            return Response()
        if path not in self.objects:
            return Response(status_code=404)
        data, type_ = self.objects[path]
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if found:
            return Response(data[int(found[1]) : int(found[2]) + 1], 206, media_type=type_)
        return Response(data, media_type=type_)

    @staticmethod
    def _is_signed(request: Request, body: bytes) -> bool:
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        digest = request.headers.get("x-amz-content-sha256", "")
        if not found or digest != hashlib.sha256(body).hexdigest():
            return False
        access_key, _, scope = found["scope"].partition("/")
        day, region, service, end = scope.split("/")
        names = found["names"].split(";")
        if {"host", "x-amz-date", "x-amz-content-sha256"} - set(names) or (access_key, region) != (ACCESS_KEY, REGION):
            return False
        headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
        canonical = f"{request.method}\n{request.scope['raw_path'].decode()}\n\n{headers}\n{found['names']}\n{digest}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{hashed}"
        key = f"AWS4{SECRET_KEY}".encode()
        for part in (day, region, service, end):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), found["signature"])


@asynccontextmanager
async def a_bucket() -> AsyncIterator[Bucket]:
    """Serve an empty one for the length of a block."""
    bucket = Bucket()
    app = Starlette(routes=[Route("/{path:path}", bucket.answer, methods=["PUT", "GET", "HEAD"])])
    async with serving_app(app) as bucket.url:
        yield bucket
