"""Whatever a server sends: a value of the right type, or a typed error in one bounded line."""

from __future__ import annotations

import json
import math
import os
import string
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings, strategies as st

from airflow_provider_onesignal.api.answers import (
    Answer,
    Sent,
    says_export_is_running,
    value_of,
)
from airflow_provider_onesignal.api.client import HttpSession, probe
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.api.retries import (
    MAX_RETRY_AFTER,
    Failure,
    delay_before_retry,
)
from airflow_provider_onesignal.connection import HttpSettings
from airflow_provider_onesignal.exceptions import OneSignalError
from airflow_provider_onesignal.files import source as file_answer
from airflow_provider_onesignal.files.download import Download
from airflow_provider_onesignal.files.source import HttpSource, ResumePolicy
from airflow_provider_onesignal.hooks.messages import MessageOperations
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.http_policy import retry_after_seconds
from tests.operations import APP_ID, FILE_URL, OPERATIONS, Operation, by_name
from tests.unit.scripted import RawServer

LONGEST = 2500
ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "1"))
"""How many times more examples than usual."""
NINES = "9" * 5000
NAMES = st.sampled_from(
    [
        "errors",
        "success",
        "id",
        "csv_file_url",
        "destination_url",
        "segments",
        "payload",
        "identity",
        "onesignal_id",
        "outcomes",
        "notifications",
        "next_time_offset",
        "code",
        "title",
        "meta",
        "value",
    ]
)
TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        FILE_URL,
        "http://[",
        "https://h:x/y",
        "http://h/\ud800",
        " ",
        "User already running another",
        "0",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=15,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=5)
BODIES = st.one_of(
    OBJECTS.map(lambda value: json.dumps(value).encode()),
    JSON.map(lambda value: json.dumps(value).encode()),
    OBJECTS.map(lambda value: json.dumps(value).encode()[:-1]),
    OBJECTS.map(lambda value: json.dumps(value).encode("utf-16")),
    st.binary(max_size=80),
)
STATUSES = st.sampled_from([200, 201, 202, 204]) | st.integers(200, 599)


def is_like(value: Any, good: Any) -> bool:
    """Return whether a value is of the kind that the operation promises."""
    if isinstance(good, list):
        return isinstance(value, list) and all(isinstance(item, dict) for item in value)
    if isinstance(good, str):
        return isinstance(value, str) and value.startswith(good[:4] if "://" in good else "")
    return isinstance(value, type(good))


class Answered(MessageOperations):
    """The operations, each of which gets the same answer."""

    app_id = APP_ID

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def _exchange(self, request: ApiRequest) -> Sent:
        says_export_is_running(self._answer)
        return Sent(value_of(request, self._answer))


def check_text(text: str) -> None:
    assert len(text) < LONGEST
    assert text.isprintable()


def check_error(error: OneSignalError) -> None:
    assert type(error) is not OneSignalError
    check_text(str(error))
    assert all(len(text) <= 300 and text.isprintable() for text in error.messages)
    assert len(error.messages) <= 5


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
@settings(max_examples=30 * ROUNDS)
@given(status=STATUSES, body=BODIES)
def test_any_answer_to_any_operation_is_its_value_or_a_typed_error(
    operation: Operation, status: int, body: bytes
) -> None:
    try:
        value = operation.call(Answered(Answer(status=status, body=body)))
    except OneSignalError as error:
        check_error(error)
    else:
        assert status // 100 == 2
        assert is_like(value, operation.value)


@pytest.fixture(scope="module")
def raw() -> Iterator[RawServer]:
    server = RawServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hook(raw: RawServer) -> Iterator[OneSignalHook]:
    connection = {"conn_type": "onesignal", "login": APP_ID, "password": "k" * 48}
    extra = {"max_attempts": 1, "timeout": 5}
    fields = json.dumps({**connection, "host": raw.url, "extra": extra})
    with patch.dict("os.environ", {"AIRFLOW_CONN_ONESIGNAL_DEFAULT": fields}):
        yield OneSignalHook()


