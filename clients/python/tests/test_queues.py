from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, List

import pytest
from conftest import patient
from faults import FaultProxy
from test_calls import in_background
from waiting import auntil, until

from lockstep import AsyncClient, Client, LeaseLostError, NackError, problems


def counts_of(client: Client, queue: str) -> Any:
    return client.call("getQueue", path={"queue": queue}).json["counts"]


def dead_after_one(client: Client, queue: str, **settings: Any) -> None:
    body: Any = {"maxFailures": 1, **settings}
    client.call("putQueue", path={"queue": queue}, body=body)


def test_works_through_the_messages_and_acknowledges_them(client: Client) -> None:
    client.queues.send("mails", {"to": "ada"}, priority=1)
    client.queues.send("mails", b"\x00\xff")
    assert not client.queues.send("mails", "last", dedup_id="d")["duplicate"]
    assert client.queues.send("mails", "last", dedup_id="d")["duplicate"]
    bodies: List[Any] = []
    client.queues.work("mails", lambda message: bodies.append(message.body), until_empty=True)
    assert bodies == [{"to": "ada"}, b"\x00\xff", "last"]
    assert counts_of(client, "mails") == dict.fromkeys(counts_of(client, "mails"), 0)


def test_reports_what_failed_and_goes_on(client: Client) -> None:
    dead_after_one(client, "jobs")
    client.queues.send("jobs", 0)
    client.queues.send("jobs", 1)
    done: List[Any] = []
    client.queues.work("jobs", lambda job: done.append(1 / job.body), until_empty=True)
    assert done == [1]
    query: Any = {"state": "dead"}
    [dead] = client.call("listMessages", path={"queue": "jobs"}, query=query).json["items"]
    assert "ZeroDivisionError" in dead["error"]


def test_fails_a_message_as_its_error_says(client: Client) -> None:
    def handle(message: Any) -> None:
        if message.body == "later":
            raise NackError("mailbox full", delay_ms=600_000)
        raise NackError("\ud83d" * 2_000, dead=True)

    client.queues.send("mails", "never")
    client.queues.send("mails", "later")
    client.queues.work("mails", handle, until_empty=True)
    assert (counts_of(client, "mails")["dead"], counts_of(client, "mails")["delayed"]) == (1, 1)
    query: Any = {"state": "dead"}
    [dead] = client.call("listMessages", path={"queue": "mails"}, query=query).json["items"]
    assert (dead["body"], dead["error"]) == ("never", "?" * 250)


def test_extends_a_delivery_while_it_is_handled(connect: Any, proxy: FaultProxy) -> None:
    client = connect(proxy.url)
    dead_after_one(client, "slow")
    client.queues.send("slow", 1)

    def handle(message: Any) -> None:
        until(lambda: proxy.sent('"extend"') > 0)
        message.check()

    client.queues.work("slow", handle, visibility_ms=6_000, until_empty=True)
    assert counts_of(client, "slow")["dead"] == 0


def test_waits_for_messages_until_it_is_told_to_stop(connect: Any, client: Client) -> None:
    stop = threading.Event()
    done: List[Any] = []

    def handle(message: Any) -> None:
        done.append(message.body)
        stop.set()

    worked = in_background(lambda: connect().queues.work("later", handle, until=stop))
    client.queues.send("later", "x")
    worked()
    assert done == ["x"]


@pytest.mark.anyio
async def test_a_worker_that_is_cancelled_gives_its_message_back(
    aclient: AsyncClient, client: Client
) -> None:
    dead_after_one(client, "tasks")
    client.queues.send("tasks", 1)
    began = asyncio.Event()

    async def handle(_: Any) -> None:
        began.set()
        await asyncio.sleep(600)

    work = aclient.queues.work("tasks", handle, visibility_ms=600_000)
    worker = asyncio.ensure_future(work)
    await began.wait()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await auntil(lambda: counts_of(client, "tasks")["ready"] == 1)


@pytest.mark.anyio
async def test_a_worker_that_is_cancelled_gives_back_what_was_on_its_way(
    client: Client, proxy: FaultProxy, namespace: str
) -> None:
    client.queues.send("on-its-way", 1)
    async with AsyncClient(proxy.url, **patient(namespace)) as worker:
        proxy.drop_replies()
        working = asyncio.ensure_future(worker.queues.work("on-its-way", asyncio.sleep))
        await auntil(lambda: counts_of(client, "on-its-way")["leased"] == 1)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        proxy.heal()
        await auntil(lambda: counts_of(client, "on-its-way")["ready"] == 1)


@pytest.mark.anyio
async def test_a_worker_that_loses_a_delivery_is_stopped_and_takes_the_next(
    aclient: AsyncClient, client: Client
) -> None:
    client.queues.send("lost", 1)
    begun: List[Any] = []

    async def handle(message: Any) -> None:
        begun.append(message.body)
        if len(begun) == 1:
            settled: Any = {"ack": [message.lease["receipt"]]}
            await aclient.call("settleMessages", path={"queue": "lost"}, body=settled)
            client.queues.send("lost", 2)
            await asyncio.sleep(600)

    await aclient.queues.work("lost", handle, visibility_ms=6_000, until_empty=True)
    assert begun == [1, 2]


def test_a_worker_goes_on_after_an_outage(
    connect: Any, client: Client, proxy: FaultProxy
) -> None:
    worker = connect(proxy.url, timeout_ms=100)
    stop = threading.Event()
    proxy.refuse()
    worked = in_background(
        lambda: worker.queues.work("away", lambda _: stop.set(), until=stop)
    )
    client.queues.send("away", 1)
    until(lambda: proxy.refused > 3)
    proxy.heal()
    worked()
    until(lambda: counts_of(client, "away") == dict.fromkeys(counts_of(client, "away"), 0))


def test_a_worker_ends_when_its_calls_are_refused(client: Client) -> None:
    with pytest.raises(problems.InvalidRequest):
        client.queues.work("not a name", print)


def test_a_lock_that_the_work_loses_is_a_failure_of_the_work(client: Client) -> None:
    dead_after_one(client, "locked")
    client.queues.send("locked", 1)

    def handle(_: Any) -> None:
        with client.lock("of-the-work", ttl_ms=600_000):
            revocation: Any = {"reason": "in a test", "force": True}
            client.call("revokeLock", path={"name": "of-the-work"}, body=revocation)
            raise LeaseLostError("of the lock")

    client.queues.work("locked", handle, until_empty=True)
    assert counts_of(client, "locked")["dead"] == 1


WORKER = """
import sys, time
from lockstep import Client

def handle(_):
    print("begun", flush=True)
    time.sleep(600)

Client(sys.argv[1], namespace=sys.argv[2]).queues.work("ended", handle, visibility_ms=600_000)
"""


def test_a_worker_that_its_user_ends_gives_its_message_back(
    client: Client, service: str, namespace: str
) -> None:
    client.queues.send("ended", 1)
    source = str(Path(__file__).parents[1] / "src")
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, service, namespace],
        env={**os.environ, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert worker.stdout and worker.stdout.readline() == b"begun\n"
    worker.send_signal(signal.SIGINT)
    worker.wait()
    worker.stdout.close()
    assert counts_of(client, "ended")["ready"] == 1
