"""
For the same logical call, the hook's request equals that of OneSignal's official SDK on the wire.

Where the two differ on purpose, the difference is written down beside the call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

onesignal = pytest.importorskip("onesignal", reason="needs onesignal-python-api")

APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
SEGMENT = "7ed2887d-bd24-4a81-8220-4b256a08ab19"
MESSAGE = "b7c1d0aa-52e3-4f6b-8a7d-1e9f03c4d526"
USER = "567491ee-9105-4a87-9cbc-ed78a571645b"
KEY = "os_v2_app_" + "a" * 103
EMPTY: tuple[Any, ...] = ({}, None)
"""A body of nothing: an empty object, or no body at all."""


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


ANSWERS = {
    "segments": {"success": True, "id": SEGMENT},
    SEGMENT: {"success": True},
    "users": {"identity": {"onesignal_id": USER}},
    "csv_export": {"csv_file_url": "https://files.example.com/users_x.csv.gz"},
    "export_events": {"csv_file_url": "https://files.example.com/events_x.csv.gz"},
    "history": {"success": True, "destination_url": "https://files.example.com/history.csv"},
    "outcomes": {"outcomes": [{"id": "os__click", "value": 4, "aggregation": "count"}]},
}


class Recorder(ThreadingHTTPServer):
    """Records every request and answers what each client wants to hear."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[Wire] = []

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
        answer = json.dumps(ANSWERS[parts.path.rpartition("/")[2]]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815

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
        "login": APP,
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


@dataclass(frozen=True)
class Call:
    """
    One logical call, made twice.

    :param ours: by the hook
    :param theirs: by the SDK
    :param path: where both must send it
    :param same: how the JSON bodies compare
    """

    ours: Callable[[OneSignalHook], Any]
    theirs: Callable[[Any], Any]
    method: str
    path: str
    same: Callable[[Any, Any], bool] = lambda ours, theirs: ours == theirs


FILTERS = [
    {"field": "tag", "relation": "=", "key": "plan", "value": "gold"},
    {"operator": "OR"},
    {"field": "last_session", "relation": ">", "hours_ago": "48"},
]
IDENTITY = {"external_id": "42"}
TAGS = {"plan": "gold"}
SUBSCRIPTION = {"type": "Email", "token": "a@example.com", "enabled": True}


def sdk_segment() -> Any:
    from onesignal.model.filter import Filter
    from onesignal.model.operator import Operator
    from onesignal.model.segment import Segment

    filters = [Operator(**each) if "operator" in each else Filter(**each) for each in FILTERS]
    return Segment(name="VIPs", filters=filters, id=SEGMENT)


def sdk_user() -> Any:
    from onesignal.model.properties_object import PropertiesObject
    from onesignal.model.subscription import Subscription
    from onesignal.model.user import User

    return User(
        identity=IDENTITY,
        properties=PropertiesObject(tags=TAGS, language="en", lat=48.1, long=11.5),
        subscriptions=[Subscription(**SUBSCRIPTION)],
    )


def sdk_export() -> Any:
    from onesignal.model.export_subscriptions_request_body import ExportSubscriptionsRequestBody

    return ExportSubscriptionsRequestBody(
        extra_fields=["country", "ip"], last_active_since="1790000000", segment_name="VIPs"
    )


def sdk_history() -> Any:
    from onesignal.model.get_notification_history_request_body import (
        GetNotificationHistoryRequestBody,
    )

    return GetNotificationHistoryRequestBody(events="sent", email="a@example.com", app_id=APP)


CALLS = {
    "create segment": Call(
        ours=lambda hook: hook.create_segment(name="VIPs", filters=FILTERS, segment_id=SEGMENT),
        theirs=lambda sdk: sdk.create_segment(APP, segment=sdk_segment()),
        method="POST",
        path=f"/apps/{APP}/segments",
    ),
    "delete segment": Call(
        ours=lambda hook: hook.delete_segment(SEGMENT),
        theirs=lambda sdk: sdk.delete_segment(APP, SEGMENT),
        method="DELETE",
        path=f"/apps/{APP}/segments/{SEGMENT}",
    ),
    "create user": Call(
        ours=lambda hook: hook.create_user(
            identity=IDENTITY,
            properties={"tags": TAGS, "language": "en", "lat": 48.1, "long": 11.5},
            subscriptions=[SUBSCRIPTION],
        ),
        theirs=lambda sdk: sdk.create_user(APP, user=sdk_user()),
        method="POST",
        path=f"/apps/{APP}/users",
    ),
    "export subscriptions": Call(
        ours=lambda hook: hook.export_subscriptions(
            extra_fields=["country", "ip"], last_active_since="1790000000", segment_name="VIPs"
        ),
        theirs=lambda sdk: sdk.export_subscriptions(
            APP, export_subscriptions_request_body=sdk_export()
        ),
        method="POST",
        path="/players/csv_export",
    ),
    "export subscriptions, all of them": Call(
        ours=lambda hook: hook.export_subscriptions(),
        theirs=lambda sdk: sdk.export_subscriptions(APP),
        method="POST",
        path="/players/csv_export",
        # Both say nothing: the hook with an empty object, the SDK with no body.
        same=lambda ours, theirs: ours in EMPTY and theirs in EMPTY,
    ),
    "export events": Call(
        ours=lambda hook: hook.export_events(MESSAGE),
        theirs=lambda sdk: sdk.export_events(MESSAGE, app_id=APP),
        method="POST",
        path=f"/notifications/{MESSAGE}/export_events",
    ),
    "message history": Call(
        ours=lambda hook: hook.message_history(MESSAGE, events="sent", email="a@example.com"),
        theirs=lambda sdk: sdk.get_notification_history(MESSAGE, sdk_history()),
        method="POST",
        path=f"/notifications/{MESSAGE}/history",
    ),
    "view outcomes": Call(
        ours=lambda hook: hook.view_outcomes(
            outcome_names=["os__click.count", "Sales.sum"],
            outcome_time_range="1d",
            outcome_platforms=["0", "1"],
            outcome_attribution="direct",
        ),
        theirs=lambda sdk: sdk.get_outcomes(
            APP,
            "os__click.count,Sales.sum",
            outcome_time_range="1d",
            outcome_platforms="0,1",
            outcome_attribution="direct",
        ),
        method="GET",
        path=f"/apps/{APP}/outcomes",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_hooks_request_equals_the_sdks(
    name: str, hook: OneSignalHook, sdk: Any, recorder: Recorder
) -> None:
    call = CALLS[name]

    call.ours(hook)
    call.theirs(sdk)

    ours, theirs = recorder.seen
    assert (ours.method, ours.path) == (theirs.method, theirs.path) == (call.method, call.path)
    assert sorted(ours.query) == sorted(theirs.query)
    assert call.same(ours.json, theirs.json), f"{ours.json} is not {theirs.json}"
    assert ours.authorization == theirs.authorization == f"Key {KEY}"
    assert ours.accept == theirs.accept == "application/json"
    if ours.json:
        assert ours.content_type == theirs.content_type == "application/json"


def test_a_name_with_a_comma_goes_where_the_sdk_puts_it(
    hook: OneSignalHook, sdk: Any, recorder: Recorder
) -> None:
    name = "Sales, Purchase.count"

    hook.view_outcomes(outcome_names=[name], outcome_time_range="1h")
    sdk.get_outcomes(APP, "os__click.count", outcome_names2=name, outcome_time_range="1h")

    ours, theirs = recorder.seen
    # The SDK cannot do without outcome_names, so that it always asks for another name beside.
    assert set(theirs.query) - set(ours.query) == {("outcome_names", "os__click.count")}
    assert set(ours.query) - set(theirs.query) == set()
    assert ("outcome_names[]", name) in ours.query


def test_the_segment_id_of_the_path_is_quoted_alike(
    hook: OneSignalHook, sdk: Any, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "a/b?c#d"
    monkeypatch.setitem(ANSWERS, quote(odd, safe=""), {"success": True})

    hook.delete_segment(odd)
    sdk.delete_segment(APP, odd)

    ours, theirs = recorder.seen
    assert ours.path == theirs.path == f"/apps/{APP}/segments/a%2Fb%3Fc%23d"
