"""How long a call waits, and under which key."""
from __future__ import annotations

import json
import time
from typing import Any, List, Tuple

import httpx
import pytest
from between import Send, refusal, through

from lockstep import LockstepError


def test_waits_longer_than_one_request_may_under_one_key(connect: Any) -> None:
    asked: List[Tuple[str, int]] = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        asked.append((request.headers["idempotency-key"], json.loads(request.content)["waitMs"]))
        return refusal(408, "wait-timeout") if len(asked) < 3 else await send(request)

    connect(http=through(answer)).locks.acquire("long", wait_ms=3_600_000)
    assert asked == [(asked[0][0], 25_000)] * 3


def test_goes_on_waiting_at_another_instance(service: str, connect: Any) -> None:
    keys: List[str] = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        if request.url.host == "draining.invalid":
            return refusal(503, "draining")
        return await send(request)

    client = connect(["http://draining.invalid", service], http=through(answer))
    client.locks.acquire("moved", wait_ms=3_600_000)
    assert len(keys) == 2 and keys[0] == keys[1]


@pytest.mark.parametrize("status, code", [(503, "overloaded"), (429, "rate-limited")])
def test_waits_for_no_retry_beyond_the_time_of_the_call(
    status: int, code: str, connect: Any
) -> None:
    asked: List[Any] = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        asked.append(request)
        later = httpx.Headers({"content-type": "application/problem+json", "retry-after": "600"})
        problem = {"code": code, "status": status, "detail": "of the test"}
        return httpx.Response(status, headers=later, json=problem)

    with pytest.raises(LockstepError, match=code):
        connect(http=through(answer)).cache.increment("stats", "no")
    assert len(asked) == 1


def test_waits_as_long_as_the_service_asks(connect: Any) -> None:
    asked: List[float] = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        asked.append(time.monotonic())
        if len(asked) > 1:
            return await send(request)
        problem = {"code": "overloaded", "status": 503, "retryAfterMs": 40}
        later = {"content-type": "application/problem+json"}
        return httpx.Response(503, headers=later, json=problem)

    assert connect(http=through(answer)).cache.increment("stats", "later") == 1
    assert len(asked) == 2 and asked[1] - asked[0] >= 0.04
