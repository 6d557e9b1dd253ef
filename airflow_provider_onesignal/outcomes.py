"""
Outcomes: what is asked, which window the answer is of, and the rows and files it makes.

OneSignal only knows windows that end now, and keeps outcomes for about 30 days:
https://documentation.onesignal.com/reference/view-outcomes
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import time
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_onesignal.checks import outcomes as checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

if TYPE_CHECKING:
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

SECONDS_BETWEEN_REQUESTS = 1.0
"""OneSignal allows an app one view request a second."""

ALL_PLATFORMS = ("0", "1", "2", "5", "7", "8", "11", "13", "14", "17")
"""The device types that outcomes are kept of: a breakdown by platform asks for each."""

SHARES_OF_TOTAL = ("direct", "influenced", "unattributed")
"""A breakdown by attribution asks for each; together they are the total."""

COLUMNS = (
    "app_id",
    "name",
    "aggregation",
    "value",
    "time_range",
    "platforms",
    "attribution",
    "window_start",
    "window_end",
    "observed_at",
    "data_interval_start",
    "data_interval_end",
)
CONTENT_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv"}
FILE_FORMATS = tuple(CONTENT_TYPES)
Row = dict[str, str | int | float | None]

_OF_THE_MOMENT = ("window_start", "window_end", "observed_at")
_RANGE = re.compile(r"(\d+)(h|d|w|mo)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LATENESS = {"1h": timedelta(minutes=15), "1d": timedelta(hours=2), "1mo": timedelta(days=1)}
_LATENESS_OF_OTHERS = timedelta(minutes=15)


class OutcomesQuery(NamedTuple):
    """
    One request for outcomes.

    :param names: with their suffix, such as ``os__click.count``
    :param time_range: length of the window that ends now
    :param platforms: device types, None for all
    :param attribution: None for the total
    """

    names: tuple[str, ...]
    time_range: str
    platforms: tuple[str, ...] | None = None
    attribution: str | None = None


class Observation(NamedTuple):
    """
    OneSignal's response, and when it came.

    :param query: the request
    :param outcomes: each with id, value and aggregation
    :param observed_at: when the response came, aware; the window ends here
    """

    query: OutcomesQuery
    outcomes: Sequence[Mapping[str, Any]]
    observed_at: datetime


class DataInterval(NamedTuple):
    """
    The period that a run is for.

    :param start: aware, None for a run without one
    :param end: aware, None for a run without one
    """

    start: datetime | None = None
    end: datetime | None = None


# What is asked


def checked_query(
    *,
    outcome_names: Any,
    outcome_time_range: Any,
    outcome_platforms: Any = None,
    outcome_attribution: Any = None,
    allow_unknown: bool = False,
) -> OutcomesQuery:
    """
    Check what outcomes are asked for.

    :param outcome_names: list of names such as ``os__click.count``, or one string with commas
    :param outcome_time_range: "1h", "1d" or "1mo"
    :param outcome_platforms: list of device types (0 is iOS, 1 Android, ...), numbers or strings,
        or one string with commas; None for all
    :param outcome_attribution: "direct", "influenced", "unattributed" or "total"; None for total
    :param allow_unknown: let other ranges, platforms and attributions pass, with a warning
    :return: each name and platform once, in the order given
    :raises OneSignalValidationError: a parameter breaks a rule; names the parameter and the rule
    """
    return OutcomesQuery(
        names=checks.names(outcome_names),
        time_range=checks.time_range(outcome_time_range, allow_unknown=allow_unknown),
        platforms=checks.platforms(outcome_platforms, allow_unknown=allow_unknown),
        attribution=checks.attribution(outcome_attribution, allow_unknown=allow_unknown),
    )


def queries(query: OutcomesQuery, *, breakdown: Any = None) -> list[OutcomesQuery]:
    """
    Split a query into requests.

    :param query: all that is wanted
    :param breakdown: "platform", "attribution" or both, as a list or with a comma between them:
        one request for each combination
    :return: each name that has a comma in a request of its own, all others together
    :raises OneSignalValidationError: it is anything else, or by attribution of one attribution
    """
    dimensions = checks.breakdown(breakdown)
    return [
        OutcomesQuery(
            names=names, time_range=query.time_range, platforms=platforms, attribution=attribution
        )
        for platforms in _platforms(query, dimensions)
        for attribution in _attributions(query, dimensions)
        for names in _names(query)
    ]


def observe(hook: OneSignalHook, queries: Sequence[OutcomesQuery]) -> Iterator[Observation]:
    """
    Ask OneSignal for outcomes, at most once a second.

    :param hook: sends the requests
    :param queries: one a request
    :return: the responses, in the order of the queries
    """
    for number, query in enumerate(queries):
        if number:
            time.sleep(SECONDS_BETWEEN_REQUESTS)
        found = hook.view_outcomes(
            outcome_names=query.names,
            outcome_time_range=query.time_range,
            outcome_platforms=query.platforms,
            outcome_attribution=query.attribution,
        )
        # Now, not before the request: retries may have taken minutes.
        yield Observation(query=query, outcomes=found, observed_at=datetime.now(UTC))


def _names(query: OutcomesQuery) -> list[tuple[str, ...]]:
    plain = tuple(name for name in query.names if "," not in name)
    with_comma: list[tuple[str, ...]] = [(name,) for name in query.names if "," in name]
    return [plain, *with_comma] if plain else with_comma


def _platforms(query: OutcomesQuery, breakdown: Sequence[str]) -> list[tuple[str, ...] | None]:
    if "platform" not in breakdown:
        return [query.platforms]
    return [(platform,) for platform in query.platforms or ALL_PLATFORMS]


def _attributions(query: OutcomesQuery, breakdown: Sequence[str]) -> list[str | None]:
    if "attribution" not in breakdown:
        return [query.attribution]
    if query.attribution not in (None, "total"):
        raise OneSignalValidationError(
            "A breakdown by attribution asks for every attribution: leave outcome_attribution "
            f"out, got {query.attribution!r}."
        )
    return list(SHARES_OF_TOTAL)


# Which window the answer is of


def in_utc(moment: datetime) -> datetime:
    """
    Return the same moment as a plain datetime in UTC.

    :param moment: aware, of any class: Airflow's are pendulum's, which lose their zone when they
        are moved to UTC and then calculated with
    """
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, to the second."""
    return in_utc(moment).isoformat(timespec="seconds")


