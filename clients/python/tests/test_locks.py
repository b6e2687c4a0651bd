"""Scopes of the sync client. A thread cannot be cancelled: it is told, and checks."""
from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any, List

import httpx
import pytest
from between import Send, refusal, through
from faults import FaultProxy
from test_calls import in_background
from waiting import until

from lockstep import Client, LeaseLostError, NoAnswerError, RevokeRequestedError, Session, problems


def look(client: Client, name: str) -> Any:
    return client.call("getLock", path={"name": name}).json


def state_of(client: Client, name: str) -> Any:
    return look(client, name)["state"]


def revoke(client: Client, name: str, **how: Any) -> None:
    body: Any = {"reason": "maintenance", **how}
    client.call("revokeLock", path={"name": name}, body=body)


def until_renewed(client: Client, name: str, times: int) -> None:
    """A lease of 6 s, which is renewed each 2 s."""

    def is_renewed() -> bool:
        [holder] = look(client, name)["holders"]
        return bool(holder["heldMs"] + holder["expiresInMs"] > 5_000 + 2_000 * times)

    until(is_renewed)


def test_runs_the_block_under_a_lock_with_its_fence_and_releases_it(client: Client) -> None:
    with client.lock("plain", owner="me") as lock:
        found = look(client, "plain")
        assert [found["holders"][0][one] for one in ("fence", "owner")] == [lock.fence, "me"]
    found = look(client, "plain")
    assert (found["state"], found["lastEnd"]["how"]) == ("free", "released")


def test_releases_the_lock_when_the_block_fails_with_its_error(client: Client) -> None:
    with pytest.raises(ZeroDivisionError):
        with client.lock("failing"):
            _ = 1 / 0
    assert state_of(client, "failing") == "free"


def test_keeps_the_lock_beyond_its_term(client: Client) -> None:
    with client.lock("kept", ttl_ms=6_000) as lock:
        until_renewed(client, "kept", 1)
        lock.check()


def test_tells_the_work_when_an_operator_ends_the_lease(client: Client) -> None:
    told: List[Exception] = []
    with pytest.raises(LeaseLostError) as lost:
        with client.lock("revoked", ttl_ms=6_000, on_stop=told.append) as lock:
            revoke(client, "revoked", force=True)
            was_told = lock.stopped.wait(60)
            lock.check()
    assert was_told
    cause = lost.value.__cause__
    assert isinstance(cause, problems.LeaseRevoked)
    assert cause.problem["reason"] == "maintenance"
    until(lambda: told == [lost.value])


def test_the_loss_is_raised_at_the_end_of_a_block_that_did_not_look(client: Client) -> None:
    with pytest.raises(LeaseLostError):
        with client.lock("unseen", ttl_ms=6_000) as lock:
            revoke(client, "unseen", force=True)
            lock.stopped.wait(60)


def test_says_that_an_operator_asks_for_the_lock_and_keeps_it(client: Client) -> None:
    with client.lock("asked", ttl_ms=6_000) as lock:
        revoke(client, "asked")
        assert lock.stopped.wait(60)
        assert isinstance(lock.asked, RevokeRequestedError) and str(lock.asked) == "maintenance"
        lock.check()
        assert look(client, "asked")["holders"][0]["fence"] == lock.fence
    assert look(client, "asked")["lastEnd"]["how"] == "released"


def test_tells_the_work_before_the_lease_can_end(connect: Any, proxy: FaultProxy) -> None:
    with pytest.raises(LeaseLostError):
        with connect(proxy.url).lock("cut", ttl_ms=6_000) as lock:
            proxy.freeze()
            was_told = lock.stopped.wait(60)
    assert was_told


def test_waits_in_the_queue_for_the_lock(client: Client) -> None:
    order = []

    def wait() -> None:
        with client.lock("queued", wait_ms=60_000):
            order.append("second")

    with client.lock("queued"):
        second = in_background(wait)
        until(lambda: look(client, "queued")["queueLength"] == 1)
        order.append("first")
    second()
    assert order == ["first", "second"]


def test_refuses_at_once_without_a_wait_and_takes_and_renews_by_hand(client: Client) -> None:
    lease = client.locks.acquire("taken", ttl_ms=30_000)
    with pytest.raises(problems.LockHeld):
        with client.lock("taken"):
            pass
    assert client.locks.renew("taken", lease["token"], 60_000)["expiresInMs"] > 30_000
    client.locks.release("taken", lease["token"])
    assert client.locks.acquire("taken")["fence"] > lease["fence"]


