"""Asking once, before anything is measured: whether answers are the same, and how many statements ours take."""

import asyncio
import re
import secrets
import socket
import time
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson

from bench.pages import Page
from bench.servers import Ground, Server

_STATEMENT: Final = re.compile(r"LOG:  (?:statement|execute [^:]+): (?!BEGIN|COMMIT)")
"""What begins and ends a transaction is not counted."""
_PATIENCE_SECONDS: Final = 5.0
_SIGNAL_SECONDS: Final = 0.3


def ask(server: Server, request: bytes) -> bytes:
    """Send one prepared request and return the body. Raises RuntimeError unless it is answered with 200."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            status = answer.readline()
            length = 0
            while (line := answer.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = answer.read(length)
    if b" 200 " not in status:
        message = f"{server.name} answered {status!r} {body[:500]!r}"
        raise RuntimeError(message)
    return body


def requests_of(server: Server, page: Page, key: str) -> list[bytes]:
    """Return the page's requests as this server takes them."""
    host = f"127.0.0.1:{server.port}"
    return page.hand_written(host, key) if server.name == "limit" else page.graphql(host, key)


def same_answers(servers: list[Server], page: Page, key: str) -> Any:  # noqa: ANN401 - parsed JSON
    """Assert that all servers give the same data for every request, and return the first.

    The same after parsing, the order of keys included. Cursors are opaque and each server's own: they must be there.
    """
    first = None
    asked = [requests_of(server, page, key) for server in servers]
    for number in range(len(page.variables)):
        answers = [orjson.loads(ask(server, requests[number])) for server, requests in zip(servers, asked, strict=True)]
        for server, answer in zip(servers, answers, strict=True):
            if answer.get("errors") or not answer["data"] or None in answer["data"].values():
                message = f"{server.name} gives no data for {page.name} {page.variables[number]}: {str(answer)[:500]}"
                raise RuntimeError(message)
        texts = [orjson.dumps(_without_cursors(answer["data"])) for answer in answers]
        for server, text in zip(servers, texts, strict=True):
            if text != texts[0]:
                where = _difference(servers[0].name, texts[0], server.name, text)
                message = f"{page.name} {page.variables[number]}: {where}"
                raise RuntimeError(message)
        first = first or answers[0]["data"]
    return first


def _without_cursors(value: Any) -> Any:  # noqa: ANN401 - parsed JSON
    if isinstance(value, dict):
        return {
            name: "a cursor" if name == "endCursor" and isinstance(inner, str) else _without_cursors(inner)
            for name, inner in value.items()
        }
    return [_without_cursors(item) for item in value] if isinstance(value, list) else value


def _difference(one_name: str, one: bytes, other_name: str, other: bytes) -> str:
    place = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(place - 100, 0)
    shown = [text[start : place + 100].decode(errors="replace") for text in (one, other)]
    return f"{one_name} and {other_name} differ:\n  {shown[0]}\n  {shown[1]}"


async def count_statements(on: Ground, server: Server, page: Page, key: str) -> int | None:
    """Count what a page's first request asks of PostgreSQL; None when its log is not ours to read."""
    request = requests_of(server, page, key)[0]
    return await count_statements_of(on, server, request, request)


async def count_statements_of(on: Ground, server: Server, first: bytes, request: bytes) -> int | None:
    """Count in PostgreSQL's own log what a request asks of it, after a first by the same caller; None as above."""
    if on.postgres_log is None or on.settings.database_url is None:
        return None
    watcher = await asyncpg.connect(on.settings.database_url)
    try:
        await _log_statements(watcher, "all")
        # Who asks is remembered for a second; this request is the one that finds out.
        await asyncio.to_thread(ask, server, first)
        began = f"began-{secrets.token_hex(8)}"
        ended = f"ended-{secrets.token_hex(8)}"
        await watcher.execute(f"select '{began}'")
        await asyncio.to_thread(ask, server, request)
        await watcher.execute(f"select '{ended}'")
        text = await asyncio.to_thread(_read_until, on.postgres_log, ended)
    finally:
        await watcher.execute("alter system reset log_statement")
        await watcher.execute("select pg_reload_conf()")
        await watcher.close()
    between = text[text.index(began) : text.index(ended)]
    # The last one found is the mark itself.
    return len(_STATEMENT.findall(between)) - 1


async def _log_statements(watcher: asyncpg.Connection, which: str) -> None:
    await watcher.execute(f"alter system set log_statement = '{which}'")
    await watcher.execute("select pg_reload_conf()")
    # Every session reads the new setting before its next statement, once the signal has reached it.
    await asyncio.sleep(_SIGNAL_SECONDS)


def _read_until(file: Path, word: str) -> str:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while word not in (text := file.read_text(errors="replace")):
        if time.monotonic() > deadline:
            message = f"PostgreSQL did not write what it was asked to {file.name}"
            raise RuntimeError(message)
        time.sleep(0.01)
    return text
