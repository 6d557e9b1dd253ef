"""Outcomes: what is asked, the windows of the answers, and the rows and files they make."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock, call
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import example, given, strategies as st

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.outcomes import (
    ALL_PLATFORMS,
    COLUMNS,
    DataInterval,
    Observation,
    OutcomesQuery,
    checked_query,
    default_max_lateness,
    file_of,
    gap,
    holds_the_same,
    in_utc,
    missing,
    observe,
    queries,
    recoverable_until,
    rows,
    why_late,
    window_start,
)

APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
NOON = datetime(2026, 11, 23, 12, 0, 30, 123456, tzinfo=UTC)
DAY = DataInterval(start=datetime(2026, 11, 22, tzinfo=UTC), end=datetime(2026, 11, 23, tzinfo=UTC))


def wanted(*names: str, **query: Any) -> OutcomesQuery:
    return OutcomesQuery(names=names, **{"time_range": "1d", **query})


def answer(**values: Any) -> list[dict[str, Any]]:
    """``clicks__count=4`` is what OneSignal says of clicks.count."""
    found = []
    for name, value in values.items():
        stem, _, aggregation = name.rpartition("__")
        found.append({"id": stem, "value": value, "aggregation": aggregation})
    return found


def seen(query: OutcomesQuery, at: datetime = NOON, **values: Any) -> Observation:
    return Observation(query=query, outcomes=answer(**values), observed_at=at)


def table(*observations: Observation) -> list[dict[str, Any]]:
    return list(rows(observations, app_id=APP, interval=DAY))


class TestQueries:
    def test_what_is_asked_for_is_checked(self) -> None:
        asked = checked_query(
            outcome_names="a.count, a.count",
            outcome_time_range="1w",
            outcome_platforms=[0],
            outcome_attribution="direct",
            allow_unknown=True,
        )

        assert asked == OutcomesQuery(("a.count",), "1w", ("0",), "direct")

    def test_requests_are_a_second_apart_and_observed_when_they_are_answered(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock, hook = MagicMock(), MagicMock()
        monkeypatch.setattr("airflow_provider_onesignal.outcomes.time.sleep", clock.sleep)
        monkeypatch.setattr("airflow_provider_onesignal.outcomes.datetime", clock)
        clock.attach_mock(hook.view_outcomes, "ask")

        first, second = observe(hook, [wanted("a.sum"), wanted("x,y.sum", platforms=("0",))])

        asked = {"outcome_time_range": "1d", "outcome_attribution": None}
        assert clock.mock_calls == [
            call.ask(outcome_names=("a.sum",), outcome_platforms=None, **asked),
            call.now(UTC),
            call.sleep(1.0),
            call.ask(outcome_names=("x,y.sum",), outcome_platforms=("0",), **asked),
            call.now(UTC),
        ]
        assert first.outcomes is second.outcomes is hook.view_outcomes.return_value

    def test_plain_names_share_one_request(self) -> None:
        assert queries(wanted("a.count", "b.sum")) == [wanted("a.count", "b.sum")]

    def test_names_with_a_comma_go_one_a_request(self) -> None:
        asked = queries(wanted("Sales, Purchase.count", "a.count", "x,y.sum", "b.sum"))

        assert [query.names for query in asked] == [
            ("a.count", "b.sum"),
            ("Sales, Purchase.count",),
            ("x,y.sum",),
        ]

    def test_only_names_with_a_comma_make_no_empty_request(self) -> None:
        assert [query.names for query in queries(wanted("x,y.sum"))] == [("x,y.sum",)]

    def test_a_breakdown_by_platform_asks_each_platform(self) -> None:
        asked = queries(wanted("a.count", attribution="direct"), breakdown=("platform",))

        assert [query.platforms for query in asked] == [(each,) for each in ALL_PLATFORMS]
        assert {query.attribution for query in asked} == {"direct"}

    def test_a_breakdown_by_platform_keeps_to_those_that_are_wanted(self) -> None:
        asked = queries(wanted("a.count", platforms=("1", "0")), breakdown=("platform",))

        assert [query.platforms for query in asked] == [("1",), ("0",)]

    @pytest.mark.parametrize("attribution", [None, "total"])
    def test_a_breakdown_by_attribution_asks_the_shares_of_the_total(
        self, attribution: str | None
    ) -> None:
        asked = queries(wanted("a.count", attribution=attribution), breakdown=("attribution",))

        assert [query.attribution for query in asked] == ["direct", "influenced", "unattributed"]

    def test_a_breakdown_by_both_asks_every_combination_once(self) -> None:
        asked = queries(
            wanted("a.count", "x,y.sum", platforms=("0", "1")),
            breakdown=("platform", "attribution"),
        )

        assert len(asked) == len(set(asked)) == 2 * 3 * 2

    def test_one_attribution_cannot_be_broken_down(self) -> None:
        with pytest.raises(OneSignalValidationError, match="leave outcome_attribution out"):
            queries(wanted("a.count", attribution="direct"), breakdown=("attribution",))


class TestRows:
    def test_a_row_says_what_was_measured_over_which_window_and_for_which_interval(self) -> None:
        [row] = table(seen(wanted("clicks.count"), clicks__count=4))

        assert row == {
            "app_id": APP,
            "name": "clicks",
            "aggregation": "count",
            "value": 4,
            "time_range": "1d",
            "platforms": "all",
            "attribution": "total",
            "window_start": "2026-11-22T12:00:30+00:00",
            "window_end": "2026-11-23T12:00:30+00:00",
            "observed_at": "2026-11-23T12:00:30+00:00",
            "data_interval_start": "2026-11-22T00:00:00+00:00",
            "data_interval_end": "2026-11-23T00:00:00+00:00",
        }
        assert tuple(row) == COLUMNS

    def test_platforms_and_attribution_are_those_that_were_asked_for(self) -> None:
        query = wanted("a.sum", platforms=("0", "1"), attribution="direct")

        [row] = table(seen(query, a__sum=9.5))

        assert (row["platforms"], row["attribution"], row["value"]) == ("0,1", "direct", 9.5)

    def test_rows_have_an_order_of_their_own(self) -> None:
        one = seen(wanted("b.sum", "a.count"), b__sum=1, a__count=2)
        other = seen(wanted("b.sum", "a.count", attribution="direct"), a__count=3, b__sum=4)

        order = [(row["name"], row["attribution"]) for row in table(one, other)]

        assert order == [("a", "direct"), ("a", "total"), ("b", "direct"), ("b", "total")]
        assert table(one, other) == table(other, one)

    def test_sum_and_count_of_one_outcome_are_two_rows(self) -> None:
        found = table(seen(wanted("a.sum", "a.count"), a__count=2, a__sum=50))

        assert [(row["aggregation"], row["value"]) for row in found] == [("count", 2), ("sum", 50)]

    def test_an_outcome_the_answer_leaves_out_is_a_row_without_a_value_and_named(self) -> None:
        found = table(seen(wanted("a.sum", "tpyo.count"), a__sum=1))

        assert [row["value"] for row in found] == [1, None]
        assert missing(found) == ["tpyo.count"]

    def test_a_run_without_a_data_interval_has_rows_without_one(self) -> None:
        [row] = rows([seen(wanted("a.sum"), a__sum=1)], app_id=APP, interval=DataInterval())

        assert row["data_interval_start"] is row["data_interval_end"] is None

    @pytest.mark.parametrize("value", ["4", None, True, [4], math.nan, math.inf])
    def test_a_value_that_is_no_number_does_not_lose_the_others(self, value: Any) -> None:
        odd = seen(wanted("a.sum", "b.sum"), a__sum=value, b__sum=2)
        odd = odd._replace(outcomes=[None, "a", *odd.outcomes])  # type: ignore[list-item]

        found = table(odd)

        assert [row["value"] for row in found] == [None, 2]
        assert missing(found) == ["a.sum"]


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
class TestFiles:
    def test_the_same_rows_are_the_same_bytes(self, file_format: str) -> None:
        one = table(seen(wanted("a.sum", "b.count"), a__sum=1.5, b__count=2))
        other = table(seen(wanted("b.count", "a.sum"), b__count=2, a__sum=1.5))

        assert file_of(one, file_format=file_format) == file_of(other, file_format=file_format)

    def test_what_is_read_back_is_what_was_written(self, file_format: str) -> None:
        query = wanted('Käufe, "neu".sum', "tpyo.count")
        found = table(
            Observation(
                query=query,
                outcomes=[{"id": 'Käufe, "neu"', "aggregation": "sum", "value": 0.1}],
                observed_at=NOON,
            )
        )

        text = file_of(found, file_format=file_format).decode()

        if file_format == "jsonl":
            assert [json.loads(line) for line in text.splitlines()] == found
        else:
            read = list(csv.DictReader(io.StringIO(text)))
            blank = [{k: "" if v is None else str(v) for k, v in row.items()} for row in found]
            assert read == blank
        assert text.endswith("\n")
        assert "\r" not in text

    def test_files_that_differ_in_the_moment_alone_hold_the_same(self, file_format: str) -> None:
        early = file_of(table(seen(wanted("a.sum"), a__sum=1)), file_format=file_format)
        later = table(seen(wanted("a.sum"), at=NOON + timedelta(minutes=9), a__sum=1))
        late = file_of(later, file_format=file_format)

        assert early != late
        assert len(early) == len(late)
        assert holds_the_same(early, late, file_format=file_format)

    @pytest.mark.parametrize(
        "other",
        [
            seen(wanted("a.sum"), a__sum=2),
            seen(wanted("b.sum"), b__sum=1),
            seen(wanted("a.sum", time_range="1h"), a__sum=1),
            seen(wanted("a.sum", platforms=("0",)), a__sum=1),
            seen(wanted("a.sum", "b.sum"), a__sum=1, b__sum=1),
        ],
    )
    def test_files_of_other_figures_do_not(self, file_format: str, other: Observation) -> None:
        one = file_of(table(seen(wanted("a.sum"), a__sum=1)), file_format=file_format)

        assert not holds_the_same(
            file_of(table(other), file_format=file_format), one, file_format=file_format
        )

    @pytest.mark.parametrize("stored", [b"", b"\xff\xfe", b"[]\n", b"{", b"a,b\n1,2\n"])
    def test_a_file_of_something_else_does_not(self, file_format: str, stored: bytes) -> None:
        fresh = file_of(table(seen(wanted("a.sum"), a__sum=1)), file_format=file_format)

        assert not holds_the_same(stored, fresh, file_format=file_format)


@given(name=st.text(min_size=1), value=st.integers() | st.floats(allow_nan=False))
def test_any_name_and_number_survive_a_file(name: str, value: float) -> None:
    found = table(
        Observation(
            query=wanted(f"{name}.sum"),
            outcomes=[{"id": name, "aggregation": "sum", "value": value}],
            observed_at=NOON,
        )
    )
    try:
        file = file_of(found, file_format="jsonl")
    except UnicodeEncodeError:
        return

    assert [json.loads(line) for line in file.decode().split("\n")[:-1]] == found
    assert holds_the_same(file, file, file_format="jsonl")


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


def test_a_catch_up_run_says_why_a_backfill_cannot_work() -> None:
    text = late(utc(2026, 10, 1), utc(2026, 11, 23, 6, 30))

    assert text is not None
    assert "ended 53 d 6 h 30 min ago (2026-10-01T00:00:00+00:00)" in text
    assert "max_lateness is 2 h" in text
    assert "only knows windows that end now" in text
    assert "up to 2026-11-23T06:30:00+00:00" in text
    assert "No backfill" in text
    assert "on_late='skip'" in text
    assert "could have recovered the day until 2026-10-01T02:00:00+00:00" in text


@pytest.mark.parametrize(
    ("end", "until"),
    [
        (utc(2026, 11, 1, 12), "2026-12-01T02:00"),
        (utc(2026, 12, 1), "2026-12-01T02:00"),
        (utc(2027, 1, 1), "2027-01-01T02:00"),
        (utc(2028, 2, 29), "2028-03-01T02:00"),
    ],
)
def test_a_late_run_says_that_the_roll_up_can_recover_its_day_and_until_when(
    end: datetime, until: str
) -> None:
    text = why_late(
        interval_end=end,
        now=end + timedelta(hours=2),
        time_range="1d",
        max_lateness=timedelta(hours=1),
    )

    assert text is not None
    assert f"can recover the day if it runs until {until}:00+00:00" in text
    assert "recover=True" in text


@pytest.mark.parametrize(
    ("zone", "day_end", "until"),
    [
        ("America/New_York", utc(2026, 12, 1, 5), "2026-12-01T06:00"),
        ("America/New_York", utc(2026, 12, 2, 5), "2027-01-01T07:00"),
        ("Europe/Berlin", utc(2026, 11, 30, 23), "2026-12-01T01:00"),
        # Its clocks are changed: it begins two hours before OneSignal's, and ends one before.
        ("Europe/Berlin", utc(2026, 10, 31, 23), "2026-11-01T00:00"),
        # OneSignal's months are of UTC, and begin nine hours later.
        ("Asia/Tokyo", utc(2026, 11, 30, 15), None),
    ],
)
def test_the_day_can_be_recovered_until_the_month_of_its_zone_is_over(
    zone: str, day_end: datetime, until: str | None
) -> None:
    found = recoverable_until(day_end, pendulum.timezone(zone))

    assert found == (until and datetime.fromisoformat(f"{until}:00+00:00"))


def test_a_zone_whose_month_is_not_onesignals_is_promised_no_recovery() -> None:
    text = why_late(
        interval_end=utc(2026, 11, 30, 15),
        now=utc(2026, 11, 30, 20),
        time_range="1d",
        max_lateness=timedelta(hours=2),
        zone=pendulum.timezone("Asia/Tokyo"),
    )

    assert text is not None
    assert "roll-up" not in text


def test_a_late_hour_cannot_be_recovered() -> None:
    assert "roll-up" not in str(late(utc(2026, 11, 1), utc(2026, 11, 2), "1h"))


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
