from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from .._bridge import AsyncBridge, OnStop
from .._errors import NoAnswerError
from .._hold import Holder
from .._leases import lock
from .scopes import AsyncHeld, AsyncScope

if TYPE_CHECKING:
    from .. import api
    from .._request import CallOptions


class AsyncHoldScope(AsyncScope[AsyncHeld["api.HeldLock"]]):
    """Holds a lock by a connection."""

    _holder: Optional[Holder] = None

    def __init__(
        self,
        client: AsyncBridge,
        name: str,
        terms: Dict[str, Any],
        on_stop: Optional[OnStop],
        options: Optional[CallOptions],
    ) -> None:
        super().__init__(client, lock(name), terms, on_stop=on_stop, options=options)

    async def _acquire(self) -> Tuple[Any, float]:
        transport, path = self._client.transport, self._target.path
        parts: Any = {"path": path, "body": self._terms}
        stream = await self._client.run(transport.connect("holdLock", self._options, **parts))
        try:
            acquired = await self._client.run(stream.next())
            if acquired.event != "acquired":
                raise NoAnswerError("the stream ended")
        except BaseException:
            self._client.spawn(stream.close())
            raise
        self._holder = Holder(transport, path["name"], self._watch, stream, acquired)
        return acquired.data, stream.asked_at

    async def _begin(self, asked_at: float) -> AsyncHeld[api.HeldLock]:
        assert self._holder is not None
        await self._client.run(self._holder.start())
        return AsyncHeld(self._lease, self._watch, self._stop)

    async def _end(self) -> None:
        assert self._holder is not None
        await self._client.run(self._client.transport.finish(self._holder.let_go()))
