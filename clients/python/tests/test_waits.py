"""How long a call waits, and under which key."""
from __future__ import annotations

import json
import time
from typing import Any, List, Tuple

import httpx
import pytest
from between import Send, refusal, through
from fake_time import FakeTimeLoop, run

from lockstep import AsyncClient, LockstepError


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


def test_pauses_a_random_part_of_a_time_that_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    async def pauses_of_a_call(loop: FakeTimeLoop) -> List[float]:
        monkeypatch.setattr("lockstep._transport.now_ms", loop.now_ms)
        times: List[float] = []

        async def answer(request: httpx.Request, send: Send) -> httpx.Response:
            times.append(loop.now_ms())
            return refusal(503, "overloaded")

        client = AsyncClient("http://overloaded.invalid", http=through(answer), timeout_ms=15_000)
        with pytest.raises(LockstepError, match="overloaded"):
            await client.call("getLock", path={"name": "free"})
        return [after - before for before, after in zip(times, times[1:])]

    calls = [run(pauses_of_a_call) for _ in range(200)]
    for tries in range(8):
        longest = min(2000, 50 * 2**tries)
        parts = [pauses[tries] for pauses in calls if len(pauses) > tries]
        assert len(parts) > 100 and max(parts) <= longest + 1
        assert {min(3, int(4 * pause / longest)) for pause in parts} == {0, 1, 2, 3}
