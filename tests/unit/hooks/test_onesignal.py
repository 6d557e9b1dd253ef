"""The hook: from an Airflow connection to OneSignal and back."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import math
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_onesignal import compat, exceptions as e
from airflow_provider_onesignal.connection import HttpSettings
from airflow_provider_onesignal.exports import (
    EventsExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.hooks import connections
from airflow_provider_onesignal.hooks.connections import afile_settings, file_settings
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from tests.operations import OPERATIONS, by_name
from tests.unit.fakes import APP_ID, URL
from tests.unit.scripted import Reply, json_reply

MESSAGE = "b6b326a8-40aa-13e5-b91b-bf8bc3fa26f7"
OTHER_APP = "12345678-1234-5678-1234-567812345678"
DENIED = json_reply({"errors": ["Access denied.  Please include ..."]}, status=403)


def key_of(app_id: str) -> str:
    return "os_v2_app_" + base64.b32encode(UUID(app_id).bytes + b"x" * 48).decode().lower()[:103]


@pytest.fixture
def hook(server, connect):
    connect(host=server.url, password=key_of(APP_ID), extra={"max_attempts": 1})
    return OneSignalHook()


def test_a_hook_is_made_without_reading_its_connection():
    assert OneSignalHook("no_such_connection").onesignal_conn_id == "no_such_connection"


@pytest.mark.parametrize(
    "answer",
    [{}, {"csv_file_url": None}, {"csv_file_url": "ftp://h/x"}, {"csv_file_url": "x"}],
    ids=repr,
)
def test_an_answer_without_a_url_is_an_error(hook, server, answer):
    server.script = [json_reply(answer)]

    with pytest.raises(e.OneSignalServerError, match="csv_file_url"):
        hook.start_export(SubscriptionsExport())


def test_a_refused_parameter_is_never_sent(hook, server):
    with pytest.raises(e.OneSignalValidationError):
        hook.start_export(EventsExport("no uuid"))

    assert server.count == 0


def test_the_method_named_as_in_the_api_starts_an_export_too(hook, server):
    server.script = [json_reply({"csv_file_url": URL})]

    assert hook.export_subscriptions(extra_fields=["country"], last_active_since="1") == URL
    assert server.seen[0].body == b'{"extra_fields": ["country"], "last_active_since": "1"}'


def test_a_string_is_not_taken_for_the_list_of_its_letters(hook, server):
    with pytest.raises(e.OneSignalValidationError, match="extra_fields must be a list"):
        hook.export_subscriptions(extra_fields="country")

    assert server.count == 0


def test_anything_else_of_the_api_can_be_requested(hook, server):
    server.script = [json_reply({"templates": []})]

    assert hook.request("get", "templates", params={"app_id": APP_ID}) == {"templates": []}
    assert (server.seen[0].method, server.seen[0].path) == ("GET", f"/templates?app_id={APP_ID}")


@pytest.mark.parametrize("given", [[{"id": "a"}], [], {"id": "a"}], ids=repr)
def test_of_anything_else_the_answer_is_returned_as_it_is(hook, server, given):
    # GET /apps answers a list.
    server.script = [json_reply(given)]

    assert hook.request("GET", "/apps") == given


@pytest.mark.parametrize("body", [b'"text"', b"7", b"null", b"<html>"])
def test_but_it_must_be_an_object_or_a_list(hook, server, body):
    server.script = [Reply(body=body)]

    with pytest.raises(e.OneSignalServerError, match="host is OneSignal's API"):
        hook.request("GET", "/apps")


def test_a_list_is_no_answer_to_an_operation_that_is_known(hook, server):
    server.script = [json_reply([{"csv_file_url": URL}])]

    with pytest.raises(e.OneSignalServerError, match="not a JSON object"):
        hook.export_subscriptions()


def test_a_body_that_json_cannot_say_is_never_sent(hook, server):
    for body in ({"at": [math.nan]}, {"at": datetime.now(UTC)}, [{1: "x"}]):
        with pytest.raises(e.OneSignalValidationError, match="json"):
            hook.request("PATCH", "/x", json=body)

    assert server.count == 0


def test_segments_are_iterated_over_all_pages(hook, server):
    first = [{"id": str(number)} for number in range(300)]
    server.script = [json_reply({"segments": first}), json_reply({"segments": [{"id": "last"}]})]

    assert list(hook.view_segments()) == [*first, {"id": "last"}]
    assert [seen.path.partition("?")[2] for seen in server.seen] == [
        "offset=0&limit=300",
        "offset=300&limit=300",
    ]


def test_pages_that_repeat_come_to_an_end(hook, server):
    server.script = [json_reply({"segments": [{"id": str(number)} for number in range(300)]})]

    with pytest.raises(e.OneSignalServerError, match="does not end after 300"):
        list(hook.view_segments())

    assert server.count == 2


def test_pages_without_end_come_to_an_end(hook, server, monkeypatch):
    monkeypatch.setattr("airflow_provider_onesignal.hooks.operations._MOST_PAGES", 3)
    pages = [[{"id": f"{page}-{number}"} for number in range(300)] for page in range(5)]
    server.script = [json_reply({"segments": page}) for page in pages]

    with pytest.raises(e.OneSignalServerError, match="does not end after 900"):
        list(hook.view_segments())


def test_a_poll_of_a_file_sends_no_key(hook, server):
    server.script = [Reply(status=404)]

    assert hook.probe_export(f"{server.url}/x.csv.gz").status == 404
    assert "authorization" not in server.seen[0].headers


def test_a_session_for_files_keeps_to_the_connection(hook, connect):
    connect(extra={"timeout": 7, "verify": False})

    assert hook.file_session().timeout == 7.0


BROKEN = [
    pytest.param({"login": ""}, "no App ID", id="no-app-id"),
    pytest.param({"login": "x"}, "no UUID", id="no-uuid"),
    pytest.param({"password": ""}, "no App API Key", id="no-key"),
    pytest.param({"password": "os_v2_org_" + "a" * 103}, "Organization", id="org-key"),
    pytest.param({"host": "ftp://h"}, "Host", id="host"),
    pytest.param({"extra": {"timeout": "soon"}}, "'timeout'", id="extra"),
]


@pytest.mark.parametrize(("fields", "text"), BROKEN)
def test_a_broken_connection_is_named_before_anything_is_sent(connect, fields, text):
    connect(**fields)

    with pytest.raises(e.OneSignalConfigurationError, match=text):
        OneSignalHook().start_export(SubscriptionsExport())
    assert OneSignalHook().test_connection()[0] is False


MISSING = r"no Airflow connection 'nowhere'.*AIRFLOW_CONN_NOWHERE=onesignal://APP_ID:API_KEY@"


def test_a_missing_connection_is_named_with_how_to_make_it():
    with pytest.raises(e.OneSignalConfigurationError, match=MISSING):
        OneSignalHook("nowhere").start_export(SubscriptionsExport())
    with pytest.raises(e.OneSignalConfigurationError, match=MISSING):
        file_settings("nowhere")


async def test_the_same_is_said_in_an_event_loop():
    with pytest.raises(e.OneSignalConfigurationError, match=MISSING):
        await afile_settings("nowhere")


async def test_an_event_loop_reads_no_key(connect):
    # A wait needs neither App ID nor key: it goes on while a key is rotated.
    connect(login="", password="", extra={"timeout": 7})

    assert await afile_settings("onesignal_default") == HttpSettings(timeout=7.0)
    assert file_settings("onesignal_default") == HttpSettings(timeout=7.0)


async def test_an_event_loop_finds_what_is_only_found_without_one(connect, monkeypatch):
    # Airflow 3.3.2 runs the triggers of ``dag.test()`` where its asynchronous read finds nothing
    # but what the environment holds.
    async def finds_nothing(conn_id):
        raise AirflowNotFoundException(conn_id)

    monkeypatch.setattr(compat.BaseHook, "aget_connection", finds_nothing, raising=False)
    connect(extra={"timeout": 7})

    assert await afile_settings("onesignal_default") == HttpSettings(timeout=7.0)


def test_a_key_of_another_app_is_recognised_and_named(hook, server, connect):
    connect(host=server.url, password=key_of(OTHER_APP))
    server.script = [DENIED]

    with pytest.raises(e.OneSignalAuthenticationError) as raised:
        hook.start_export(SubscriptionsExport())
    ok, said = OneSignalHook().test_connection()

    assert raised.value.status_code == 403
    assert raised.value.messages == ("Access denied. Please include ...",)
    assert not ok
    for text in (str(raised.value), said):
        assert f"belongs to app {OTHER_APP}" in text
        assert APP_ID in text
        assert key_of(OTHER_APP) not in text
    assert "the Airflow connection 'onesignal_default' belongs" in str(raised.value)


@pytest.mark.parametrize("field", ["login", "password"])
def test_the_test_button_names_no_connection(hook, server, connect, field):
    # Airflow tests a copy of the connection under a random name.
    connect(host=server.url, **{"password": key_of(APP_ID), field: ""})

    ok, said = OneSignalHook().test_connection()

    assert not ok
    assert said.startswith("This connection has no App ")
    assert "onesignal_default" not in said


@pytest.mark.parametrize(
    "key", [key_of(APP_ID), "NGEwMGZmMjItY2NkNy0xMWUzLTk5ZDUtMDAwYzI5NDBlNjJj"]
)
def test_a_wrong_key_is_not_blamed_on_another_app(hook, server, connect, key):
    connect(host=server.url, password=key)
    server.script = [DENIED]

    with pytest.raises(e.OneSignalAuthenticationError) as raised:
        hook.start_export(SubscriptionsExport())

    assert "belongs to" not in str(raised.value)
    assert "Keys & IDs" in str(raised.value)


@pytest.mark.parametrize(
    ("reply", "is_right", "text"),
    [
        (json_reply({"segments": []}), True, f"accepts the key for app {APP_ID}"),
        (DENIED, False, "The App API Key of this connection belongs to app"),
        (
            json_reply({"errors": ["not available for applications on your plan."]}, status=403),
            False,
            "plan",
        ),
        (json_reply({"errors": ["x"]}, status=404), False, "check App ID and host"),
        (Reply(body=b"<html>hello"), False, "host is OneSignal's API"),
        (Reply(status=301, headers={"Location": "https://other"}), False, "host redirects"),
        (Reply(status=503), False, "try again later"),
        (Reply(cut_after=0), False, "Check the network and the host"),
    ],
)
def test_the_test_button_says_what_is_wrong_after_one_request(
    server, connect, reply, is_right, text
):
    connect(host=server.url)
    server.script = [reply]

    ok, said = OneSignalHook().test_connection()

    assert ok is is_right
    assert text in said
    assert server.count == 1
    assert server.seen[0].path == f"/apps/{APP_ID}/segments?offset=0&limit=1"


def test_the_test_button_names_a_host_that_is_not_there(connect, free_port):
    connect(host=f"http://127.0.0.1:{free_port}")

    ok, said = OneSignalHook().test_connection()

    assert not ok
    assert f"127.0.0.1:{free_port}" in said


def test_neither_key_nor_url_is_logged_at_any_level(hook, server, caplog):
    server.script = [json_reply({"csv_file_url": URL})]

    with caplog.at_level(logging.DEBUG):
        hook.start_export(SubscriptionsExport())

    assert key_of(APP_ID) not in caplog.text
    assert URL not in caplog.text
    assert key_of(APP_ID) not in repr(hook.settings)


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
def test_each_operation_makes_its_request_and_returns_its_value(hook, server, operation):
    server.script = [json_reply(operation.answer)]

    assert operation.call(hook) == operation.value
    (seen,) = server.seen
    path, _, query = seen.path.partition("?")
    assert (seen.method, path) == operation.wire
    assert dict(parse_qsl(query)) == {name: str(each) for name, each in operation.params.items()}
    assert json.loads(seen.body or "null") == operation.json


@pytest.mark.parametrize(
    "path",
    ["/users/anna#2", "/users/anna?2", "/x/../../segments/1", "/a b", "/x/%2e%2e/y", "/a\\b"],
)
def test_a_path_that_would_lead_elsewhere_is_refused(hook, server, path):
    with pytest.raises(e.OneSignalValidationError, match="list of segments"):
        hook.request("DELETE", path)

    assert server.count == 0


@pytest.mark.parametrize("path", [["users", ""], ["users", 42], ["users", None]], ids=repr)
def test_a_segment_of_a_path_must_be_a_string_that_is_not_blank(hook, server, path):
    # /users/ would be another resource than that of a user.
    with pytest.raises(e.OneSignalValidationError, match=r"path\[1\] must be a non-blank string"):
        hook.request("DELETE", path)

    assert server.count == 0


def test_the_segments_of_a_path_are_quoted(hook, server):
    server.script = [json_reply({})]

    hook.request("GET", ["apps", APP_ID, "users", "by", "external_id", "anna#2/.."])

    assert server.seen[0].path == f"/apps/{APP_ID}/users/by/external_id/anna%232%2F.."


def test_a_list_of_segments_of_another_length_than_onesignal_counts_is_an_error(hook, server):
    server.script = [json_reply({"total_count": 2, "segments": [{"id": "a"}]})]

    with pytest.raises(e.OneSignalServerError, match="counts 2 segments and listed 1"):
        list(hook.view_segments())


def test_a_legacy_key_is_named_when_it_is_refused_and_when_it_works(connect, server):
    connect(host=server.url, password="k" * 48, extra={"max_attempts": 1})
    server.script = [DENIED, json_reply({"segments": []})]

    with pytest.raises(e.OneSignalAuthenticationError, match=r"legacy one.*create an App API key"):
        OneSignalHook().delete_segment(MESSAGE)
    works, said = OneSignalHook().test_connection()
    assert works
    assert "legacy one" in said


def test_testing_a_connection_changes_no_setting_of_the_hook(hook, server):
    server.script = [json_reply({"segments": []})]
    before = hook.settings

    assert hook.test_connection()[0]
    assert hook.settings is before


def test_a_connection_that_cannot_be_parsed_is_not_a_missing_one(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", '{"conn_type": "onesignal", "port": "os_v2_x"')

    with pytest.raises(e.OneSignalConfigurationError, match="cannot be parsed") as raised:
        OneSignalHook("broken").delete_segment(MESSAGE)
    assert "os_v2_x" not in str(raised.value)


def test_no_log_line_of_the_client_shows_the_url_of_a_file(hook, server, caplog):
    server.script = [Reply(status=404)]
    caplog.set_level(logging.DEBUG)

    hook.probe_export(f"{server.url}/users_secret.csv.gz")

    assert server.count == 1
    assert "users_secret" not in caplog.text


class TestReadingAConnectionInAnEventLoop:
    @pytest.fixture
    def reads(self, monkeypatch):
        found: list[str] = []

        async def read(conn_id):
            found.append(conn_id)
            await asyncio.sleep(0)
            return None, {"timeout": 7}

        monkeypatch.setattr(connections, "_read", read)
        monkeypatch.setattr(connections, "_reads", {})
        return found

    async def test_happens_once_for_all_waits_that_are_handed_over(self, reads):
        found = await asyncio.gather(*(afile_settings("c") for _ in range(150)))

        assert reads == ["c"]
        assert {each.timeout for each in found} == {7.0}

    async def test_happens_again_after_some_minutes(self, reads, monkeypatch):
        await afile_settings("c")
        monkeypatch.setattr(connections, "_KEPT_FOR", -1.0)
        await afile_settings("d")
        await afile_settings("d")

        assert reads == ["c", "d", "d"]

    async def test_a_read_that_failed_is_not_kept(self, monkeypatch):
        monkeypatch.setattr(connections, "_reads", {})
        answers = [e.OneSignalConfigurationError("no"), (None, {})]

        async def read(conn_id):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(connections, "_read", read)
        with pytest.raises(e.OneSignalConfigurationError):
            await afile_settings("c")
        assert (await afile_settings("c")).timeout == 60.0
