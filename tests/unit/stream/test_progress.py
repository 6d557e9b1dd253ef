"""Progress at a humane interval."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal.stream.progress import Progress, ProgressReporter

MIB = 1024 * 1024


def test_the_first_report_comes_after_seconds_and_the_next_at_intervals() -> None:
    now = [100.0]
    reports: list[Progress] = []
    reporter = ProgressReporter(
        reports.append, total=200 * MIB, first=5, every=15, clock=lambda: now[0]
    )

    for second in range(101, 137):
        now[0] = second
        reporter.advance(MIB)

    assert [report.seconds for report in reports] == [5, 20, 35]
    assert [report.done // MIB for report in reports] == [5, 20, 35]


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (
            Progress(done=50 * MIB, total=200 * MIB, seconds=2),
            "50.0 of 200.0 MiB (25 %), 25.0 MiB/s",
        ),
        (Progress(done=50 * MIB, total=None, seconds=2), "50.0 MiB, 25.0 MiB/s"),
        (Progress(done=0, total=0, seconds=0), "0.0 MiB, 0.0 MiB/s"),
    ],
)
def test_a_report_reads_well(progress: Progress, text: str) -> None:
    assert str(progress) == text