class TestOverTheWire:
    """The same through sockets and the real client, down to the framing of HTTP itself."""

    HEADERS = st.sampled_from(
        [
            "Content-Length",
            "Transfer-Encoding",
            "Content-Encoding",
            "Retry-After",
            "Location",
            "Set-Cookie",
            "Connection",
            "Content-Type",
            "Content-Range",
            "ETag",
            "Last-Modified",
        ]
    )
    VALUES = st.one_of(
        st.sampled_from(
            [
                *[
                    "-5",
                    "0",
                    "1,2",
                    "1e9",
                    "NaN",
                    "chunked",
                    "gzip",
                    "deflate",
                    "br",
                    "zstd",
                    "bytes",
                ],
                NINES,
                f"bytes 0-0/{NINES}",
                f"bytes {NINES}-1/2",
                "bytes 5-1/0",
                "Wed, 21 Oct 2099 07:28:00 +9999999999",
                "a=b; Domain=127.0.0.1",
            ]
        ),
        st.text(alphabet=string.printable[:94] + " é\xff", max_size=20),
    )
    HEADS = st.lists(st.tuples(HEADERS, VALUES), max_size=4)

    @staticmethod
    def framed(status: int, head: list[tuple[str, str]], body: bytes) -> bytes:
        lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in head)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    @settings(max_examples=40 * ROUNDS)
    @given(operation=st.sampled_from(OPERATIONS), status=STATUSES, head=HEADS, body=BODIES)
    def test_headers_of_the_api_are_as_hostile_as_bodies(
        self,
        *,
        hook: OneSignalHook,
        raw: RawServer,
        operation: Operation,
        status: int,
        head: list[tuple[str, str]],
        body: bytes,
    ) -> None:
        raw.answer = self.framed(status, head, body)
        self.call_and_check(hook, operation)

    @settings(max_examples=20 * ROUNDS)
    @given(operation=st.sampled_from(OPERATIONS), answer=st.binary(max_size=200))
    def test_what_is_no_http_is_no_answer(
        self, *, hook: OneSignalHook, raw: RawServer, operation: Operation, answer: bytes
    ) -> None:
        raw.answer = answer
        self.call_and_check(hook, operation)

    @staticmethod
    def call_and_check(hook: OneSignalHook, operation: Operation) -> None:
        try:
            value = operation.call(hook)
        except OneSignalError as error:
            check_error(error)
        else:
            assert is_like(value, operation.value)

    @settings(max_examples=40 * ROUNDS)
    @given(status=STATUSES, head=HEADS, body=st.binary(max_size=80))
    @example(status=206, head=[("Content-Range", f"bytes 0-0/{NINES}")], body=b"x")
    @example(status=200, head=[("Content-Length", NINES)], body=b"x")
    @example(
        status=503,
        head=[("Retry-After", "Wed, 21 Oct 2099 07:28:00 +9999999999")],
        body=b"",
    )
    def test_a_download_ends_in_bytes_or_in_an_error_of_the_stream(
        self, *, raw: RawServer, status: int, head: list[tuple[str, str]], body: bytes
    ) -> None:
        raw.answer = self.framed(status, head, body)
        with HttpSession(HttpSettings(timeout=5)) as session:
            policy = ResumePolicy(max_stalls=2, max_resumes=4, first_delay=0.001, longest_delay=0.0)
            source = HttpSource(f"{raw.url}/users.csv.gz", session, policy=policy, timeout=5)
            try:
                with Download(source) as download:
                    while download.read():
                        pass
            except OneSignalError as error:
                check_text(str(error))

    @settings(max_examples=20 * ROUNDS)
    @given(status=STATUSES, head=HEADS, body=st.binary(max_size=80))
    def test_a_poll_sees_a_status_or_says_what_kept_it_from_seeing(
        self, *, raw: RawServer, status: int, head: list[tuple[str, str]], body: bytes
    ) -> None:
        raw.answer = self.framed(status, head, body)
        with HttpSession(HttpSettings(timeout=5)) as session:
            seen = probe(session, f"{raw.url}/users.csv.gz")

        assert seen.status == status or seen.problem
        assert len(str(seen)) < 400
        assert str(seen).isprintable()


NUMBERS = st.one_of(st.integers(), st.floats()).map(str)
DATES = st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
ZONES = st.tuples(DATES, st.integers()).map(lambda pair: f"{pair[0][:-3]}{pair[1]:+d}")
RETRY_AFTER = st.one_of(
    NUMBERS, DATES, ZONES, st.text(), st.just(NINES), st.just("-1"), st.just("٣")
)


class TestRetryAfter:
    @settings(max_examples=60 * ROUNDS)
    @given(text=RETRY_AFTER)
    def test_of_the_api_never_makes_a_wait_endless(self, text: str) -> None:
        asked = retry_after_seconds({"Retry-After": text})

        assert asked is None or (math.isfinite(asked) and asked >= 0)
        request = ApiRequest(operation="read", method="GET", path="/")
        failure = Failure(status=503, retry_after=asked)
        delay = delay_before_retry(request, failure, attempt=1, max_attempts=5)
        assert delay is not None
        assert 0 <= delay <= MAX_RETRY_AFTER

    @settings(max_examples=60 * ROUNDS)
    @given(text=RETRY_AFTER)
    def test_of_the_file_never_makes_a_wait_endless(self, text: str) -> None:
        asked = retry_after_seconds({"Retry-After": text}) or 0.0

        assert 0 <= ResumePolicy().delay(1, asked) <= 60


@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                "Content-Range",
                "Content-Length",
                "ETag",
                "Last-Modified",
            ]
        ),
        st.one_of(
            st.text(max_size=20),
            NUMBERS,
            st.tuples(st.integers(), st.integers(), st.integers()).map(
                lambda three: "bytes {}-{}/{}".format(*three)
            ),
            st.sampled_from([NINES, f"bytes 0-1/{NINES}", "bytes ٣-٣/٣", "²"]),
        ),
    )
)
def test_any_headers_of_a_file_describe_a_version(headers: dict[str, str]) -> None:
    version = file_answer.version_of(headers)

    assert version.size is None or version.size >= 0
    assert not version.contradicts(version)
