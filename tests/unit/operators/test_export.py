"""The life cycle of an export in a task: start, remember, wait, finish."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowTaskTimeout,
    TaskDeferred,
    TaskGroup,
)

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.api.retries import turn_delay
from airflow_provider_onesignal.exports import (
    EventsExport,
    MessageHistoryExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.operators import export_task
from airflow_provider_onesignal.operators.export import (
    ExportOperator,
    OneSignalExportEventsOperator,
    OneSignalExportMessageHistoryOperator,
    OneSignalExportSubscriptionsOperator,
)
from airflow_provider_onesignal.readiness import Probe
from airflow_provider_onesignal.triggers.export import (
    OneSignalExportTrigger,
    OneSignalExportTurnTrigger,
)
from tests.unit.fakes import PENDING, READY, URL, FakeHook, FakeStore, task_context
from tests.unit.readiness_table import THREE_DAYS

MESSAGE = "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7"
NEW_URL = URL.replace("0123", "9999")
BUSY = e.OneSignalExportInProgressError("User already running another CSV export.")
READY_EVENT = {"status": "ready", "last_seen": "HTTP 206"}
TURN = {"status": "turn"}
BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["in-worker", "deferrable"])


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch, clock):
    monkeypatch.setattr(export_task, "_carried_in_process", {})


@pytest.fixture(autouse=True)
def plain_log(monkeypatch):
    # Airflow 3 logs past the standard library.
    monkeypatch.setattr(ExportOperator, "log", logging.getLogger("task"))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


def make(hook: FakeHook, **parameters: Any) -> Any:
    """Make a fresh instance, as each process that runs a part of a task does."""
    given: dict[str, Any] = {"task_id": "task", "deferrable": False} | parameters
    task = OneSignalExportSubscriptionsOperator(**given)
    task.__dict__["_hook"] = hook
    return task


def deferral(call: Any, *args: Any, **kwargs: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as raised:
        call(*args, **kwargs)
    return raised.value


def over_the_database(value: Any) -> Any:
    return json.loads(json.dumps(value))


def resume(task: Any, deferred: TaskDeferred, context: Any, event: Any = READY_EVENT) -> Any:
    kwargs = over_the_database(dict(deferred.kwargs or {}) | {"event": event})
    return task.resume_execution(deferred.method_name, kwargs, context)


def another_process() -> None:
    export_task._carried_in_process.clear()


class TestInAWorker:
    def test_the_export_is_started_once_waited_for_and_its_address_given(self, store, clock):
        hook = FakeHook(probes=[PENDING, Probe(status=503), Probe(problem="cut"), READY])

        assert make(hook).execute(task_context(store)) == URL

        assert hook.started == [SubscriptionsExport()]
        assert hook.probed == [URL] * 4
        assert len(clock.slept) == 3
        assert all(9 <= slept <= 11 for slept in clock.slept)

    def test_the_export_is_kept_before_any_waiting(self, store):
        class Hook(FakeHook):
            def probe_export(self, url: str) -> Probe:
                assert store.values
                return super().probe_export(url)

        hook = Hook()
        make(hook).execute(task_context(store))

        assert hook.probed == [URL]

    def test_a_ready_file_is_not_waited_for(self, clock):
        make(FakeHook()).execute(task_context())

        assert clock.slept == []

    def test_the_wait_ends_at_the_deadline_with_a_last_look(self, store, clock):
        hook = FakeHook(probes=[PENDING])
        began = clock.now

        with pytest.raises(e.OneSignalExportTimeoutError, match="Last response: HTTP 404, pending"):
            make(hook, timeout=25, poll_interval=10).execute(task_context(store))

        assert clock.now - began == pytest.approx(25, abs=0.1)

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (401, e.OneSignalExportUnavailableError),
            (410, e.OneSignalExportUnavailableError),
            (302, e.OneSignalExportUnavailableError),
        ],
    )
    def test_what_waiting_cannot_mend_ends_it_at_once(self, store, clock, status, error):
        with pytest.raises(error, match=f"HTTP {status}"):
            make(FakeHook(probes=[Probe(status=status)])).execute(task_context(store))

        assert clock.slept == []

    def test_without_waiting_for_completion_nothing_is_looked_at(self, store):
        hook = FakeHook()

        assert make(hook, wait_for_completion=False).execute(task_context(store)) == URL
        assert hook.probed == []


class TestDeferred:
    def test_the_task_leaves_its_worker_and_comes_back_with_the_address(self, store, clock):
        hook = FakeHook(probes=[PENDING])
        context = task_context(store)

        deferred = deferral(
            make(hook, deferrable=True, timeout=3600, poll_interval=7).execute, context
        )

        assert isinstance(deferred.trigger, OneSignalExportTrigger)
        assert deferred.trigger.serialize()[1] == {
            "csv_file_url": URL,
            "deadline": pytest.approx(clock.now + 3600, abs=0.1),
            "started_at": pytest.approx(clock.now, abs=0.1),
            "poll_interval": 7.0,
            "onesignal_conn_id": "onesignal_default",
        }
        assert timedelta(seconds=3600) < deferred.timeout <= timedelta(seconds=3600 + 300)
        assert resume(make(FakeHook(), deferrable=True), deferred, context) == URL
        assert len(hook.started) == 1
        assert clock.slept == []

    def test_a_ready_file_is_not_deferred_for(self):
        assert make(FakeHook(), deferrable=True).execute(task_context()) == URL

    def test_a_deferred_export_calls_the_task_state_four_times(self):
        calls: list[str] = []

        class Store(FakeStore):
            def get(self, key: str, default: Any = None) -> Any:
                calls.append("get")
                return super().get(key, default)

            def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
                calls.append("set")
                assert retention == timedelta(days=3)
                super().set(key, value)

        context = task_context(Store())
        deferred = deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)
        resume(make(FakeHook()), deferred, context)

        # What an earlier try left, the mark before the request, the export, the result.
        assert calls == ["get", "set", "set", "set"]

    @pytest.mark.parametrize("durable", [True, False])
    @pytest.mark.parametrize("has_store", [True, False])
    def test_a_fresh_process_with_only_the_event_goes_on(self, store, durable, has_store):
        context = task_context(store if has_store else None)
        task = make(FakeHook(probes=[PENDING]), deferrable=True, durable=durable)
        deferred = deferral(task.execute, context)
        another_process()

        fresh = make(FakeHook(), deferrable=True, durable=durable)

        assert resume(fresh, deferred, context) == URL
        assert fresh._hook.started == []

    @pytest.mark.parametrize("has_store", [True, False])
    def test_a_deferral_that_loses_its_kwargs_goes_on_in_the_same_process(self, store, has_store):
        # dag.test() resumes with nothing but the event.
        context = task_context(store if has_store else None)
        deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)

        assert make(FakeHook()).execute_complete(context, READY_EVENT) == URL

    def test_a_template_that_renders_to_something_else_loses_nothing(self, store):
        context = task_context(store)
        task = make(FakeHook(probes=[PENDING]), deferrable=True, segment_name="at 12:00")
        deferred = deferral(task.execute, context)
        another_process()

        assert resume(make(FakeHook(), segment_name="at 12:05"), deferred, context) == URL

    def test_an_export_that_grew_too_old_meanwhile_is_expired_and_not_lost(self, store, clock):
        context = task_context(store)
        task = make(FakeHook(probes=[PENDING]), deferrable=True, timeout=2 * THREE_DAYS)
        deferred = deferral(task.execute, context)
        another_process()
        clock.now += THREE_DAYS

        with pytest.raises(e.OneSignalExportExpiredError, match="Start a new export"):
            resume(make(FakeHook()), deferred, context, {"status": "expired", "last_seen": "x"})

        assert not store.values

    def test_a_resume_needs_neither_connection_nor_hook(self, store):
        context = task_context(store)
        deferred = deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)
        fresh = OneSignalExportSubscriptionsOperator(task_id="task", onesignal_conn_id="nowhere")

        assert resume(fresh, deferred, context) == URL

    def test_a_deferral_that_lost_everything_says_so(self):
        with pytest.raises(e.OneSignalExportError, match="retry the task"):
            make(FakeHook()).execute_complete(task_context(), READY_EVENT)

    @pytest.mark.parametrize(
        "event",
        [
            None,
            "ready",
            {},
            {"status": "ready"},
            {"status": "success", "last_seen": ""},
            [READY_EVENT],
        ],
        ids=repr,
    )
    def test_a_garbage_event_never_counts_as_ready(self, store, event):
        context = task_context(store)
        deferred = deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)
        hook = FakeHook()

        with pytest.raises(e.OneSignalExportError, match="unknown event"):
            resume(make(hook), deferred, context, event)

        assert hook.started == []
        assert store.values

    def test_a_deferral_nobody_served_is_a_timeout(self, store):
        context = task_context(store)
        deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)

        with pytest.raises(e.OneSignalExportTimeoutError, match="triggerer is running"):
            make(FakeHook()).resume_execution("__fail__", {"error": "Trigger timeout"}, context)

        assert store.values

    def test_a_trigger_that_failed_otherwise_is_what_airflow_says_it_is(self, store):
        with pytest.raises(Exception, match="Trigger failure") as raised:
            make(FakeHook()).resume_execution(
                "__fail__", {"error": "Trigger failure"}, task_context(store)
            )

        assert type(raised.value).__name__ == "TaskDeferralError"


ENDS = [
    pytest.param("timeout", e.OneSignalExportTimeoutError, True, id="timeout"),
    pytest.param("misconfigured", e.OneSignalConfigurationError, True, id="misconfigured"),
    pytest.param("expired", e.OneSignalExportExpiredError, False, id="expired"),
    pytest.param("failed", e.OneSignalExportUnavailableError, False, id="failed"),
]


class TestAnotherTry:
    @BOTH_MODES
    def test_goes_on_with_the_same_export(self, store, clock, deferrable, caplog):
        context = task_context(store)
        dies = FakeHook(probes=[PENDING])
        if deferrable:
            deferral(make(dies, deferrable=True).execute, context)
        else:
            with pytest.raises(e.OneSignalExportTimeoutError):
                make(dies, timeout=30).execute(context)
        another_process()
        hook = FakeHook(starts=[NEW_URL])

        with caplog.at_level(logging.INFO):
            assert make(hook, deferrable=deferrable).execute(context) == URL

        assert hook.started == []
        assert "Continuing with the export that an earlier try started" in caplog.text

    @BOTH_MODES
    @pytest.mark.parametrize(
        ("age", "parameters"),
        [(THREE_DAYS, {}), (0.0, {"segment_name": "other"})],
        ids=["too-old", "other-parameters"],
    )
    def test_starts_a_new_one_where_the_old_one_is_of_no_use(
        self, *, store, clock, caplog, deferrable, age, parameters
    ):
        context = task_context(store)
        deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)
        another_process()
        clock.now += age
        hook = FakeHook(starts=[NEW_URL])

        with caplog.at_level(logging.INFO):
            assert make(hook, deferrable=deferrable, **parameters).execute(context) == NEW_URL

        assert len(hook.started) == 1
        assert "a new export is needed" in caplog.text

    @BOTH_MODES
    def test_after_a_success_that_airflow_did_not_note_returns_it_again(self, store, deferrable):
        context = task_context(store)
        make(FakeHook(), deferrable=deferrable).execute(context)
        another_process()
        hook = FakeHook(starts=[NEW_URL])

        assert make(hook, deferrable=deferrable).execute(context) == URL
        assert hook.started == []

    @BOTH_MODES
    def test_after_a_success_a_cleared_task_starts_a_new_one(self, store, deferrable):
        context = task_context(store)
        make(FakeHook(), deferrable=deferrable).execute(context)
        context["ti"].max_tries += 3

        assert make(FakeHook(starts=[NEW_URL])).execute(context) == NEW_URL

    @pytest.mark.parametrize(
        "lost", [e.OneSignalUnreachableError("cut"), SystemExit(143)], ids=["cut", "killed"]
    )
    def test_after_a_lost_answer_waits_for_its_turn_whatever_on_conflict_says(
        self, store, caplog, lost
    ):
        context = task_context(store)
        with pytest.raises(type(lost)):
            make(FakeHook(starts=[lost])).execute(context)
        hook = FakeHook(starts=[BUSY, NEW_URL])

        assert make(hook, on_conflict="fail").execute(context) == NEW_URL
        assert "never learned its URL" in caplog.text

    def test_after_a_lost_answer_waits_for_its_turn_over_deferrals_and_further_tries(self, store):
        context = task_context(store)
        with pytest.raises(e.OneSignalUnreachableError):
            make(FakeHook(starts=[e.OneSignalUnreachableError("cut")])).execute(context)
        for _ in range(2):
            another_process()
            waiting = {"deferrable": True, "on_conflict": "fail"}
            first = deferral(make(FakeHook(starts=[BUSY]), **waiting).execute, context)
            another_process()
            second = make(FakeHook(starts=[BUSY]), **waiting)
            again = deferral(resume, second, first, context, {"status": "turn"})

        hook = FakeHook(starts=[NEW_URL])
        assert resume(make(hook, **waiting), again, context, {"status": "turn"}) == NEW_URL

    def test_a_state_that_cannot_be_written_costs_the_next_try_and_not_this_one(self, caplog):
        class Store(FakeStore):
            def set(self, key: str, value: Any, *, retention: Any = None) -> None:
                if "url" in value or "result" in value:
                    raise OSError("down")

        context = task_context(Store())

        assert make(FakeHook()).execute(context) == URL
        assert "The task state cannot be written (OSError)" in caplog.text

    def test_after_a_refusal_there_is_nothing_to_wait_for(self, store):
        context = task_context(store)
        with pytest.raises(e.OneSignalPlanError):
            make(FakeHook(starts=[e.OneSignalPlanError("no")])).execute(context)

        assert not store.values

    @BOTH_MODES
    @pytest.mark.parametrize(("status", "error", "is_kept"), ENDS)
    def test_goes_on_only_where_the_export_may_still_come(
        self, *, store, clock, deferrable, status, error, is_kept
    ):
        context = task_context(store)
        deferred = deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)
        another_process()

        with pytest.raises(error):
            resume(make(FakeHook()), deferred, context, {"status": status, "last_seen": "x"})
        another_process()
        hook = FakeHook(starts=[NEW_URL])
        make(hook, deferrable=deferrable).execute(context)

        assert len(hook.started) == (0 if is_kept else 1)

    def test_in_a_worker_goes_on_only_where_the_export_may_still_come(self, store):
        gone = FakeHook(probes=[Probe(status=410)])
        with pytest.raises(e.OneSignalExportUnavailableError):
            make(gone).execute(task_context(store))

        assert not store.values

    @pytest.mark.parametrize(("has_store", "durable"), [(True, False), (False, True)])
    def test_without_durability_starts_a_new_one(self, store, has_store, durable):
        context = task_context(store if has_store else None)
        deferral(
            make(FakeHook(probes=[PENDING]), deferrable=True, durable=durable).execute, context
        )
        another_process()
        hook = FakeHook(starts=[NEW_URL])

        assert make(hook, durable=durable).execute(context) == NEW_URL
        assert not store.values


class TestTheTakenSlot:
    @pytest.fixture(autouse=True)
    def whole_waits(self, monkeypatch):
        without_jitter = partial(turn_delay, rand=lambda: 0.0)
        monkeypatch.setattr("airflow_provider_onesignal.export_run.turn_delay", without_jitter)

    def test_fail_raises_at_once(self, store, clock):
        with pytest.raises(e.OneSignalExportInProgressError):
            make(FakeHook(starts=[BUSY]), on_conflict="fail").execute(task_context(store))

        assert clock.slept == []
        assert not store.values

    def test_a_worker_asks_again_at_growing_intervals(self, store, clock, caplog):
        hook = FakeHook(starts=[BUSY] * 5 + [URL])

        with caplog.at_level(logging.INFO):
            assert make(hook).execute(task_context(store)) == URL

        assert clock.slept == [10, 20, 40, 60, 60]
        assert len(hook.started) == 6
        assert "next attempt in 10 s (attempts so far: 1)" in caplog.text
        assert "next attempt in 40 s (attempts so far: 3)" in caplog.text

    @BOTH_MODES
    def test_the_wait_for_the_turn_ends_at_the_deadline(self, clock, deferrable):
        began = clock.now
        hook = FakeHook(starts=[BUSY])
        context = task_context()
        task = make(hook, timeout=100, deferrable=deferrable)

        with pytest.raises(e.OneSignalExportTimeoutError, match="each of the 5 attempts") as raised:
            self.run_to_the_end(task, hook, context, clock)

        assert raised.value.__cause__ is BUSY
        assert clock.now - began == pytest.approx(100, abs=1)

    @staticmethod
    def run_to_the_end(task: Any, hook: FakeHook, context: Any, clock: Any) -> Any:
        """Play the triggerer for turns: sleep until asked for, resume a fresh instance."""
        part = partial(task.execute, context)
        while True:
            try:
                return part()
            except TaskDeferred as deferred:
                turn = deferred.trigger
                clock.sleep(turn.ask_at - clock.now)
                fresh = make(hook, deferrable=True)
                part = partial(resume, fresh, deferred, context, TURN)

    def test_a_deferrable_task_leaves_its_worker_and_asks_again_at_growing_intervals(
        self, store, clock
    ):
        context = task_context(store)
        busy = FakeHook(starts=[BUSY])
        deferred = deferral(make(busy, deferrable=True, timeout=1000).execute, context)
        deadline = clock.now + 1000
        delays = []
        for _ in range(5):
            trigger = deferred.trigger
            assert isinstance(trigger, OneSignalExportTurnTrigger)
            assert dict(deferred.kwargs or {})["carried"]["deadline"] == pytest.approx(
                deadline, abs=0.1
            )
            assert deferred.timeout is not None
            delays.append(round(trigger.ask_at - clock.now))
            clock.now = trigger.ask_at
            fresh = make(busy, deferrable=True, timeout=1000)
            deferred = deferral(resume, fresh, deferred, context, TURN)

        assert delays == [10, 20, 40, 60, 60]
        assert clock.slept == []
        assert not store.values

    def test_once_it_is_its_turn_the_task_waits_for_the_file_until_the_same_deadline(
        self, store, clock
    ):
        context = task_context(store)
        deferred = deferral(
            make(FakeHook(starts=[BUSY]), deferrable=True, timeout=1000).execute, context
        )
        deadline = clock.now + 1000
        clock.now += 600
        fresh = make(FakeHook(probes=[PENDING]), deferrable=True, timeout=1000)

        waiting = deferral(resume, fresh, deferred, context, TURN)

        assert isinstance(waiting.trigger, OneSignalExportTrigger)
        assert waiting.trigger.deadline == pytest.approx(deadline, abs=0.1)
        assert resume(make(FakeHook()), waiting, context) == URL

    @BOTH_MODES
    def test_without_waiting_for_completion_the_turn_is_all_that_is_waited_for(
        self, clock, deferrable
    ):
        hook = FakeHook(starts=[BUSY, URL], probes=[PENDING])
        context = task_context()
        task = make(hook, deferrable=deferrable, wait_for_completion=False)
        if deferrable:
            deferred = deferral(task.execute, context)
            fresh = make(hook, deferrable=True, wait_for_completion=False)
            assert resume(fresh, deferred, context, TURN) == URL
        else:
            assert task.execute(context) == URL

        assert hook.probed == []

    def test_an_export_of_an_earlier_try_is_waited_for_without_asking(self, store):
        context = task_context(store)
        deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)
        hook = FakeHook(starts=[BUSY])

        assert make(hook, on_conflict="fail").execute(context) == URL
        assert hook.started == []

    def test_any_other_error_is_raised_at_once(self, store, clock):
        denied = e.OneSignalAuthenticationError("denied")

        with pytest.raises(e.OneSignalAuthenticationError):
            make(FakeHook(starts=[denied])).execute(task_context(store))

        assert clock.slept == []


class TestKilled:
    @pytest.mark.parametrize(
        ("has_store", "durable", "is_kept"),
        [(True, True, True), (True, False, False), (False, True, False)],
    )
    def test_says_what_becomes_of_the_export_without_its_address(
        self, store, caplog, has_store, durable, is_kept
    ):
        task = make(FakeHook(probes=[PENDING]), deferrable=True, durable=durable)
        deferral(task.execute, task_context(store if has_store else None))

        with caplog.at_level(logging.INFO), pytest.raises(SystemExit):
            task.on_kill()

        said = caplog.records[-1].getMessage()
        assert "export continues at OneSignal; its file will be at files.example.com/…" in said
        assert ("next try of this task continues with it" in said) is is_kept
        assert "csv_exports" not in caplog.text

    def test_after_its_success_says_nothing(self, caplog):
        task = make(FakeHook())
        task.execute(task_context())
        caplog.clear()

        with pytest.raises(SystemExit):
            task.on_kill()
        assert caplog.text == ""

    def test_what_airflow_itself_ends_is_not_ended_a_second_time(self):
        def out_of_time() -> None:
            raise AirflowTaskTimeout

        def run() -> None:
            try:
                out_of_time()
            except AirflowTaskTimeout:
                make(FakeHook()).on_kill()
                raise

        with pytest.raises(AirflowTaskTimeout):
            run()

    def test_before_anything_was_started_says_nothing(self, caplog):
        with pytest.raises(SystemExit):
            make(FakeHook()).on_kill()

        assert caplog.text == ""


class TestSecrets:
    def test_no_message_shows_the_address(self, store, caplog, clock):
        context = task_context(store)
        with caplog.at_level(logging.DEBUG), pytest.raises(e.OneSignalExportTimeoutError) as late:
            make(FakeHook(probes=[PENDING]), timeout=30).execute(context)
        with caplog.at_level(logging.DEBUG):
            make(FakeHook()).execute(context)

        assert "csv_exports" not in str(late.value)
        assert "csv_exports" not in caplog.text

    @BOTH_MODES
    def test_the_address_is_masked_before_anything_looks_at_it(self, monkeypatch, deferrable):
        masked: list[str] = []
        kept_masked: list[bool] = []
        monkeypatch.setattr("airflow_provider_onesignal.export_run.mask_url", masked.append)

        class Store(FakeStore):
            def set(self, key: str, value: Any, *, retention: Any = None) -> None:
                if URL in repr(value):  # Airflow logs what is set
                    kept_masked.append(URL in masked)
                super().set(key, value)

        class Hook(FakeHook):
            def probe_export(self, url: str) -> Probe:
                assert URL in masked
                return super().probe_export(url)

        hook = Hook()
        make(hook, deferrable=deferrable).execute(task_context(Store()))

        assert hook.probed == [URL]
        assert kept_masked == [True, True]

    def test_a_resumed_task_masks_it_too(self, monkeypatch, store):
        context = task_context(store)
        deferred = deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, context)
        masked: list[str] = []
        monkeypatch.setattr("airflow_provider_onesignal.export_run.mask_url", masked.append)

        resume(make(FakeHook()), deferred, context)

        assert URL in masked


class TestParameters:
    @pytest.mark.parametrize("name", ["timeout", "poll_interval"])
    @pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "10", None])
    def test_a_time_that_is_none_is_refused(self, name, value):
        with pytest.raises(e.OneSignalValidationError, match=name):
            make(FakeHook(), **{name: value})

    def test_times_may_be_timedeltas(self):
        task = make(FakeHook(), timeout=timedelta(hours=1), poll_interval=timedelta(seconds=5))

        assert (task.timeout, task.poll_interval) == (3600.0, 5.0)

    @pytest.mark.parametrize("value", ["retry", None, True])
    def test_an_unknown_way_to_meet_a_conflict_is_refused(self, value):
        with pytest.raises(e.OneSignalValidationError, match="on_conflict"):
            make(FakeHook(), on_conflict=value)

    def test_defaults_are_those_documented(self):
        task = OneSignalExportSubscriptionsOperator(task_id="task")

        assert (task.wait_for_completion, task.deferrable, task.poll_interval, task.timeout) == (
            True,
            False,
            10.0,
            4 * 3600.0,
        )
        assert (task.on_conflict, task.durable) == ("wait", True)
        assert task.onesignal_conn_id == "onesignal_default"

    @pytest.mark.parametrize(
        ("task", "export"),
        [
            (
                OneSignalExportSubscriptionsOperator(
                    task_id="task",
                    extra_fields=["country"],
                    last_active_since=1,
                    segment_name="s",
                    include_unsubscribed=True,
                ),
                SubscriptionsExport(
                    extra_fields=["country"],
                    last_active_since=1,
                    segment_name="s",
                    include_unsubscribed=True,
                ),
            ),
            (
                OneSignalExportEventsOperator(task_id="task", message_id=MESSAGE),
                EventsExport(MESSAGE),
            ),
            (
                OneSignalExportMessageHistoryOperator(
                    task_id="task", message_id=MESSAGE, events="sent", email="a@example.com"
                ),
                MessageHistoryExport(MESSAGE, "sent", "a@example.com"),
            ),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_each_operator_is_a_face_of_its_request(self, task, export):
        task.__dict__["_hook"] = hook = FakeHook()

        assert task.execute(task_context()) == URL
        assert hook.started == [export]

    @pytest.mark.parametrize(
        ("operator", "fields"),
        [
            (
                OneSignalExportSubscriptionsOperator,
                {"extra_fields", "last_active_since", "segment_name", "include_unsubscribed"},
            ),
            (OneSignalExportEventsOperator, {"message_id"}),
            (OneSignalExportMessageHistoryOperator, {"message_id", "events", "history_email"}),
        ],
    )
    def test_all_data_parameters_and_the_connection_are_templates(self, operator, fields):
        flags = {"wait_for_completion", "deferrable", "durable"}
        assert set(operator.template_fields) == fields | flags | {"onesignal_conn_id"}

    @pytest.mark.parametrize("given", [None, "me@example.com"])
    def test_whom_airflow_mails_of_failures_is_not_mailed_the_file(self, given):
        own = {"email": given} if given else {}
        with DAG("nightly", schedule=None, default_args={"email": ["ops@example.com"]}):
            task = OneSignalExportMessageHistoryOperator(
                task_id="task", message_id=MESSAGE, events="sent", **own
            )

        assert task._export_request() == MessageHistoryExport(MESSAGE, "sent", given)
        assert task.email == ["ops@example.com"]

    def test_nor_is_who_is_named_for_a_group_of_tasks(self):
        alerts: Any = {"email": "ops@example.com"}
        with DAG("nightly", schedule=None), TaskGroup("group", default_args=alerts):
            task = OneSignalExportMessageHistoryOperator(
                task_id="task", message_id=MESSAGE, events="sent"
            )

        assert task._export_request() == MessageHistoryExport(MESSAGE, "sent")

    def test_templates_are_rendered_before_the_export_is_started(self):
        task = make(FakeHook(), segment_name="{{ name }}", extra_fields=["{{ field }}"])

        task.render_template_fields({"name": "Active", "field": "country"})
        task.execute(task_context())

        assert task._hook.started == [
            SubscriptionsExport(segment_name="Active", extra_fields=["country"])
        ]

    def test_a_wrong_request_is_told_before_anything_is_started(self, store):
        hook = FakeHook()

        with pytest.raises(e.OneSignalValidationError):
            make(hook, last_active_since="yesterday").execute(task_context(store))

        assert hook.started == []


def test_what_is_kept_is_small_and_holds_no_key(store, clock):
    deferral(make(FakeHook(probes=[PENDING]), deferrable=True).execute, task_context(store))

    (kept,) = store.values.values()
    assert set(json.loads(kept)) == {"url", "at", "fingerprint"}
    assert len(kept) < 1000
