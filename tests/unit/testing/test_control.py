"""The control API: what another process may see and change."""

from __future__ import annotations

import pytest
import requests


@pytest.fixture
def control(emulator):
    def send(method: str, path: str, **options) -> requests.Response:
        url = f"{emulator.api_url}/__emulator__{path}"
        return requests.request(method, url, timeout=10, **options)

    return send


def test_the_state_tells_of_every_export(emulator, control, export_url):
    state = control("GET", "/state").json()

    assert state["settings"]["rows"] == 20
    assert state["apps"] == [emulator.app_id]
    (export,) = state["exports"]
    assert (export["url"], export["state"], export["rows"]) == (export_url, "ready", 20)
    assert export["bytes"] == len(emulator.export_bytes(export_url))


def test_requests_are_shown_without_the_key(emulator, call, control, export_url):
    requests.head(export_url, timeout=10)

    (asked,) = control("GET", "/requests").json()
    (polled,) = control("GET", "/files/requests").json()

    assert (asked["operation"], asked["method"]) == ("csv_export", "POST")
    assert (polled["operation"], polled["method"]) == ("poll", "HEAD")
    assert emulator.api_key not in control("GET", "/requests").text


def test_control_is_not_recorded_itself(emulator, control):
    control("GET", "/state")

    assert emulator.requests == []


def test_settings_change_and_misspelt_ones_do_not(emulator, control):
    assert control("PATCH", "/settings", json={"rows": 7, "not_on_plan": ["x"]}).status_code == 200
    wrong = control("PATCH", "/settings", json={"rowz": 7})

    assert (emulator.settings.rows, emulator.settings.not_on_plan) == (7, frozenset({"x"}))
    assert (wrong.status_code, wrong.json()) == (400, {"error": "there is no setting rowz"})


@pytest.mark.parametrize("origin", ["", "/files"])
def test_faults_are_added_counted_and_removed(call, control, export_url, origin):
    control("POST", f"{origin}/faults", json={"status": 503, "times": 5})
    if origin:
        requests.get(export_url, timeout=10)
    else:
        call("GET", "/apps/{app}/segments")

    (fault,) = control("GET", f"{origin}/faults").json()
    assert (fault["status"], fault["hits"]) == (503, 1)
    assert control("DELETE", f"{origin}/faults").json() == []


def test_a_misspelt_fault_is_refused(control):
    answer = control("POST", "/faults", json={"statuz": 503})

    assert answer.status_code == 400
    assert "statuz" in answer.json()["error"]


def test_time_messages_outcomes_and_the_slot_can_be_set(emulator, call, control):
    before = emulator.account.clock.now()
    control("POST", "/clock", json={"advance": 500})
    message = control("POST", "/messages", json={"channel": "sms", "sent_ago": 60}).json()["id"]
    control("POST", "/outcomes", json={"os__click.count": 4})
    control("POST", "/busy", json={"seconds": 60})

    assert emulator.account.clock.now() >= before + 500
    assert emulator.app.messages[message].channel == "sms"
    assert emulator.app.fixed_outcomes == {"os__click.count": 4}
    assert call("POST", "/players/csv_export?app_id={app}").status_code == 400


def test_reset_goes_back_to_the_start(emulator, control, export_url):
    control("PATCH", "/settings", json={"rows": 7})
    control("POST", "/faults", json={"status": 503})
    control("POST", "/clock", json={"advance": 500})
    control("POST", "/reset")

    state = control("GET", "/state").json()
    assert (state["settings"]["rows"], state["exports"]) == (20, [])
    assert control("GET", "/faults").json() == []
    assert requests.head(export_url, timeout=10).status_code == 404
