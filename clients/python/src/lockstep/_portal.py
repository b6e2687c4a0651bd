from __future__ import annotations

import asyncio
import os
import threading
import weakref
from contextlib import suppress
from typing import Any, Callable, Coroutine, Optional, TypeVar

T = TypeVar("T")

# Longer than what is on its way takes when the process ends, such as a release.
END_S = 12


class Portal:
    """An event loop in a thread of its own, where the sync client sends requests and renews leases."""

    def __init__(self, finish: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """`finish` ends what runs in the background."""
        self._finish = finish
        self._lock = threading.Lock()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._pid = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result()
        except BaseException:
            # Ctrl-C ends the wait; then nothing waits for the work.
            future.cancel()
            raise

    def call(self, work: Callable[[], object]) -> None:
        self._started().call_soon_threadsafe(work)

    def close(self) -> None:
        with self._lock:
            if self._loop and self._pid == os.getpid():
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A fork has no threads of its parent.
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                thread = threading.Thread(target=_serve, args=[self._loop], name="lockstep", daemon=True)
                thread.start()
                weakref.finalize(self, _stop, self._loop, thread, self._finish)
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def _stop(
    loop: asyncio.AbstractEventLoop,
    thread: threading.Thread,
    finish: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    async def end() -> None:
        await finish()
        loop.stop()

    # It may be closed by now.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: loop.create_task(end()))
        # The process ends; a client that is forgotten earlier is not waited for.
        if not threading.main_thread().is_alive():
            thread.join(END_S)
