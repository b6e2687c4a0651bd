from __future__ import annotations

import uuid
from typing import Any, List, Mapping, Optional, Tuple

from .._bridge import AsyncBridge, AsyncWork, Flag
from .._deliveries import PIECE_MS, decoded, extension_of, give_back, is_over, nack_of, settle_quietly
from .._errors import LeaseLostError, LockstepError, NoAnswerError
from .._keeper import Term
from .._leases import Target
from .._request import Answer, camel_case
from .._transport import pause_ms
from .scopes import AsyncHeld, AsyncScope


class AsyncDelivery(AsyncHeld[Any]):
    """A message or an entry that is this worker's while it works. `lease` has all of it."""

    @property
    def body(self) -> Any:
        """Of a message: JSON, text or bytes."""
        return decoded(self.lease["body"], self.lease["encoding"])

    @property
    def event(self) -> str:
        """Of an entry."""
        return str(self.lease["event"])

    @property
    def data(self) -> Any:
        """Of an entry: JSON, text or bytes."""
        return decoded(self.lease["data"], self.lease["encoding"])


async def work(
    client: AsyncBridge,
    source: Target,
    handle: AsyncWork[Any],
    visibility_ms: Optional[int],
    until: Optional[Flag],
    until_empty: bool,
) -> None:
    """Handles one delivery after the other."""
    body = camel_case({"limit": 1, "visibility_ms": visibility_ms})
    body["waitMs"] = 0 if until_empty else PIECE_MS
    tries = 0
    while until is None or not until.is_set():
        try:
            received = await _receive(client, source, body)
        except (LockstepError, NoAnswerError) as error:
            if until_empty or is_over(error):
                raise
            tries += 1
            await client.sleep(pause_ms(error, tries))
            continue
        tries = 0
        for one in received.json["items"]:
            await _handle(client, source, one, received.asked_at, handle)
        if until_empty and not received.json["items"]:
            return


async def _receive(client: AsyncBridge, source: Target, body: Mapping[str, Any]) -> Answer[Any]:
    key = str(uuid.uuid4())
    parts: Any = {"path": source.path, "body": body}
    try:
        return await client.ask(source.acquire, **parts, idempotency_key=key)
    except BaseException as error:
        if not (isinstance(error, LockstepError) and error.status < 500):
            client.spawn(give_back(client.transport, source, body, key))
        raise


async def _handle(
    client: AsyncBridge, source: Target, one: Any, asked_at: float, handle: AsyncWork[Any]
) -> None:
    receipt = one["receipt"]
    settlement: Mapping[str, List[Any]] = {"release": [receipt]}
    try:
        async with AsyncDeliveryScope(client, source, one, asked_at) as delivery:
            try:
                await client.result_of(handle(delivery))
                settlement = {"ack": [receipt]}
            except Exception as error:
                settlement = {"nack": [nack_of(source, receipt, error)]}
    except LeaseLostError:
        # Another worker has it, or will.
        settlement = {}
    except (LockstepError, NoAnswerError):
        # It could not be extended before the work began.
        pass
    except BaseException:
        client.spawn(settle_quietly(client.transport, source, settlement))
        raise
    await client.run(client.transport.finish(settle_quietly(client.transport, source, settlement)))


class AsyncDeliveryScope(AsyncScope[AsyncDelivery]):
    """Extends a delivery while it is handled."""

    def __init__(self, client: AsyncBridge, source: Target, one: Any, asked_at: float) -> None:
        super().__init__(client, source, {})
        self._received = one, asked_at

    async def _acquire(self) -> Tuple[Any, float]:
        return self._received

    async def _begin(self, asked_at: float) -> AsyncDelivery:
        term = Term(asked_at, self._lease["visibleForMs"])
        await self._keep(term, extension_of(self._client.transport, self._target, self._lease))
        return AsyncDelivery(self._lease, self._watch, self._stop)

    async def _release(self) -> None:
        """What became of the work settles it."""
