"""Server-sent events of one connection."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

import anyio
import httpx

from ._errors import NoAnswerError

# The service sends a comment every 15 s: after this long a stream is dead.
SILENCE_S = 45


@dataclass(frozen=True)
class Event:
    event: str
    # None where the stream has no place to go on after.
    id: Optional[str]
    data: Any


def is_stream(response: httpx.Response) -> bool:
    return str(response.headers.get("content-type", "")).startswith("text/event-stream")


class EventStream:
    def __init__(self, response: httpx.Response, asked_at: float) -> None:
        # Before the request.
        self.asked_at = asked_at
        self._response = response
        self._text = response.aiter_text()
        self._rest = ""
        self._lines: List[str] = []

    async def next(self) -> Event:
        """NoAnswerError at the end."""
        fields: Dict[str, str] = {}
        while True:
            line = await self._line()
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Event(fields.get("event", ""), fields.get("id"), json.loads(fields["data"]))
            else:
                fields = {}

    async def close(self) -> None:
        await self._response.aclose()

    async def _line(self) -> str:
        while not self._lines:
            try:
                with anyio.fail_after(SILENCE_S):
                    text = await self._text.__anext__()
            except (httpx.HTTPError, TimeoutError, StopAsyncIteration) as error:
                raise NoAnswerError("the stream ended") from error
            # Not by `splitlines`: JSON may have line separators of Unicode.
            *self._lines, self._rest = (self._rest + text).split("\n")
        return self._lines.pop(0)
