"""Outcomes that OneSignal would refuse: the rule and the index are named."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_onesignal.checks import outcomes as checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ([], "at least one outcome"),
        ("", r"outcome_names\[0\] must be a non-blank string"),
        ("['a.count', 'b.count']", "outcome_names must be a list.* render_template_as_native_obj"),
        (None, "outcome_names must be a list of strings, got None"),
        (["os__click.count", "Sales"], r"outcome_names\[1\] must end in .sum or .count"),
        ("os__click.count,Sales", r"\[1\] must end .* 'Sales'. Pass a name that contains a comma"),
        (["Sales.avg"], r"outcome_names\[0\] must end in .sum or .count, got 'Sales.avg'"),
        ([".sum"], r"outcome_names\[0\] must end"),
        (["os__click.sum"], r"outcome_names\[0\]: OneSignal only counts clicks"),
        (["Sales.sum", 5], r"outcome_names\[1\] must be a non-blank string"),
    ],
)
def test_outcome_names_that_are_refused(names: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        checks.names(names)


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
    assert checks.names(names) == tuple(checked)


@pytest.mark.parametrize(
    ("check", "value", "rule"),
    [
        (checks.time_range, "7d", r"outcome_time_range must be one of \['1d', '1h', '1mo"),
        (checks.time_range, None, "outcome_time_range must be one of .* got None"),
        (checks.time_range, 1, "outcome_time_range must be one of"),
        (checks.platforms, [0, 99], r"outcome_platforms\[1\] must be .* got '99'"),
        (checks.platforms, "0,ios", r"outcome_platforms\[1\] must be .* got 'ios'"),
        (checks.platforms, [True], r"outcome_platforms\[0\]"),
        (checks.platforms, [1.0], r"outcome_platforms\[0\]"),
        (checks.platforms, " [0, 1]", "outcome_platforms must be .*as_native_obj"),
        (checks.breakdown, "('platform',)", "breakdown must be .*as_native_obj"),
        (checks.platforms, [], "leave it out for all"),
        (checks.platforms, 0, "outcome_platforms must be a list of device types, got int"),
        (checks.attribution, "indirect", "outcome_attribution must be one of"),
        (checks.breakdown, ["country"], r"breakdown\[0\] must be one of"),
        (checks.breakdown, 5, "breakdown must be a list"),
    ],
)
def test_what_else_of_outcomes_is_refused(check: Any, value: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        check(value)


@pytest.mark.parametrize(
    ("check", "value", "checked"),
    [
        (checks.time_range, "1mo", "1mo"),
        (checks.platforms, None, None),
        (checks.platforms, [0, "1", 17, 13, 0], ("0", "1", "17", "13")),
        (checks.platforms, "0, 1", ("0", "1")),
        (checks.attribution, None, None),
        (checks.attribution, "direct", "direct"),
        (checks.breakdown, None, ()),
        (checks.breakdown, ("attribution", "platform"), ("platform", "attribution")),
        (checks.breakdown, "attribution", ("attribution",)),
    ],
)
def test_what_else_of_outcomes_passes(check: Any, value: Any, checked: Any) -> None:
    assert check(value) == checked


@pytest.mark.parametrize(
    ("check", "value", "sent"),
    [
        (checks.time_range, "1w", "1w"),
        (checks.platforms, [42], ("42",)),
        (checks.attribution, "assisted", "assisted"),
    ],
)
def test_what_outcomes_may_be_asked_by_next_year_passes_when_asked(
    check: Any, value: Any, sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert check(value, allow_unknown=True) == sent
    assert "is not known here" in caplog.text
