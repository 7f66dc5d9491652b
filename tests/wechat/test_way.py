"""The way to WeChat on the wire: what servers may say, when they say nothing, and which connections are used again."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from wechat.way import Way

Say = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]
"""What a server does when it has read one question."""

PATIENCE_SECONDS = 5.0
SHORT_SECONDS = 0.3
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def says(*parts: bytes, pause: float = 0.0) -> Say:
    async def say(writer: asyncio.StreamWriter, _question: bytes) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return say


def hangs_up(*parts: bytes) -> Say:
    async def say(writer: asyncio.StreamWriter, question: bytes) -> None:
        await says(b"".join(parts))(writer, question)
        writer.close()

    return say


@asynccontextmanager
async def served(
    say: Say, most: int = 10, patience: float = PATIENCE_SECONDS
) -> AsyncIterator[tuple[httpx.AsyncClient, list[int]]]:
    """A server that speaks so, a client of it, and how many questions came by each connection."""
    counts: list[int] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(counts)
        counts.append(0)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                question = head + await reader.readexactly(int(length[0]) if length else 0)
                counts[number] += 1
                await say(writer, question)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    home = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    timeout, way = httpx.Timeout(patience), Way(most)
    async with server, httpx.AsyncClient(base_url=home, timeout=timeout, transport=way, trust_env=False) as http:
        yield http, counts


@pytest.mark.parametrize(
    ("say", "body", "connections"),
    [
        (says(PLAIN), b"ok", 1),
        (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), b"ok", 1),
        (says(b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + PLAIN), b"ok", 1),
        (says(PLAIN[:9], PLAIN[9:20], PLAIN[20:-1], PLAIN[-1:]), b"ok", 1),
        (says(b"HTTP/1.1 204 No Content\r\n\r\n"), b"", 1),
        (says(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), b"ok", 2),
        (hangs_up(b"HTTP/1.1 200 OK\r\n\r\nok"), b"ok", 2),
        (says(PLAIN + PLAIN), b"ok", 2),
    ],
)
async def test_whatever_http_allows_is_read(say: Say, body: bytes, connections: int) -> None:
    async with served(say) as (http, counts):
        answers = [await http.post("/x", content=b"question") for _ in range(2)]
    assert [answer.content for answer in answers] == [body, body]
    assert "x" not in answers[0].headers
    assert len(counts) == connections


async def test_only_silence_is_a_timeout() -> None:
    slowly = says(PLAIN[:9], PLAIN[9:20], PLAIN[20:30], PLAIN[30:-1], PLAIN[-1:], pause=0.3)
    async with served(slowly, patience=1.0) as (http, _):
        assert (await http.get("/")).content == b"ok"


async def test_what_is_packed_is_unpacked() -> None:
    packed = gzip.compress(b"many words")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    async with served(says(head + packed)) as (http, _):
        assert (await http.get("/")).content == b"many words"


@pytest.mark.parametrize(
    ("say", "fault"),
    [
        (says(b""), httpx.ReadTimeout),
        (says(PLAIN[:-1]), httpx.ReadTimeout),
        (hangs_up(b""), httpx.ReadError),
        (hangs_up(PLAIN[:-1]), httpx.ReadError),
        (hangs_up(PLAIN[:12]), httpx.ReadError),
        (says(b"SSH-2.0\r\n"), httpx.RemoteProtocolError),
    ],
)
async def test_what_is_no_whole_answer_is_an_error(say: Say, fault: type[Exception]) -> None:
    async with served(say, patience=SHORT_SECONDS) as (http, _):
        for _again in range(2):
            with pytest.raises(fault):
                await http.get("/")


async def test_a_question_that_a_used_connection_broke_off_is_not_sent_again() -> None:
    said = iter([says(PLAIN), hangs_up(), says(PLAIN)])

    async def say(writer: asyncio.StreamWriter, question: bytes) -> None:
        await next(said)(writer, question)

    async with served(say) as (http, counts):
        assert (await http.get("/")).content == b"ok"
        with pytest.raises(httpx.ReadError):
            await http.get("/")
    assert counts == [2]


async def test_nobody_there_is_another_error_than_no_answer() -> None:
    async with served(says(PLAIN)) as (http, _):
        with pytest.raises(httpx.ConnectError):
            await http.get("http://127.0.0.1:1/")
        with pytest.raises(httpx.UnsupportedProtocol):
            await http.get("ftp://127.0.0.1/")


async def test_each_question_gets_its_own_answer_and_no_more_go_at_once_than_may() -> None:
    async def echo(writer: asyncio.StreamWriter, question: bytes) -> None:
        await asyncio.sleep(0.01)
        body = question.partition(b"\r\n\r\n")[2]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async with served(echo, most=3) as (http, counts):
        words = [str(number).encode() for number in range(20)]
        answers = await asyncio.gather(*(http.post("/", content=word) for word in words))
    assert [answer.content for answer in answers] == words
    assert len(counts) <= 3
    assert sum(counts) == len(words)


async def test_who_waits_too_long_for_room_has_asked_nothing() -> None:
    async with served(says(b""), most=1, patience=SHORT_SECONDS) as (http, counts):
        faults = await asyncio.gather(http.get("/"), http.get("/"), return_exceptions=True)
    assert {type(fault) for fault in faults} <= {httpx.ReadTimeout, httpx.ConnectTimeout}
    assert sum(counts) <= 2


async def test_a_question_that_was_given_up_leaves_no_connection_behind() -> None:
    is_asked = asyncio.Event()

    async def first_silent(writer: asyncio.StreamWriter, _question: bytes) -> None:
        if is_asked.is_set():
            writer.write(PLAIN)
        is_asked.set()

    async with served(first_silent) as (http, counts):
        asking = asyncio.create_task(http.get("/"))
        await is_asked.wait()
        asking.cancel()
        assert (await http.get("/")).content == b"ok"
    assert counts == [1, 1]


async def test_no_header_says_two_lines() -> None:
    async with served(says(PLAIN)) as (http, counts):
        with pytest.raises(ValueError, match="injection"):
            await http.get("/", headers={"x": "a\r\nauthorization: b"})
    assert sum(counts) == 0
