"""The calendar of an outcomes archive, and its files read row by row."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest

from airflow_provider_onesignal.exceptions import OneSignalSourceError, OneSignalValidationError
from airflow_provider_onesignal.outcomes import COLUMNS, file_of
from airflow_provider_onesignal.rollup.days import (
    Day,
    Key,
    Month,
    UnfitDayError,
    figures,
    month_of,
    read_rows,
)

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
HOUR = timedelta(hours=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def month(name: str, zone: Any = UTC) -> Month:
    return Month(date.fromisoformat(f"{name}-01"), zone)


@pytest.mark.parametrize(
    ("name", "zone", "days", "start", "end"),
    [
        ("2027-02", UTC, 28, utc(2027, 2, 1), utc(2027, 3, 1)),
        ("2028-02", UTC, 29, utc(2028, 2, 1), utc(2028, 3, 1)),
        ("2026-11", UTC, 30, utc(2026, 11, 1), utc(2026, 12, 1)),
        ("2026-12", UTC, 31, utc(2026, 12, 1), utc(2027, 1, 1)),
        ("2026-10", BERLIN, 31, utc(2026, 9, 30, 22), utc(2026, 10, 31, 23)),
        ("2027-03", BERLIN, 31, utc(2027, 2, 28, 23), utc(2027, 3, 31, 22)),
        ("2026-12", TOKYO, 31, utc(2026, 11, 30, 15), utc(2026, 12, 31, 15)),
    ],
)
def test_a_month_is_its_days_in_its_zone(
    name: str, zone: Any, days: int, start: datetime, end: datetime
) -> None:
    found = month(name, zone)

    assert (len(found.days), found.start, found.end) == (days, start, end)
    ends = [day.end for day in found.days]
    assert [day.start for day in found.days[1:]] == ends[:-1]
    assert found.name == name


@pytest.mark.parametrize(
    ("name", "zone", "uneven"),
    [
        ("2026-10", BERLIN, ["2026-10-25"]),
        ("2027-03", BERLIN, ["2027-03-28"]),
        ("2026-10", UTC, []),
    ],
)
def test_the_days_on_which_clocks_are_changed_are_known(
    name: str, zone: Any, uneven: list[str]
) -> None:
    assert [str(day.on) for day in month(name, zone).uneven] == uneven


@pytest.mark.parametrize(
    ("value", "over_by", "zone", "name"),
    [
        ("2026-10", None, UTC, "2026-10"),
        (" 2026-10 ", utc(2026, 12, 1), UTC, "2026-10"),
        (None, utc(2026, 12, 1), UTC, "2026-11"),
        (None, utc(2026, 12, 1, 3), UTC, "2026-11"),
        (None, utc(2026, 11, 30, 23, 59), UTC, "2026-10"),
        (None, utc(2027, 1, 1), UTC, "2026-12"),
        (None, pendulum.datetime(2026, 12, 1), UTC, "2026-11"),
        (None, utc(2026, 11, 30, 23), BERLIN, "2026-11"),
        (None, utc(2026, 11, 30, 22), BERLIN, "2026-10"),
        ("", None, UTC, "2026-12"),
        ("None", None, UTC, "2026-12"),
    ],
)
def test_the_month_is_the_one_wanted_or_the_last_that_was_over(
    value: Any, over_by: datetime | None, zone: Any, name: str
) -> None:
    assert month_of(value, over_by=over_by, now=utc(2027, 1, 1, 1), zone=zone).name == name


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("2026-13", "such as '2026-11', got '2026-13'"),
        ("November", "such as"),
        (11, "such as '2026-11', got 11"),
        ("2027-01", "'2027-01' is not over before 2027-02-01T00:00:00"),
        ("2031-01", "is not over"),
    ],
)
def test_no_month_and_one_that_is_not_over_are_refused(value: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        month_of(value, over_by=None, now=utc(2027, 1, 31, 23, 59), zone=UTC)


@pytest.mark.parametrize(
    ("name", "zone", "now", "within", "is_it"),
    [
        ("2026-11", UTC, utc(2026, 12, 1, 0, 5), HOUR, True),
        ("2027-02", UTC, utc(2027, 3, 1), HOUR, True),
        ("2028-02", UTC, utc(2028, 3, 1), HOUR, True),
        ("2026-12", UTC, utc(2027, 1, 1, 23), 24 * HOUR, True),
        ("2026-12", UTC, utc(2027, 1, 2, 1), 24 * HOUR, False),
        ("2026-12", UTC, utc(2027, 1, 1, 2), HOUR, False),
        # At midnight in Berlin it is still the 30th in UTC, a month before which is the 30th.
        ("2026-11", BERLIN, utc(2026, 11, 30, 23), 24 * HOUR, False),
        ("2026-11", BERLIN, utc(2026, 12, 1), HOUR, True),
        ("2026-10", BERLIN, utc(2026, 11, 1), 2 * HOUR, True),
        ("2026-11", TOKYO, utc(2026, 12, 1), 2 * HOUR, False),
        ("2026-11", TOKYO, utc(2026, 12, 1), 24 * HOUR, True),
    ],
)
def test_onesignals_month_is_the_calendars_only_on_the_first(
    name: str, zone: Any, now: datetime, within: timedelta, is_it: bool
) -> None:
    assert month(name, zone).is_onesignals(now, within) is is_it


DAY = Day.of(date(2026, 11, 5), UTC)


def row(**values: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(COLUMNS),
        "app_id": APP,
        "name": "Sales",
        "aggregation": "sum",
        "value": 4,
        "time_range": "1d",
        "platforms": "all",
        "attribution": "total",
        "window_end": "2026-11-06T00:00:30+00:00",
        "observed_at": "2026-11-06T00:00:30+00:00",
        **values,
    }


def taken(*rows: dict[str, Any], zone: Any = UTC) -> Any:
    day = Day.of(DAY.on, zone)
    return figures(rows, day, uri="file:///x", app_id=APP, zone=zone, max_lateness=2 * HOUR)


class TestADaysFigures:
    def test_are_by_what_is_counted(self) -> None:
        late = "2026-11-06T00:01:00+00:00"

        found = taken(row(), row(attribution="direct", value=None, observed_at=late))

        key = Key("Sales", "sum", "all", "total")
        assert found.values == {key: 4, key._replace(attribution="direct"): None}
        assert found.observed_at == late

    @pytest.mark.parametrize("end", ["2026-11-05T22:00:00+00:00", "2026-11-06T02:00:00+00:00"])
    def test_may_be_as_early_or_late_as_is_allowed(self, end: str) -> None:
        assert taken(row(window_end=end)).values

    def test_are_of_a_day_of_the_zone(self) -> None:
        end = "2026-11-05T23:00:05+00:00"

        assert taken(row(window_end=end), zone=BERLIN).values

    @pytest.mark.parametrize(
        ("changed", "kind", "reason"),
        [
            ({"app_id": "other"}, "foreign", "is of app 'other'"),
            ({"time_range": "1h"}, "foreign", "holds a window of '1h', not 1d"),
            ({"window_end": "2026-11-05T00:00:30+00:00"}, "foreign", "holds 2026-11-04"),
            (
                {"window_end": "2026-11-06T09:00:00+00:00"},
                "foreign",
                "9 h after the day .max_lateness",
            ),
            ({}, "doubled", "has Sales.sum twice"),
        ],
    )
    def test_of_something_else_are_refused(
        self, changed: dict[str, Any], kind: str, reason: str
    ) -> None:
        with pytest.raises(UnfitDayError, match=reason) as error:
            taken(row(), row(**changed))

        assert error.value.kind == kind

    @pytest.mark.parametrize("changed", [{"name": 5}, {"window_end": "noon"}, {"window_end": None}])
    def test_that_are_broken_are_an_error(self, changed: dict[str, Any]) -> None:
        with pytest.raises(OneSignalSourceError, match="file:///x is broken: a row has no"):
            taken(row(**changed))


def read(data: bytes) -> list[dict[str, Any]]:
    file = io.BufferedReader(io.BytesIO(data))
    return list(read_rows(file, columns=COLUMNS, uri="file:///x"))


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
class TestReading:
    def test_the_rows_of_an_archive_come_back(self, file_format: str) -> None:
        rows = [row(name='Käufe, "neu"', value=3), row(value=0.1), row(value=None), row(value=1e30)]

        found = read(file_of(rows, file_format=file_format))

        assert [each["value"] for each in found] == [3, Decimal("0.1"), None, 10**30]
        assert [each["name"] for each in found] == [each["name"] for each in rows]

    @pytest.mark.parametrize("cut", [1, 30])
    def test_a_cut_file_is_named(self, file_format: str, cut: int) -> None:
        file = file_of([row(), row()], file_format=file_format)

        with pytest.raises(OneSignalSourceError, match="file:///x is broken or cut at row 2"):
            read(file[:-cut])

    def test_rows_of_an_unknown_version_are_named(self, file_format: str) -> None:
        file = file_of([row()], file_format=file_format)

        with pytest.raises(OneSignalSourceError, match=r"row 1 lacks app_id"):
            read(file.replace(b"app_id", b"app"))

    def test_what_is_no_text_is_named(self, file_format: str) -> None:
        file = file_of([row(name="a")], file_format=file_format)

        with pytest.raises(OneSignalSourceError, match="is broken or cut"):
            read(file.replace(b"sum", b"\xff"))


def test_an_empty_file_is_named() -> None:
    with pytest.raises(OneSignalSourceError, match="file:///x is empty"):
        read(b"")


@pytest.mark.parametrize("value", ["true", "NaN", "1e999", "[1]", "1" * 5000, '"four"'])
def test_a_value_that_cannot_be_added_up_is_an_error(value: str) -> None:
    line = json.dumps(row(value=0)).replace('"value": 0', f'"value": {value}')

    with pytest.raises(OneSignalSourceError, match="row 1"):
        read(line.encode() + b"\n")


def test_a_column_that_is_not_known_is_named() -> None:
    line = json.dumps({**row(), "currency": "EUR"})

    with pytest.raises(OneSignalSourceError, match="row 1 has currency too"):
        read(line.encode() + b"\n")
