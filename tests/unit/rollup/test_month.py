"""A month of outcomes: sums, gaps, what OneSignal says of it, and what is derived from that."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_onesignal.outcomes import OutcomesQuery
from airflow_provider_onesignal.rollup.days import Figures, Key, Month, Number, read_rows
from airflow_provider_onesignal.rollup.month import (
    COLUMNS,
    Difference,
    Known,
    Ledger,
    Seen,
    add,
    confirms,
    differences,
    figures_of,
    file_of,
    known_from,
    listed,
    problems,
    queries_of,
    recovered,
    rows_of,
)

NOVEMBER = Month(date(2026, 11, 1), UTC)
JANUARY = Month(date(2027, 1, 1), UTC)
SALES = Key("Sales", "sum", "all", "total")
CLICKS = Key("os__click", "count", "all", "total")
AT = "2026-12-01T00:00:30+00:00"


def ledger(lost: dict[int, Any] | None = None, *, month: Month = NOVEMBER) -> Ledger:
    """
    Return a month with 2 sales and 1 click a day.

    :param lost: by day: the kind of a day that is refused, or what its file holds
    """
    found = Ledger("app", month)
    for day in month.days:
        values = (lost or {}).get(day.on.day, {SALES: 2, CLICKS: 1})
        if isinstance(values, str):
            found.refuse(day, values)
        else:
            found.add(day, Figures("file:///x", values, f"{day.on}T23:59:59+00:00"))
    return found


def rest(*keys: Key) -> dict[Key, int]:
    return dict.fromkeys(keys, 1)


class TestSums:
    @given(
        st.lists(
            st.integers()
            | st.decimals(
                allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9
            )
        )
    )
    def test_are_exact(self, values: list[Number]) -> None:
        total: Number = 0
        for value in values:
            total = add(total, value)

        assert Fraction(total) == sum(map(Fraction, values))

    def test_of_fractions_have_no_binary_noise(self) -> None:
        assert str(add(Decimal("0.1"), Decimal("0.2"))) == "0.3"

    @pytest.mark.parametrize("value", [Decimal("0.5"), Decimal("1.0")])
    def test_that_are_whole_are_whole_numbers(self, value: Decimal) -> None:
        assert isinstance(add(value, value), int)

    def test_are_of_the_days_that_are_there(self) -> None:
        found = ledger({1: "missing", 2: {SALES: None}, 3: {CLICKS: 5}})

        assert found.sums == {SALES: 27 * 2, CLICKS: 27 + 5}
        assert (found.days(SALES), found.days(CLICKS)) == (27, 28)


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        ({}, []),
        ({5: "missing"}, ["2026-11-05 is missing"]),
        ({5: "missing", 6: "missing"}, ["2026-11-05 to 2026-11-06 are missing"]),
        (
            {1: "missing", 30: "missing"},
            ["2026-11-01 is missing", "2026-11-30 is missing"],
        ),
        ({5: rest(SALES)}, ["no row of os__click.count on 2026-11-05"]),
        ({5: {SALES: None, CLICKS: 1}}, ["no value of Sales.sum on 2026-11-05"]),
        ({5: {}}, ["no row of Sales.sum, os__click.count on 2026-11-05"]),
        (
            {5: rest(SALES, CLICKS, SALES._replace(attribution="direct"))},
            ["Sales.sum (direct) only on 2026-11-05"],
        ),
        (
            {5: rest(SALES, CLICKS, SALES._replace(platforms="0"))},
            ["Sales.sum (platforms 0) only on 2026-11-05"],
        ),
    ],
)
def test_what_is_wrong_with_the_days_is_named(lost: dict[int, Any], named: list[str]) -> None:
    assert problems(ledger(lost), {}) == named


def test_a_file_that_is_not_its_days_is_named_with_its_reason() -> None:
    found = problems(ledger({5: "foreign"}), {date(2026, 11, 5): "file:///x is of app 'b'"})

    assert found == ["2026-11-05: file:///x is of app 'b'"]


def test_many_are_not_all_named() -> None:
    assert listed(["a", "b", "c"], most=1) == "a, 2 more"


class TestAsking:
    def test_is_once_for_each_platform_and_attribution(self) -> None:
        direct = CLICKS._replace(attribution="direct", platforms="0,1")

        assert queries_of([SALES, direct, CLICKS]) == [
            OutcomesQuery(("os__click.count",), "1mo", ("0", "1"), "direct"),
            OutcomesQuery(("Sales.sum", "os__click.count"), "1mo", None, None),
        ]

    def test_finds_figures_by_what_is_counted(self) -> None:
        row = {**SALES._asdict(), "value": 0.1, "observed_at": AT}

        assert figures_of([row, {**row, "name": "Odd", "value": None}]) == {
            SALES: Seen(Decimal("0.1"), AT)
        }

    def test_shows_the_sums_that_differ(self) -> None:
        seen = {SALES: Seen(61, AT), CLICKS: Seen(30, AT)}

        assert differences(ledger(), seen) == [Difference(SALES, 60, 61)]
        assert differences(ledger({5: "missing"}), seen) == []

    @pytest.mark.parametrize(
        ("archive", "onesignal", "tolerance", "beyond"),
        [
            (99, 100, "0.01", False),
            (98, 100, "0.01", True),
            (102, 100, "0.01", True),
            (0, 1, "0.5", True),
            (99, 100, "0", True),
            (Decimal("0.3"), Decimal("0.30"), "0", False),
        ],
    )
    def test_tolerates_a_share_of_the_greater_figure(
        self, archive: Any, onesignal: Any, tolerance: str, beyond: bool
    ) -> None:
        assert Difference(SALES, archive, onesignal).is_beyond(Decimal(tolerance)) is beyond


@pytest.mark.parametrize(
    ("lost", "month", "figure"),
    [
        ({5: "missing"}, 60, 2),
        ({5: "missing", 6: "foreign"}, 60, 4),
        ({1: {CLICKS: 1}}, 60, 2),
        ({30: {SALES: None, CLICKS: 1}}, 60, 2),
        ({5: "missing"}, 58, 0),
        ({5: "missing"}, 57, "OneSignal's month of Sales.sum is less than the days that are there"),
        ({5: "missing", 7: "missing"}, 60, "more than one stretch is missing"),
        ({5: "missing"}, None, "OneSignal has no figure of the month"),
    ],
)
def test_one_stretch_is_the_month_less_the_days_that_are_there(
    lost: dict[int, Any], month: int | None, figure: int | str
) -> None:
    found = ledger(lost)
    seen = {} if month is None else {SALES: Seen(month, AT)}

    assert recovered(found.gaps(SALES)[0], found, seen) == (
        figure if isinstance(figure, str) else Seen(figure, AT)
    )


def month_rows(found: Ledger, **figures: int) -> list[dict[str, Any]]:
    known = {"sales": SALES, "clicks": CLICKS}
    seen = {known[name]: Seen(value, AT) for name, value in figures.items()}
    derived = {gap: Seen(2, AT) for gap in found.gaps(SALES) if "sales" in figures}
    return rows_of(found, Known(seen), derived)


@pytest.mark.parametrize(
    ("lost", "figures", "month", "does"),
    [
        ({}, {"sales": 62, "clicks": 31}, JANUARY, True),
        ({}, {"sales": 61, "clicks": 31}, JANUARY, False),
        ({}, {"sales": 62}, JANUARY, False),
        ({5: "missing"}, {"sales": 62, "clicks": 31}, JANUARY, False),
        # 30 days are a month in both senses.
        ({}, {"sales": 60, "clicks": 30}, NOVEMBER, False),
    ],
)
def test_a_whole_month_that_agrees_confirms_that_onesignals_is_the_calendars(
    lost: dict[int, Any], figures: dict[str, int], month: Month, does: bool
) -> None:
    rows = month_rows(ledger(lost, month=month), **figures)

    assert confirms(rows, month, Decimal("0.01")) is does


def test_a_tolerance_wide_enough_for_a_day_confirms_nothing() -> None:
    thirty_days = month_rows(ledger(month=JANUARY), sales=60, clicks=30)

    assert not confirms(thirty_days, JANUARY, Decimal("0.5"))


def test_a_month_of_nothing_confirms_nothing() -> None:
    nothing = ledger({day: {SALES: 0} for day in range(1, 32)}, month=JANUARY)

    assert not confirms(month_rows(nothing, sales=0), JANUARY, Decimal(0))


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
class TestTheFile:
    def read(self, file: bytes) -> list[dict[str, Any]]:
        numbers = ("value", "days", "onesignal_value")
        buffer = io.BufferedReader(io.BytesIO(file))
        return list(read_rows(buffer, columns=COLUMNS, uri="file:///x", numbers=numbers))

    def test_holds_what_was_observed_derived_and_missing(self, file_format: str) -> None:
        found = ledger({5: "missing"})

        observed, derived, clicks, missing = self.read(
            file_of(month_rows(found, sales=60), file_format=file_format)
        )

        assert (observed["value"], observed["days"], observed["onesignal_value"]) == (58, 29, 60)
        assert str(derived["derived"]).lower() == "true"
        assert (derived["value"], derived["days"], derived["missing"]) == (2, 1, "missing")
        assert derived["window_start"] == "2026-11-05T00:00:00+00:00"
        assert derived["window_end"] == "2026-11-06T00:00:00+00:00"
        assert (clicks["value"], clicks["onesignal_value"]) == (29, None)
        assert (missing["value"], missing["missing"]) == (None, "missing")

    def test_is_the_same_bytes_for_the_same_days(self, file_format: str) -> None:
        one = file_of(month_rows(ledger({5: "missing"}), sales=60), file_format=file_format)
        again = ledger({5: "missing"})

        assert file_of(month_rows(again, sales=60), file_format=file_format) == one

    def test_has_fractions_in_digits(self, file_format: str) -> None:
        small = ledger({day: {SALES: Decimal("1E-10")} for day in range(1, 31)})

        file = file_of(rows_of(small, Known(), {}), file_format=file_format)

        assert b"0.000000003" in file
        assert self.read(file)[0]["value"] == Decimal("3E-9")

    def test_keeps_what_onesignal_said_for_the_next_run(self, file_format: str) -> None:
        found = ledger({5: "missing"})
        rows = self.read(file_of(month_rows(found, sales=60), file_format=file_format))

        known = known_from(rows, found)

        assert known.figures == {SALES: Seen(60, AT)}
        assert list(known.derived.values()) == [Seen(2, AT)]

    def test_keeps_onesignals_figure_but_nothing_derived_once_a_day_is_restored(
        self, file_format: str
    ) -> None:
        rows = self.read(
            file_of(month_rows(ledger({5: "missing"}), sales=60), file_format=file_format)
        )

        assert known_from(rows, ledger()) == Known({SALES: Seen(60, AT)})

    def test_says_nothing_of_another_month_or_app(self, file_format: str) -> None:
        # Days without sales add up to the same in every month.
        idle = {day: {SALES: 0} for day in range(1, 32)}
        rows = self.read(file_of(month_rows(ledger(idle), sales=0), file_format=file_format))
        other = ledger(idle)
        other.app_id = "other"

        assert known_from(rows, ledger(idle, month=JANUARY)) == Known()
        assert known_from(rows, other) == Known()


def test_names_are_json() -> None:
    odd = SALES._replace(name='Käufe "neu",\n')
    found = ledger({day: {odd: 1} for day in range(1, 31)})

    [line] = file_of(rows_of(found, Known(), {}), file_format="jsonl").decode().splitlines()

    assert json.loads(line)["name"] == odd.name
    assert timedelta(days=json.loads(line)["days"]) == NOVEMBER.end - NOVEMBER.start
