from __future__ import annotations

import asyncio
import time
from typing import Any, Callable

# Longer than a call takes on the busiest machine, and than a condition, which may need several.
BOUND_MS = 60_000
CONDITION_S = 2.5 * BOUND_MS / 1000


def until(condition: Callable[[], Any]) -> Any:
    """What the condition is, once it is true. An error of it is no condition yet."""
    ends = time.monotonic() + CONDITION_S
    while True:
        try:
            found = condition()
            if found:
                return found
        except Exception:
            if time.monotonic() > ends:
                raise
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.01)


async def auntil(condition: Callable[[], Any]) -> Any:
    """The same for a condition that answers at once or is awaited."""
    ends = time.monotonic() + CONDITION_S
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < ends, "waited in vain"
        await asyncio.sleep(0.01)
