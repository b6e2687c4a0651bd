"""Requests and answers about entries of the cache."""
from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Dict, Generic, Mapping, Optional, TypeVar

from ._errors import LockstepError, NoAnswerError
from ._keeper import Keeper, Term, Watch
from ._leases import UNDO_MS
from ._request import Answer, camel_case
from ._transport import Transport
from .codecs import Codec

T = TypeVar("T")


@dataclass(frozen=True)
class Cached(Generic[T]):
    value: T
    # The version, for `if_match`.
    etag: str
    is_stale: bool


@dataclass(frozen=True)
class Lease:
    token: str
    asked_at: float
    expires_in_ms: float


@dataclass(frozen=True)
class Found:
    """What a read found: `value`, `negative`, `miss`, `held`, `backoff`, or the service is `away`."""

    state: str
    value: Any = None
    lease: Optional[Lease] = None
    retry_after_ms: float = 0


def put_parts(
    path: Mapping[str, str], value: Any, codec: Codec[Any], terms: Mapping[str, Any], lease: str = ""
) -> Dict[str, Any]:
    """The request that stores a value, or with None that there is none."""
    times = {name: terms.get(name) for name in ("ttl_ms", "stale_ms", "error_ms")}
    headers = {
        "Content-Type": codec.content_type,
        "Cache-Groups": ", ".join(json.dumps(tag) for tag in terms.get("tags", ())),
        "If-Match": terms.get("if_match"),
        "If-None-Match": terms.get("if_none_match"),
        "Lockstep-Lease": lease,
        "Lockstep-Negative": "true" if value is None else None,
    }
    return {
        "path": path,
        "query": camel_case(times),
        "headers": {name: header for name, header in headers.items() if header},
        "body": b"" if value is None else codec.encode(value),
    }


def found_value(answer: Answer[Any], codec: Codec[Any]) -> Found:
    token = answer.headers.get("lockstep-lease")
    expires_in_ms = float(answer.headers.get("lockstep-lease-expires-in-ms", 0))
    lease = Lease(token, answer.asked_at, expires_in_ms) if token else None
    return Found("value", codec.decode(answer.content), lease)


def found_miss(problem: Mapping[str, Any], now: float) -> Found:
    lease = problem.get("lease", {})
    if problem["state"] == "negative":
        return Found("negative")
    if lease.get("status") != "granted":
        return Found(lease.get("status", "held"), retry_after_ms=lease.get("retryAfterMs", 0))
    # The request may have waited: a first renewal says what is left.
    left = lease["expiresInMs"]
    return Found("miss", lease=Lease(lease["token"], now - left / 3, left))


def load_keeper(transport: Transport, path: Mapping[str, str], lease: Lease, timeout: float) -> Keeper:
    body = {"token": lease.token, "leaseMs": max(500, int(lease.expires_in_ms))}

    async def renew(left_ms: float) -> Term:
        options: Any = {"timeout_ms": min(left_ms, timeout)}
        answer = await transport.ask("renewCacheLease", options, path=path, body=body)
        return Term(answer.asked_at, answer.json["expiresInMs"])

    # A load goes on without its lease: its value is used, and not stored.
    return Keeper(Watch(), Term(lease.asked_at, lease.expires_in_ms), renew)


async def give_up(
    transport: Transport, path: Mapping[str, str], lease: Lease, failure: Mapping[str, Any] = {}
) -> None:
    body = {"token": lease.token, **failure}
    with suppress(LockstepError, NoAnswerError):
        await transport.ask("cancelCacheLease", {"timeout_ms": UNDO_MS}, path=path, body=body)


def decoded(result: Mapping[str, Any]) -> Any:
    return base64.b64decode(result["value"]) if result["encoding"] == "base64" else result["value"]
