"""Windows that end now against the periods runs are for: month ends, leap days, clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_onesignal.api.windows import (
    default_max_lateness,
    gap,
    in_utc,
    why_late,
    window_start,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def in_berlin(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("end", "time_range", "start"),
    [
        (utc(2026, 11, 1), "1h", utc(2026, 10, 31, 23)),
        (utc(2026, 3, 1), "1d", utc(2026, 2, 28)),
        (utc(2028, 3, 1), "1d", utc(2028, 2, 29)),
        (utc(2028, 2, 29, 12), "1d", utc(2028, 2, 28, 12)),
        (utc(2026, 11, 1), "1mo", utc(2026, 10, 1)),
        (utc(2026, 1, 1), "1mo", utc(2025, 12, 1)),
        (utc(2026, 12, 31, 8), "1mo", utc(2026, 11, 30, 8)),
        (utc(2026, 3, 31), "1mo", utc(2026, 2, 28)),
        (utc(2028, 3, 31), "1mo", utc(2028, 2, 29)),
        (utc(2028, 3, 29), "1mo", utc(2028, 2, 29)),
        (utc(2027, 3, 29), "1mo", utc(2027, 2, 28)),
        (utc(2028, 2, 29), "12mo", utc(2027, 2, 28)),
        (utc(2026, 11, 8), "1w", utc(2026, 11, 1)),
        # A window is 24 hours long, whatever the clock on the wall did within.
        (in_berlin(2026, 3, 30), "1d", utc(2026, 3, 28, 22)),
        (in_berlin(2026, 10, 26), "1d", utc(2026, 10, 24, 23)),
        (in_berlin(2026, 10, 25, 2, 30, fold=1), "1h", in_berlin(2026, 10, 25, 2, 30)),
    ],
)
def test_a_window_begins_its_length_before_its_end(
    end: datetime, time_range: str, start: datetime
) -> None:
    found = window_start(end, time_range)

    assert found is not None
    assert found.astimezone(UTC) == start.astimezone(UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("time_range", ["", "day", "1y", "-1d", "1.5h", "1d "])
def test_a_range_of_next_year_has_no_known_beginning(time_range: str) -> None:
    assert window_start(utc(2026, 11, 1), time_range) is None


@pytest.mark.parametrize("time_range", ["9999999999d", "99999mo", "24323mo", "9" * 5000 + "h"])
def test_a_range_beyond_all_dates_has_no_known_beginning_either(time_range: str) -> None:
    interval = {"interval_start": utc(2026, 10, 1), "interval_end": utc(2026, 11, 1)}

    assert window_start(utc(2026, 11, 1), time_range) is None
    assert gap(**interval, time_range=time_range) == timedelta(0)


@given(
    end=st.integers(min_value=0, max_value=2**33).map(lambda at: datetime.fromtimestamp(at, UTC)),
    count=st.integers(min_value=0),
    unit=st.sampled_from(["h", "d", "w", "mo"]),
)
@example(end=utc(1970, 1, 31), count=23628, unit="mo")
def test_a_window_of_any_length_begins_before_its_end_or_nobody_knows_where(
    end: datetime, count: int, unit: str
) -> None:
    start = window_start(end, f"{count}{unit}")

    assert start is None or start <= end


def late(interval_end: datetime, now: datetime, time_range: str = "1d") -> str | None:
    return why_late(
        interval_end=interval_end,
        now=now,
        time_range=time_range,
        max_lateness=default_max_lateness(time_range),
    )


@pytest.mark.parametrize(
    ("time_range", "lateness"),
    [
        ("1h", timedelta(minutes=15)),
        ("1d", timedelta(hours=2)),
        ("1mo", timedelta(days=1)),
        ("1w", timedelta(minutes=15)),
    ],
)
def test_the_longer_the_window_the_later_a_run_may_be(time_range: str, lateness: timedelta) -> None:
    assert default_max_lateness(time_range) == lateness


@pytest.mark.parametrize("time_range", ["1h", "1d", "1mo"])
@pytest.mark.parametrize(
    "interval_end",
    [
        utc(2026, 11, 1),
        utc(2026, 12, 31),
        utc(2027, 1, 1),
        utc(2027, 2, 28),
        utc(2027, 3, 1),
        utc(2028, 2, 29),
        utc(2028, 3, 1),
        in_berlin(2026, 3, 29),
        in_berlin(2026, 3, 30),
        in_berlin(2026, 10, 25),
        in_berlin(2026, 10, 26),
        datetime(2026, 11, 1, 0, 0, tzinfo=NEW_YORK),
    ],
)
def test_a_run_is_late_a_second_after_its_time_and_not_before(
    interval_end: datetime, time_range: str
) -> None:
    last_moment = interval_end.astimezone(UTC) + default_max_lateness(time_range)

    assert late(interval_end, interval_end, time_range) is None
    assert late(interval_end, last_moment, time_range) is None
    assert late(interval_end, last_moment + timedelta(seconds=1), time_range) is not None


def test_hours_are_counted_as_they_pass_and_not_as_the_clock_on_the_wall_shows_them() -> None:
    # Between 1:30 and 3:31 that night an hour passes where clocks are set forward,
    # and between 1:30 and 3:29 three where they are set back.
    assert late(in_berlin(2026, 3, 29, 1, 30), in_berlin(2026, 3, 29, 3, 31)) is None
    assert late(in_berlin(2026, 10, 25, 1, 30), in_berlin(2026, 10, 25, 3, 29)) is not None


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
class TestThePendulumTimesOfAirflow:
    def test_are_the_same_moments_in_utc(self, zone: str) -> None:
        moment = pendulum.datetime(2026, 10, 25, 0, 30, 1, 999999).in_timezone(zone)

        plain = in_utc(moment)

        assert type(plain) is datetime
        assert plain == datetime(2026, 10, 25, 0, 30, 1, 999999, tzinfo=UTC)

    def test_have_windows_lateness_and_gaps_like_any(self, zone: str) -> None:
        start = pendulum.datetime(2026, 11, 22).in_timezone(zone)
        end = start.add(days=1)

        assert window_start(end, "1h") == utc(2026, 11, 22, 23)
        assert window_start(end, "1mo") == utc(2026, 10, 23)
        assert gap(interval_start=start, interval_end=end, time_range="1h") == timedelta(hours=23)
        assert late(end, end.add(hours=2)) is None
        assert late(end, utc(2026, 11, 23, 2, 1)) is not None


def test_a_catch_up_run_hears_why_a_backfill_cannot_work() -> None:
    text = late(utc(2026, 10, 1), utc(2026, 11, 23, 6, 30))

    assert text is not None
    assert "ended 53 d 6 h 30 min ago (2026-10-01T00:00:00+00:00)" in text
    assert "max_lateness is 2 h" in text
    assert "only knows windows that end now" in text
    assert "up to 2026-11-23T06:30:00+00:00" in text
    assert "No backfill" in text
    assert "on_late='skip'" in text


def test_a_run_of_a_period_yet_to_come_is_refused_as_well() -> None:
    text = late(utc(2026, 11, 24), utc(2026, 11, 23))

    assert text is not None
    assert "ends only in 1 d" in text


@pytest.mark.parametrize(
    ("interval_start", "interval_end", "time_range", "uncovered"),
    [
        (utc(2026, 11, 22), utc(2026, 11, 23), "1d", timedelta(0)),
        (utc(2026, 11, 22, 5), utc(2026, 11, 22, 6), "1h", timedelta(0)),
        (utc(2026, 11, 22), utc(2026, 11, 23), "1h", timedelta(hours=23)),
        (utc(2026, 11, 22), utc(2026, 11, 23), "1mo", timedelta(0)),
        (utc(2026, 10, 1), utc(2026, 11, 1), "1mo", timedelta(0)),
        (utc(2027, 2, 1), utc(2027, 3, 1), "1mo", timedelta(0)),
        (utc(2028, 2, 1), utc(2028, 3, 1), "1mo", timedelta(0)),
        (utc(2026, 11, 16), utc(2026, 11, 23), "1d", timedelta(days=6)),
        # The day that has 25 hours is an hour longer than the window, the one of 23 is not.
        (in_berlin(2026, 10, 25), in_berlin(2026, 10, 26), "1d", timedelta(hours=1)),
        (in_berlin(2026, 3, 29), in_berlin(2026, 3, 30), "1d", timedelta(0)),
        (utc(2026, 11, 23), utc(2026, 11, 23), "1d", timedelta(0)),
        (utc(2026, 11, 22), utc(2026, 11, 23), "fortnight", timedelta(0)),
    ],
)
def test_what_an_interval_has_before_the_window_is_a_gap(
    interval_start: datetime, interval_end: datetime, time_range: str, uncovered: timedelta
) -> None:
    found = gap(interval_start=interval_start, interval_end=interval_end, time_range=time_range)

    assert found == uncovered
