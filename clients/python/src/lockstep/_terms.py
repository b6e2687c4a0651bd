"""What a lease is asked for with: the fields of the API in the way of Python."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, TypedDict

if TYPE_CHECKING:
    from . import api


class Terms(TypedDict, total=False):
    ttl_ms: int
    owner: str
    metadata: Mapping[str, Any]
    priority: int
    max_queue: int
    min_hold_ms: int
    max_hold_ms: int
    lock_delay_ms: int


class LockTerms(Terms, total=False):
    mode: api.LockMode
    reentrant: bool


class HoldTerms(LockTerms, total=False):
    # At most 240000: it is one request, so that its connection keeps the place.
    wait_ms: int


class PermitTerms(Terms, total=False):
    permits: int
    capacity: int


class SessionTerms(TypedDict, total=False):
    ttl_ms: int
    prefix: str
    metadata: Mapping[str, Any]


class PutTerms(TypedDict, total=False):
    ttl_ms: Optional[int]
    stale_ms: Optional[int]
    error_ms: Optional[int]
    tags: Sequence[str]
    # Store only over this version; `*`: over any.
    if_match: str
    # `*`: store only where there is none.
    if_none_match: str
