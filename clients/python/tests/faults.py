"""A TCP proxy before the service that misbehaves on command."""
from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import List, Tuple
from urllib.parse import urlsplit

Pair = Tuple[socket.socket, socket.socket]


class FaultProxy:
    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._address = (parts.hostname, parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._mode = "forward"
        self._pairs: List[Pair] = []
        self._sent = b""
        # How many connections it has ended at once.
        self.refused = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def drop_replies(self) -> None:
        """Calls are applied, but their outcome is unknown."""
        self._mode = "drop-replies"

    def freeze(self) -> None:
        """Forwards nothing, and closes no connection."""
        self._mode = "freeze"

    def refuse(self) -> None:
        """Ends every connection, and each new one."""
        with self._lock:
            self._mode = "refuse"
            self._end_all()

    def heal(self) -> None:
        """
        Forwards everything again, and ends the connections that lost bytes: in one step, so that no
        connection between loses an answer and stays open.
        """
        with self._lock:
            self._end_all()
            self._mode = "forward"

    def sent(self, text: str) -> int:
        """How often a text was sent to the service."""
        with self._lock:
            return self._sent.count(text.encode())

    def close(self) -> None:
        with self._lock:
            self._end_all()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                if self._mode == "refuse":
                    self.refused += 1
                    client.close()
                    continue
                server = socket.create_connection(self._address)
                with self._lock:
                    self._pairs.append((client, server))
                    if self._mode == "refuse":
                        self._end_all()
                for forward in (self._requests, self._replies):
                    threading.Thread(target=forward, args=[client, server], daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := client.recv(65_536):
                with self._lock:
                    self._sent += chunk
                if self._mode != "freeze":
                    server.sendall(chunk)
        _end((client, server))

    def _replies(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := server.recv(65_536):
                with self._lock:
                    forwards = self._mode == "forward"
                if forwards:
                    client.sendall(chunk)
        _end((client, server))

    def _end_all(self) -> None:
        for pair in list(self._pairs):
            _end(pair)
            self._pairs.remove(pair)


def _end(pair: Pair) -> None:
    for one in pair:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
