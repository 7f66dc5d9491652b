"""Runs the application on uvicorn: one process, or several on one socket, none of which outlives its parent."""

import errno
import multiprocessing
import os
import signal
import socket
import threading
import time

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from api.app import create
from api.websocket_frames import FRAME_BYTES_MAX
from api.websocket_protocol import PING_SECONDS, SocketProtocol
from settings import Settings, load_settings
from wechat.sandbox.app import create_alone

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 75
"""Longer than proxies and clients keep an idle connection (usually 60 s at most): who asks on one that the server is
just closing gets no answer, and may not ask a write again unasked."""

PORT_SECONDS = 3.0
_BACKLOG = 2048
_WATCH_SECONDS = 0.25


class PortInUseError(Exception):
    """Something else listens where we should; the message names the way out."""


def listen(settings: Settings) -> socket.socket:
    """Take the port before anything is started, so that a taken one is said at once. Raises PortInUseError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            door.bind((settings.host, settings.port))
            # Listening is what makes it ours; callers who come early wait in line.
            door.listen(_BACKLOG)
        except OSError as refused:
            # The workers of a server that was killed need a moment to see that.
            if refused.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(_WATCH_SECONDS)
                continue
            door.close()
            message = f"can't listen on {settings.host}:{settings.port} ({refused.strerror}). Choose another: PORT=8001"
            raise PortInUseError(message) from None
        door.set_inheritable(True)
        return door


def run(settings: Settings, door: socket.socket, application: str = "api.server:worker_app") -> None:
    """Serve until SIGINT or SIGTERM; answers under way get GRACE_SECONDS. `application` names its maker."""
    config = uvicorn.Config(
        application,
        factory=True,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_config=None,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws=SocketProtocol,
        ws_max_size=FRAME_BYTES_MAX,
        ws_ping_interval=PING_SECONDS,
        # Messages are small, and a compressor for each socket is not.
        ws_per_message_deflate=False,
    )
    if settings.workers > 1:
        Multiprocess(config, sockets=[door]).run()
    else:
        uvicorn.Server(config).run(sockets=[door])


def worker_app() -> Starlette:
    """Make the application inside the process that serves it."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None and supervisor.pid is not None:
        # Its number as it was when it started us: it may be gone by now.
        stop_with_parent(supervisor.pid)
    return create()


def wechat_app() -> Starlette:
    """Make the sandbox's WeChat alone, in the process that serves it."""
    return create_alone(load_settings())


def stop_with_parent(parent: int) -> None:
    """Ask this process to stop when its parent is gone, also by kill -9; else it would hold the port for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
