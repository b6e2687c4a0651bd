from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

from .._bridge import AsyncBridge, AsyncWork, Flag
from .._deliveries import message_of, messages
from .._request import Answer
from .work import work

if TYPE_CHECKING:
    from .. import api
    from .._request import CallOptions
    from .._typing import Unpack


class AsyncQueues:
    def __init__(self, client: AsyncBridge) -> None:
        self._client = client

    async def send(
        self,
        queue: str,
        body: Any,
        *,
        delay_ms: Optional[int] = None,
        priority: Optional[int] = None,
        group: Optional[str] = None,
        dedup_id: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        **options: Unpack[CallOptions],
    ) -> api.SentMessage:
        """Sends one message. Its body is JSON, or bytes."""
        terms = {"delay_ms": delay_ms, "priority": priority, "group": group, "headers": headers}
        message: Any = message_of(body, {**terms, "dedup_id": dedup_id})
        sent = await self.send_many(queue, [message], **options)
        return sent["messages"][0]

    async def send_many(
        self,
        queue: str,
        messages: Sequence[api.OutgoingQueueMessage],
        **options: Unpack[CallOptions],
    ) -> api.SentMessages:
        """Sends all messages or none."""
        parts: Any = {"path": {"queue": queue}, "body": {"messages": list(messages)}}
        sent: Answer[api.SentMessages] = await self._client.ask("sendMessages", **parts, **options)
        return sent.json

    async def work(
        self,
        queue: str,
        handle: AsyncWork[Any],
        *,
        visibility_ms: Optional[int] = None,
        until: Optional[Flag] = None,
        until_empty: bool = False,
    ) -> None:
        """
        Handles one message after the other, until the flag is set or, with `until_empty`, until no
        message is ready. Extends a delivery while `handle` runs, acknowledges it when `handle`
        returns, and reports an error of `handle`, after which the message is delivered again. A
        NackError says when, or never.
        """
        await work(self._client, messages(queue), handle, visibility_ms, until, until_empty)
