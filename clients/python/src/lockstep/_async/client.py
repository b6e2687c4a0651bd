from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Type, Union

from .. import _leases as leases
from .._bridge import OnStop
from .._calls import AsyncCalls
from .._request import CallOptions, camel_case
from .._transport import Transport, settings_of
from .boards import AsyncBoards
from .cache import AsyncCache
from .hold import AsyncHoldScope
from .leases import AsyncLeases, AsyncLocks
from .limits import AsyncLimits
from .queues import AsyncQueues
from .scopes import AsyncLeaseScope, AsyncSession, AsyncSessionScope
from .streams import AsyncStreams

if TYPE_CHECKING:
    import httpx

    from .. import api
    from .._terms import HoldTerms, LockTerms, PermitTerms, SessionTerms, Terms
    from .._typing import Unpack


class AsyncClient(AsyncCalls):
    """A client of one Lockstep service. `call` takes any operation by its name in openapi.yaml."""

    def __init__(
        self,
        url: Union[str, Sequence[str]],
        *,
        token: Optional[str] = None,
        namespace: Optional[str] = None,
        timeout_ms: float = 10_000,
        attempt_ms: float = 5_000,
        headers: Optional[Callable[[], Mapping[str, str]]] = None,
        unix_socket: Optional[str] = None,
        http: Optional[Callable[[], httpx.AsyncClient]] = None,
    ) -> None:
        """
        Several base URLs are tried in turn. `timeout_ms` is how long a call may take with its
        repeats, `attempt_ms` one attempt, on top of the time that the service waits. `headers`
        returns headers of each call, `http` another client than the one that is made by default.
        """
        settings = settings_of(
            url, token, namespace, timeout_ms, attempt_ms, headers, unix_socket, http
        )
        super().__init__(Transport(settings))
        self.locks = AsyncLocks(self, leases.lock)
        self.semaphores: AsyncLeases[str, api.PermitLease] = AsyncLeases(self, leases.semaphore)
        self.lock_sets: AsyncLeases[Iterable[str], api.LockSetLease] = AsyncLeases(
            self, leases.lock_set
        )
        self.cache = AsyncCache(self)
        self.limits = AsyncLimits(self)
        self.boards = AsyncBoards(self)
        self.queues = AsyncQueues(self)
        self.streams = AsyncStreams(self)

    def lock(
        self,
        name: str,
        *,
        wait_ms: float = 0,
        session: Optional[AsyncSession] = None,
        on_stop: Optional[OnStop] = None,
        options: Optional[CallOptions] = None,
        **terms: Unpack[LockTerms],
    ) -> AsyncLeaseScope[api.Lease]:
        """A lock that is kept alive while a block runs, after a wait of `wait_ms` at most."""
        return self._scope(leases.lock(name), terms, wait_ms, session, on_stop, options)

    def hold(
        self,
        name: str,
        *,
        on_stop: Optional[OnStop] = None,
        options: Optional[CallOptions] = None,
        **terms: Unpack[HoldTerms],
    ) -> AsyncHoldScope:
        """As `lock`, but the service renews the lock while a connection is open."""
        return AsyncHoldScope(self, name, camel_case(terms), on_stop, options)

    def semaphore(
        self,
        name: str,
        *,
        wait_ms: float = 0,
        session: Optional[AsyncSession] = None,
        on_stop: Optional[OnStop] = None,
        options: Optional[CallOptions] = None,
        **terms: Unpack[PermitTerms],
    ) -> AsyncLeaseScope[api.PermitLease]:
        """Permits of a semaphore."""
        return self._scope(leases.semaphore(name), terms, wait_ms, session, on_stop, options)

    def lock_set(
        self,
        names: Iterable[str],
        *,
        wait_ms: float = 0,
        session: Optional[AsyncSession] = None,
        on_stop: Optional[OnStop] = None,
        options: Optional[CallOptions] = None,
        **terms: Unpack[Terms],
    ) -> AsyncLeaseScope[api.LockSetLease]:
        """Several locks, all or nothing."""
        return self._scope(leases.lock_set(names), terms, wait_ms, session, on_stop, options)

    def session(
        self, *, on_stop: Optional[OnStop] = None, **terms: Unpack[SessionTerms]
    ) -> AsyncSessionScope:
        """One heartbeat for many leases, which end with it."""
        return AsyncSessionScope(self, leases.SESSION, camel_case(terms), on_stop=on_stop)

    def _scope(
        self,
        target: leases.Target,
        terms: Mapping[str, Any],
        wait_ms: float,
        session: Optional[AsyncSession],
        on_stop: Optional[OnStop],
        options: Optional[CallOptions],
    ) -> AsyncLeaseScope[Any]:
        asked: Dict[str, Any] = camel_case(terms)
        scope: AsyncLeaseScope[Any] = AsyncLeaseScope(
            self, target, asked, wait_ms, on_stop, options
        )
        return scope.in_session(session)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()