def window_start(end: datetime, time_range: str) -> datetime | None:
    """
    Return where a window begins.

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
    """Return how late a run may be by default, a small part of its window."""
    return _LATENESS.get(time_range, _LATENESS_OF_OTHERS)


def why_late(
    *,
    interval_end: datetime,
    now: datetime,
    time_range: str,
    max_lateness: timedelta,
    zone: tzinfo = UTC,
) -> str | None:
    """
    Return why the window that ends now is not the run's, None where it is.

    :param interval_end: the end of the run's data interval, aware
    :param now: aware
    :param time_range: length of the window
    :param max_lateness: how far the two may be apart
    :param zone: in which the months of the archive begin
    """
    # Two times of one zone are subtracted as a clock on the wall shows them; UTC has no such clock.
    end, now = in_utc(interval_end), in_utc(now)
    if abs(now - end) <= max_lateness:
        return None
    apart = f"ended {length(now - end)} ago" if now > end else f"ends only in {length(end - now)}"
    return (
        f"The run's data interval {apart} ({iso(end)}), and max_lateness is "
        f"{length(max_lateness)}. OneSignal only knows windows that end now: asked for "
        f"{time_range}, it would return the figures up to {iso(now)}, which are not those of the "
        "interval. No backfill and no catch-up can bring those back."
        f"{_remedy(end, now, time_range, zone)} Skip such runs with on_late='skip', or store "
        "today's figures under the old name with on_late='warn'."
    )


def recoverable_until(day_end: datetime, zone: tzinfo = UTC) -> datetime | None:
    """
    Return when the roll-up of its month must have run to recover a day.

    :param day_end: when the day ended, aware
    :param zone: in which the months of the archive begin
    :return: in UTC; None where OneSignal's month, which is of UTC, is never close enough to it
    """
    day = (in_utc(day_end) - timedelta(microseconds=1)).astimezone(zone).date()
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    start, end, earliest = (
        in_utc(datetime(each.year, each.month, 1, tzinfo=begins_in))
        for each, begins_in in ((first, zone), (following, zone), (following, UTC))
    )
    # Neither end of OneSignal's month may be further from the zone's than a day's lateness.
    until = min(end, start + (following - first)) + default_max_lateness("1d")
    return until if until >= earliest else None


def gap(*, interval_start: datetime, interval_end: datetime, time_range: str) -> timedelta:
    """
    Return how much of a data interval lies before the window that ends with it.

    :return: zero or more; zero where the window's beginning is not known
    """
    start = window_start(interval_end, time_range)
    if start is None:
        return timedelta(0)
    return max(timedelta(0), start - in_utc(interval_start))


def length(of: timedelta) -> str:
    """Return a length of time in words, such as ``1 d 2 h 5 min``."""
    minutes = int(of.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a minute"


def _months_before(moment: datetime, count: int) -> datetime:
    months = moment.year * 12 + moment.month - 1 - count
    year, month = divmod(months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _remedy(end: datetime, now: datetime, time_range: str, zone: tzinfo) -> str:
    until = recoverable_until(end, zone)
    if time_range != "1d" or now < end or until is None:
        return ""
    if now > until:
        return f" The monthly roll-up could have recovered the day until {iso(until)}."
    return (
        " The monthly roll-up can recover the day if it runs until "
        f"{iso(until)} (OneSignalRollUpOutcomesOperator with recover=True, and no other stretch of "
        "the month missing)."
    )


# The rows and files of the answer


def rows(observations: Iterable[Observation], *, app_id: str, interval: DataInterval) -> list[Row]:
    """
    Make a row of each outcome that was asked for, in an order of their own.

    :param observations: OneSignal's responses
    :param app_id: the app that was asked about
    :param interval: the run's
    :return: rows with the keys of :data:`COLUMNS`; times are ISO 8601 in UTC, to the second; the
        value of an outcome that has no number in the response is None
    """
    found = [
        _row(observation, name, app_id=app_id, interval=interval)
        for observation in observations
        for name in observation.query.names
    ]
    return sorted(found, key=_order)


def missing(rows: Iterable[Row]) -> list[str]:
    """Return the names of the outcomes that OneSignal's responses have no number for."""
    return sorted({f"{row['name']}.{row['aggregation']}" for row in rows if row["value"] is None})


