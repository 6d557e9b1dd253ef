"""Whoever waits, for what, and where: the wait ends in time, as each kind of task should."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.operators import export_task
from airflow_provider_onesignal.operators.base import OneSignalOperator
from airflow_provider_onesignal.operators.export import OneSignalExportSubscriptionsOperator
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from tests.unit.fakes import PENDING, URL, FakeHook, FakeStore, task_context

BUSY = e.OneSignalExportInProgressError("User already running another CSV export.")
HOUR = 3600.0
BACKSTOP = 300.0
TIMED_OUT = {"status": "timeout", "last_seen": "HTTP 404, pending"}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    clock.now = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    monkeypatch.setattr(export_task, "_carried_in_process", {})
    for kind in (OneSignalOperator, OneSignalExportSensor):
        monkeypatch.setattr(kind, "log", logging.getLogger("task"))


class Face(NamedTuple):
    """
    A kind of task, and what for it waits.

    :param make: builds it, with the parameters of all tasks
    :param hook: what it sees
    :param late: how it ends when the time has passed
    """

    make: Callable[..., Any]
    hook: Callable[[], FakeHook]
    late: type[Exception]


def operator(**parameters: Any) -> Any:
    return OneSignalExportSubscriptionsOperator(task_id="task", **parameters)


def transfer(**parameters: Any) -> Any:
    return OneSignalExportToObjectStorageOperator(
        task_id="task",
        export=SubscriptionsExport(),
        path="file:///no/such/folder/users.csv.gz",
        **parameters,
    )


def sensor(**parameters: Any) -> Any:
    return OneSignalExportSensor(task_id="task", csv_file_url=URL, **parameters)


def for_the_file() -> FakeHook:
    return FakeHook(probes=[PENDING])


def for_the_turn() -> FakeHook:
    return FakeHook(starts=[BUSY])


FACES = {
    "operator, for the file": Face(operator, for_the_file, e.OneSignalExportTimeoutError),
    "operator, for the turn": Face(operator, for_the_turn, e.OneSignalExportTimeoutError),
    "transfer, for the file": Face(transfer, for_the_file, e.OneSignalExportTimeoutError),
    "transfer, for the turn": Face(transfer, for_the_turn, e.OneSignalExportTimeoutError),
    "sensor": Face(sensor, for_the_file, AirflowSensorTimeout),
    "sensor with soft_fail": Face(
        lambda **given: sensor(soft_fail=True, **given), for_the_file, AirflowSkipException
    ),
}
EVERY_FACE = pytest.mark.parametrize("face", FACES.values(), ids=FACES.keys())
LIMITS = pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({"timeout": HOUR}, HOUR),
        ({"timeout": timedelta(hours=2)}, 2 * HOUR),
        ({"timeout": HOUR, "execution_timeout": timedelta(hours=2)}, HOUR),
        ({"timeout": 2 * HOUR, "execution_timeout": timedelta(hours=1)}, HOUR),
    ],
    ids=["timeout", "as timedelta", "timeout is shorter", "execution_timeout is shorter"],
)


def fresh(face: Face, **parameters: Any) -> Any:
    task = face.make(**parameters)
    task.__dict__["_hook"] = face.hook()
    return task


def deferral(call: Callable[[], Any]) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as raised:
        call()
    return raised.value


class TestDeferred:
    @EVERY_FACE
    @LIMITS
    def test_the_triggerer_and_airflow_are_told_when_the_wait_ends(
        self, *, clock: Any, face: Face, limits: dict[str, Any], seconds: float
    ) -> None:
        task = fresh(face, deferrable=True, **limits)
        ends = clock.now + seconds

        deferred = deferral(lambda: task.execute(task_context(FakeStore())))

        _, given_to_trigger = deferred.trigger.serialize()
        carried = (deferred.kwargs or {}).get("carried", {})
        deadline = given_to_trigger.get("deadline") or carried["deadline"]
        assert deadline == pytest.approx(ends, abs=1)
        wakes = given_to_trigger.get("ask_at", deadline)
        assert wakes <= deadline
        # Airflow steps in only where no triggerer has done its part.
        assert deferred.timeout is not None
        backstop = clock.now + deferred.timeout.total_seconds() - wakes
        assert backstop == pytest.approx(BACKSTOP, abs=1)

    @EVERY_FACE
    @LIMITS
    def test_the_wait_ends_as_the_task_should(
        self, *, clock: Any, face: Face, limits: dict[str, Any], seconds: float
    ) -> None:
        began = clock.now

        with pytest.raises(face.late):
            self.run_to_the_end(face, clock, limits)

        assert clock.now - began == pytest.approx(seconds, abs=2)

    @staticmethod
    def run_to_the_end(face: Face, clock: Any, limits: dict[str, Any]) -> Any:
        """Play the triggerer, and go on in another process each time."""
        context, method = task_context(FakeStore()), ""
        kwargs: dict[str, Any] = {}
        while True:
            task = fresh(face, deferrable=True, **limits)
            export_task._carried_in_process.clear()
            try:
                if not method:
                    return task.execute(context)
                return task.resume_execution(method, kwargs, context)
            except TaskDeferred as deferred:
                _, given = deferred.trigger.serialize()
                clock.now = given.get("ask_at") or given["deadline"]
                event = {"status": "turn"} if "ask_at" in given else TIMED_OUT
                method = deferred.method_name
                kwargs = json.loads(json.dumps({**(deferred.kwargs or {}), "event": event}))

    @EVERY_FACE
    def test_a_wait_that_no_triggerer_serves_ends_the_same_way(self, face: Face) -> None:
        task = fresh(face, deferrable=True)

        with pytest.raises(face.late):
            task.resume_execution("__fail__", {"error": "Trigger timeout"}, task_context())

    @EVERY_FACE
    def test_no_time_is_beyond_what_airflow_can_add_to_a_date(self, face: Face) -> None:
        if face.make in (operator, transfer):
            with pytest.raises(e.OneSignalValidationError, match="at most a year"):
                fresh(face, deferrable=True, timeout=timedelta.max)
            return
        task = fresh(face, deferrable=True, timeout=timedelta.max)
        deferred = deferral(lambda: task.execute(task_context(FakeStore())))

        assert deferred.timeout is not None
        assert deferred.timeout < timedelta(days=400)


class TestInAWorker:
    @EVERY_FACE
    def test_the_wait_ends_as_the_task_should(self, clock: Any, face: Face) -> None:
        if face.make in (operator, transfer):
            task, began = fresh(face, deferrable=False, timeout=HOUR), clock.now
            with pytest.raises(face.late):
                task.execute(task_context(FakeStore()))
            assert clock.now - began == pytest.approx(HOUR, abs=2)
        else:
            # Airflow's own base of sensors does the waiting here, by its own clock.
            with pytest.raises(face.late, match="Last response: HTTP 404, pending"):
                fresh(face, deferrable=False, timeout=0.01, poke_interval=0).execute(task_context())

    @pytest.mark.parametrize(
        ("face", "is_kept"),
        [
            (FACES["operator, for the file"], True),
            (FACES["operator, for the turn"], False),
            (FACES["transfer, for the file"], True),
            (FACES["transfer, for the turn"], False),
        ],
        ids=["operator, file", "operator, turn", "transfer, file", "transfer, turn"],
    )
    def test_execution_timeout_is_airflows_and_the_next_try_knows_the_export(
        self,
        *,
        clock: Any,
        face: Face,
        is_kept: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class OutOfTimeError(BaseException):
            """What Airflow 3 raises in the middle of a sleep (AirflowTaskTimeout)."""

        def out_of_time(_: float) -> None:
            raise OutOfTimeError

        monkeypatch.setattr(clock, "sleep", out_of_time)
        store = FakeStore()
        with pytest.raises(OutOfTimeError):
            fresh(face, deferrable=False).execute(task_context(store))

        assert bool(store.values) is is_kept


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["status", "last_seen", "deadline", "asked"]), inner)
    ),
    max_leaves=10,
)
EVENTS = ANY_JSON | st.fixed_dictionaries(
    {
        "status": st.sampled_from(["turn", "ready", "timeout", "expired", "failed"]) | ANY_JSON,
    },
    optional={
        "last_seen": st.text() | ANY_JSON,
        "deadline": st.floats() | st.integers(),
        "asked": st.integers(),
    },
)


def check_text(text: str) -> None:
    assert len(text) < 2500
    assert text.isprintable()
    assert "csv_exports" not in text


def check_bounded(deferred: TaskDeferred) -> None:
    assert deferred.timeout is not None
    assert deferred.timeout.total_seconds() <= HOUR + BACKSTOP


class TestAnyEvent:
    """What comes from the triggerer's database row is trusted no more than what servers send."""

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @pytest.mark.parametrize("face", FACES.values(), ids=FACES.keys())
    @given(event=EVENTS)
    def test_ends_in_a_result_a_deferral_or_a_typed_error(
        self, face: Face, clock: Any, event: Any
    ) -> None:
        export_task._carried_in_process.clear()
        task = fresh(face, deferrable=True, timeout=HOUR)
        started = {"url": URL, "started_at": clock.now, "fingerprint": "f"}
        kwargs = {"event": event}
        if not isinstance(task, OneSignalExportSensor):
            kwargs["carried"] = {"deadline": clock.now + HOUR, "asked": 0, "started": started}
            task._finish = lambda *given: given[-1].url
        try:
            result = task.resume_execution("execute_complete", kwargs, task_context(FakeStore()))
        except TaskDeferred as deferred:
            check_bounded(deferred)
        except (e.OneSignalError, AirflowSensorTimeout, AirflowSkipException) as error:
            check_text(str(error))
        else:
            assert result == URL
            assert isinstance(event, dict)
            assert event["status"] in ("ready", "turn")
