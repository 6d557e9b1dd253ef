"""What a task keeps for its next try."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_onesignal.exports import StartedExport
from airflow_provider_onesignal.tasks.memory import ExportMemory
from tests.unit.fakes import URL, FakeStore, task_context
from tests.unit.readiness_table import THREE_DAYS


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def started(clock):
    return StartedExport(url=URL, started_at=clock.now, fingerprint="f")


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    monkeypatch.setattr(ExportMemory, "_held", {})


def test_what_one_try_keeps_the_next_recalls(store, started):
    ExportMemory(task_context(store), durable=True).keep(started)

    assert ExportMemory(task_context(store), durable=True).recall("f") == started


def test_keeping_works_from_the_first_value_on(store, started):
    # An empty store may be falsy.
    assert not store

    ExportMemory(task_context(store), durable=True).keep(started)

    assert list(store.values) == ["onesignal_export"]


@pytest.mark.parametrize(
    ("age", "fingerprint", "is_recalled"),
    [
        (0.0, "f", True),
        (THREE_DAYS - 1, "f", True),
        (THREE_DAYS, "f", False),
        (60.0, "other", False),
    ],
)
def test_only_a_live_export_of_the_same_request_is_recalled(
    *, store, started, clock, caplog, age, fingerprint, is_recalled
):
    memory = ExportMemory(task_context(store), durable=True)
    memory.keep(started)
    clock.now += age

    with caplog.at_level("INFO", logger="airflow_provider_onesignal.tasks.memory"):
        assert memory.recalls(fingerprint) is is_recalled
        assert caplog.text == ""
        recalled = memory.recall(fingerprint)

    assert (recalled is not None) is is_recalled
    reason = "Going on with" if is_recalled else "a new export is needed"
    assert reason in caplog.text
    assert URL not in caplog.text


def test_what_is_forgotten_is_gone(store, started):
    memory = ExportMemory(task_context(store), durable=True)
    memory.keep(started)

    memory.forget()

    assert memory.recall("f") is None
    assert memory.recover(None) is None
    assert not store.values


def test_to_forget_nothing_is_no_error(store):
    ExportMemory(task_context(store), durable=True).forget()
    ExportMemory(task_context(), durable=True).forget()


@pytest.mark.parametrize("value", [None, "x", {}, {"url": 1}, [URL]])
def test_what_something_else_left_there_is_ignored(store, value):
    store.set("onesignal_export", value)

    assert ExportMemory(task_context(store), durable=True).recall("f") is None


def test_without_a_store_nothing_outlives_a_try(started):
    memory = ExportMemory(task_context(), durable=True)
    memory.keep(started)

    assert not memory.holds(started)
    assert memory.recall("f") is None


def test_where_it_is_not_wanted_nothing_is_kept(store, started):
    memory = ExportMemory(task_context(store), durable=False)
    memory.keep(started)

    assert not memory.holds(started)
    assert not store.values


def test_after_a_deferral_the_export_is_found_whatever_became_of_it(store, started, clock):
    ExportMemory(task_context(store), durable=True).keep(started)
    ExportMemory._held.clear()  # another process
    clock.now += 2 * THREE_DAYS

    assert ExportMemory(task_context(store), durable=True).recover(None) == started


def test_within_one_process_the_export_is_found_without_a_store(started):
    ExportMemory(task_context(), durable=True).keep(started)

    assert ExportMemory(task_context(), durable=True).recover(None) == started
    other = replace(started, url="https://files.example.com/other.csv.gz")
    assert ExportMemory(task_context(), durable=True).recover(other.to_json()) == other
    assert ExportMemory(task_context(run_id="other"), durable=True).recover(None) is None


def test_a_store_that_cannot_be_written_costs_the_next_try_and_not_this_one(started, caplog):
    class Broken(FakeStore):
        def set(self, *_, **__):
            raise RuntimeError(f"API server is down, lost {started.url}")

    memory = ExportMemory(task_context(Broken()), durable=True)
    memory.keep(started)

    assert not memory.holds(started)
    assert memory.recover(None) == started
    assert "starts an export of its own" in caplog.text
    assert started.url not in caplog.text


def test_a_store_that_fails_costs_the_next_try_and_not_this_one(
    store, started, caplog, monkeypatch
):
    def fail(*_):
        raise ConnectionError("the API server is down")

    memory = ExportMemory(task_context(store), durable=True)
    memory.keep(started)
    for name in ("get", "delete"):
        monkeypatch.setattr(store, name, fail)

    assert memory.holds(started) is False
    memory.forget()

    assert "cannot be read (ConnectionError)" in caplog.text
    assert "cannot be deleted (ConnectionError)" in caplog.text
