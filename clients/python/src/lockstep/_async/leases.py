from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Generic, Optional, TypeVar

from .._bridge import AsyncBridge
from .._leases import Target
from .._request import camel_case
from .events import follow
from .scopes import AsyncSession, acquire

if TYPE_CHECKING:
    from .. import api
    from .._request import CallOptions
    from .._typing import Unpack

At = TypeVar("At")
L = TypeVar("L")


class AsyncLeases(Generic[At, L]):
    """Leases that the caller renews and releases. `at` is a name, or the names of a set."""

    def __init__(self, client: AsyncBridge, target_of: Callable[[At], Target]) -> None:
        self._client = client
        self._target_of = target_of

    async def acquire(
        self,
        at: At,
        *,
        wait_ms: float = 0,
        session: Optional[AsyncSession] = None,
        options: Optional[CallOptions] = None,
        **terms: Any,
    ) -> L:
        """Takes what `client.lock` and the others take."""
        asked = camel_case({**terms, "session_token": session and session.token})
        target = self._target_of(at)
        lease: L = (await acquire(self._client, target, asked, wait_ms, options or {}))[0]
        return lease

    async def renew(
        self, at: At, token: str, ttl_ms: Optional[int] = None, **options: Unpack[CallOptions]
    ) -> api.RenewedLease:
        target = self._target_of(at)
        parts: Any = target.with_token(token, **camel_case({"ttl_ms": ttl_ms}))
        renewed: api.RenewedLease = (await self._client.ask(target.renew, **parts, **options)).json
        return renewed

    async def release(self, at: At, token: str, **options: Unpack[CallOptions]) -> None:
        """A repeat of a release is no error."""
        target = self._target_of(at)
        parts: Any = target.with_token(token)
        await self._client.ask(target.release, **parts, **options)


class AsyncLocks(AsyncLeases[str, "api.Lease"]):
    async def watch(self, name: str) -> AsyncIterator[api.LockEvent]:
        """
        The state of the lock, and then what happens to it, without an end. Connects again by itself,
        and goes on where it was.
        """
        async for event in follow(self._client, "watchLock", path={"name": name}):
            sent: Any = {"event": event.event, "id": event.id, "data": event.data}
            yield sent
