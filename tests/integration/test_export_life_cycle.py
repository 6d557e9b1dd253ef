"""The export operators and the sensor against the emulator: hook, trigger and all, no fakes."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.operators import export_task
from airflow_provider_onesignal.operators.export import (
    OneSignalExportEventsOperator,
    OneSignalExportMessageHistoryOperator,
    OneSignalExportSubscriptionsOperator,
)
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.triggers.export import OneSignalExportTrigger
from tests.unit.fakes import FakeStore

DAY = 24 * 3600.0
BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["in-worker", "deferrable"])


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rows=10) as running:
        yield running
        assert running.violations == []


@pytest.fixture(autouse=True)
def fresh(monkeypatch, emulator):
    monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", emulator.connection_uri)
    monkeypatch.setattr(export_task, "_carried_in_process", {})


@pytest.fixture
def context() -> Any:
    """The context of a task on Airflow >= 3.3, whose state outlives a try."""
    ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="task", map_index=-1, max_tries=2)
    return {"ti": ti, "task_state_store": FakeStore()}


def make(kind: type = OneSignalExportSubscriptionsOperator, **parameters: Any) -> Any:
    return kind(**{"task_id": "task", "poll_interval": 0.05, "timeout": 20} | parameters)


def run(make_task: Any, context: Any) -> Any:
    """Run a task as Airflow does: each part in a fresh instance, triggers in an event loop."""
    part = partial(make_task().execute, context)
    while True:
        try:
            return part()
        except TaskDeferred as deferred:
            export_task._carried_in_process.clear()  # the next part is another process
            event = asyncio.run(first_event(deferred))
            kwargs = json.loads(json.dumps(dict(deferred.kwargs or {}) | {"event": event}))
            resume = make_task().resume_execution
            part = partial(resume, deferred.method_name, kwargs, context)


async def first_event(deferred: TaskDeferred) -> Any:
    kind, kwargs = type(deferred.trigger), deferred.trigger.serialize()[1]
    restarted = kind(**json.loads(json.dumps(kwargs)))
    async with asyncio.timeout(30):
        return (await anext(aiter(restarted.run()))).payload


def posts(emulator: Emulator) -> list[str]:
    return [request.operation for request in emulator.requests if request.method == "POST"]


@BOTH_MODES
@pytest.mark.parametrize("not_ready_status", [403, 404])
def test_one_post_and_the_address_once_the_file_is_there(
    emulator, context, deferrable, not_ready_status
):
    emulator.settings.ready_after_polls = 3
    emulator.settings.not_ready_status = not_ready_status

    url = run(lambda: make(deferrable=deferrable), context)

    assert [emulator.export(url)] == emulator.exports
    assert posts(emulator) == ["csv_export"]
    assert len(emulator.files.requests) == 4
    assert len(context["task_state_store"].values) == 1


@BOTH_MODES
@pytest.mark.parametrize(
    ("kind", "parameters", "operation"),
    [
        (
            OneSignalExportSubscriptionsOperator,
            {"extra_fields": ["country"], "last_active_since": "2026-01-01"},
            "csv_export",
        ),
        (OneSignalExportEventsOperator, {}, "export_events"),
        (OneSignalExportMessageHistoryOperator, {"events": "clicked"}, "message_history"),
    ],
)
def test_each_export(*, emulator, context, deferrable, kind, parameters, operation):
    if operation != "csv_export":
        parameters = {"message_id": emulator.message_id} | parameters
    emulator.settings.ready_after_polls = 2

    url = run(lambda: make(kind, deferrable=deferrable, **parameters), context)

    assert emulator.export_bytes(url)
    assert posts(emulator) == [operation]


FAULTS = [{"status": status} for status in (429, 500, 502, 503, 504, 520, 524)] + [
    {"cut_at": 0},
]


@BOTH_MODES
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_wait_survives_what_the_host_of_the_files_does(emulator, context, deferrable, fault):
    emulator.settings.ready_after_polls = 2
    injected = emulator.files.fail(times=3, **fault)

    run(lambda: make(deferrable=deferrable), context)

    assert injected.hits == 3
    assert posts(emulator) == ["csv_export"]


@BOTH_MODES
@pytest.mark.parametrize("status", [429, 503])
def test_a_start_survives_what_the_api_did_not_act_on(emulator, context, deferrable, status):
    emulator.fail(status=status, times=1)

    run(lambda: make(deferrable=deferrable), context)

    assert len(emulator.exports) == 1


@BOTH_MODES
@pytest.mark.parametrize("status", [500, 502, 504, 524])
def test_a_start_that_may_have_been_acted_on_is_not_repeated(emulator, context, deferrable, status):
    emulator.fail(status=status, times=1)

    with pytest.raises(e.OneSignalServerError) as raised:
        run(lambda: make(deferrable=deferrable), context)

    assert raised.value.status_code == status
    assert len(posts(emulator)) == 1


@BOTH_MODES
def test_the_next_try_goes_on_with_the_export_of_the_last_one(emulator, context, deferrable):
    emulator.settings.ready_after_polls = 1_000_000
    with pytest.raises(e.OneSignalExportTimeoutError, match="HTTP 404, pending"):
        run(lambda: make(deferrable=deferrable, timeout=0.3), context)
    emulator.advance(3600)
    emulator.settings.ready_after_polls = 0
    emulator.exports[0].polls_left = 0

    url = run(lambda: make(deferrable=deferrable), context)

    assert [emulator.export(url)] == emulator.exports
    assert posts(emulator) == ["csv_export"]


@BOTH_MODES
@pytest.mark.parametrize("busy_status", [200, 400, 403, 409, 429])
def test_the_turn_is_waited_for(emulator, context, deferrable, busy_status):
    emulator.settings.busy_status = busy_status
    emulator.occupy(0.3)

    url = run(lambda: make(deferrable=deferrable), context)

    assert [emulator.export(url)] == emulator.exports
    assert 2 <= len(posts(emulator)) <= 8


@BOTH_MODES
def test_the_turn_is_not_waited_for_where_that_is_not_wanted(emulator, context, deferrable):
    emulator.occupy(60)

    with pytest.raises(e.OneSignalExportInProgressError):
        run(lambda: make(deferrable=deferrable, on_conflict="fail"), context)

    assert len(posts(emulator)) == 1


@BOTH_MODES
def test_the_turn_is_waited_for_until_the_deadline(emulator, context, deferrable):
    emulator.occupy(3600)
    began = time.monotonic()

    with pytest.raises(e.OneSignalExportTimeoutError, match="Another export of this account"):
        run(lambda: make(deferrable=deferrable, timeout=0.5), context)

    assert time.monotonic() - began < 10


@BOTH_MODES
def test_a_file_that_expired_is_told_and_the_next_try_starts_anew(emulator, context, deferrable):
    def sensor() -> Any:
        return OneSignalExportSensor(
            task_id="task", csv_file_url=url, deferrable=deferrable, poke_interval=0.05, timeout=0.2
        )

    url = run(make, context)
    emulator.advance(4 * DAY)

    # The emulator's time passed and this machine's did not, hence pending until the timeout.
    with pytest.raises(AirflowSensorTimeout, match="HTTP 404, pending"):
        run(sensor, context)
    context["ti"].max_tries += 1  # cleared
    assert run(make, context) != url


@BOTH_MODES
def test_the_sensor_gives_the_address_when_the_file_is_there(emulator, context, deferrable):
    emulator.settings.ready_after_polls = 3
    url = run(lambda: make(wait_for_completion=False), context)

    found = run(
        lambda: OneSignalExportSensor(
            task_id="task", csv_file_url=url, deferrable=deferrable, poke_interval=0.05, timeout=20
        ),
        context,
    )

    assert found == url
    assert posts(emulator) == ["csv_export"]


@BOTH_MODES
def test_no_key_and_no_address_in_any_log(emulator, context, deferrable, caplog, capfd):
    emulator.settings.ready_after_polls = 2
    emulator.files.fail(status=503, times=1)

    with caplog.at_level(logging.DEBUG, logger="airflow_provider_onesignal"):
        url = run(lambda: make(deferrable=deferrable), context)

    shown = caplog.text + "".join(capfd.readouterr())
    assert emulator.api_key not in shown
    assert url not in shown
    assert url.rpartition("/")[2] not in shown


def test_a_trigger_is_not_ended_by_a_host_that_restarts(emulator, context, monkeypatch):
    emulator.settings.ready_after_polls = 2
    url = run(lambda: make(wait_for_completion=False), context)
    cut = emulator.files.fail(cut_at=0, times=5)
    trigger = OneSignalExportTrigger(url, deadline=time.time() + 20, poll_interval=0.02)

    async def event() -> Any:
        return (await anext(aiter(trigger.run()))).payload

    assert asyncio.run(event())["status"] == "ready"
    assert cut.hits == 5
