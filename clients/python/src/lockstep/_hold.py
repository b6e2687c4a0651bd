"""A lock that is held by a stream of the service."""
from __future__ import annotations

import asyncio
from typing import Any

from ._errors import LockstepError, NoAnswerError
from ._events import Event, EventStream
from ._keeper import Keeping, Term, Watch, is_end
from ._leases import lock, release
from ._transport import Transport, pause_ms


class Holder(Keeping):
    """Follows the stream that is the lease, and continues it at another instance."""

    def __init__(
        self, transport: Transport, name: str, watch: Watch, stream: EventStream, acquired: Event
    ) -> None:
        super().__init__(watch, _term(stream, acquired))
        self._transport = transport
        self._target = lock(name)
        self._token = acquired.data["token"]
        self._stream = stream
        self._is_over = False

    async def let_go(self) -> None:
        """
        The service ends the stream of a lease that is released. To close it before would count as a
        crash, with its lock delay.
        """
        self._is_over = True
        if self._watch.lost is None:
            await release(self._transport, self._target, self._token)
        self.end()

    async def _run(self, granted: Term) -> None:
        self._accept(granted)
        tries = 0
        while True:
            cut: Exception = NoAnswerError("the stream ended")
            try:
                while True:
                    self._take(await self._stream.next())
                    tries = 0
            except NoAnswerError as error:
                cut = error
            finally:
                await self._stream.close()
            while not self._is_over:
                tries += 1
                await asyncio.sleep(pause_ms(cut, tries) / 1000)
                left: Any = {"timeout_ms": self._watch.certain_until - self._watch.clock()}
                parts: Any = {"path": self._target.path, "body": {"token": self._token}}
                try:
                    self._stream = await self._transport.connect("holdLock", left, **parts)
                    break
                except (LockstepError, NoAnswerError) as error:
                    if is_end(error) and not self._is_over:
                        return self._lose("it has ended", error)
                    cut = error
            if self._is_over:
                return

    def _take(self, event: Event) -> None:
        if self._is_over:
            return
        if event.event in ("acquired", "ping"):
            self._accept(_term(self._stream, event))
        if event.event == "revoke-requested":
            self._watch.give_way(event.data["reason"])
        if event.event == "lost":
            self._is_over = True
            self._lose(event.data["reason"])


def _term(stream: EventStream, event: Event) -> Term:
    return Term(stream.asked_at + event.data["elapsedMs"], event.data["expiresInMs"])
