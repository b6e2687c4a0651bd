from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ._errors import LockstepError, NoAnswerError
from ._keeper import Keeper, Renew, Term, Watch
from ._transport import Transport

# Longest wait of one request: proxies between end longer ones.
PIECE_MS = 25_000

# How long a release may take, and the undo of an acquire that was given up.
UNDO_MS = 5_000

TAKEN = {"lock-held", "lock-delayed", "wait-timeout"}


@dataclass(frozen=True)
class Target:
    """What leases are taken on: the operations of its kind, and what they have in common."""

    acquire: str
    renew: str
    release: str
    path: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    waits: bool = True

    def acquisition(self, terms: Mapping[str, Any], wait_ms: float) -> Dict[str, Any]:
        waiting = {"waitMs": wait_ms} if self.waits else {}
        return {"path": self.path, "query": self.query, "body": {**self.body, **terms, **waiting}}

    def with_token(self, token: str, **more: Any) -> Dict[str, Any]:
        return {"path": self.path, "body": {**self.body, "token": token, **more}}


def lock(name: str) -> Target:
    return Target("acquireLock", "renewLock", "releaseLock", {"name": name})


def semaphore(name: str) -> Target:
    return Target("acquirePermits", "renewPermits", "releasePermits", {"name": name})


def lock_set(names: Iterable[str]) -> Target:
    operations = ("acquireLockSet", "renewLockSet", "releaseLockSet")
    return Target(*operations, body={"names": list(names)})


def concurrency(policy: str, key: str) -> Target:
    operations = ("acquireConcurrencyLease", "renewConcurrencyLease", "releaseConcurrencyLease")
    return Target(*operations, {"policy": policy}, {"key": key}, {"onDeny": "reject"}, waits=False)


SESSION = Target("openSession", "keepSession", "endSession", waits=False)


def renewal(transport: Transport, target: Target, token: str, ttl_ms: Optional[float]) -> Renew:
    more = {} if ttl_ms is None else {"ttlMs": ttl_ms}

    async def renew(timeout_ms: float) -> Term:
        parts = target.with_token(token, **more)
        answer = await transport.ask(target.renew, {"timeout_ms": timeout_ms}, **parts)
        revoke = answer.json.get("revoke")
        return Term(answer.asked_at, answer.json["expiresInMs"], revoke and revoke["reason"])

    return renew


async def undo(transport: Transport, target: Target, terms: Mapping[str, Any], key: str) -> None:
    """Releases what a request without an answer may have been granted."""
    # Not granted, or it ends by itself.
    with suppress(LockstepError, NoAnswerError):
        parts = target.acquisition(terms, 0)
        once = await transport.ask(
            target.acquire, {"timeout_ms": UNDO_MS, "idempotency_key": key}, **parts
        )
        await release(transport, target, once.json["token"])


async def release(transport: Transport, target: Target, token: str) -> None:
    """A lease that cannot be released ends by itself."""
    with suppress(LockstepError, NoAnswerError):
        parts = target.with_token(token)
        await transport.ask(target.release, {"timeout_ms": UNDO_MS}, **parts)


class Heartbeat:
    """One keepalive for the leases of a session. It says which of them are lost or asked for."""

    def __init__(self, transport: Transport, token: str, watch: Watch, granted: Term) -> None:
        self.watch = watch
        self.keeper = Keeper(watch, granted, self._keep)
        self._transport = transport
        self._token = token
        self._fences: Dict[Watch, Mapping[str, int]] = {}
        self._end: Optional[Tuple[str, Optional[BaseException]]] = None

    def add(self, fences: Mapping[str, int], watch: Watch) -> None:
        """A watch of a lease of this session, by its names and their fences."""
        self._fences[watch] = fences
        if self._end:
            watch.lose(*self._end)

    def remove(self, watch: Watch) -> None:
        self._fences.pop(watch, None)

    def lose(self, why: str, cause: Optional[BaseException] = None) -> None:
        """Also the leases that are granted now, and added later."""
        self._end = why, cause
        for watch in list(self._fences):
            watch.lose(why, cause)

    async def _keep(self, timeout_ms: float) -> Term:
        parts = SESSION.with_token(self._token)
        answer = await self._transport.ask(SESSION.renew, {"timeout_ms": timeout_ms}, **parts)
        for ended in answer.json.get("ended", []):
            for watch in self._watches_of(ended):
                watch.lose(ended["how"])
        for asked in answer.json.get("revoke", []):
            for watch in self._watches_of(asked):
                watch.give_way(asked["reason"])
        return Term(answer.asked_at, answer.json["expiresInMs"])

    def _watches_of(self, lease: Mapping[str, Any]) -> List[Watch]:
        """Several, if they share a reentrant lease."""
        known = list(self._fences.items())
        return [watch for watch, fences in known if fences.get(lease["name"]) == lease["fence"]]
