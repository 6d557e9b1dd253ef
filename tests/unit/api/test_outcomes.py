"""Outcomes: what is asked, the rows of the answers, and the files of the rows."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_onesignal.api.outcome_files import file_of, holds_the_same
from airflow_provider_onesignal.api.outcomes import (
    ALL_PLATFORMS,
    COLUMNS,
    DataInterval,
    Observation,
    OutcomesQuery,
    missing,
    queries,
    rows,
)
from airflow_provider_onesignal.exceptions import OneSignalServerError, OneSignalValidationError

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

    @pytest.mark.parametrize("value", ["4", None, True, [4]])
    def test_a_value_that_is_no_number_is_an_error(self, value: Any) -> None:
        with pytest.raises(OneSignalServerError, match=r"a\.sum that is no number"):
            table(seen(wanted("a.sum"), a__sum=value))


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
