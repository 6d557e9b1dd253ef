"""Outcomes over HTTP: windows that end now."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_onesignal.testing import errors
from airflow_provider_onesignal.testing.state import DAY

OUTCOMES = "/apps/{app}/outcomes"
HOUR = 3600.0


def values(call, query: str) -> list[object]:
    return [each["value"] for each in call("GET", f"{OUTCOMES}?{query}").json()["outcomes"]]


def test_an_outcome_has_id_value_and_aggregation(emulator, call):
    emulator.set_outcome("os__click.count", 4)

    answer = call("GET", f"{OUTCOMES}?outcome_names=os__click.count")

    assert answer.json() == {"outcomes": [{"id": "os__click", "value": 4, "aggregation": "count"}]}


def test_outcomes_age_out_of_their_window(emulator, call):
    emulator.record_outcome("Sale", count=2, value=5)
    seen = []
    for passed in (0, HOUR, DAY, 31 * DAY):
        emulator.advance(passed)
        seen.append(
            [
                values(call, f"outcome_names=Sale.sum,Sale.count&outcome_time_range={each}")
                for each in ("1h", "1d", "1mo")
            ]
        )

    full, none = [10, 2], [0, 0]
    assert seen == [[full, full, full], [none, full, full], [none, none, full], [none, none, none]]


@pytest.mark.parametrize(("days", "expected"), [(None, 1), (30, 0)])
def test_a_month_is_one_of_the_calendar_or_of_so_many_days(emulator, call, days, expected):
    emulator.settings.month_days = days
    now = datetime.fromtimestamp(emulator.account.clock.now(), UTC)
    # To a first day of a month that follows one of 31 days.
    emulator.advance((datetime(now.year + 1, 1, 1, tzinfo=UTC) - now).total_seconds())
    emulator.record_outcome("Sale", ago=30.5 * DAY)

    assert values(call, "outcome_names=Sale.count&outcome_time_range=1mo") == [expected]


def test_the_default_window_is_an_hour(emulator, call):
    emulator.record_outcome("Sale", ago=2 * HOUR)

    assert values(call, "outcome_names=Sale.count") == [0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("outcome_platforms=0", 1),
        ("outcome_platforms=0,11", 3),
        ("outcome_attribution=direct", 1),
        ("outcome_attribution=influenced", 2),
        ("outcome_attribution=total", 3),
        ("outcome_platforms=11&outcome_attribution=direct", 0),
    ],
)
def test_platform_and_attribution_narrow_it_down(emulator, call, query, expected):
    emulator.record_outcome("Sale", platform=0, attribution="direct")
    emulator.record_outcome("Sale", platform=11, attribution="influenced", count=2)

    assert values(call, f"outcome_names=Sale.count&{query}") == [expected]


def test_names_with_commas_come_in_brackets(emulator, call):
    emulator.set_outcome("Sales, Purchase.count", 3)
    emulator.set_outcome("a.sum", 2.5)

    assert values(call, "outcome_names[]=Sales, Purchase.count&outcome_names[]=a.sum") == [3, 2.5]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", errors.OUTCOME_SUFFIX),
        ("outcome_names=", errors.OUTCOME_SUFFIX),
        ("outcome_names=Sale", errors.OUTCOME_SUFFIX),
        ("outcome_names=Sale.count,Sale", errors.OUTCOME_SUFFIX),
        ("outcome_names=os__click.sum", "only supports .count"),
        ("outcome_names=a.sum&outcome_time_range=1y", "outcome_time_range must be one of"),
        ("outcome_names=a.sum&outcome_attribution=x", "outcome_attribution must be one of"),
        ("outcome_names=a.sum&outcome_platforms=3", "outcome_platforms is invalid"),
        ("outcome_names=a.sum&outcome_platform=1", "outcome_platform is not a known parameter"),
    ],
)
def test_other_queries_are_refused(call, query, message):
    answer = call("GET", f"{OUTCOMES}?{query}")

    assert answer.status_code == 400
    assert message in answer.json()["errors"][0]
