from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Tuple

from .._bridge import AsyncBridge, AsyncWork, Flag
from .._deliveries import PIECE_MS, body_of, extension_of, give_back, message_of, settle_quietly
from .._errors import LeaseLostError, LockstepError
from .._keeper import Term
from .._leases import Target
from .._request import Answer, camel_case
from .scopes import AsyncHeld, AsyncScope

if TYPE_CHECKING:
    from .. import api
    from .._request import CallOptions
    from .._typing import Unpack

RECEIVE = Target("receiveMessages", "settleMessages", "settleMessages")


class AsyncDelivery(AsyncHeld[Any]):
    """A message that is this worker's while it works: `body`, and `lease` with all of the message."""

    @property
    def body(self) -> Any:
        return body_of(self.lease)


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
        returns, and reports an error of `handle`, after which the message is delivered again.
        """
        body = camel_case({"limit": 1, "visibility_ms": visibility_ms})
        wait_ms = 0 if until_empty else PIECE_MS
        while until is None or not until.is_set():
            received = await self._receive(queue, {**body, "waitMs": wait_ms})
            for message in received.json["items"]:
                await self._handle(queue, message, received.asked_at, handle)
            if until_empty and not received.json["items"]:
                return

    async def _receive(self, queue: str, body: Mapping[str, Any]) -> Answer[Any]:
        key = str(uuid.uuid4())
        try:
            return await self._client.ask(
                "receiveMessages", path={"queue": queue}, body=body, idempotency_key=key
            )
        except LockstepError:
            raise
        except BaseException:
            self._client.spawn(give_back(self._client.transport, queue, body, key))
            raise

    async def _handle(
        self, queue: str, message: Any, asked_at: float, handle: AsyncWork[Any]
    ) -> None:
        receipt = message["receipt"]
        settlement: Mapping[str, List[Any]] = {"release": [receipt]}
        try:
            async with AsyncDeliveryScope(self._client, queue, message, asked_at) as delivery:
                await self._client.result_of(handle(delivery))
            settlement = {"ack": [receipt]}
        except LeaseLostError:
            # Another worker has the message, or will.
            settlement = {}
        except Exception as error:
            settlement = {"nack": [{"receipt": receipt, "error": repr(error)[:200]}]}
        except BaseException:
            self._client.spawn(settle_quietly(self._client.transport, queue, settlement))
            raise
        await self._client.run(settle_quietly(self._client.transport, queue, settlement))


class AsyncDeliveryScope(AsyncScope[AsyncDelivery]):
    """Extends a delivery while its message is handled."""

    def __init__(self, client: AsyncBridge, queue: str, message: Any, asked_at: float) -> None:
        super().__init__(client, RECEIVE, {})
        self._queue = queue
        self._received = message, asked_at

    async def _acquire(self) -> Tuple[Any, float]:
        return self._received

    async def _begin(self, asked_at: float) -> AsyncDelivery:
        term = Term(asked_at, self._lease["visibleForMs"])
        extend = extension_of(self._client.transport, self._queue, self._lease)
        await self._keep(term, extend)
        return AsyncDelivery(self._lease, self._watch, self._stop)

    async def _release(self) -> None:
        """What became of the work settles it."""
