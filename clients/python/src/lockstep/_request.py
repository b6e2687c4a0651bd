from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Generic, Mapping, Optional, TypedDict, TypeVar, Union
from urllib.parse import quote, urlencode

from ._operations import OPERATIONS, Repeat
from .problems import InvalidRequest

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

RAW = {"getCacheEntry", "putCacheEntry", "exportLeaderboard"}


class CallOptions(TypedDict, total=False):
    # How long the call may take with all its repeats.
    timeout_ms: float
    # The key of an earlier call that is repeated.
    idempotency_key: str
    traceparent: str


@dataclass(frozen=True)
class Answer(Generic[T]):
    """`json` is None where the answer is not JSON; `asked_at` is before the attempt that was answered."""

    status: int
    headers: httpx.Headers
    content: bytes
    json: T
    asked_at: float


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    repeat: Repeat
    # What it answers is bytes, not JSON.
    is_raw: bool
    content: Optional[bytes]
    # How long the service may wait before it answers.
    wait_ms: float


def to_request(
    operation: str,
    path: Optional[Mapping[str, str]] = None,
    query: Optional[Mapping[str, Any]] = None,
    headers: Optional[Mapping[str, str]] = None,
    body: Any = None,
) -> Request:
    method, template, repeat = OPERATIONS[operation]
    names = path or {}
    filled = re.sub(r"\{(\w+)\}", lambda found: _segment(names[found[1]]), template)
    is_json = not isinstance(body, (bytes, type(None)))
    content: Optional[bytes] = json.dumps(body).encode() if is_json else body
    asked = {**(query or {}), **(body if isinstance(body, dict) else {})}
    return Request(
        method=method,
        path=filled + _search_of(query or {}),
        headers={**({"content-type": "application/json"} if is_json else {}), **(headers or {})},
        repeat=repeat,
        is_raw=operation in RAW,
        content=content,
        wait_ms=asked.get("waitMs", 0),
    )


def _segment(name: str) -> str:
    """No name may lead to another path: that of an entry `..` is the one of its board."""
    if name in ("", ".", ".."):
        detail = f'"{name}" is no name'
        raise InvalidRequest({"code": "invalid-request", "status": 400, "detail": detail})
    return quote(name, safe="")


def _search_of(query: Mapping[str, Any]) -> str:
    texts = {name: _text_of(value) for name, value in query.items()}
    return f"?{urlencode(texts, doseq=True)}" if texts else ""


def _text_of(value: Any) -> Union[str, list[str]]:
    if isinstance(value, (list, tuple)):
        return [str(_text_of(one)) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def camel_case(terms: Mapping[str, Any]) -> Dict[str, Any]:
    """`ttl_ms=5` as the API has it, without what is None."""
    return {
        re.sub("_([a-z])", lambda found: found[1].upper(), name): value
        for name, value in terms.items()
        if value is not None
    }
