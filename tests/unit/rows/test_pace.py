from __future__ import annotations

import asyncio

import pytest

from airflow_provider_onesignal.rows.pace import Pace
from tests.unit.rows.fakes import FakeTime


async def turns(pace: Pace, time: FakeTime, count: int) -> list[float]:
    seen = []
    for _ in range(count):
        await pace.turn()
        seen.append(time.now)
    return seen


def most_in_a_second(moments: list[float]) -> int:
    return max(sum(start <= each < start + 1 for each in moments) for start in moments)


@pytest.mark.parametrize("per_second", [0.5, 1, 7, 2.5, 100])
async def test_no_second_has_more_turns_than_allowed_and_none_is_wasted(per_second: float) -> None:
    time = FakeTime()
    pace = Pace(per_second, clock=time.clock, sleep=time.sleep)

    moments = await turns(pace, time, 250)

    assert most_in_a_second(moments) <= max(1, -(-per_second // 1))
    assert 249 / per_second - 0.06 <= moments[-1] - moments[0] <= 249 / per_second * 1.02


async def test_after_a_pause_requests_do_not_leave_all_at_once() -> None:
    time = FakeTime()
    pace = Pace(100, clock=time.clock, sleep=time.sleep)
    await pace.turn()
    time.now += 60

    moments = await turns(pace, time, 100)

    assert moments[-1] - moments[0] >= 0.9


async def test_a_late_turn_is_made_up_for() -> None:
    time = FakeTime()
    pace = Pace(1000, clock=time.clock, sleep=time.sleep)
    first = time.now
    for _ in range(100):
        await pace.turn()
        time.now += 0.0005  # what the sender takes between two turns

    assert time.now - first <= 0.1


async def test_everything_is_held_back_when_onesignal_asks_for_it() -> None:
    time = FakeTime()
    pace = Pace(10, clock=time.clock, sleep=time.sleep)
    await pace.turn()
    held_at = time.now
    pace.hold(5)
    pace.hold(2)

    await asyncio.gather(pace.turn(), pace.turn())

    assert time.now >= held_at + 5
