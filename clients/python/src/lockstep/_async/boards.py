from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence

from .._bridge import AsyncBridge
from .._errors import LockstepError
from .._request import camel_case

if TYPE_CHECKING:
    from .._request import CallOptions
    from .._typing import Unpack

# An entry as the API has it. A score of an int64 column is an int, and exact.
Entry = Dict[str, Any]


class AsyncBoards:
    def __init__(self, client: AsyncBridge) -> None:
        self._client = client

    async def submit(
        self, board: str, entries: Sequence[Mapping[str, Any]], **options: Unpack[CallOptions]
    ) -> List[Entry]:
        parts: Any = {"path": {"board": board}, "body": {"entries": [_sent(one) for one in entries]}}
        answer = await self._client.ask("submitScores", **parts, **options)
        return [_exact(one) for one in answer.json["results"]]

    async def top(
        self,
        board: str,
        *,
        limit: Optional[int] = None,
        season: Optional[str] = None,
        **options: Unpack[CallOptions],
    ) -> List[Entry]:
        """A page of the board, from the best on."""
        parts: Any = {"path": {"board": board}, "query": camel_case({"limit": limit, "season": season})}
        answer = await self._client.ask("listEntries", **parts, **options)
        return [_exact(one) for one in answer.json["items"]]

    async def rank(
        self, board: str, member: str, **options: Unpack[CallOptions]
    ) -> Optional[Entry]:
        """The entry of a member, None without one."""
        try:
            path: Any = {"board": board, "member": member}
            return _exact((await self._client.ask("getEntry", path=path, **options)).json)
        except LockstepError as error:
            if error.code != "member-not-found":
                raise
            return None

    async def around(
        self,
        board: str,
        member: str,
        *,
        count: Optional[int] = None,
        **options: Unpack[CallOptions],
    ) -> List[Entry]:
        """The member and its neighbours."""
        path = {"board": board, "member": member}
        parts: Any = {"path": path, "query": camel_case({"count": count})}
        answer = await self._client.ask("listEntriesAround", **parts, **options)
        return [_exact(one) for one in answer.json["items"]]


def _exact(entry: Mapping[str, Any]) -> Entry:
    return _mapped(entry, lambda score: int(score) if isinstance(score, str) else score)


def _sent(entry: Mapping[str, Any]) -> Entry:
    """JSON numbers beyond 2^53 lose digits."""
    return _mapped(entry, lambda score: str(score) if isinstance(score, int) else score)


def _mapped(entry: Mapping[str, Any], change: Any) -> Entry:
    mapped = dict(entry)
    if "score" in mapped:
        mapped["score"] = change(mapped["score"])
    if "scores" in mapped:
        mapped["scores"] = [change(score) for score in mapped["scores"]]
    return mapped
