"""The sensor, in both modes."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.readiness import Probe
from airflow_provider_onesignal.sensors import export
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.triggers.export import OneSignalExportTrigger
from tests.unit.fakes import PENDING, READY, URL, FakeHook, task_context

TIMEOUT_EVENT = {"status": "timeout", "last_seen": "HTTP 503, transient"}
GONE = Probe(status=410)


@pytest.fixture(autouse=True)
def before_the_file_expires(clock):
    # The day in the file's name tells its age.
    clock.now = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def plain_log(monkeypatch):
    # Airflow 3 logs past the standard library.
    monkeypatch.setattr(OneSignalExportSensor, "log", logging.getLogger("task"))


DEFAULTS = {"task_id": "task", "csv_file_url": URL, "deferrable": False, "poke_interval": 0.01}


def make(*probes: Probe, **parameters: Any) -> Any:
    given: dict[str, Any] = DEFAULTS | parameters
    sensor = OneSignalExportSensor(**given)
    sensor.__dict__["_hook"] = FakeHook(probes=probes or [READY])
    return sensor


def deferral(sensor: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as raised:
        sensor.execute(task_context())
    return raised.value


def resume(event: Any, **parameters: Any) -> Any:
    """Defer, and go on in a fresh instance as the task runner does."""
    deferred = deferral(make(PENDING, deferrable=True, **parameters))
    kwargs = json.loads(json.dumps(dict(deferred.kwargs or {}) | {"event": event}))
    fresh = make(deferrable=True, **parameters)
    return fresh.resume_execution(deferred.method_name, kwargs, task_context())


def test_in_poke_mode_the_address_is_given_when_the_file_is_ready():
    sensor = make(PENDING, Probe(status=503), Probe(problem="cut"), READY)

    assert sensor.execute(task_context()) == URL
    assert sensor._hook.probed == [URL] * 4


def test_deferred_the_address_is_given_when_the_file_is_ready():
    assert resume({"status": "ready", "last_seen": "HTTP 206"}) == URL


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_file_that_is_there_is_not_waited_for(deferrable):
    assert make(deferrable=deferrable).execute(task_context()) == URL


def test_the_trigger_gets_what_it_needs_and_an_absolute_deadline(clock):
    deferred = deferral(
        make(PENDING, deferrable=True, timeout=600, poke_interval=timedelta(seconds=7))
    )

    assert isinstance(deferred.trigger, OneSignalExportTrigger)
    assert deferred.trigger.serialize()[1] == {
        "csv_file_url": URL,
        "deadline": clock.now + 600,
        "started_at": None,
        "poll_interval": 7.0,
        "onesignal_conn_id": "onesignal_default",
    }
    assert deferred.timeout is not None
    assert deferred.timeout > timedelta(seconds=600)
    assert not deferred.kwargs


class TestTimeout:
    """The matrix of modes and what is to become of a timeout."""

    def test_in_poke_mode_fails(self):
        with pytest.raises(AirflowSensorTimeout, match=r"Last response: HTTP 404, pending\."):
            make(PENDING, timeout=0.05).execute(task_context())

    def test_in_poke_mode_skips_with_soft_fail(self):
        with pytest.raises(AirflowSkipException, match=r"Last response: HTTP 404, pending\."):
            make(PENDING, timeout=0.05, soft_fail=True).execute(task_context())

    def test_deferred_fails(self):
        with pytest.raises(AirflowSensorTimeout, match=r"Last response: HTTP 503, transient\."):
            resume(TIMEOUT_EVENT)

    def test_deferred_skips_with_soft_fail(self):
        with pytest.raises(AirflowSkipException) as raised:
            resume(TIMEOUT_EVENT, soft_fail=True)

        assert "Last response: HTTP 503, transient." in str(raised.value.__cause__)

    def test_deferred_skips_with_never_fail(self):
        with pytest.raises(AirflowSkipException):
            resume(TIMEOUT_EVENT, never_fail=True)

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({}, AirflowSensorTimeout),
            ({"soft_fail": True}, AirflowSkipException),
            ({"never_fail": True}, AirflowSkipException),
        ],
    )
    def test_deferred_and_served_by_nobody_ends_the_same_way(self, parameters, error):
        sensor = make(deferrable=True, **parameters)

        with pytest.raises(error):
            sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, task_context())

    def test_no_message_shows_the_address(self):
        for call in (
            lambda: make(PENDING, timeout=0.02).execute(task_context()),
            lambda: resume(TIMEOUT_EVENT),
        ):
            with pytest.raises(AirflowSensorTimeout) as raised:
                call()
            assert "csv_exports" not in str(raised.value)


FATAL = [
    pytest.param(GONE, e.OneSignalExportUnavailableError, id="gone"),
    pytest.param(Probe(status=302), e.OneSignalExportUnavailableError, id="redirect"),
    pytest.param(Probe(status=401), e.OneSignalExportUnavailableError, id="denied"),
]
FATAL_EVENTS = [
    pytest.param("failed", e.OneSignalExportUnavailableError),
    pytest.param("expired", e.OneSignalExportExpiredError),
    pytest.param("misconfigured", e.OneSignalConfigurationError),
]


class TestWhatWaitingCannotMend:
    @pytest.mark.parametrize("deferrable", [False, True])
    @pytest.mark.parametrize("soft_fail", [False, True])
    @pytest.mark.parametrize(("probe", "error"), FATAL)
    def test_fails_at_once_also_with_soft_fail(self, deferrable, soft_fail, probe, error):
        sensor = make(probe, deferrable=deferrable, soft_fail=soft_fail)

        with pytest.raises(error, match=str(probe.status)):
            sensor.execute(task_context())

        assert len(sensor._hook.probed) == 1

    @pytest.mark.parametrize("soft_fail", [False, True])
    @pytest.mark.parametrize(("status", "error"), FATAL_EVENTS)
    def test_fails_after_a_deferral_too(self, soft_fail, status, error):
        with pytest.raises(error, match="what was seen"):
            resume({"status": status, "last_seen": "what was seen"}, soft_fail=soft_fail)

    @pytest.mark.parametrize("deferrable", [False, True])
    def test_is_skipped_with_never_fail(self, deferrable):
        with pytest.raises(AirflowSkipException):
            make(GONE, deferrable=deferrable, never_fail=True).execute(task_context())

    @pytest.mark.parametrize("deferrable", [False, True])
    def test_is_skipped_with_never_fail_where_nothing_can_be_seen(self, deferrable, monkeypatch):
        def refuse(url: str) -> Probe:
            raise e.OneSignalConfigurationError("no certificates")

        sensor = make(deferrable=deferrable, never_fail=True)
        monkeypatch.setattr(sensor._hook, "probe_export", refuse)

        with pytest.raises(AirflowSkipException):
            sensor.execute(task_context())

    @pytest.mark.parametrize("status", ["failed", "expired", "misconfigured"])
    def test_is_skipped_with_never_fail_after_a_deferral_too(self, status):
        with pytest.raises(AirflowSkipException):
            resume({"status": status, "last_seen": "x"}, never_fail=True)

    def test_an_old_file_that_is_gone_is_expired(self):
        old = URL.replace("2026-11-01", "2020-11-01")

        with pytest.raises(e.OneSignalExportExpiredError):
            make(PENDING, csv_file_url=old).execute(task_context())


@pytest.mark.parametrize("event", [None, {}, "ready", {"status": "ok", "last_seen": ""}], ids=repr)
def test_a_garbage_event_never_counts_as_ready(event):
    with pytest.raises(e.OneSignalExportError, match="unknown event"):
        resume(event)


class TestReschedule:
    @pytest.fixture
    def context(self, monkeypatch):
        began = datetime.now(UTC)
        # Airflow 3 asks the task instance when the sensor began, Airflow 2 the database.
        if find_spec("airflow.sdk") is None:
            monkeypatch.setattr("airflow.sensors.base._orig_start_date", lambda **_: began)
        ti = SimpleNamespace(
            **vars(task_context()["ti"]),
            get_first_reschedule_date=lambda context: began,
        )
        return task_context() | {"ti": ti}

    def test_leaves_the_worker_between_two_looks(self, context):
        with pytest.raises(Exception, match=r"^$") as raised:
            make(PENDING, mode="reschedule", poke_interval=60).execute(context)

        assert type(raised.value).__name__ == "AirflowRescheduleException"

    def test_gives_the_address(self, context):
        assert make(mode="reschedule").execute(context) == URL

    def test_names_the_last_state_at_the_timeout(self, context):
        with pytest.raises(AirflowSensorTimeout, match="Last response: HTTP 404, pending"):
            make(PENDING, mode="reschedule", timeout=0).execute(context)


class TestParameters:
    @pytest.mark.parametrize("deferrable", [False, True])
    @pytest.mark.parametrize(
        "url", [None, "", "None", "ftp://h/secret.csv", "https://", "secret", 5, ["https://h/x"]]
    )
    def test_what_is_no_url_is_refused_before_any_look(self, deferrable, url):
        sensor = make(deferrable=deferrable, csv_file_url=url)

        with pytest.raises(e.OneSignalValidationError, match="csv_file_url") as raised:
            sensor.execute(task_context())

        assert sensor._hook.probed == []
        assert "secret" not in str(raised.value)

    def test_blanks_around_the_url_do_no_harm_in_either_mode(self):
        assert make(csv_file_url=f" {URL}\n").execute(task_context()) == URL
        assert resume({"status": "ready", "last_seen": "x"}, csv_file_url=f" {URL}\n") == URL

    def test_defaults_are_those_documented(self):
        sensor = OneSignalExportSensor(task_id="task", csv_file_url=URL)

        assert (sensor.deferrable, sensor.poke_interval) == (False, 10.0)
        assert sensor.onesignal_conn_id == "onesignal_default"
        assert set(sensor.template_fields) == {"csv_file_url", "deferrable", "onesignal_conn_id"}

    def test_the_url_is_masked_as_soon_as_it_is_known(self, monkeypatch):
        masked: list[Any] = []
        monkeypatch.setattr(export, "mask_url", masked.append)

        make(csv_file_url="{{ url }}").render_template_fields({"url": URL})

        assert masked == [URL]

    def test_each_look_is_logged_without_the_address(self, caplog):
        with caplog.at_level(logging.DEBUG):
            make(PENDING, READY).execute(task_context())

        assert "The export's file is pending (HTTP 404)" in caplog.text
        assert "csv_exports" not in caplog.text
