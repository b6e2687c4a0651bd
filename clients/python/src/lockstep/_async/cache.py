from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Sequence

from .. import _entries as entries
from .. import codecs
from .._bridge import AsyncBridge, AsyncWork
from .._clock import now_ms
from .._entries import Cached, Found, Lease
from .._errors import LoadFailedError, LockstepError, NoAnswerError
from .._terms import PutTerms
from ..codecs import Codec

if TYPE_CHECKING:
    from .._request import CallOptions
    from .._typing import Unpack
    from ..api import InvalidateCacheRequest


# Longest wait of one request: an outage meanwhile is noticed after it.
PIECE_MS = 5_000


class AsyncCache:
    def __init__(self, client: AsyncBridge) -> None:
        self._client = client

    async def get_or_load(
        self,
        space: str,
        key: str,
        load: AsyncWork[Any],
        *,
        codec: Codec[Any] = codecs.json,
        wait_ms: float = 30_000,
        backoff_ms: int = 5_000,
        timeout_ms: float = 2_000,
        on_not_stored: Optional[Callable[[Exception], None]] = None,
        **terms: Unpack[PutTerms],
    ) -> Any:
        """
        The value of a key, which one caller in all processes loads when it is missing. None: there
        is no value, which is stored as well. `wait_ms` bounds the wait for the load of another
        caller, `backoff_ms` is for how long no caller loads after a load that failed.
        """
        loader = AsyncLoader(self._client, {"space": space, "key": key}, codec, timeout_ms)
        found = await loader.find(wait_ms)
        if found.lease:
            return await loader.load(found, load, backoff_ms, on_not_stored, terms)
        if found.state == "backoff":
            raise LoadFailedError(found.retry_after_ms)
        if found.state in ("value", "negative"):
            return found.value
        # The service is away, or the wait is over.
        return await self._client.result_of(load())

    async def get(
        self,
        space: str,
        key: str,
        *,
        codec: Codec[Any] = codecs.json,
        **options: Unpack[CallOptions],
    ) -> Optional[Cached[Any]]:
        try:
            path = {"space": space, "key": key}
            answer = await self._client.ask("getCacheEntry", path=path, **options)
        except LockstepError as error:
            if error.code != "cache-miss":
                raise
            return None
        is_stale = answer.headers.get("lockstep-state") == "stale"
        return Cached(codec.decode(answer.content), answer.headers.get("etag", ""), is_stale)

    async def put(
        self,
        space: str,
        key: str,
        value: Any,
        *,
        codec: Codec[Any] = codecs.json,
        timeout_ms: Optional[float] = None,
        **terms: Unpack[PutTerms],
    ) -> None:
        """Stores a value, or with None that there is none."""
        parts = entries.put_parts({"space": space, "key": key}, value, codec, terms)
        await self._client.ask("putCacheEntry", **parts, timeout_ms=timeout_ms)

    async def delete(self, space: str, key: str, **options: Unpack[CallOptions]) -> None:
        path = {"space": space, "key": key}
        await self._client.ask("deleteCacheEntry", path=path, **options)

    async def invalidate(
        self, space: str, what: InvalidateCacheRequest, **options: Unpack[CallOptions]
    ) -> None:
        """`keys`, `tags` or `all` are stale from now on; with `mode` hard never served again."""
        await self._client.ask("invalidateCache", path={"space": space}, body=what, **options)

    async def get_many(
        self, space: str, keys: Sequence[str], **options: Unpack[CallOptions]
    ) -> Dict[str, Any]:
        """The values that are there: JSON, text, or bytes."""
        found: Dict[str, Any] = {}
        asked = list(keys)
        while asked:
            parts: Any = {"path": {"space": space}, "body": {"keys": asked}}
            answer = await self._client.ask("getManyCacheEntries", **parts, **options)
            results = answer.json["results"]
            found.update({one["key"]: entries.decoded(one) for one in results if one["status"] == "hit"})
            asked = [one["key"] for one in results if one["status"] == "deferred"]
        return found

    async def increment(
        self, space: str, key: str, by: int = 1, **options: Unpack[CallOptions]
    ) -> int:
        """Adds to a counter of 64 bits, and returns its value."""
        parts: Any = {"path": {"space": space, "key": key}, "body": {"by": str(by)}}
        answer = await self._client.ask("incrementCacheCounter", **parts, **options)
        return int(answer.json["value"])


class AsyncLoader:
    """Reads an entry, and loads it under a lease."""

    def __init__(
        self, client: AsyncBridge, path: Mapping[str, str], codec: Codec[Any], timeout_ms: float
    ) -> None:
        self._client = client
        self._path = path
        self._codec = codec
        # A cache that does not answer soon is slower than the source.
        self._timeout_ms = timeout_ms
        # A repeat of the read gets the same lease.
        self._token = str(uuid.uuid4())

    async def find(self, wait_ms: float) -> Found:
        """Waits in pieces. The first one is no wait, so that an outage is noticed at once."""
        deadline = now_ms() + wait_ms
        piece = 0
        while True:
            found = await self._read(piece)
            left = deadline - now_ms()
            if found.state != "held" or left <= 0:
                return found
            piece = math.ceil(min(PIECE_MS, left))

    async def load(
        self,
        found: Found,
        load: AsyncWork[Any],
        backoff_ms: int,
        on_not_stored: Optional[Callable[[Exception], None]],
        terms: Mapping[str, Any],
    ) -> Any:
        lease = found.lease
        assert lease is not None
        keeper = entries.load_keeper(self._client.transport, self._path, lease, self._timeout_ms)
        await self._client.run(keeper.start())
        try:
            value = await self._client.result_of(load())
            await self._fill(value, lease, on_not_stored, terms)
            return value
        except Exception:
            failure = {"failed": True, "backoffMs": backoff_ms}
            transport = self._client.transport
            await self._client.run(entries.give_up(transport, self._path, lease, failure))
            if found.state == "value":
                return found.value
            raise
        except BaseException:
            # The caller that stopped its load says nothing about the source.
            self._client.spawn(entries.give_up(self._client.transport, self._path, lease))
            raise
        finally:
            self._client.end(keeper)

    async def _read(self, wait_ms: int) -> Found:
        query = {"lease": True, "waitMs": wait_ms}
        headers = {"Lockstep-Lease": self._token}
        try:
            parts: Any = {"path": self._path, "query": query, "headers": headers}
            timeout_ms = self._timeout_ms
            answer = await self._client.ask("getCacheEntry", **parts, timeout_ms=timeout_ms)
        except NoAnswerError:
            return Found("away")
        except LockstepError as error:
            if error.code == "cache-miss":
                return entries.found_miss(error.problem, now_ms())
            if error.status < 500:
                raise
            return Found("away")
        return entries.found_value(answer, self._codec)

    async def _fill(
        self,
        value: Any,
        lease: Lease,
        on_not_stored: Optional[Callable[[Exception], None]],
        terms: Mapping[str, Any],
    ) -> None:
        parts = entries.put_parts(self._path, value, self._codec, terms, lease.token)
        try:
            await self._client.ask("putCacheEntry", **parts, timeout_ms=self._timeout_ms)
        except (LockstepError, NoAnswerError) as error:
            # With `lease-lost` it was invalidated or written meanwhile: the value is used once.
            is_late = isinstance(error, LockstepError) and error.code == "lease-lost"
            if on_not_stored and not is_late:
                on_not_stored(error)
