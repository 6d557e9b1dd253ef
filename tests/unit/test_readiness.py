"""The readiness table: status x age."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_onesignal.readiness import (
    EXPORT_LIFETIME,
    Probe,
    Readiness,
    _why_fatal,
    answered,
    readiness_of,
    started_at_latest,
)
from tests.unit.readiness_table import AGES, STATUSES, expected


@pytest.mark.parametrize("age", AGES, ids=str)
@pytest.mark.parametrize("status", STATUSES, ids=str)
def test_each_line_of_the_table(status, age):
    assert readiness_of(Probe(status=status), age=age) == expected(status, age)


def test_a_file_lives_three_days():
    assert EXPORT_LIFETIME == 259_200


@pytest.mark.parametrize("status", [400, 401, 405, 410, 416, 301, 307, 204, 418])
def test_a_fatal_answer_is_explained(status):
    assert readiness_of(Probe(status=status), age=None) is Readiness.FATAL
    assert _why_fatal(Probe(status=status))


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        (Probe(status=404), "HTTP 404"),
        (Probe(problem="no response in time"), "no response (no response in time)"),
        (answered(302, location="https://h/secret"), "HTTP 302 (redirects to h)"),
        (answered(302, location="/secret"), "HTTP 302 (redirects to elsewhere)"),
        (answered(302, location="https://[broken/secret"), "HTTP 302 (redirects to elsewhere)"),
        (answered(302), "HTTP 302"),
        (answered(200, location="https://h/secret"), "HTTP 200"),
    ],
)
def test_what_was_seen_is_said_without_any_path(probe, text):
    assert str(probe) == text
    assert "secret" not in text


def at(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("name", "latest"),
    [
        ("users_0123456789abcdef0123456789abcdef_2026-11-01.csv.gz", "2026-11-02T12:00:00"),
        ("users_x_2026-11-01.csv.gz?sig=2020-01-01.csv", "2026-11-02T12:00:00"),
        ("events_x-push-2024-10-21T06-49-23PMUTC.csv.gz", "2024-10-22T12:00:00"),
        ("history_2026-12-31.csv", "2027-01-01T12:00:00"),
    ],
)
def test_the_name_of_a_file_tells_when_it_was_started_at_the_latest(name, latest):
    assert started_at_latest(f"https://h/{name}") == at(latest)


@pytest.mark.parametrize(
    "name",
    [
        "x.csv.gz",
        "2026-13-01.csv.gz",
        "2026-02-30.csv",
        "2026-11-01/x.csv",
        "0000-01-01.csv",
        "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7.csv",
        "",
    ],
)
def test_a_name_without_a_date_tells_nothing(name):
    assert started_at_latest(f"https://h/{name}") is None
