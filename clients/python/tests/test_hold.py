from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any, AsyncIterator, List

import httpx
import pytest
from between import Send, through
from faults import FaultProxy
from test_calls import in_background
from test_locks import look, revoke, state_of
from waiting import auntil, until

from lockstep import AsyncClient, Client, LeaseLostError, problems


def test_holds_a_lock_while_the_block_runs(client: Client) -> None:
    with client.hold("held", owner="me", lock_delay_ms=600_000) as lock:
        [holder] = look(client, "held")["holders"]
        assert (holder["fence"], holder["owner"]) == (lock.fence, "me")
        lock.check()
    seen = look(client, "held")
    assert (seen["state"], seen["lastEnd"]["how"]) == ("free", "released")


@pytest.mark.anyio
async def test_holds_a_lock_under_asyncio_and_lets_it_go_when_it_is_cancelled(
    aclient: AsyncClient,
) -> None:
    async def hold() -> None:
        async with aclient.hold("cancelled", lock_delay_ms=600_000):
            await asyncio.Event().wait()

    async def state() -> Any:
        return (await aclient.call("getLock", path={"name": "cancelled"})).json

    async def is_held() -> bool:
        return bool((await state())["state"] == "held")

    async def is_released() -> bool:
        seen = await state()
        return bool(seen["state"] == "free" and seen["lastEnd"]["how"] == "released")

    holding = asyncio.ensure_future(hold())
    await auntil(is_held)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    await auntil(is_released)


def test_hold_waits_for_the_lock_and_is_refused_without_a_wait(client: Client) -> None:
    lease = client.locks.acquire("waited")
    with pytest.raises(problems.LockHeld):
        with client.hold("waited"):
            pass

    def hold() -> Any:
        with client.hold("waited", wait_ms=240_000) as lock:
            return lock.fence

    held = in_background(hold)
    until(lambda: look(client, "waited")["queueLength"] == 1)
    client.locks.release("waited", lease["token"])
    assert held() > lease["fence"]


def test_hold_tells_the_work_when_an_operator_asks_for_the_lock_and_ends_it(client: Client) -> None:
    with pytest.raises(LeaseLostError, match="revoked"):
        with client.hold("revoked") as lock:
            revoke(client, "revoked")
            lock.stopped.wait()
            assert str(lock.asked) == "maintenance"
            lock.check()
            revoke(client, "revoked", force=True)
            until(lambda: lock.lost)


def test_hold_loses_the_lock_when_the_connection_is_gone(
    client: Client, connect: Any, proxy: FaultProxy
) -> None:
    with pytest.raises(LeaseLostError):
        with connect(proxy.url).hold("cut") as lock:
            proxy.refuse()
            until(lambda: state_of(client, "cut") == "free")
            proxy.heal()
            until(lambda: lock.lost)


class Leaving(httpx.AsyncByteStream):
    """The stream of an instance that shuts down; what it was connected to stays open."""

    def __init__(self, stream: Any) -> None:
        self._parts = stream.__aiter__()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        text = b""
        while not (b'"elapsedMs"' in text and text.endswith(b"\n\n")):
            text += await self._parts.__anext__()
        yield text
        yield b"event: detach\ndata: {}\n\n"


def test_hold_goes_on_at_another_instance(client: Client, connect: Any) -> None:
    streams: List[httpx.Response] = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        answered = await send(request)
        if not request.url.path.endswith("/hold"):
            return answered
        streams.append(answered)
        if len(streams) > 1:
            return answered
        return httpx.Response(200, headers=answered.headers, stream=Leaving(answered.stream))

    with connect(http=through(answer)).hold("moved", lock_delay_ms=600_000) as lock:
        until(lambda: len(streams) == 2)
        [holder] = look(client, "moved")["holders"]
        assert holder["fence"] == lock.fence
        lock.check()
    seen = look(client, "moved")
    assert (seen["state"], seen["lastEnd"]["how"]) == ("free", "released")


def test_watches_a_lock_also_after_a_cut(client: Client, connect: Any, proxy: FaultProxy) -> None:
    events = connect(proxy.url).locks.watch("watched")
    state = next(events)
    assert state["event"] == "watching" and state["data"]["state"] == "free"
    lease = client.locks.acquire("watched", owner="me")
    granted = next(events)
    assert granted["event"] == "granted"
    assert (granted["data"]["fence"], granted["data"]["owner"]) == (lease["fence"], "me")
    proxy.refuse()
    client.locks.release("watched", lease["token"])
    proxy.heal()
    released = next(events)
    assert (released["event"], released["data"]["fence"]) == ("released", lease["fence"])
    events.close()
    with pytest.raises(problems.InvalidRequest):
        list(islice(client.locks.watch(".."), 1))
