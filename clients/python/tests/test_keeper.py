"""The moments of renewal and loss, by a clock of the test. Both clients have the same keeper."""
from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, List

import pytest
from fake_time import FakeTimeLoop, run

from lockstep import LeaseLostError, NoAnswerError, RevokeRequestedError, problems
from lockstep._keeper import Keeper, Renew, Term, Watch


class Kept:
    """A lease of 9 s that was asked for at 0, and what its watch was told."""

    def __init__(self, loop: FakeTimeLoop, renew: Renew) -> None:
        self.told: List[Exception] = []
        self.watch = Watch(self.told.append, clock=loop.now_ms)
        self.keeper = Keeper(self.watch, Term(0, 9_000), renew)


def keeping(work: Callable[[FakeTimeLoop], Awaitable[None]]) -> None:
    run(work)


def test_renews_at_a_third_of_the_term_counted_from_before_the_request() -> None:
    async def work(loop: FakeTimeLoop) -> None:
        times = []

        async def renew(_: float) -> Term:
            asked_at = loop.now_ms()
            times.append(round(asked_at))
            await asyncio.sleep(0.5)
            return Term(asked_at, 9_000)

        kept = Kept(loop, renew)
        await kept.keeper.start()
        await asyncio.sleep(6.6)
        kept.keeper.end()
        assert times == [3_000, 6_000]
        await asyncio.sleep(60)
        assert len(times) == 2 and kept.told == []

    keeping(work)


def test_loses_the_lease_before_it_can_end_when_no_renewal_gets_through() -> None:
    async def work(loop: FakeTimeLoop) -> None:
        tries = []

        async def renew(_: float) -> Term:
            tries.append(loop.now_ms())
            raise NoAnswerError()

        kept = Kept(loop, renew)
        await kept.keeper.start()
        await asyncio.sleep(8.099)
        kept.watch.check()
        assert kept.told == []
        await asyncio.sleep(0.002)
        assert isinstance(kept.watch.lost, LeaseLostError)
        assert kept.told == [kept.watch.lost]
        with pytest.raises(LeaseLostError, match="no renewal in time"):
            kept.watch.check()
        assert len(tries) > 3
        count = len(tries)
        await asyncio.sleep(60)
        assert len(tries) == count

    keeping(work)


def test_gives_a_renewal_half_of_the_time_that_is_left_so_that_another_follows() -> None:
    async def work(loop: FakeTimeLoop) -> None:
        given = []

        async def renew(left_ms: float) -> Term:
            given.append(round(left_ms))
            await asyncio.sleep(left_ms / 1000)
            raise NoAnswerError()

        kept = Kept(loop, renew)
        await kept.keeper.start()
        await asyncio.sleep(8.2)
        assert given[:2] == [2_550, 1_020]
        assert kept.watch.lost

    keeping(work)


def test_drops_a_renewal_that_is_answered_after_the_loss() -> None:
    async def work(loop: FakeTimeLoop) -> None:
        async def renew(_: float) -> Term:
            asked_at = loop.now_ms()
            await asyncio.sleep(5.2)
            return Term(asked_at, 60_000)

        kept = Kept(loop, renew)
        await kept.keeper.start()
        await asyncio.sleep(10)
        with pytest.raises(LeaseLostError):
            kept.watch.check()

    keeping(work)


def test_loses_the_lease_at_once_when_the_service_says_that_it_has_ended() -> None:
    async def work(loop: FakeTimeLoop) -> None:
        ended = problems.LeaseRevoked({"code": "lease-revoked", "status": 410, "reason": "why"})

        async def renew(_: float) -> Term:
            raise ended

        kept = Kept(loop, renew)
        await kept.keeper.start()
        await asyncio.sleep(3.001)
        assert kept.watch.lost and kept.watch.lost.__cause__ is ended

    keeping(work)


def test_tells_once_that_the_holder_is_asked_to_give_way_and_renews_on() -> None:
    async def work(loop: FakeTimeLoop) -> None:
        async def renew(_: float) -> Term:
            return Term(loop.now_ms(), 9_000, "maintenance")

        kept = Kept(loop, renew)
        await kept.keeper.start()
        await asyncio.sleep(30)
        kept.keeper.end()
        kept.watch.check()
        [asked] = kept.told
        assert isinstance(asked, RevokeRequestedError) and str(asked) == "maintenance"

    keeping(work)


def test_a_lease_of_a_session_is_lost_with_it() -> None:
    session = Watch(clock=lambda: 10.0)
    told: List[Any] = []
    watch = Watch(told.append, session)
    watch.check()
    session.certain_until = 10
    with pytest.raises(LeaseLostError, match="the session"):
        watch.check()
    assert len(told) == 1


def test_loses_the_lease_when_the_machine_slept_and_its_timers_with_it() -> None:
    async def work(loop: FakeTimeLoop) -> None:
        slept_ms = 0.0

        async def renew(_: float) -> Term:
            raise AssertionError

        kept = Kept(loop, renew)
        kept.watch.clock = lambda: loop.now_ms() + slept_ms
        await kept.keeper.start()
        await asyncio.sleep(1)
        slept_ms = 60_000
        await asyncio.sleep(2.001)
        assert kept.told == [kept.watch.lost] and kept.watch.lost

    keeping(work)
