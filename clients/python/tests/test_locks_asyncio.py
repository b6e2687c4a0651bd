"""Scopes of the asyncio client: the task of a lost lease is cancelled."""
from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, List

import httpx
import pytest
from between import Send, through
from faults import FaultProxy
from waiting import auntil

from lockstep import AsyncClient, LeaseLostError, RevokeRequestedError, problems

pytestmark = pytest.mark.anyio


async def look(client: AsyncClient, name: str) -> Any:
    return (await client.call("getLock", path={"name": name})).json


async def revoke(client: AsyncClient, name: str, **how: Any) -> None:
    body: Any = {"reason": "maintenance", **how}
    await client.call("revokeLock", path={"name": name}, body=body)


async def test_runs_the_block_under_a_lock_and_releases_it(aclient: AsyncClient) -> None:
    async with aclient.lock("plain", owner="me") as lock:
        assert (await look(aclient, "plain"))["holders"][0]["fence"] == lock.fence
    assert (await look(aclient, "plain"))["lastEnd"]["how"] == "released"


async def test_releases_the_lock_when_the_block_fails_with_its_error(aclient: AsyncClient) -> None:
    with pytest.raises(ZeroDivisionError):
        async with aclient.lock("failing"):
            _ = 1 / 0
    assert (await look(aclient, "failing"))["state"] == "free"


async def test_cancels_the_block_when_an_operator_ends_the_lease(aclient: AsyncClient) -> None:
    ended: List[str] = []
    with pytest.raises(LeaseLostError) as lost:
        async with aclient.lock("revoked", ttl_ms=6_000):
            await revoke(aclient, "revoked", force=True)
            await asyncio.sleep(60)
            ended.append("the block")
    assert ended == []
    assert isinstance(lost.value.__cause__, problems.LeaseRevoked)
    # The task goes on, as after asyncio.timeout.
    await asyncio.sleep(0)
    task: Any = asyncio.current_task()
    assert sys.version_info < (3, 11) or task.cancelling() == 0


async def test_cancels_the_block_before_the_lease_can_end(
    aclient: AsyncClient, proxy: FaultProxy, namespace: str
) -> None:
    ended: List[str] = []
    async with AsyncClient(proxy.url, namespace=namespace) as client:
        with pytest.raises(LeaseLostError, match="no renewal in time"):
            async with client.lock("cut", ttl_ms=6_000):
                proxy.freeze()
                await asyncio.sleep(60)
                ended.append("the block")
        proxy.heal()
    assert ended == []


async def test_says_that_an_operator_asks_for_the_lock_and_keeps_it(aclient: AsyncClient) -> None:
    async with aclient.lock("asked", ttl_ms=6_000) as lock:
        await revoke(aclient, "asked")
        await asyncio.wait_for(lock.stopped.wait(), 60)
        assert isinstance(lock.asked, RevokeRequestedError) and str(lock.asked) == "maintenance"
        assert (await look(aclient, "asked"))["holders"][0]["fence"] == lock.fence
    assert (await look(aclient, "asked"))["lastEnd"]["how"] == "released"


async def test_notices_after_a_stop_of_the_process_that_its_lease_may_have_ended(
    aclient: AsyncClient,
) -> None:
    with pytest.raises(LeaseLostError, match="it may have ended"):
        async with aclient.lock("stopped", ttl_ms=6_000) as lock:
            # Nothing of the process runs, not even a timer.
            time.sleep(6)
            lock.check()


async def test_a_cancellation_by_others_stays_one(aclient: AsyncClient) -> None:
    async def work() -> None:
        async with aclient.lock("cancelled"):
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work())

    async def is_held() -> bool:
        return bool((await look(aclient, "cancelled"))["state"] == "held")

    await auntil(is_held)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await look(aclient, "cancelled"))["lastEnd"]["how"] == "released"


async def test_releases_a_lock_that_was_granted_after_the_caller_had_given_up(
    aclient: AsyncClient, proxy: FaultProxy, namespace: str
) -> None:
    async with AsyncClient(proxy.url, namespace=namespace) as client:
        proxy.drop_replies()
        acquired = asyncio.ensure_future(client.locks.acquire("given-up", ttl_ms=600_000))

        async def is_held() -> bool:
            return bool((await look(aclient, "given-up"))["state"] == "held")

        await auntil(is_held)
        acquired.cancel()
        with pytest.raises(asyncio.CancelledError):
            await acquired
        proxy.heal()
        # Closing the client waits for the release.
    assert (await look(aclient, "given-up"))["state"] == "free"


async def test_a_lost_lease_of_a_session_stops_its_task_alone_and_a_lost_session_all(
    aclient: AsyncClient,
) -> None:
    async def work(session: Any, name: str) -> None:
        async with aclient.lock(name, session=session):
            await asyncio.sleep(600)

    lost = asyncio.Event()

    async def work_after(session: Any) -> str:
        async with aclient.lock("d", session=session):
            pass
        await lost.wait()
        return "goes on"

    async def are_held() -> bool:
        return all([(await look(aclient, name))["state"] == "held" for name in "abc"])

    with pytest.raises(LeaseLostError, match="it has ended"):
        async with aclient.session(ttl_ms=6_000) as session:
            works = [asyncio.ensure_future(work(session, name)) for name in "abc"]
            after = asyncio.ensure_future(work_after(session))
            await auntil(are_held)
            await revoke(aclient, "a", force=True)
            with pytest.raises(LeaseLostError, match="revoked"):
                await works[0]
            assert not works[1].done()
            session.check()
            await aclient.call("deleteSession", path={"id": session.id})
            await asyncio.sleep(60)
    for one in works[1:]:
        with pytest.raises(LeaseLostError, match="the session"):
            await one
    lost.set()
    assert await after == "goes on"


async def test_releases_the_lock_when_the_release_is_cancelled(
    aclient: AsyncClient, service: str, namespace: str
) -> None:
    releasing, go_on = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path.endswith("/release"):
            releasing.set()
            await go_on.wait()
        return await send(request)

    async def work() -> None:
        async with client.lock("cut-short", ttl_ms=600_000):
            pass

    async with AsyncClient(service, namespace=namespace, http=through(answer)) as client:
        task = asyncio.ensure_future(work())
        await releasing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
    assert (await look(aclient, "cut-short"))["lastEnd"]["how"] == "released"


async def test_a_callback_that_fails_keeps_no_block_from_its_cancellation(
    aclient: AsyncClient,
) -> None:
    def fail(error: Exception) -> None:
        raise ZeroDivisionError

    failed: List[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failed.append(context["exception"]))
    with pytest.raises(LeaseLostError):
        async with aclient.lock("noisy", ttl_ms=6_000, on_stop=fail):
            await revoke(aclient, "noisy", force=True)
            await asyncio.sleep(600)
    await auntil(lambda: failed)
    loop.set_exception_handler(None)
    assert isinstance(failed[0], ZeroDivisionError)


async def test_work_in_another_thread_reads_the_clock_and_cancels_the_block(
    aclient: AsyncClient,
) -> None:
    with pytest.raises(LeaseLostError, match="it may have ended") as lost:
        async with aclient.lock("threaded", ttl_ms=600_000) as lock:
            lock._watch.certain_until = 0
            with pytest.raises(LeaseLostError):
                await asyncio.to_thread(lock.check)
            await asyncio.sleep(600)
    assert lost.value is lock.lost
