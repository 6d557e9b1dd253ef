"""How the demo tells the steps of a run from the states Airflow shows."""

from __future__ import annotations

import io
from itertools import count

import pytest
from rich.console import Console

from demo.screen import MIB, Phase, Progress, Screen


@pytest.fixture
def progress() -> Progress:
    seconds = count()
    return Progress(clock=lambda: float(next(seconds)))


def test_a_run_goes_through_the_phases_in_order(progress: Progress) -> None:
    seen = []
    for state, copied in [
        (None, 0),
        ("queued", 0),
        ("running", 0),
        ("deferred", 0),
        ("scheduled", 0),
        ("running", 7),
        ("success", 9),
    ]:
        progress.see(state, copied=copied)
        seen.append(progress.phase)

    assert seen == [
        Phase.QUEUED,
        Phase.QUEUED,
        Phase.STARTING,
        Phase.WAITING,
        Phase.RESUMING,
        Phase.COPYING,
        Phase.DONE,
    ]


@pytest.mark.parametrize("state", ["failed", "up_for_retry", "upstream_failed", "skipped"])
def test_a_run_that_cannot_succeed_at_once_has_failed(progress: Progress, state: str) -> None:
    progress.see(state)

    assert progress.phase is Phase.FAILED


def test_each_phase_lasts_from_its_first_sight_to_the_next_one(progress: Progress) -> None:
    for state in ["running", "deferred", "deferred", "deferred", "success"]:
        progress.see(state)

    assert progress.seconds[Phase.STARTING] == 1
    assert progress.seconds[Phase.WAITING] == 3


def test_a_size_once_known_stays_and_a_copy_never_shrinks(progress: Progress) -> None:
    progress.see("running", copied=50, total=100)
    progress.see("running")

    assert (progress.copied, progress.total) == (50, 100)


def test_elsewhere_than_on_a_terminal_each_phase_is_one_line(progress: Progress) -> None:
    output = io.StringIO()
    with Screen(Console(file=output, width=100)) as screen:
        for state in ("deferred", "deferred", "success"):
            progress.see(state)
            screen.show(progress)

    lines = output.getvalue().splitlines()
    assert len(lines) == 2
    assert "wait, deferred" in lines[0]
    assert "worker slots in use: 0" in lines[0]


def test_on_a_terminal_the_table_shows_how_far_the_copy_is(progress: Progress) -> None:
    output = io.StringIO()
    progress.see("running", copied=3 * MIB, total=12 * MIB, worker_slots=1)
    with Screen(Console(file=output, width=100, force_terminal=True)) as screen:
        screen.show(progress)

    assert "3.0 of 12.0 MiB" in output.getvalue()
