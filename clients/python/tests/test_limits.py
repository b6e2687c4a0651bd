from __future__ import annotations

from typing import Any

import pytest
from faults import FaultProxy
from waiting import BOUND_MS, until

from lockstep import AsyncClient, Client, problems


@pytest.fixture(autouse=True)
def policies(client: Client) -> None:
    one: Any = {"algorithm": "sliding-log", "limit": 1, "windowMs": 3_600_000}
    flight: Any = {"algorithm": "concurrency", "limit": 1, "leaseMs": 6_000}
    client.call("putRateLimitPolicy", path={"policy": "one"}, body=one)
    client.call("putRateLimitPolicy", path={"policy": "flight"}, body=flight)


def test_checks_limits_together_with_the_headers_to_pass_on(client: Client) -> None:
    both: Any = [
        {"policy": "one", "key": "user-7"},
        {"name": "address", "algorithm": "sliding-log", "limit": 9, "windowMs": 60_000, "key": "::1"},
    ]
    first = client.limits.check(both, timeout_ms=BOUND_MS)
    assert first.allowed and first.decision and first.decision["remaining"] == 0
    assert '"address";r=8' in first.headers["ratelimit"]
    denied = client.limits.check(both, timeout_ms=BOUND_MS)
    assert not denied.allowed and "retry-after" in denied.headers
    assert set(denied.headers) <= {"ratelimit", "ratelimit-policy", "retry-after"}


def test_allows_or_denies_as_asked_when_the_service_does_not_answer(
    connect: Any, proxy: FaultProxy
) -> None:
    client = connect(proxy.url)
    proxy.freeze()
    limit = {"policy": "one", "key": "user-8"}
    opened = client.limits.check(limit, timeout_ms=50)
    assert (opened.allowed, opened.headers, opened.decision) == (True, {}, None)
    assert client.limits.check(limit, timeout_ms=50, fail_open=False).allowed is False


def test_raises_for_a_policy_that_is_not_there_also_where_it_would_let_calls_pass(
    client: Client,
) -> None:
    with pytest.raises(problems.PolicyNotFound):
        client.limits.check({"policy": "none", "key": "k"}, timeout_ms=BOUND_MS)


def test_runs_work_under_a_concurrency_lease_renews_it_and_frees_its_place(
    connect: Any, proxy: FaultProxy
) -> None:
    client = connect(proxy.url)
    with client.limits.lease("flight", "user-7") as lease:
        with pytest.raises(problems.ConcurrencyLimited):
            with client.limits.lease("flight", "user-7"):
                pass
        until(lambda: proxy.sent("/v1/ratelimits/flight/leases/renew") > 0)
        lease.check()
    with client.limits.lease("flight", "user-7", weight=1):
        pass


@pytest.mark.anyio
async def test_limits_of_the_asyncio_client(aclient: AsyncClient) -> None:
    checked = await aclient.limits.check({"policy": "one", "key": "a"}, timeout_ms=BOUND_MS)
    assert checked.allowed
    async with aclient.limits.lease("flight", "a") as lease:
        lease.check()
