"""The days of an outcomes archive: the calendar, and each day's file read row by row."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Context, Decimal
from functools import cached_property
from typing import Any, NamedTuple, NoReturn

from airflow_provider_onesignal.exceptions import OneSignalSourceError, OneSignalValidationError
from airflow_provider_onesignal.outcomes import in_utc, iso, length, window_start

Number = int | Decimal

EXACT = Context(prec=2000)
"""Sums of any figures that are read here are exact in it."""

_LONGEST_LINE = 1024 * 1024
_MOST_DIGITS = 500
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d{1,4})?", re.ASCII)
_CLOCK_CHANGE = timedelta(hours=2)
"""Months of one calendar may differ by as much, and no two calendars' by less than a day."""
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_IDENTITY = ("app_id", "name", "aggregation", "platforms", "attribution")


class Key(NamedTuple):
    """What is counted: all rows of one key are figures of the same thing."""

    name: str
    aggregation: str
    platforms: str
    attribution: str

    def __str__(self) -> str:
        """Return it for people, such as ``Sales.sum (platforms 0, direct)``."""
        parts = [] if self.platforms == "all" else [f"platforms {self.platforms}"]
        parts += [] if self.attribution == "total" else [self.attribution]
        return f"{self.name}.{self.aggregation}" + (f" ({', '.join(parts)})" if parts else "")


class Day(NamedTuple):
    """
    A day of the calendar.

    :param on: its date, in the zone of the archive
    :param start: when it begins, in UTC
    :param end: when it ends, in UTC
    """

    on: date
    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: date, zone: tzinfo) -> Day:
        """Return a day of a zone."""
        start, end = (datetime(each.year, each.month, each.day, tzinfo=zone) for each in _next(day))
        return cls(day, in_utc(start), in_utc(end))


@dataclass(frozen=True)
class Month:
    """
    A month of the calendar.

    :param first: its first day
    :param zone: the zone its days begin and end in
    """

    first: date
    zone: tzinfo

    @property
    def name(self) -> str:
        """Such as ``2026-11``."""
        return f"{self.first:%Y-%m}"

    @cached_property
    def days(self) -> tuple[Day, ...]:
        """All its days."""
        numbers = range((_next_month(self.first) - self.first).days)
        return tuple(Day.of(self.first + timedelta(days=each), self.zone) for each in numbers)

    @property
    def start(self) -> datetime:
        """When it begins, in UTC."""
        return self.days[0].start

    @property
    def end(self) -> datetime:
        """When it ends, in UTC."""
        return self.days[-1].end

    @property
    def uneven(self) -> list[Day]:
        """The days that a window of 24 hours does not fit, because clocks are changed."""
        return [day for day in self.days if day.end - day.start != timedelta(days=1)]

    def before(self, count: int) -> Iterator[Month]:
        """Return the months before this one, the latest first."""
        month = self
        for _ in range(count):
            month = Month((month.first - timedelta(days=1)).replace(day=1), self.zone)
            yield month

    def is_onesignals(self, now: datetime, within: timedelta) -> bool:
        """
        Return whether OneSignal's month that ends now is this one.

        :param within: how far the ends of the two may be apart
        """
        now = in_utc(now)
        start = window_start(now, "1mo") or now
        longer = abs((now - start) - (self.end - self.start))
        apart = max(abs(now - self.end), abs(start - self.start))
        return apart <= within and longer <= _CLOCK_CHANGE


def month_of(value: Any, *, over_by: datetime | None, now: datetime, zone: tzinfo) -> Month:
    """
    Return the month that is wanted.

    :param value: such as "2026-11"; None or blank for the last one that was over at ``over_by``
    :param over_by: the end of the run's data interval, None for now
    :param now: aware
    :raises OneSignalValidationError: it is no month, or is not over yet
    """
    if value is None or value in ("", "None"):
        this = (over_by or now).astimezone(zone).date().replace(day=1)
        month = Month((this - timedelta(days=1)).replace(day=1), zone)
    elif isinstance(value, str) and (found := _MONTH.fullmatch(value.strip())):
        month = Month(date(int(found[1]), int(found[2]), 1), zone)
    else:
        raise OneSignalValidationError(f"month must be such as '2026-11', got {value!r}.")
    if month.end > in_utc(now):
        raise OneSignalValidationError(
            f"month={month.name!r} is not over before {iso(month.end)}; roll it up then."
        )
    return month


class Figures(NamedTuple):
    """
    What a day's file holds.

    :param uri: of the file
    :param values: by key; None where OneSignal had no number
    :param observed_at: when the last of them was observed, ISO 8601
    """

    uri: str
    values: dict[Key, Number | None]
    observed_at: str


