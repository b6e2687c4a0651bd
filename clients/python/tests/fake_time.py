"""An event loop whose clock jumps to the next timer when nothing else is to be done."""
from __future__ import annotations

import asyncio
import selectors
from typing import Any, Coroutine, List, Optional


class FakeTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__(_Jumping(self))
        self.seconds = 0.0

    def time(self) -> float:
        return self.seconds

    def now_ms(self) -> float:
        return self.seconds * 1000


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop: FakeTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: Optional[float] = None) -> List[Any]:
        if timeout:
            self._loop.seconds += timeout
        return super().select(0)


def run(work: Any) -> Any:
    """Runs `work(loop)` in a loop of its own."""
    loop = FakeTimeLoop()
    try:
        coroutine: Coroutine[Any, Any, Any] = work(loop)
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()
