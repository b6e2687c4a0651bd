from __future__ import annotations

import math
import uuid
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, Generic, Mapping, Optional, Tuple, Type, TypeVar

from .._bridge import AsyncBridge, AsyncStop, OnStop
from .._clock import now_ms
from .._errors import LeaseLostError, LockstepError, RevokeRequestedError
from .._keeper import Keeper, Renew, Term, Watch
from .._leases import PIECE_MS, TAKEN, UNDO_MS, Heartbeat, Target, release, renewal, undo

if TYPE_CHECKING:
    from .._request import CallOptions
    from ..api import OpenedSession

L = TypeVar("L", bound=Mapping[str, Any])
H = TypeVar("H")


async def acquire(
    client: AsyncBridge,
    target: Target,
    terms: Mapping[str, Any],
    wait_ms: float,
    options: CallOptions,
) -> Tuple[Any, float]:
    """
    Acquires, and waits in the queue in pieces under one key, which keeps the place. Undoes an
    acquire after which a lease may be held, unless the key is of the caller, who may repeat it.
    """
    own_key = options.get("idempotency_key")
    key = own_key or str(uuid.uuid4())
    keyed: Any = {**options, "idempotency_key": key}
    deadline = now_ms() + wait_ms
    while True:
        piece = math.ceil(min(max(0, deadline - now_ms()), PIECE_MS))
        try:
            answer = await client.ask(target.acquire, **target.acquisition(terms, piece), **keyed)
            return answer.json, answer.asked_at
        except BaseException as error:
            # Of several attempts the first may be granted without an answer, whatever the last says.
            if not own_key and not (isinstance(error, LockstepError) and error.status < 500):
                client.spawn(undo(client.transport, target, terms, key))
            if not isinstance(error, LockstepError) or error.code not in TAKEN:
                raise
            pause = 0 if error.code == "wait-timeout" else error.retry_after_ms
            if now_ms() + pause >= deadline:
                raise
        await client.sleep(pause)


class AsyncHeld(Generic[L]):
    """A lease that is kept alive while a block runs."""

    def __init__(self, lease: Any, watch: Watch, stop: AsyncStop) -> None:
        # The answer of the service.
        self.lease: L = lease
        # Set when the lease is lost, before it can end, and when an operator asks for it.
        self.stopped = stop.event
        self._watch = watch

    @property
    def fence(self) -> int:
        """The fencing token: send it with each write to what the lock protects."""
        return int(self.lease["fence"])

    @property
    def fences(self) -> Dict[str, int]:
        """The fencing tokens of a lock set, by name."""
        return dict(self.lease["fences"])

    @property
    def lost(self) -> Optional[LeaseLostError]:
        return self._watch.lost

    @property
    def asked(self) -> Optional[RevokeRequestedError]:
        """An operator asks for the lock. The lease goes on until the block ends."""
        return self._watch.asked

    def check(self) -> None:
        """Raises LeaseLostError if the lease may have ended, by the clock of now."""
        self._watch.check()


