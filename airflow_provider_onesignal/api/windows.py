"""Whether a window that ends now can stand for the period a run is for."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

_RANGE = re.compile(r"(\d+)(h|d|w|mo)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LATENESS = {
    "1h": timedelta(minutes=15),
    "1d": timedelta(hours=2),
    "1mo": timedelta(days=1),
}
_SLACK = timedelta(minutes=15)
"""Lateness allowed where a time range is not known here."""


def in_utc(moment: datetime) -> datetime:
    """
    Give the same moment as a plain datetime in UTC.

    :param moment: aware, of any class: Airflow's are pendulum's, which lose their zone when they
        are moved to UTC and then calculated with
    """
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def window_start(end: datetime, time_range: str) -> datetime | None:
    """
    Tell where a window begins.

    :param end: where it ends, aware
    :param time_range: such as "1h", "1d", "1mo"; a month goes back to the same day of the month
        before, or to its last one
    :return: in UTC; None for a range that is not understood, or goes back beyond all dates
    """
    end = in_utc(end)
    found = _RANGE.fullmatch(time_range)
    if found is None:
        return None
    try:
        count, unit = int(found[1]), found[2]
        return _months_before(end, count) if unit == "mo" else end - count * _UNITS[unit]
    except (OverflowError, ValueError):
        return None


def default_max_lateness(time_range: str) -> timedelta:
    """Tell how late a run may be, a small part of what it asks for."""
    return _LATENESS.get(time_range, _SLACK)


def why_late(
    *, interval_end: datetime, now: datetime, time_range: str, max_lateness: timedelta
) -> str | None:
    """
    Say why the window that ends now is not the run's, None where it is.

    :param interval_end: the end of the run's data interval, aware
    :param now: aware
    :param time_range: length of the window
    :param max_lateness: how far the two may be apart
    """
    # Two times of one zone are subtracted as a clock on the wall shows them; UTC has no such clock.
    end, now = in_utc(interval_end), in_utc(now)
    if abs(now - end) <= max_lateness:
        return None
    apart = f"ended {_length(now - end)} ago" if now > end else f"ends only in {_length(end - now)}"
    return (
        f"The run's data interval {apart} ({_moment(end)}), and max_lateness is "
        f"{_length(max_lateness)}. OneSignal only knows windows that end now: asked for "
        f"{time_range}, it would give the figures up to {_moment(now)}, which are not those of the "
        "interval. No backfill and no catch-up can bring those back. Let such runs go with "
        "on_late='skip', or file today's figures under the old name with on_late='warn'."
    )


def gap(*, interval_start: datetime, interval_end: datetime, time_range: str) -> timedelta:
    """
    Tell how much of a data interval lies before the window that ends with it.

    :return: zero or more; zero where the window's beginning is not known
    """
    start = window_start(interval_end, time_range)
    if start is None:
        return timedelta(0)
    return max(timedelta(0), start - in_utc(interval_start))


def _months_before(moment: datetime, count: int) -> datetime:
    months = moment.year * 12 + moment.month - 1 - count
    year, month = divmod(months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _length(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a minute"
