"""Outcomes as a task's result."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock, call, create_autospec

import pytest

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.operators.outcomes import OneSignalGetOutcomesOperator


@pytest.fixture
def hook() -> MagicMock:
    """A OneSignal whose every outcome is 1."""

    def view_outcomes(*, outcome_names: tuple[str, ...], **_: Any) -> list[dict[str, Any]]:
        parts = [name.rpartition(".") for name in outcome_names]
        return [{"id": stem, "value": 1, "aggregation": kind} for stem, _, kind in parts]

    hook: MagicMock = create_autospec(OneSignalHook, instance=True)
    hook.view_outcomes.side_effect = view_outcomes
    return hook


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept, in place of sleeping."""
    slept: list[float] = []
    monkeypatch.setattr("airflow_provider_onesignal.outcomes.time.sleep", slept.append)
    return slept


def run(hook: MagicMock, **parameters: Any) -> list[dict[str, Any]]:
    good = {"outcome_names": "os__click.count", "outcome_time_range": "1d"}
    operator = OneSignalGetOutcomesOperator(task_id="t", **{**good, **parameters})
    operator._hook = hook
    return operator.execute({})


def test_the_result_is_what_onesignal_answers(hook: MagicMock) -> None:
    assert run(hook) == [{"id": "os__click", "value": 1, "aggregation": "count"}]


def test_what_is_asked_is_what_was_given(hook: MagicMock) -> None:
    run(hook, outcome_platforms=[0, 1], outcome_attribution="direct", outcome_time_range="1mo")

    hook.view_outcomes.assert_called_once_with(
        outcome_names=("os__click.count",),
        outcome_time_range="1mo",
        outcome_platforms=("0", "1"),
        outcome_attribution="direct",
    )


def test_names_with_a_comma_are_asked_by_themselves_a_second_apart(
    hook: MagicMock, pauses: list[float]
) -> None:
    found = run(hook, outcome_names=["a.count", "Sales, Purchase.count", "b.sum"])

    rest = {
        "outcome_time_range": "1d",
        "outcome_platforms": None,
        "outcome_attribution": None,
    }
    assert hook.view_outcomes.call_args_list == [
        call(outcome_names=("a.count", "b.sum"), **rest),
        call(outcome_names=("Sales, Purchase.count",), **rest),
    ]
    assert [each["id"] for each in found] == ["a", "b", "Sales, Purchase"]
    assert pauses == [1.0]


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"outcome_names": "os__click"}, "must end in .sum or .count"),
        ({"outcome_names": ["os__click.sum"]}, "only counts clicks"),
        ({"outcome_time_range": "1y"}, "outcome_time_range must be one of"),
        ({"outcome_platforms": "99"}, r"outcome_platforms\[0\] must be one of"),
        ({"outcome_attribution": "all"}, "outcome_attribution must be one of"),
    ],
)
def test_what_onesignal_would_refuse_is_never_sent(
    hook: MagicMock, parameters: dict[str, Any], rule: str
) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        run(hook, **parameters)

    assert hook.method_calls == []


def test_the_time_range_has_no_default() -> None:
    with pytest.raises(Exception, match="outcome_time_range"):
        OneSignalGetOutcomesOperator(task_id="t", outcome_names="a.sum")  # type: ignore[call-arg]
