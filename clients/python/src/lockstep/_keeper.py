from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any, Callable, Coroutine, Optional

from ._clock import now_ms
from ._errors import LeaseLostError, LockstepError, RevokeRequestedError

# The rest is left for the work to stop in.
USABLE = 0.9

ENDS = {"lease-expired", "lease-revoked", "lease-released", "not-owner", "session-ended", "lease-lost"}

Clock = Callable[[], float]


class Watch:
    """What is known of a lease. `tell` is called when it is lost, and when it is asked for."""

    def __init__(
        self,
        tell: Callable[[Exception], None] = lambda error: None,
        session: Optional[Watch] = None,
        clock: Clock = now_ms,
    ) -> None:
        self.certain_until = math.inf
        self.lost: Optional[LeaseLostError] = None
        self.asked: Optional[RevokeRequestedError] = None
        self.clock = clock
        self._tell = tell
        self._session = session

    def lose(self, why: str, cause: Optional[BaseException] = None) -> None:
        if self.lost is None:
            self.lost = LeaseLostError(f"the lease is lost: {why}", cause)
            self._tell(self.lost)

    def give_way(self, reason: str) -> None:
        if self.asked is None and self.lost is None:
            self.asked = RevokeRequestedError(reason)
            self._tell(self.asked)

    def check(self) -> None:
        """Reads the clock: after the process was stopped, timers fire late."""
        if self._session and self.lost is None:
            try:
                self._session.check()
            except LeaseLostError as error:
                self.lose("the session", error)
        if self.clock() >= self.certain_until:
            self.lose("it may have ended")
        if self.lost:
            raise self.lost


@dataclass(frozen=True)
class Term:
    """What a lease has left, counted from before the request that was answered."""

    asked_at: float
    expires_in_ms: float
    # The holder is asked to give way, for this reason.
    revoke: Optional[str] = None


# Renews within so many milliseconds.
Renew = Callable[[float], Coroutine[Any, Any, Term]]


class Keeping:
    """Keeps a lease in the background. Its watch loses the lease before it can end."""

    def __init__(self, watch: Watch, granted: Term) -> None:
        self._watch = watch
        self._granted = granted
        self._task: Optional[asyncio.Task[Any]] = None
        self._deadline: Optional[asyncio.TimerHandle] = None
        watch.certain_until = _certain_until(granted)

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(self._granted))

    def end(self) -> None:
        for one in (self._task, self._deadline):
            if one:
                one.cancel()

    async def _run(self, granted: Term) -> None:
        raise NotImplementedError

    def _accept(self, term: Term) -> float:
        """When to renew next."""
        if self._deadline:
            self._deadline.cancel()
        self._watch.certain_until = _certain_until(term)
        left_ms = self._watch.certain_until - self._watch.clock()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(max(0, left_ms) / 1000, self._expire)
        if term.revoke is not None:
            self._watch.give_way(term.revoke)
        return term.asked_at + term.expires_in_ms / 3

    def _expire(self) -> None:
        if self._task:
            self._task.cancel()
        self._lose("no renewal in time")

    def _lose(self, why: str, cause: Optional[BaseException] = None) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._watch.lose(why, cause)


class Keeper(Keeping):
    """Renews the lease three times per term. Loses it also when it has ended."""

    def __init__(self, watch: Watch, granted: Term, renew: Renew) -> None:
        super().__init__(watch, granted)
        self._renew = renew

    async def _run(self, granted: Term) -> None:
        renew_at = self._accept(granted)
        while True:
            await asyncio.sleep(max(0, renew_at - self._watch.clock()) / 1000)
            # One that gets no answer leaves time for another, which may find another instance.
            left_ms = (self._watch.certain_until - self._watch.clock()) / 2
            if left_ms <= 0:
                # The machine slept, and its timers with it.
                return self._lose("no renewal in time")
            try:
                renew_at = self._accept(await self._renew(left_ms))
            except Exception as error:
                if is_end(error):
                    return self._lose("it has ended", error)
                # Asked again soon; the deadline ends the tries.
                renew_at = self._watch.clock() + max(10, left_ms / 5)


def is_end(error: Exception) -> bool:
    return isinstance(error, LockstepError) and error.code in ENDS


def _certain_until(term: Term) -> float:
    return term.asked_at + term.expires_in_ms * USABLE
