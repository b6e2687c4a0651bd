from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterator, Mapping, Optional, Sequence

from .._bridge import AsyncBridge, AsyncWork, Flag
from .._deliveries import entries
from .._request import Answer, camel_case
from ..problems import PositionLost
from .events import follow
from .work import work

if TYPE_CHECKING:
    from .. import api
    from .._request import CallOptions
    from .._typing import Unpack


class AsyncStreams:
    def __init__(self, client: AsyncBridge) -> None:
        self._client = client

    async def append(
        self, stream: str, event: str, data: Any, **options: Unpack[CallOptions]
    ) -> str:
        """Appends one entry, and returns its id."""
        entry: Any = {"event": event, "data": data}
        return (await self.append_many(stream, [entry], **options))[0]

    async def append_many(
        self, stream: str, entries: Sequence[api.NewStreamEntry], **options: Unpack[CallOptions]
    ) -> list[str]:
        """Appends all entries or none, and returns their ids."""
        parts: Any = {"path": {"stream": stream}, "body": {"entries": list(entries)}}
        answer = await self._client.ask("appendToStream", **parts, **options)
        return [entry["id"] for entry in answer.json["entries"]]

    async def page(
        self,
        stream: str,
        *,
        after: Optional[str] = None,
        before: Optional[str] = None,
        order: Optional[api.StreamOrder] = None,
        limit: Optional[int] = None,
        **options: Unpack[CallOptions],
    ) -> api.StreamEntryList:
        query = camel_case({"after": after, "before": before, "order": order, "limit": limit})
        parts: Any = {"path": {"stream": stream}, "query": query}
        page: Answer[api.StreamEntryList] = await self._client.ask("readStream", **parts, **options)
        return page.json

    async def follow(self, stream: str, *, after: str = "end") -> AsyncIterator[api.StreamEntry]:
        """
        Each entry after a place, and then each as it is appended, without an end. Connects again by
        itself. Raises problems.PositionLost when entries were dropped before they were read.
        """
        parts: Any = {"path": {"stream": stream}, "query": {"after": after}}
        async for event in follow(self._client, "followStream", **parts):
            if event.event == "reset":
                raise position_lost(event.data)
            if event.event != "following":
                yield event.data

    async def work(
        self,
        stream: str,
        group: str,
        handle: AsyncWork[Any],
        *,
        visibility_ms: Optional[int] = None,
        until: Optional[Flag] = None,
        until_empty: bool = False,
    ) -> None:
        """Handles the entries of a group one after the other, as `queues.work` does messages."""
        await work(self._client, entries(stream, group), handle, visibility_ms, until, until_empty)


def position_lost(reset: api.StreamReset) -> PositionLost:
    detail = f"entries after {reset['asked']} are gone"
    return PositionLost({"code": "position-lost", "status": 410, "detail": detail, **reset})
