"""
For the same logical call, the hook's request equals that of OneSignal's official SDK on the wire.

Where the two differ on purpose, a test of its own says how.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from tests.operations import APP_ID, FILE_URL, OPERATIONS, Operation, by_name

onesignal = pytest.importorskip("onesignal", reason="needs onesignal-python-api")

KEY = "os_v2_app_" + "a" * 103


@dataclass(frozen=True)
class Wire:
    """A request as it came."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    json: Any
    authorization: str
    content_type: str
    accept: str


class Recorder(ThreadingHTTPServer):
    """Records every request and answers each alike."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[Wire] = []
        self.answer: Any = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Recorder

    def answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(
            Wire(
                method=self.command,
                path=parts.path,
                query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
                json=json.loads(body) if body else None,
                authorization=self.headers["Authorization"],
                content_type=self.headers.get("Content-Type", ""),
                accept=self.headers["Accept"],
            )
        )
        answer = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recorder:
        thread = Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield recorder
        recorder.shutdown()
        thread.join()


@pytest.fixture
def hook(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> OneSignalHook:
    connection = {
        "conn_type": "onesignal",
        "login": APP_ID,
        "password": KEY,
        "host": recorder.url,
        "extra": {"max_attempts": 1},
    }
    monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", json.dumps(connection))
    return OneSignalHook()


@pytest.fixture
def sdk(recorder: Recorder) -> Iterator[Any]:
    from onesignal.api.default_api import DefaultApi

    configuration = onesignal.Configuration(host=recorder.url, rest_api_key=KEY)
    with onesignal.ApiClient(configuration) as client:
        yield DefaultApi(client)


def test_the_sdk_has_each_operation() -> None:
    assert [each.name for each in OPERATIONS if each.sdk is None] == []


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.sdk], ids=by_name)
def test_the_hooks_request_equals_the_sdks(
    operation: Operation, hook: OneSignalHook, sdk: Any, recorder: Recorder
) -> None:
    recorder.answer = operation.answer

    operation.call(hook)
    assert operation.sdk is not None
    operation.sdk(sdk)

    ours, theirs = recorder.seen
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    # The SDK writes Python's True.
    assert sorted(ours.query) == sorted(
        (name, value.replace("True", "true")) for name, value in theirs.query
    )
    assert ours.json == theirs.json
    assert ours.authorization == theirs.authorization == f"Key {KEY}"
    assert ours.accept == theirs.accept == "application/json"
    if ours.json:
        assert ours.content_type == theirs.content_type == "application/json"


def test_an_export_of_all_subscriptions_says_nothing(
    hook: OneSignalHook, sdk: Any, recorder: Recorder
) -> None:
    recorder.answer = {"csv_file_url": FILE_URL}

    hook.export_subscriptions()
    sdk.export_subscriptions(APP_ID)

    # The hook with an empty object, the SDK with no body.
    assert [seen.json or None for seen in recorder.seen] == [None, None]


def test_a_name_with_a_comma_goes_where_the_sdk_puts_it(
    hook: OneSignalHook, sdk: Any, recorder: Recorder
) -> None:
    name = "Sales, Purchase.count"
    recorder.answer = {"outcomes": []}

    hook.view_outcomes(outcome_names=[name], outcome_time_range="1h")
    sdk.get_outcomes(APP_ID, "os__click.count", outcome_names2=name, outcome_time_range="1h")

    ours, theirs = recorder.seen
    # The SDK cannot do without outcome_names, so that it always asks for another name as well.
    assert set(theirs.query) - set(ours.query) == {("outcome_names", "os__click.count")}
    assert set(ours.query) - set(theirs.query) == set()
    assert ("outcome_names[]", name) in ours.query


def test_the_segment_id_of_the_path_is_quoted_alike(
    hook: OneSignalHook, sdk: Any, recorder: Recorder
) -> None:
    recorder.answer = {"success": True}

    hook.delete_segment("a/b?c#d")
    sdk.delete_segment(APP_ID, "a/b?c#d")

    ours, theirs = recorder.seen
    assert ours.path == theirs.path == f"/apps/{APP_ID}/segments/a%2Fb%3Fc%23d"


def test_properties_of_an_event_go_where_the_documentation_has_them(
    hook: OneSignalHook, recorder: Recorder
) -> None:
    # The SDK says "payload", the documentation and OneSignal's own tools "properties".
    hook.create_custom_events([{"name": "bought", "properties": {"sku": "a"}}])

    assert recorder.seen[0].json == {"events": [{"name": "bought", "properties": {"sku": "a"}}]}
