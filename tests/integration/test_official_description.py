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
from urllib.parse import urlsplit

import jsonschema  # type: ignore[import-untyped]
import pytest
import requests

from airflow_provider_onesignal.exceptions import OneSignalError
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.testing import Emulator

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
    "a history without e-mail": lambda hook, emulator: hook.message_history(
        emulator.message_id, events="sent", email="nobody"
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
        "airflow_provider_onesignal.transports.sync._bounded_body",
        lambda _request, response, _timeout: response.content,
    )
    return seen


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
    for path, methods in description["paths"].items():
        names = path.partition("?")[0].strip("/").split("/")
        if len(names) == len(parts) and all(
            name.startswith("{") or name == part for name, part in zip(names, parts, strict=True)
        ):
            found: dict[str, Any] = methods[str(answer.request.method).lower()]
            return found
    raise AssertionError(f"{answer.request.method} {answer.request.url} is not described")


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