class UnfitDayError(Exception):
    """
    A file is not the one of its day.

    :param kind: "foreign" or "doubled"
    :param reason: why, after the file's URI
    :param holds: the day it holds in its place, None for another reason
    """

    def __init__(self, kind: str, reason: str, *, holds: date | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.holds = holds


class _BrokenError(ValueError):
    """A row is not as the archive writes it."""


def figures(
    rows: Iterable[Mapping[str, Any]],
    day: Day,
    *,
    uri: str,
    app_id: str,
    zone: tzinfo,
    max_lateness: timedelta,
) -> Figures:
    """
    Take the figures of a day from its rows.

    :param rows: of the day's file
    :param day: the day that it should be
    :param uri: of the file, for errors
    :param app_id: the app that it should be of
    :param zone: of the archive
    :param max_lateness: how far the end of a window may be from the end of the day
    :raises UnfitDayError: it is of another app, another window or another day, or has a row twice
    :raises OneSignalSourceError: a row is broken
    """
    values: dict[Key, Number | None] = {}
    observed_at = ""
    for row in rows:
        app, *parts = (_string(row, column, uri) for column in _IDENTITY)
        if app != app_id:
            raise UnfitDayError("foreign", f"{uri} is of app {app[:64]!r}")
        end = _window_end(row, uri)
        if misfit := _misfit(row, end, day, zone=zone, max_lateness=max_lateness):
            reason, holds = misfit
            raise UnfitDayError("foreign", f"{uri} {reason}", holds=holds)
        key = Key(*parts)
        if key in values:
            raise UnfitDayError("doubled", f"{uri} has {key} twice")
        values[key] = row["value"]
        observed_at = max(observed_at, _string(row, "observed_at", uri))
    return Figures(uri, values, observed_at)


def read_rows(
    file: Any, *, columns: Sequence[str], uri: str, numbers: Sequence[str] = ("value",)
) -> Iterator[dict[str, Any]]:
    """
    Read a file of rows, JSON lines or CSV, line by line.

    :param file: a buffered binary file
    :param columns: that each row must have, and no others
    :param uri: of the file, for errors
    :param numbers: the columns that hold a number or nothing
    :return: rows; a number is a whole one or a decimal, None where there is none
    :raises OneSignalSourceError: it is cut, broken, or written by another version
    """
    first = file.peek(1)[:1]
    if not first:
        _refuse(uri, "is empty")
    rows = _json_rows(file) if first == b"{" else _csv_rows(file)
    number = 0
    while True:
        number += 1
        try:
            row = next(rows, None)
        except (ValueError, RecursionError, csv.Error) as error:
            _refuse(uri, f"is broken or cut at row {number} ({error})")
        if row is None:
            return
        if set(row) != set(columns):
            _refuse(uri, _other_columns(row, columns, number))
        try:
            yield {**row, **{column: _number(row[column]) for column in numbers}}
        except ValueError as error:
            _refuse(uri, f"is broken at row {number} ({error})")


def plain(number: Number) -> Number:
    """Return a number as a whole one where it is one, otherwise without trailing zeros."""
    if isinstance(number, int):
        return number
    return int(number) if number == number.to_integral_value() else number.normalize(EXACT)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _next(day: date) -> tuple[date, date]:
    return day, day + timedelta(days=1)


def _string(row: Mapping[str, Any], column: str, uri: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        _refuse(uri, f"is broken: a row has no string in its column {column!r}")
    return value


def _window_end(row: Mapping[str, Any], uri: str) -> datetime:
    text = _string(row, "window_end", uri)
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError:
        _refuse(uri, f"is broken: a row has no time in its column 'window_end', but {text[:40]!r}")


def _misfit(
    row: Mapping[str, Any], end: datetime, day: Day, *, zone: tzinfo, max_lateness: timedelta
) -> tuple[str, date | None] | None:
    """Return why a window is not the one of a day, and the day that it is of."""
    if row["time_range"] != "1d":
        return f"holds a window of {str(row['time_range'])[:20]!r}, not 1d", None
    # The middle of the window lies in the day that it is of, early or late.
    holds = (end - timedelta(hours=12)).astimezone(zone).date()
    if holds != day.on:
        return f"holds {holds}", holds
    if abs(end - day.end) > max_lateness:
        side = "after" if end > day.end else "before"
        apart, allowed = length(abs(end - day.end)), length(max_lateness)
        return f"has a window that ends {apart} {side} the day (max_lateness is {allowed})", None
    return None


def _json_rows(file: Any) -> Iterator[dict[str, Any]]:
    for line in _lines(file):
        row = json.loads(line, parse_float=_decimal, parse_constant=_decimal)
        if not isinstance(row, dict):
            raise _BrokenError("the line is no object")
        yield row


def _csv_rows(file: Any) -> Iterator[dict[str, Any]]:
    rows = csv.reader(_lines(file), strict=True)
    header = next(rows, [])
    for fields in rows:
        if len(fields) != len(header):
            raise ValueError(f"{len(fields)} fields, and {len(header)} in the header")
        yield dict(zip(header, fields, strict=True))


def _lines(file: Any) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise ValueError("the line does not end")
        yield line.decode()


def _decimal(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no number")
    found = Decimal(text)
    if abs(found.adjusted()) > _MOST_DIGITS or len(found.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(f"{text[:40]!r} is no number to add up")
    return found


def _number(value: Any) -> Number | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise _BrokenError("the value is no number")
    return plain(value if isinstance(value, Decimal) else _decimal(str(value)))


def _other_columns(row: Mapping[str, Any], columns: Sequence[str], number: int) -> str:
    more = sorted(str(name)[:40] for name in set(row) - set(columns))[:5]
    less = sorted(set(columns) - set(row))
    what = f"lacks {', '.join(less)}" if less else f"has {', '.join(more)} too"
    return f"was not written by this version of the package: row {number} {what}"


def _refuse(uri: str, what: str) -> NoReturn:
    raise OneSignalSourceError(f"{uri} {what}. Nothing was stored: restore or delete that file.")


def buffered(supply: Any) -> io.BufferedReader:
    """
    Return a stored object's file as one that has lines.

    :param supply: what has ``read(length)``
    """
    from airflow_provider_onesignal.files.chunks import CHUNK, ChunkFile

    return io.BufferedReader(ChunkFile(lambda: supply.read(CHUNK)))
