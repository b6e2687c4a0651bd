"""Where the two clients differ. All else is written once, in `_async`, and generated for `_sync`."""
from __future__ import annotations

import asyncio
import inspect
import threading
from contextlib import suppress
from typing import Any, Awaitable, Callable, Coroutine, Optional, Protocol, TypeVar, Union

from ._errors import LeaseLostError
from ._keeper import Keeper
from ._portal import Portal
from ._request import Answer
from ._transport import Transport

T = TypeVar("T")

AsyncWork = Callable[..., Union[T, Awaitable[T]]]
Work = Callable[..., T]

class Flag(Protocol):
    """An Event of asyncio or of threading."""

    def is_set(self) -> bool: ...


OnStop = Callable[[Exception], None]


class AsyncBridge:
    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def ask(self, operation: str, /, **parts: Any) -> Answer[Any]:
        return await self.run(_ask(self.transport, operation, parts))

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await work

    async def sleep(self, ms: float) -> None:
        await asyncio.sleep(ms / 1000)

    async def result_of(self, result: Any) -> Any:
        return await result if inspect.isawaitable(result) else result

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.transport.spawn(work)

    def end(self, keeper: Keeper) -> None:
        keeper.end()

    async def close(self) -> None:
        await self.transport.close()


class Bridge:
    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._portal = Portal(transport.close)

    def ask(self, operation: str, /, **parts: Any) -> Answer[Any]:
        return self.run(_ask(self.transport, operation, parts))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._portal.run(work)

    def sleep(self, ms: float) -> None:
        self.run(asyncio.sleep(ms / 1000))

    def result_of(self, result: Any) -> Any:
        return result

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._portal.call(lambda: self.transport.spawn(work))

    def end(self, keeper: Keeper) -> None:
        self._portal.call(keeper.end)

    def close(self) -> None:
        self.run(self.transport.close())
        self._portal.close()


def _ask(transport: Transport, operation: str, parts: Any) -> Coroutine[Any, Any, Answer[Any]]:
    names = ("timeout_ms", "idempotency_key", "traceparent")
    options: Any = {name: parts.pop(name) for name in names if parts.get(name) is not None}
    known = {name: part for name, part in parts.items() if part is not None}
    return transport.ask(operation, options, **known)


class AsyncStop:
    """Tells the work of a scope to stop. When its lease is lost, cancels its task."""

    def __init__(self, on_stop: Optional[OnStop]) -> None:
        self.event = asyncio.Event()
        self._on_stop = on_stop
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._loop = task.get_loop()
        self._cancels_before = self._cancels()
        self._is_cancelled = False
        self._is_over = False

    def __call__(self, error: Exception) -> None:
        # Work in another thread may read the clock, also when the loop has ended.
        with suppress(RuntimeError):
            if asyncio.get_running_loop() is self._loop:
                return self._stop(error)
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop, error)

    def _stop(self, error: Exception) -> None:
        self.event.set()
        # Work that reads the clock itself gets the error where it does.
        is_own = asyncio.current_task() is self._task
        if isinstance(error, LeaseLostError) and not is_own and not self._is_over:
            self._is_cancelled = True
            self._task.cancel()
        if self._on_stop:
            # Not here: it may fail.
            self._loop.call_soon(self._on_stop, error)

    def is_cancelled_by_others(self, error: Optional[BaseException]) -> bool:
        """Ends the scope, and takes back its cancellation."""
        self._is_over = True
        if self._is_cancelled and hasattr(self._task, "uncancel"):
            self._task.uncancel()
        if not isinstance(error, asyncio.CancelledError):
            return False
        return not self._is_cancelled or self._cancels() > self._cancels_before

    def _cancels(self) -> int:
        """Python before 3.11 does not count them."""
        return self._task.cancelling() if hasattr(self._task, "cancelling") else 0


class Stop:
    """Tells the work of a scope to stop. A thread cannot be cancelled."""

    def __init__(self, on_stop: Optional[OnStop]) -> None:
        self.event = threading.Event()
        self._on_stop = on_stop

    def __call__(self, error: Exception) -> None:
        self.event.set()
        if self._on_stop:
            # It may block; other leases are renewed meanwhile.
            threading.Thread(target=self._on_stop, args=[error], daemon=True).start()

    def is_cancelled_by_others(self, error: Optional[BaseException]) -> bool:
        return False
