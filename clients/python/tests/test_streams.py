from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any, List

import pytest
from faults import FaultProxy
from waiting import auntil, until

from lockstep import AsyncClient, Client, NackError, problems


def test_appends_and_reads_pages(client: Client) -> None:
    ids = [client.streams.append("orders", "placed", {"order": n}) for n in range(3)]
    page = client.streams.page("orders", limit=2)
    assert [entry["id"] for entry in page["items"]] == ids[:2]
    rest = client.streams.page("orders", after=page["nextCursor"])
    assert [entry["data"] for entry in rest["items"]] == [{"order": 2}]


def test_follows_a_stream(client: Client) -> None:
    client.streams.append("chat", "said", 1)
    client.streams.append("chat", "said", 2)
    entries = client.streams.follow("chat", after="start")
    assert [entry["data"] for entry in islice(entries, 2)] == [1, 2]
    client.streams.append("chat", "left", 3)
    third = next(entries)
    assert (third["event"], third["data"]) == ("left", 3)
    entries.close()  # type: ignore[attr-defined]


@pytest.mark.anyio
async def test_goes_on_after_a_cut_where_it_was(
    aclient: AsyncClient, proxy: FaultProxy, namespace: str
) -> None:
    seen: List[Any] = []
    async with AsyncClient(proxy.url, namespace=namespace) as follower:

        async def follow() -> None:
            async for entry in follower.streams.follow("chat", after="start"):
                seen.append(entry["data"])

        following = asyncio.ensure_future(follow())
        await aclient.streams.append("chat", "said", 1)
        await auntil(lambda: seen == [1])
        proxy.heal()
        await aclient.streams.append("chat", "said", 2)
        await auntil(lambda: len(seen) > 1)
        following.cancel()
        assert seen == [1, 2]


def test_says_how_many_entries_were_missed(client: Client) -> None:
    settings: Any = {"capacity": 1}
    client.call("putStream", path={"stream": "small"}, body=settings)
    first = client.streams.append("small", "said", 1)
    client.streams.append("small", "said", 2)
    client.streams.append("small", "said", 3)
    with pytest.raises(problems.PositionLost) as lost:
        next(client.streams.follow("small", after=first))
    assert lost.value.problem["missed"] == 1


def test_works_through_the_entries_of_a_group_as_through_a_queue(client: Client) -> None:
    body: Any = {"start": "start", "maxFailures": 1}
    path: Any = {"stream": "orders", "group": "billing"}
    client.call("putStreamGroup", path=path, body=body)
    client.streams.append("orders", "placed", 0)
    client.streams.append("orders", "paid", 1)
    client.streams.append("orders", "late", 2)
    done: List[Any] = []

    def handle(entry: Any) -> None:
        if entry.event == "late":
            settled: Any = {"ack": [entry.lease["receipt"]]}
            client.call("settleEntries", path=path, body=settled)
            until(lambda: entry.stopped.is_set())
            return
        done.append((entry.event, 1 / entry.data))

    client.streams.work("orders", "billing", handle, visibility_ms=6_000, until_empty=True)
    assert done == [("paid", 1)]
    [dead] = client.call("listDeadEntries", path=path).json["items"]
    assert dead["event"] == "placed" and "ZeroDivisionError" in dead["error"]
    group = client.call("getStreamGroup", path=path).json
    assert (group["lag"], group["leased"], group["ready"]) == (0, 0, 0)


def test_a_stream_that_is_refused_is_asked_for_once(connect: Any, proxy: FaultProxy) -> None:
    with pytest.raises(problems.InvalidRequest):
        next(connect(proxy.url).streams.follow("chat", after="nowhere"))
    assert proxy.sent("/v1/streams/chat/events") == 1


def test_fails_an_entry_as_its_error_says(client: Client) -> None:
    path: Any = {"stream": "orders", "group": "billing"}
    client.call("putStreamGroup", path=path, body={"start": "start"})
    client.streams.append("orders", "placed", 0)

    def handle(_: Any) -> None:
        raise NackError("no such order", delay_ms=1, dead=True)

    client.streams.work("orders", "billing", handle, until_empty=True)
    [dead] = client.call("listDeadEntries", path=path).json["items"]
    assert dead["error"] == "no such order"


def test_follows_entries_with_line_separators_of_unicode(client: Client) -> None:
    text = "a\u2028b\u2029c\u0085d"
    client.streams.append("lines", "said", text)
    [entry] = islice(client.streams.follow("lines", after="start"), 1)
    assert entry["data"] == text


def test_follows_at_the_next_address_when_one_does_not_answer(
    client: Client, connect: Any, service: str, proxy: FaultProxy
) -> None:
    proxy.refuse()
    client.streams.append("moved", "said", 1)
    follower = connect([proxy.url, service])
    [entry] = islice(follower.streams.follow("moved", after="start"), 1)
    assert entry["data"] == 1
