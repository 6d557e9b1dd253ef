"""Outcomes that OneSignal would refuse to tell: the rule and the index are named."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_onesignal.api import outcome_checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ([], "at least one outcome"),
        ("", r"outcome_names\[0\] must be a text that is not blank"),
        ("['a.count', 'b.count']", "outcome_names must be a list.* render_template_as_native_obj"),
        (None, "outcome_names must be a list of texts, got None"),
        (["os__click.count", "Sales"], r"outcome_names\[1\] must end in .sum or .count"),
        ("os__click.count,Sales", r"\[1\] must end .* 'Sales'. A name that has a comma in it goes"),
        (["Sales.avg"], r"outcome_names\[0\] must end in .sum or .count, got 'Sales.avg'"),
        ([".sum"], r"outcome_names\[0\] must end"),
        (["os__click.sum"], r"outcome_names\[0\]: OneSignal only counts clicks"),
        (["Sales.sum", 5], r"outcome_names\[1\] must be a text"),
    ],
)
def test_outcome_names_that_are_refused(names: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        outcome_checks.names(names)


@pytest.mark.parametrize(
    ("names", "checked"),
    [
        ("os__click.count", ["os__click.count"]),
        ("os__click.count, Sales.sum", ["os__click.count", "Sales.sum"]),
        (["Sales, Purchase.count"], ["Sales, Purchase.count"]),
        (("a.sum", "a.count", "a.sum"), ["a.sum", "a.count"]),
        (["v1.2.count"], ["v1.2.count"]),
    ],
)
def test_outcome_names_that_pass(names: Any, checked: list[str]) -> None:
    assert outcome_checks.names(names) == checked


@pytest.mark.parametrize(
    ("check", "value", "rule"),
    [
        (outcome_checks.time_range, "7d", r"outcome_time_range must be one of \['1d', '1h', '1mo"),
        (outcome_checks.time_range, None, "outcome_time_range must be one of .* got None"),
        (outcome_checks.time_range, 1, "outcome_time_range must be one of"),
        (outcome_checks.platforms, [0, 99], r"outcome_platforms\[1\] must be .* got '99'"),
        (outcome_checks.platforms, "0,ios", r"outcome_platforms\[1\] must be .* got 'ios'"),
        (outcome_checks.platforms, [True], r"outcome_platforms\[0\]"),
        (outcome_checks.platforms, [1.0], r"outcome_platforms\[0\]"),
        (outcome_checks.platforms, " [0, 1]", "outcome_platforms must be .*as_native_obj"),
        (outcome_checks.breakdown, "('platform',)", "breakdown must be .*as_native_obj"),
        (outcome_checks.platforms, [], "leave it out for all"),
        (outcome_checks.platforms, 0, "outcome_platforms must be a list of device types, got int"),
        (outcome_checks.attribution, "indirect", "outcome_attribution must be one of"),
        (outcome_checks.breakdown, ["country"], r"breakdown\[0\] must be one of"),
        (outcome_checks.breakdown, 5, "breakdown must be a list"),
    ],
)
def test_what_else_of_outcomes_is_refused(check: Any, value: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        check(value)


@pytest.mark.parametrize(
    ("check", "value", "checked"),
    [
        (outcome_checks.time_range, "1mo", "1mo"),
        (outcome_checks.platforms, None, None),
        (outcome_checks.platforms, [0, "1", 17, 0], ["0", "1", "17"]),
        (outcome_checks.platforms, "0, 1", ["0", "1"]),
        (outcome_checks.attribution, None, None),
        (outcome_checks.attribution, "direct", "direct"),
        (outcome_checks.breakdown, None, ()),
        (outcome_checks.breakdown, ("attribution", "platform"), ("platform", "attribution")),
        (outcome_checks.breakdown, "attribution", ("attribution",)),
    ],
)
def test_what_else_of_outcomes_passes(check: Any, value: Any, checked: Any) -> None:
    assert check(value) == checked


@pytest.mark.parametrize(
    ("check", "value", "sent"),
    [
        (outcome_checks.time_range, "1w", "1w"),
        (outcome_checks.platforms, [42], ["42"]),
        (outcome_checks.attribution, "assisted", "assisted"),
    ],
)
def test_what_outcomes_may_be_asked_by_next_year_passes_when_asked(
    check: Any, value: Any, sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert check(value, allow_unknown=True) == sent
    assert "is not known here" in caplog.text
