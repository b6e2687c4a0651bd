from __future__ import annotations

import asyncio
import threading
from typing import Any, List

import pytest
from faults import FaultProxy
from test_calls import in_background
from waiting import BOUND_MS, auntil, until

from lockstep import AsyncClient, Client, LoadFailedError, LockstepError, codecs, problems

# Of a service that is slow: without it the caller would load for itself.
PATIENT: Any = {"timeout_ms": BOUND_MS}


def is_stored(client: Client, key: str) -> bool:
    return client.cache.get("pages", key) is not None


def fails() -> Any:
    raise ZeroDivisionError("the source is down")


def unreachable() -> Any:
    raise AssertionError("it is not loaded")


def test_stores_json_text_and_bytes_and_reads_them(client: Client) -> None:
    cache = client.cache
    cache.put("pages", "json", {"n": 1}, ttl_ms=60_000)
    cache.put("pages", "text", "ä", codec=codecs.text)
    cache.put("pages", "bytes", b"\x00\xff", codec=codecs.binary)
    found = cache.get("pages", "json")
    assert found and (found.value, found.is_stale) == ({"n": 1}, False)
    cache.put("pages", "json", {"n": 2}, if_match=found.etag)
    with pytest.raises(problems.PreconditionFailed):
        cache.put("pages", "json", {"n": 3}, if_match=found.etag)
    assert getattr(cache.get("pages", "text", codec=codecs.text), "value") == "ä"
    assert getattr(cache.get("pages", "bytes", codec=codecs.binary), "value") == b"\x00\xff"
    assert cache.get("pages", "none") is None
    many = cache.get_many("pages", ["json", "text", "bytes", "none"])
    assert many == {"json": {"n": 2}, "text": "ä", "bytes": b"\x00\xff"}


def test_invalidates_by_tag_deletes_and_counts_beyond_2_to_53(client: Client) -> None:
    cache = client.cache
    cache.put("pages", "tagged", 1, tags=['team "a"'])
    cache.invalidate("pages", {"tags": ['team "a"'], "mode": "hard"})
    assert cache.get("pages", "tagged") is None
    cache.put("pages", "gone", 1)
    cache.delete("pages", "gone")
    assert cache.get("pages", "gone") is None
    assert cache.increment("pages", "count", 2**60 + 1) == 2**60 + 1


def test_loads_once_for_callers_of_two_clients_in_the_thread_of_the_caller(
    client: Client, connect: Any, proxy: FaultProxy
) -> None:
    loads: List[Any] = []

    def load() -> Any:
        loads.append(threading.current_thread())
        until(lambda: proxy.sent("/v1/cache/pages/ada") > 0)
        return {"name": "Ada"}

    callers: List[Any] = []

    def first() -> Any:
        callers.append(threading.current_thread())
        return client.cache.get_or_load("pages", "ada", load, **PATIENT)

    result = in_background(first)
    until(lambda: loads)
    assert connect(proxy.url).cache.get_or_load("pages", "ada", unreachable, **PATIENT) == {"name": "Ada"}
    assert result() == {"name": "Ada"}
    assert loads == callers


def test_stores_that_there_is_no_value(client: Client) -> None:
    assert client.cache.get_or_load("pages", "nobody", lambda: None, **PATIENT) is None
    assert client.cache.get_or_load("pages", "nobody", unreachable, **PATIENT) is None


def test_drops_a_value_that_came_too_late_without_noise(client: Client) -> None:
    told: List[Exception] = []

    def load() -> str:
        client.cache.invalidate("pages", {"keys": ["late"], "mode": "hard"})
        return "old"

    assert client.cache.get_or_load("pages", "late", load, **PATIENT, on_not_stored=told.append) == "old"
    assert told == [] and not is_stored(client, "late")


def test_says_why_a_value_was_not_stored_and_returns_it(client: Client) -> None:
    told: List[Exception] = []
    large = "x" * 2_000_000
    read = client.cache.get_or_load("pages", "large", lambda: large, **PATIENT, on_not_stored=told.append)
    assert read == large
    assert [type(one) for one in told] == [problems.TooLarge]


def test_gives_a_load_that_failed_up_so_that_no_caller_loads_for_a_while(client: Client) -> None:
    with pytest.raises(ZeroDivisionError):
        client.cache.get_or_load("pages", "down", fails, **PATIENT, backoff_ms=600_000)
    with pytest.raises(LoadFailedError) as failed:
        client.cache.get_or_load("pages", "down", unreachable, **PATIENT)
    assert failed.value.retry_after_ms > 0


def test_serves_the_stale_value_when_the_load_fails(client: Client) -> None:
    client.cache.put("pages", "stale", "old", stale_ms=600_000)
    client.cache.invalidate("pages", {"keys": ["stale"]})
    assert client.cache.get_or_load("pages", "stale", fails, **PATIENT) == "old"


def test_renews_the_lease_while_it_loads(client: Client, connect: Any, proxy: FaultProxy) -> None:
    space: Any = {"leaseMs": 6_000, "maxLeaseMs": 6_000}
    client.call("putCacheSpace", path={"space": "slow"}, body=space)

    def load() -> bool:
        return bool(until(lambda: proxy.sent("/v1/cache/slow/a/lease/renew") > 0))

    connect(proxy.url).cache.get_or_load("slow", "a", load, **PATIENT)
    found = client.cache.get("slow", "a")
    assert found and found.value is True


def test_loads_without_the_service_while_it_is_away(
    client: Client, connect: Any, proxy: FaultProxy
) -> None:
    other = connect(proxy.url)
    proxy.refuse()
    assert other.cache.get_or_load("pages", "away", lambda: "loaded", timeout_ms=100) == "loaded"
    assert not is_stored(client, "away")


def test_loads_nothing_when_the_request_is_refused(client: Client) -> None:
    client.cache.increment("pages", "a-counter")
    with pytest.raises(problems.KindMismatch):
        client.cache.get_or_load("pages", "a-counter", unreachable, **PATIENT)


@pytest.mark.anyio
async def test_a_load_that_is_cancelled_lets_another_caller_load_at_once(
    aclient: AsyncClient, proxy: FaultProxy, namespace: str
) -> None:
    began = asyncio.Event()

    async def load() -> None:
        began.set()
        await asyncio.sleep(600)

    async with AsyncClient(proxy.url, namespace=namespace) as other:
        loading = asyncio.ensure_future(other.cache.get_or_load("pages", "x", load, **PATIENT))
        await began.wait()
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading

    async def again() -> str:
        return "loaded"

    assert await aclient.cache.get_or_load("pages", "x", again, **PATIENT, wait_ms=0) == "loaded"
    assert await aclient.cache.get_or_load("pages", "x", lambda: "other", **PATIENT) == "loaded"


@pytest.mark.anyio
async def test_many_tasks_load_once(aclient: AsyncClient) -> None:
    loads = []

    async def load() -> int:
        loads.append(1)
        await auntil(lambda: len(waiting) == 20)
        return 7

    waiting = [asyncio.ensure_future(aclient.cache.get_or_load("pages", "n", load, **PATIENT)) for _ in range(20)]
    assert await asyncio.gather(*waiting) == [7] * 20
    assert len(loads) == 1
