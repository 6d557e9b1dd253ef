"""How a wait ends, and what travels from the triggerer to the worker."""

from __future__ import annotations

import json

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalExportError,
    OneSignalExportExpiredError,
    OneSignalExportTimeoutError,
    OneSignalExportUnavailableError,
)
from airflow_provider_onesignal.readiness import ExportEvent, Probe, Readiness, wait_state
from tests.unit.fakes import URL
from tests.unit.readiness_table import ONE_OF_EACH, THREE_DAYS, expected

NOW = 1_793_000_000.0
UNDATED = "https://files.example.com/csv_exports/8458af75/users_0123456789abcdef.csv.gz"
ENDS = {
    Readiness.READY: "ready",
    Readiness.EXPIRED: "expired",
    Readiness.FATAL: "failed",
    Readiness.PENDING: None,
    Readiness.TRANSIENT: None,
}


def judge(status: int | None, *, age: float | None, deadline: float = NOW + 1, url: str = UNDATED):
    started_at = None if age is None else NOW - age
    return wait_state(
        Probe(status=status), url=url, started_at=started_at, deadline=deadline, now=NOW
    )


@pytest.mark.parametrize("age", [None, THREE_DAYS], ids=str)
@pytest.mark.parametrize("status", ONE_OF_EACH, ids=str)
def test_a_poll_ends_the_wait_where_waiting_is_over(status, age):
    found = judge(status, age=age)

    assert found.readiness == expected(status, age)
    assert (found.end and found.end.status) == ENDS[found.readiness]


@pytest.mark.parametrize("status", ONE_OF_EACH, ids=str)
def test_at_the_deadline_every_poll_ends_the_wait(status):
    found = judge(status, age=60.0, deadline=NOW)

    assert found.end is not None
    assert found.end.status == (ENDS[found.readiness] or "timeout")


def test_a_timeout_names_the_last_state_seen():
    end = judge(503, age=60.0, deadline=NOW).end

    assert end == ExportEvent(status="timeout", last_seen="HTTP 503, transient")


def test_where_the_start_is_unknown_the_name_of_the_file_tells_the_age():
    dated = f"{UNDATED.removesuffix('.csv.gz')}_2026-10-01.csv.gz"

    assert judge(404, age=None, url=dated).readiness is Readiness.EXPIRED
    assert judge(404, age=THREE_DAYS - 1, url=dated).readiness is Readiness.PENDING


@pytest.mark.parametrize("status", ["ready", "timeout", "expired", "failed", "misconfigured"])
def test_an_event_survives_its_way_through_the_database(status):
    event = ExportEvent(status=status, last_seen="HTTP 404, pending")

    assert ExportEvent.from_json(json.loads(json.dumps(event.to_json()))) == event


GARBAGE = [
    None,
    "ready",
    True,
    1,
    [],
    {},
    {"status": "ready"},
    {"status": "READY", "last_seen": ""},
    {"status": "success", "last_seen": ""},
    {"status": None, "last_seen": ""},
    {"status": ["ready"], "last_seen": ""},
    {"status": "ready", "last_seen": None},
    ["ready", ""],
]


@pytest.mark.parametrize("event", GARBAGE, ids=repr)
def test_anything_else_never_counts_as_ready(event):
    with pytest.raises(OneSignalExportError, match="unknown event"):
        ExportEvent.from_json(event)


def test_a_ready_file_raises_nothing():
    ExportEvent(status="ready", last_seen="HTTP 206").raise_unless_ready(URL)


@pytest.mark.parametrize(
    ("status", "error", "remedy"),
    [
        ("timeout", OneSignalExportTimeoutError, "raise timeout"),
        ("expired", OneSignalExportExpiredError, "Start a new export"),
        ("failed", OneSignalExportUnavailableError, "cannot become ready"),
        ("misconfigured", OneSignalConfigurationError, "what was seen"),
    ],
)
def test_each_other_end_has_its_type_and_says_what_was_seen_last(status, error, remedy):
    with pytest.raises(error, match=remedy) as raised:
        ExportEvent(status=status, last_seen="what was seen").raise_unless_ready(URL)

    assert type(raised.value) is error
    assert "what was seen" in str(raised.value)
    assert "csv_exports" not in str(raised.value)


@pytest.mark.parametrize(
    "event", [["x" * 10_000], {"status": "ok\n" * 1000}, "os_v2_app_" + "k" * 99]
)
def test_what_is_not_understood_is_shown_in_one_bounded_line_without_secrets(event):
    with pytest.raises(OneSignalExportError, match="unknown event") as raised:
        ExportEvent.from_json(event)

    assert len(str(raised.value)) < 500
    assert str(raised.value).isprintable()
    assert "k" * 20 not in str(raised.value)


def test_what_was_last_seen_is_kept_to_one_bounded_line():
    event = ExportEvent.from_json({"status": "timeout", "last_seen": "HTTP 404,\n pending" * 1000})

    assert event.last_seen.startswith("HTTP 404, pending")
    assert len(event.last_seen) <= 1000
    assert event.last_seen.isprintable()
