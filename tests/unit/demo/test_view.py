"""How the demo tells the steps of a run from the states Airflow shows."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from demo.screen import LiveScreen, PlainScreen, best_screen
from demo.view import Phase, Tracker, View


@pytest.fixture
def seconds() -> Iterator[float]:
    return iter(float(second) for second in range(100))


@pytest.fixture
def tracker(seconds: Iterator[float]) -> Tracker:
    return Tracker(clock=lambda: next(seconds))


def test_a_run_goes_through_the_phases_in_order(tracker: Tracker) -> None:
    seen = [
        tracker.see(state=state, worker_slots=0, copied=copied).phase
        for state, copied in [
            (None, 0),
            ("queued", 0),
            ("running", 0),
            ("deferred", 0),
            ("scheduled", 0),
            ("running", 0),
            ("running", 7),
            ("success", 9),
        ]
    ]

    assert seen == [
        Phase.QUEUED,
        Phase.QUEUED,
        Phase.STARTING,
        Phase.WAITING,
        Phase.RESUMING,
        Phase.RESUMING,
        Phase.COPYING,
        Phase.DONE,
    ]


@pytest.mark.parametrize("state", ["failed", "up_for_retry", "upstream_failed", "skipped"])
def test_a_run_that_cannot_succeed_at_once_has_failed(tracker: Tracker, state: str) -> None:
    assert tracker.see(state=state, worker_slots=0).phase is Phase.FAILED


def test_each_phase_lasts_from_its_first_sight_to_the_next_one(tracker: Tracker) -> None:
    for state in ["running", "deferred", "deferred", "deferred", "success"]:
        view = tracker.see(state=state, worker_slots=0)

    assert view.seconds[Phase.STARTING] == 1
    assert view.seconds[Phase.WAITING] == 3


def test_a_size_once_known_stays_and_a_copy_never_shrinks(tracker: Tracker) -> None:
    tracker.see(state="running", worker_slots=1, copied=50, total=100)

    view = tracker.see(state="running", worker_slots=1)

    assert (view.copied, view.total) == (50, 100)


def test_elsewhere_than_on_a_terminal_each_phase_is_one_line() -> None:
    output = io.StringIO()
    with best_screen(Console(file=output, width=100)) as screen:
        assert isinstance(screen, PlainScreen)
        for phase in (Phase.WAITING, Phase.WAITING, Phase.DONE):
            screen.show(View(phase=phase))

    lines = output.getvalue().splitlines()
    assert len(lines) == 2
    assert "wait, deferred" in lines[0]
    assert "worker slots in use: 0" in lines[0]


def test_on_a_terminal_the_table_shows_how_far_the_copy_is() -> None:
    output = io.StringIO()
    console = Console(file=output, width=100, force_terminal=True)
    with best_screen(console) as screen:
        assert isinstance(screen, LiveScreen)
        mib = 1024 * 1024
        screen.show(View(phase=Phase.COPYING, copied=3 * mib, total=12 * mib, worker_slots=1))

    assert "3.0 of 12.0 MiB" in output.getvalue()