class AsyncScope(Generic[H]):
    """`async with` it: acquires, keeps the lease alive while the block runs, and releases it."""

    _session: Optional[AsyncSession] = None
    _is_entered = False

    def __init__(
        self,
        client: AsyncBridge,
        target: Target,
        terms: Dict[str, Any],
        wait_ms: float = 0,
        on_stop: Optional[OnStop] = None,
        options: Optional[CallOptions] = None,
    ) -> None:
        self._client = client
        self._target = target
        self._terms = terms
        self._wait_ms = wait_ms
        self._on_stop = on_stop
        self._options: CallOptions = options or {}
        self._keeper: Optional[Keeper] = None

    async def __aenter__(self) -> H:
        if self._is_entered:
            raise RuntimeError("a scope is for one block at a time")
        self._is_entered = True
        try:
            return await self._enter()
        except BaseException:
            self._is_entered = False
            raise

    async def _enter(self) -> H:
        self._stop = AsyncStop(self._on_stop)
        session = self._session.heartbeat.watch if self._session else None
        self._watch = Watch(self._tell, session)
        self._lease: Any
        self._lease, asked_at = await self._acquire()
        try:
            return await self._begin(asked_at)
        except BaseException:
            await self._end()
            raise

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if error is None:
            with suppress(LeaseLostError):
                self._watch.check()
        by_others = self._stop.is_cancelled_by_others(error)
        self._is_entered = False
        await self._end()
        lost = self._watch.lost
        goes_on = by_others or isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit))
        if lost and lost is not error and not goes_on:
            # Who handles an error of the block must not act as the holder.
            raise lost.after(error) if isinstance(error, Exception) else lost

    def _tell(self, error: Exception) -> None:
        self._stop(error)

    async def _acquire(self) -> Tuple[Any, float]:
        return await acquire(
            self._client, self._target, self._terms, self._wait_ms, self._options
        )

    async def _begin(self, asked_at: float) -> H:
        raise NotImplementedError

    async def _keep(self, term: Term, renew: Renew) -> None:
        # The wait is over, but when it ended is unknown: the term is counted from a call without one.
        if self._watch.clock() - term.asked_at > term.expires_in_ms / 3:
            term = await self._client.run(renew(UNDO_MS))
        await self._start(Keeper(self._watch, term, renew))

    async def _start(self, keeper: Keeper) -> None:
        self._keeper = keeper
        await self._client.run(keeper.start())

    async def _end(self) -> None:
        if self._keeper:
            self._client.end(self._keeper)
        if self._watch.lost is None:
            await self._release()

    async def _release(self) -> None:
        transport, token = self._client.transport, self._lease["token"]
        await self._client.run(transport.finish(release(transport, self._target, token)))


class AsyncLeaseScope(AsyncScope[AsyncHeld[L]]):
    def in_session(self, session: Optional[AsyncSession]) -> AsyncLeaseScope[L]:
        if session:
            self._session = session
            self._terms = {**self._terms, "sessionToken": session.token}
        return self

    async def _begin(self, asked_at: float) -> AsyncHeld[L]:
        held: AsyncHeld[L] = AsyncHeld(self._lease, self._watch, self._stop)
        if self._session:
            self._session.heartbeat.add(self._fences(), self._watch)
            return held
        token, ttl_ms = self._lease["token"], self._terms.get("ttlMs")
        renew = renewal(self._client.transport, self._target, token, ttl_ms)
        await self._keep(Term(asked_at, self._lease["expiresInMs"]), renew)
        return held

    async def _end(self) -> None:
        if self._session:
            self._session.heartbeat.remove(self._watch)
        await super()._end()

    def _fences(self) -> Dict[str, int]:
        lease = self._lease
        return lease.get("fences") or {lease["name"]: lease["fence"]}


class AsyncSession:
    """One heartbeat for many leases. Pass it to the locks that end with it."""

    def __init__(self, opened: OpenedSession, heartbeat: Heartbeat, stop: AsyncStop) -> None:
        self.id = opened["id"]
        # The secret of the session.
        self.token = opened["token"]
        self.heartbeat = heartbeat
        # Set when the session is lost, and before it can end.
        self.stopped = stop.event

    def check(self) -> None:
        """Raises LeaseLostError if the session may have ended, by the clock of now."""
        self.heartbeat.watch.check()


class AsyncSessionScope(AsyncScope[AsyncSession]):
    _heartbeat: Optional[Heartbeat] = None

    async def _begin(self, asked_at: float) -> AsyncSession:
        opened = self._lease
        granted = Term(asked_at, opened["expiresInMs"])
        heartbeat = Heartbeat(self._client.transport, opened["token"], self._watch, granted)
        self._heartbeat = heartbeat
        await self._start(heartbeat.keeper)
        return AsyncSession(opened, heartbeat, self._stop)

    def _tell(self, error: Exception) -> None:
        super()._tell(error)
        if self._heartbeat:
            self._heartbeat.lose("the session", error)

    async def _end(self) -> None:
        if self._heartbeat:
            self._heartbeat.lose("this process ended the session")
        await super()._end()