def file_of(rows: Sequence[Row], *, file_format: str) -> bytes:
    """
    Write rows: the same rows are always the same bytes.

    :param file_format: "jsonl" (an object a line) or "csv" (with a header); UTF-8, lines end in LF
    """
    if file_format == "jsonl":
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode()
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().encode()


def holds_the_same(stored: bytes, fresh: bytes, *, file_format: str) -> bool:
    """
    Return whether two files differ in nothing but when OneSignal was asked.

    Then the stored one is as good, and says when the figures were first seen.
    """
    try:
        return _figures(stored, file_format) == _figures(fresh, file_format)
    except (UnicodeDecodeError, ValueError, csv.Error):
        return False


def _row(observation: Observation, name: str, *, app_id: str, interval: DataInterval) -> Row:
    query, seen = observation.query, observation.observed_at
    stem, _, aggregation = name.rpartition(".")
    start = window_start(seen, query.time_range)
    return {
        "app_id": app_id,
        "name": stem,
        "aggregation": aggregation,
        "value": _value(observation.outcomes, stem, aggregation),
        "time_range": query.time_range,
        "platforms": "all" if query.platforms is None else ",".join(query.platforms),
        "attribution": query.attribution or "total",
        "window_start": None if start is None else iso(start),
        "window_end": iso(seen),
        "observed_at": iso(seen),
        "data_interval_start": None if interval.start is None else iso(interval.start),
        "data_interval_end": None if interval.end is None else iso(interval.end),
    }


def _value(outcomes: Iterable[Any], stem: str, aggregation: str) -> int | float | None:
    # One odd outcome must not lose the others: it has no value, which the task warns of.
    for outcome in outcomes:
        if not isinstance(outcome, Mapping):
            continue
        if outcome.get("id") == stem and outcome.get("aggregation") == aggregation:
            value = outcome.get("value")
            return value if _is_number(value) else None
    return None


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _order(row: Row) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in ("name", "aggregation", "platforms", "attribution"))


def _figures(file: bytes, file_format: str) -> list[dict[str, object]]:
    text = file.decode()
    if file_format == "jsonl":
        found = [json.loads(line) for line in text.split("\n") if line]
    else:
        found = list(csv.DictReader(io.StringIO(text, newline="")))
    if not all(isinstance(row, dict) for row in found):
        raise ValueError("a line is no object")
    return [
        {name: value for name, value in row.items() if name not in _OF_THE_MOMENT} for row in found
    ]
