from __future__ import annotations

from ._bridge import AsyncBridge, Bridge


class AsyncCalls(AsyncBridge):
    call = AsyncBridge.ask


class Calls(Bridge):
    call = Bridge.ask