def test_releases_a_lock_that_was_granted_after_the_caller_had_given_up(
    client: Client, connect: Any, proxy: FaultProxy
) -> None:
    other = connect(proxy.url)
    proxy.drop_replies()
    acquired = in_background(
        lambda: other.locks.acquire("given-up", ttl_ms=600_000, options={"timeout_ms": 300})
    )
    until(lambda: state_of(client, "given-up") == "held")
    with pytest.raises(NoAnswerError):
        acquired()
    proxy.heal()
    until(lambda: state_of(client, "given-up") == "free")


def test_runs_blocks_under_shared_locks_permits_and_sets(client: Client) -> None:
    with client.lock("rw", mode="shared"), client.lock("rw", mode="shared"):
        assert len(look(client, "rw")["holders"]) == 2
    with client.semaphore("pool", permits=2, capacity=3) as permit:
        pool = client.call("getSemaphore", path={"name": "pool"}).json
        assert pool["used"] == permit.lease["permits"] == 2
    with client.lock_set(["set-1", "set-2"]) as locks:
        assert look(client, "set-2")["holders"][0]["fence"] == locks.fences["set-2"]
    assert [state_of(client, name) for name in ("rw", "set-1", "set-2")] == ["free"] * 3


def test_stops_the_work_under_one_lease_of_a_session_and_no_other(client: Client) -> None:
    with client.session(ttl_ms=6_000) as session:
        with client.lock("shard-2", session=session) as other:
            with pytest.raises(LeaseLostError):
                with client.lock("shard-1", session=session) as lock:
                    revoke(client, "shard-1", force=True)
                    was_told = lock.stopped.wait(60)
            other.check()
        assert was_told and not session.stopped.is_set()
    assert [state_of(client, name) for name in ("shard-1", "shard-2")] == ["free"] * 2


def test_stops_the_work_under_every_lease_when_the_session_is_lost(client: Client) -> None:
    stopped = []

    def work(session: Session, name: str) -> None:
        with client.lock(name, session=session) as lock:
            if lock.stopped.wait(60):
                stopped.append(name)

    with pytest.raises(LeaseLostError, match="it has ended"):
        with client.session(ttl_ms=6_000) as session:
            works = [in_background(lambda name=name: work(session, name)) for name in "ab"]
            until(lambda: [state_of(client, name) for name in "ab"] == ["held"] * 2)
            client.call("deleteSession", path={"id": session.id})
            for one in works:
                with pytest.raises(LeaseLostError, match="the session"):
                    one()
            was_told = session.stopped.is_set()
    assert was_told and sorted(stopped) == ["a", "b"]


def test_stops_the_work_under_a_session_that_its_process_ends(client: Client) -> None:
    with client.session(ttl_ms=60_000) as session:
        scope = client.lock("left", session=session)
        lock = scope.__enter__()
        assert not lock.stopped.is_set()
    assert lock.stopped.wait(60)
    with pytest.raises(LeaseLostError, match="this process ended the session"):
        lock.check()


def test_stops_all_work_of_a_session_that_shares_a_reentrant_lease(client: Client) -> None:
    shared: Any = {"owner": "me", "reentrant": True}
    with client.session(ttl_ms=6_000) as session:
        with pytest.raises(LeaseLostError, match="revoked"):
            with client.lock("outer", session=session, **shared) as outer:
                with pytest.raises(LeaseLostError, match="revoked"):
                    with client.lock("outer", session=session, **shared) as inner:
                        revoke(client, "outer", force=True)
                        inner.stopped.wait(60)
                were_told = outer.stopped.wait(60) and inner.stopped.is_set()
    assert were_told


def first_acquire_fails() -> Any:
    """The first acquire is granted, and answered by an error."""
    acquires = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        granted = await send(request)
        if not request.url.path.endswith("/acquire"):
            return granted
        acquires.append(request)
        return refusal(500, "internal") if len(acquires) == 1 else granted

    return through(answer)


