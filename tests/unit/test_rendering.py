"""Whatever a template makes of a parameter, native or not: read as meant, or refused by name."""

from __future__ import annotations

import inspect
from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_provider_onesignal.exceptions import OneSignalError, OneSignalValidationError
from airflow_provider_onesignal.mappings import EventMapping, UserMapping
from tests.operations import FILE_URL, MESSAGE_ID, SEGMENT_ID
from tests.unit.fakes import FakeHook, FakeOutletEvents, task_context
from tests.unit.test_signatures import parameters, public_tasks

FILTERS = [{"field": "session_count", "relation": ">", "value": "5"}]
REQUIRED: dict[str, Any] = {
    "name": "Gold",
    "filters": FILTERS,
    "segment_id": SEGMENT_ID,
    "alias_id": "anna",
    "identity": {"external_id": "anna"},
    "message_id": MESSAGE_ID,
    "events": "sent",
    "csv_file_url": FILE_URL,
    "outcome_names": "os__click.count",
    "outcome_time_range": "1d",
    "s3_key": "s3://bucket/key.csv.gz",
    "bucket_name": "bucket",
    "object_name": "key.csv.gz",
    "path": "file:///nowhere/file.jsonl",
    "days": "file:///nowhere/{date}.jsonl",
    "dead_letter": "file:///nowhere/refused.jsonl",
}
TASKS = pytest.mark.parametrize("task", public_tasks(), ids=lambda task: task.__name__)
NATIVE = pytest.mark.parametrize("native", [False, True], ids=["strings", "native"])
READ_BY_THE_RUN = {"encrypt", "include_unsubscribed", "verify"}
"""Flags that may also be None or a path, or that are refused with a hint at another parameter."""
ENDS = (OneSignalError, TaskDeferred, AirflowSensorTimeout, AirflowSkipException)


def make(task: Any, *, native: bool, **given: Any) -> Any:
    """Make a task with what it requires, and what is given."""
    names = parameters(task)
    fields = {name: REQUIRED[name] for name in names if name in REQUIRED and name != "identity"}
    if "identity" in names:
        fields["identity"] = REQUIRED["identity"]
    if "mapping" in names:
        is_of_users = "Users" in task.__name__
        fields["mapping"] = (
            UserMapping(external_id="id")
            if is_of_users
            else EventMapping(external_id="id", event_name="x")
        )
    with DAG("dag", schedule=None, render_template_as_native_obj=native):
        made = task(task_id="task", **fields | given)
    made.__dict__["_hook"] = Hook()
    if hasattr(made, "_store"):
        # What is wrong with a place shows before the place is asked.
        real = made._store
        made._store = lambda: MemoryStore(of=real())
    return made


class MemoryStore:
    """
    A destination that holds nothing, and takes nothing.

    :param of: the real one
    """

    def __init__(self, of: Any) -> None:
        self.uri, self.replace = of.uri if "file" in str(of.__dict__) else "memory://x", True

    def head(self) -> None:
        return None

    def put(self, *_: Any, **__: Any) -> None:
        raise OneSignalError("A destination of tests takes nothing.")


class Hook(FakeHook):
    """Answers whatever is asked."""

    onesignal_conn_id = "onesignal_default"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(return_value=[] if name.startswith("view_outcomes") else MESSAGE_ID)

    def file_session(self) -> Any:
        return MagicMock(timeout=1.0)

    def create_user(self, **_: Any) -> Any:
        return {"identity": {"onesignal_id": MESSAGE_ID}}


def flags(task: Any) -> list[str]:
    return [name for name, each in parameters(task).items() if "bool" in str(each.annotation)]


def render(made: Any, value: Any) -> None:
    made.render_template_fields({"value": value})


@TASKS
@NATIVE
@pytest.mark.parametrize("value", [True, False])
def test_a_flag_that_a_template_renders_is_what_it_says(
    task: Any, native: bool, value: bool
) -> None:
    from airflow_provider_onesignal import checks

    for name in flags(task):
        made = make(task, native=native, **{name: "{{ value }}"})
        render(made, value)
        assert checks.flag(getattr(made, name), name=name) is value


@TASKS
@pytest.mark.parametrize("value", ["yes", "", 1, None])
def test_a_flag_that_is_none_is_refused_when_the_dag_is_parsed(task: Any, value: Any) -> None:
    for name in sorted(set(flags(task)) - READ_BY_THE_RUN):
        with pytest.raises(OneSignalValidationError, match=name):
            make(task, native=False, **{name: value})


def data_fields(task: Any) -> list[str]:
    known = set(inspect.signature(task.__init__).parameters) - set(flags(task)) - {"mapping"}
    conn_ids = {name for name in known if name.endswith("conn_id")}
    return [name for name in task.template_fields if name in known - conn_ids]


# What sends rows reads them first, and has tests of its own.
@pytest.mark.parametrize(
    "task",
    [each for each in public_tasks() if each.__name__.startswith("OneSignal")],
    ids=lambda task: task.__name__,
)
@NATIVE
@pytest.mark.parametrize("value", [None, 5, ["a"], {"a": 1}, "x"], ids=repr)
def test_whatever_a_template_makes_of_a_parameter_ends_in_a_result_or_a_typed_error(
    task: Any, native: bool, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = MagicMock(side_effect=OneSignalError("nothing is copied here"))
    monkeypatch.setattr("airflow_provider_onesignal.files.copy.copy_file", copied)
    for name in data_fields(task):
        try:
            made = make(task, native=native, **{name: "{{ value }}"})
            render(made, value)
            made.execute(task_context(outlet_events=FakeOutletEvents()))
        except ENDS:
            pass
