"""How a value becomes the bytes of an entry."""
from __future__ import annotations

import json as _json
from dataclasses import dataclass
from typing import Any, Callable, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Codec(Generic[T]):
    content_type: str
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


json: Codec[Any] = Codec(
    "application/json",
    lambda value: _json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
    _json.loads,
)
text: Codec[str] = Codec("text/plain; charset=utf-8", str.encode, bytes.decode)
binary: Codec[bytes] = Codec("application/octet-stream", bytes, bytes)
