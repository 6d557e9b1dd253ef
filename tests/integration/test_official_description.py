"""
Requests of the hook and answers of the emulator, held against OneSignal's own OpenAPI description.

It is not ours to publish: where a copy is at hand, ``ONESIGNAL_OPENAPI`` names it, else these tests
are skipped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema  # type: ignore[import-untyped]
import pytest
import requests

from airflow_provider_onesignal.exceptions import OneSignalError
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.testing import Emulator
from tests.operations import APP_ID, OPERATIONS, Operation, by_name
from tests.unit.scripted import ScriptedServer, json_reply

DESCRIPTION = os.environ.get("ONESIGNAL_OPENAPI", "")
pytestmark = pytest.mark.skipif(not DESCRIPTION, reason="ONESIGNAL_OPENAPI names no file")

FILTERS = [
    {"field": "tag", "key": "plan", "relation": "=", "value": "gold"},
    {"operator": "OR"},
    {"field": "last_session", "relation": "<", "hours_ago": "24"},
]
NOBODY = "00000000-0000-4000-8000-000000000000"
Call = Callable[[OneSignalHook, Emulator], object]


def _segment(hook: OneSignalHook) -> str:
    return hook.create_segment(name="Gold", filters=FILTERS, description="those who pay")


RIGHT: dict[str, Call] = {
    "create segment": lambda hook, _: _segment(hook),
    "view segments": lambda hook, _: list(hook.view_segments()),
    "view segment": lambda hook, _: hook.view_segment(_segment(hook)),
    "update segment": lambda hook, _: hook.update_segment(
        _segment(hook), name="G", filters=FILTERS
    ),
    "delete segment": lambda hook, _: hook.delete_segment(_segment(hook)),
    "create user": lambda hook, _: [
        hook.create_user(
            identity={"external_id": "42"},
            properties={"tags": {"plan": "gold"}, "language": "en", "lat": 1.5, "long": 2.5},
            subscriptions=[{"type": "Email", "token": "a@example.com"}],
        )
        for _ in range(2)
    ],
    "export subscriptions": lambda hook, _: hook.export_subscriptions(
        extra_fields=["country"], last_active_since="1704067200"
    ),
    "export events": lambda hook, emulator: hook.export_events(emulator.message_id),
    "message history": lambda hook, emulator: hook.message_history(
        emulator.message_id, events="sent", email="a@example.com"
    ),
    "view outcomes": lambda hook, _: hook.view_outcomes(
        outcome_names=["os__click.count", "os__session_duration.sum"],
        outcome_time_range="1d",
        outcome_platforms=["0", "1"],
        outcome_attribution="direct",
    ),
}
WRONG: dict[str, Call] = {
    "a segment without filters": lambda hook, _: hook.create_segment(name="Gold", filters=[]),
    "a segment that is not there": lambda hook, _: hook.view_segment(NOBODY),
    "another name for it": lambda hook, _: hook.update_segment(NOBODY, name="Gold"),
    "its deletion": lambda hook, _: hook.delete_segment(NOBODY),
    "a user without a name": lambda hook, _: hook.create_user(identity={}),
    "an unknown field": lambda hook, _: hook.export_subscriptions(extra_fields=["shoe_size"]),
    "an unknown message": lambda hook, _: hook.export_events(NOBODY),
    "a history for no email address": lambda hook, emulator: hook.request(
        "POST",
        ["notifications", emulator.message_id, "history"],
        json={"app_id": hook.app_id, "events": "sent", "email": "nobody"},
    ),
    "an outcome without suffix": lambda hook, _: hook.view_outcomes(
        outcome_names=["os__click"], outcome_time_range="1d"
    ),
}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(DESCRIPTION).read_text(encoding="utf-8"))
    return found


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[requests.Response]:
    """Every answer that the hook was given."""
    seen: list[requests.Response] = []
    send = requests.Session.send

    def watched(*args: Any, **kwargs: Any) -> requests.Response:
        response = send(*args, **kwargs | {"stream": False})
        seen.append(response)
        return response

    monkeypatch.setattr(requests.Session, "send", watched)
    monkeypatch.setattr(
        "airflow_provider_onesignal.api.client._bounded_body",
        lambda _request, response, _timeout: response.content,
    )
    return seen


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
def test_each_request_is_as_described(
    operation: Operation,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[requests.Response],
    description: dict[str, Any],
) -> None:
    server = ScriptedServer()
    server.start()
    server.script = [json_reply(operation.answer)]
    connection = {"conn_type": "onesignal", "login": APP_ID, "password": "k", "host": server.url}
    monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", json.dumps(connection))

    operation.call(OneSignalHook())

    server.stop()
    (answer,) = answers
    described = _operation(answer, description)
    if "requestBody" in described:
        sent = json.loads(answer.request.body or b"{}")
        _validate(sent, described["requestBody"]["content"], description)
    assert set(parse_qs(urlsplit(str(answer.request.url)).query)) <= {
        parameter["name"] for parameter in described["parameters"]
    }


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_on_both_sides(
    name: str, onesignal: Emulator, answers: list[requests.Response], description: dict[str, Any]
) -> None:
    # The SDKs' description has 201 here.
    onesignal.settings.statuses = {"create_user": 200}

    RIGHT[name](OneSignalHook(), onesignal)

    assert answers
    for answer in answers:
        check(answer, description)


@pytest.mark.parametrize("name", WRONG)
def test_how_it_is_refused(
    name: str, onesignal: Emulator, answers: list[requests.Response], description: dict[str, Any]
) -> None:
    with pytest.raises(OneSignalError):
        WRONG[name](OneSignalHook(), onesignal)

    assert answers[-1].status_code >= 400
    check(answers[-1], description, request=False)


def check(answer: requests.Response, description: dict[str, Any], *, request: bool = True) -> None:
    """Hold an exchange against the description."""
    operation = _operation(answer, description)
    if request and "requestBody" in operation:
        sent = json.loads(answer.request.body or b"{}")
        _validate(sent, operation["requestBody"]["content"], description)
    said = operation["responses"].get(str(answer.status_code))
    assert said is not None, f"HTTP {answer.status_code} is not described"
    _validate(answer.json(), _resolved(said, description).get("content", {}), description)


def _operation(answer: requests.Response, description: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(str(answer.request.url)).path.strip("/").split("/")
    method = str(answer.request.method).lower()
    for path, methods in description["paths"].items():
        plain, _, query = path.partition("?")
        names = plain.strip("/").split("/")
        is_same = len(names) == len(parts) and all(
            name.startswith("{") or name == part for name, part in zip(names, parts, strict=True)
        )
        if is_same and method in methods and _is_of_channel(answer, query):
            found: dict[str, Any] = methods[method]
            return found
    raise AssertionError(f"{answer.request.method} {answer.request.url} is not described")


def _is_of_channel(answer: requests.Response, query: str) -> bool:
    """Return whether a message is described there: each channel has a page, as ``?c=push``."""
    name, _, channel = query.partition("=")
    return name != "c" or json.loads(answer.request.body or b"{}")["target_channel"] == channel


def _validate(value: Any, content: dict[str, Any], description: dict[str, Any]) -> None:
    schema = content.get("application/json", {}).get("schema", {})
    jsonschema.validate(value, _resolved(schema, description))


def _resolved(schema: Any, description: dict[str, Any]) -> Any:
    """Put what a ``$ref`` refers to in its place."""
    if isinstance(schema, list):
        return [_resolved(each, description) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(reference := schema.get("$ref"), str):
        target: Any = description
        for name in reference.removeprefix("#/").split("/"):
            target = target[name.replace("~1", "/").replace("~0", "~")]
        return _resolved(target, description)
    # Its alternatives are open objects, of which none excludes another.
    names = {"oneOf": "anyOf"}
    return {names.get(name, name): _resolved(each, description) for name, each in schema.items()}
