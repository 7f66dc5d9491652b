"""Signs a request for a bucket that speaks S3: AWS Signature Version 4, as its documentation says it step by step."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

NOTHING_SHA256: Final = hashlib.sha256(b"").hexdigest()
_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class S3Key:
    """Who signs, and for which region."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"


def signed_headers(  # noqa: PLR0913 - a request is all of these
    key: S3Key, method: str, url: str, at: datetime, *, payload_sha256: str = NOTHING_SHA256,
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return the headers to send: those given (in lower case), those that signing needs, and the signature.

    The path of `url` is quoted already and there is no query; `at` is the wall clock in UTC.
    """
    parts = urlsplit(url)
    moment = f"{at:%Y%m%dT%H%M%SZ}"
    sent = {**(headers or {}), "host": parts.netloc, "x-amz-content-sha256": payload_sha256, "x-amz-date": moment}
    names = ";".join(sorted(sent))
    lines = [f"{name}:{' '.join(sent[name].split())}\n" for name in sorted(sent)]
    request = "\n".join((method, parts.path or "/", "", "".join(lines), names, payload_sha256))
    scope = f"{at:%Y%m%d}/{key.region}/s3/aws4_request"
    text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    secret = f"AWS4{key.secret_key}".encode()
    for part in (*scope.split("/"), text):
        secret = hmac.digest(secret, part.encode(), hashlib.sha256)
    credential = f"Credential={key.access_key}/{scope}"
    sent["authorization"] = f"{_ALGORITHM} {credential},SignedHeaders={names},Signature={secret.hex()}"
    return sent


def object_url(endpoint: str, bucket: str, name: str) -> str:
    """Return where an object is: the bucket in the path, or already in the host when it has no name here."""
    path = "/".join(quote(part, safe="-_.~") for part in (*([bucket] if bucket else []), *name.split("/")))
    return f"{endpoint.rstrip('/')}/{path}"
