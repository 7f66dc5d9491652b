"""uvicorn's side of a WebSocket, with two things it lacks: a goodbye when the server stops, and a way to drop a client.

uvicorn closes sockets itself when it stops, before the application knows. Here the application hears of it as a
disconnect with 1012 while it can still speak, completes what is running and closes.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from api.websocket_frames import CloseCode
from api.websocket_line import ABORT

PING_SECONDS = 25.0
"""Frames of the WebSocket itself, answered by the client's machine: they find the dead, ours keep the road open."""
_CLOSE_SECONDS = 2.0


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    def handle_connect(self, event: Request) -> None:
        """Let the application drop a connection whose client does not read: closing would wait for it for ever."""
        super().handle_connect(event)
        self.close_timeout = _CLOSE_SECONDS
        if not self.close_sent:
            # Otherwise the handshake was refused, and there is no scope.
            self.scope["state"][ABORT] = self.transport.abort

    def shutdown(self) -> None:
        """Tell the application, and let it say goodbye."""
        if not self.handshake_complete or self.close_sent or self.transport.is_closing():
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.RESTART})