def test_releases_a_lock_that_may_be_granted_when_the_answer_is_an_error(
    client: Client, connect: Any
) -> None:
    other = connect(http=first_acquire_fails())
    with pytest.raises(problems.Internal):
        other.locks.acquire("unsure", ttl_ms=600_000)
    until(lambda: look(client, "unsure")["lastEnd"]["how"] == "released")


def test_leaves_a_lock_to_a_caller_who_gave_the_key_and_may_repeat(
    client: Client, connect: Any
) -> None:
    other = connect(http=first_acquire_fails())
    own: Any = {"idempotency_key": "of-the-caller"}
    with pytest.raises(problems.Internal):
        other.locks.acquire("own-key", ttl_ms=600_000, options=own)
    # Closing waits for what runs in the background.
    other.close()
    [holder] = look(client, "own-key")["holders"]
    repeated = client.locks.acquire("own-key", ttl_ms=600_000, options=own)
    assert repeated["fence"] == holder["fence"]


def test_releases_a_lock_whose_first_renewal_is_refused(client: Client, connect: Any) -> None:
    async def old_and_refused(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path.endswith("/renew"):
            return refusal(403, "forbidden")
        answer = await send(request)
        if not request.url.path.endswith("/acquire"):
            return answer
        # So little is left that the term counts from a renewal.
        return httpx.Response(200, json={**json.loads(await answer.aread()), "expiresInMs": 0})

    other = connect(http=through(old_and_refused))
    with pytest.raises(problems.Forbidden):
        with other.lock("refused", ttl_ms=600_000):
            pass
    assert look(client, "refused")["lastEnd"]["how"] == "released"


HOLDER = """
import sys
from lockstep import Client, LeaseLostError

url, namespace = sys.argv[1:]
try:
    with Client(url, namespace=namespace).lock("stopped", ttl_ms=6_000) as lock:
        print("held", flush=True)
        input()
        lock.check()
        print("goes on")
except LeaseLostError:
    print("lost")
"""


def test_notices_after_a_stop_of_the_process_that_its_lease_may_have_ended(
    client: Client, service: str, namespace: str
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, service, namespace],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert holder.stdin and holder.stdout
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGSTOP)
    until(lambda: state_of(client, "stopped") == "free")
    holder.send_signal(signal.SIGCONT)
    assert holder.communicate("\n")[0] == "lost\n"


def test_a_callback_that_blocks_keeps_no_other_lease_from_its_renewal(client: Client) -> None:
    blocks = threading.Event()

    def block(_: Exception) -> None:
        blocks.wait(60)

    with client.lock("healthy", ttl_ms=6_000) as healthy:
        with pytest.raises(LeaseLostError):
            with client.lock("sick", ttl_ms=6_000, on_stop=block) as sick:
                revoke(client, "sick", force=True)
                sick.stopped.wait(60)
        until_renewed(client, "healthy", 2)
        healthy.check()
    blocks.set()


def test_the_error_of_a_block_that_lost_its_lease_is_the_cause_of_the_loss(client: Client) -> None:
    failure = ZeroDivisionError()
    with pytest.raises(LeaseLostError) as lost:
        with client.lock("failed", ttl_ms=6_000) as lock:
            revoke(client, "failed", force=True)
            lock.stopped.wait()
            raise failure
    assert lost.value.__cause__ is failure
    assert isinstance(lost.value.reason, problems.LeaseRevoked)


def test_stops_the_work_under_a_lease_that_is_granted_while_its_session_ends(
    client: Client, connect: Any
) -> None:
    granted, ended = threading.Event(), threading.Event()

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        response = await send(request)
        if request.url.path.endswith("/acquire"):
            await response.aread()
            granted.set()
            while not ended.is_set():
                await asyncio.sleep(0.01)
        return response

    slow: Client = connect(http=through(answer))
    with slow.session() as session:

        def work() -> Any:
            with slow.lock("too-late", session=session) as lock:
                return lock.stopped.is_set()

        worked = in_background(work)
        granted.wait()
    ended.set()
    with pytest.raises(LeaseLostError, match="this process ended the session"):
        worked()


def test_a_scope_is_for_one_block_at_a_time(client: Client) -> None:
    scope = client.lock("once")
    with scope:
        with pytest.raises(RuntimeError):
            scope.__enter__()
        assert state_of(client, "once") == "held"
    with scope:
        assert state_of(client, "once") == "held"
