"""What differs between the versions of Airflow."""

from __future__ import annotations

import builtins
import importlib
import sys
from typing import Any

import airflow
import pytest

from airflow_provider_onesignal.compat import is_deferral_timeout, requires_airflow, task_state


class TaskDeferralTimeout(Exception):  # noqa: N818 - as Airflow 3 names it
    pass


class TaskDeferralError(Exception):
    pass


def caused(cause: Exception) -> Exception:
    error = ValueError("what a sensor makes of it")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(TaskDeferralTimeout("Trigger timeout"), True, id="Airflow 3"),
        pytest.param(caused(TaskDeferralTimeout("Trigger timeout")), True, id="its sensors"),
        pytest.param(TaskDeferralError("Trigger/execution timeout"), True, id="Airflow 2"),
        pytest.param(TaskDeferralError("Trigger failure"), False, id="a trigger that raised"),
        pytest.param(TimeoutError("timeout"), False, id="anything else"),
    ],
)
def test_a_deferral_that_nobody_served_is_told_from_other_failures(
    error: Exception, expected: bool
) -> None:
    assert is_deferral_timeout(error) is expected


def test_before_airflow_3_3_a_task_has_no_state_that_outlives_a_try() -> None:
    store = object()

    assert task_state({}) is None  # type: ignore[typeddict-item,unused-ignore]
    assert task_state({"task_state_store": store}) is store  # type: ignore[typeddict-item,unused-ignore]


def test_what_this_airflow_lacks_is_said_with_both_versions() -> None:
    with (
        pytest.raises(ImportError) as raised,
        requires_airflow("9.9", what="The thing"),
    ):
        raise ImportError("no module of this name")

    assert str(raised.value) == f"The thing requires Airflow 9.9+; this is {airflow.__version__}."


def test_the_retry_policy_names_the_airflow_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def as_before_3_3(name: str, *more: Any, **named: Any) -> Any:
        if name == "airflow.sdk.definitions.retry_policy":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", as_before_3_3)
    monkeypatch.delitem(sys.modules, "airflow_provider_onesignal.retry", raising=False)

    with pytest.raises(ImportError, match=r"retry requires Airflow 3\.3\+; this is \d"):
        importlib.import_module("airflow_provider_onesignal.retry")
