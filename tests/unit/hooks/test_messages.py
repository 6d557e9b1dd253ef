"""The hook and messages: sent once, listed whole, and nobody named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.api.answers import refused
from airflow_provider_onesignal.hooks import messages
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from tests.operations import MESSAGE_ID as MESSAGE
from tests.unit.scripted import Reply, json_reply

BODY = {"target_channel": "push", "contents": {"en": "Hi"}, "included_segments": ["Gold"]}
SENT = {"id": MESSAGE}
EVENTS = [{"name": "bought", "external_id": "anna", "idempotency_key": MESSAGE}]


@pytest.fixture
def hook(server, connect) -> OneSignalHook:
    connect(host=server.url, extra={"max_attempts": 3})
    hook = OneSignalHook()
    hook._client._sleep = lambda _: None
    return hook


@pytest.mark.parametrize(
    "lost", [Reply(cut_after=0), Reply(status=502), Reply(status=500)], ids=["cut", "502", "500"]
)
def test_a_message_whose_answer_is_lost_is_sent_again_with_the_same_key(hook, server, lost):
    replay = json_reply(SENT, IDEMPOTENT_replayed="true")
    server.script = [lost, replay]

    sent = hook.send_message(BODY)

    first, second = (json.loads(seen.body)["idempotency_key"] for seen in server.seen)
    assert UUID(first) == UUID(second)
    assert sent == {"id": MESSAGE, "replayed": True}


def test_each_message_without_a_key_gets_one_of_its_own(hook, server):
    server.script = [json_reply(SENT)]

    for _ in range(2):
        hook.send_message(BODY)

    assert len({json.loads(seen.body)["idempotency_key"] for seen in server.seen}) == 2


def test_a_message_that_reached_some_is_returned_with_what_was_refused(hook, server, caplog):
    errors = {"invalid_aliases": {"external_id": ["anna", "ben"]}, "invalid_player_ids": ["x"]}
    server.script = [json_reply(SENT | {"errors": errors})]

    sent = hook.send_message(BODY)

    assert sent["errors"] == errors
    assert refused(sent) == {"invalid_aliases": 2, "invalid_player_ids": 1}
    assert "anna" not in caplog.text


@pytest.mark.parametrize("answer", [{"id": ""}, {"id": "", "errors": ["not subscribed"]}], ids=repr)
def test_a_message_to_nobody_is_an_error_of_its_own(hook, server, answer):
    server.script = [json_reply(answer)]

    with pytest.raises(e.OneSignalNoRecipientsError, match="Check the audience"):
        hook.send_message(BODY)


def test_outcomes_of_a_message_are_those_of_a_month_and_not_of_the_last_hour(hook, server):
    server.script = [json_reply(SENT)]

    hook.view_message(MESSAGE, outcome_names=["os__click.count"])

    query = parse_qs(urlsplit(server.seen[0].path).query)
    assert query["outcome_time_range"] == ["1mo"]


def test_what_cannot_be_cancelled_is_an_invalid_request(hook, server):
    server.script = [json_reply({"errors": ["It was sent already"]}, status=400)]

    with pytest.raises(e.OneSignalInvalidRequestError):
        hook.cancel_message(MESSAGE)


class TestListingMessages:
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        slept: list[float] = []
        monkeypatch.setattr(
            messages, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=slept.append)
        )
        return slept

    @staticmethod
    def page(number: int, size: int, following: Any) -> Reply:
        listed = [{"id": f"{number}-{each}"} for each in range(size)]
        return json_reply({"notifications": listed, "next_time_offset": following})

    def test_goes_from_page_to_page_until_one_is_empty(self, hook, server, clock):
        server.script = [self.page(1, 50, "bQ=="), self.page(2, 1, "bg=="), self.page(3, 0, "bg==")]

        listed = list(hook.view_messages(template_id=MESSAGE))

        assert len(listed) == 51
        queries = [parse_qs(urlsplit(seen.path).query) for seen in server.seen]
        assert [query["time_offset"] for query in queries] == [
            ["1969-12-31T23:59:59.999Z"],
            ["bQ=="],
            ["bg=="],
        ]
        assert {query["template_id"][0] for query in queries} == {MESSAGE}
        assert clock == [1.0, 1.0]

    def test_begins_with_what_is_sent_at_the_very_moment(self, hook, server):
        server.script = [self.page(1, 0, None)]

        assert list(hook.view_messages(since=datetime(2026, 11, 1, tzinfo=UTC))) == []
        assert "time_offset=2026-10-31T23%3A59%3A59.999Z" in server.seen[0].path

    @pytest.mark.parametrize("following", [None, "", 5, "bQ=="], ids=repr)
    def test_that_breaks_off_is_an_error(self, hook, server, following):
        server.script = [self.page(1, 50, "bQ=="), self.page(2, 50, following)]

        with pytest.raises(e.OneSignalServerError, match="breaks off"):
            list(islice(hook.view_messages(), 500))
        assert server.count == 2

    def test_requests_a_page_when_it_is_needed(self, hook, server):
        server.script = [self.page(1, 50, "bQ==")]

        next(hook.view_messages())

        assert server.count == 1


def test_events_that_onesignal_refuses_are_returned(hook, server, caplog):
    errors = [{"event_user_id": "anna", "error": {"code": "not found", "title": "no anna"}}]
    server.script = [json_reply({"errors": errors}, status=202)]

    assert hook.create_custom_events(EVENTS) == errors
    assert "anna" not in caplog.text


def test_events_are_sent_again_only_where_each_has_a_key(hook, server):
    server.script = [Reply(status=502)]

    for events, attempts in ((EVENTS, 3), ([*EVENTS, {"name": "bought"}], 1)):
        before = server.count
        with pytest.raises(e.OneSignalServerError):
            hook.create_custom_events(events)
        assert server.count - before == attempts


def test_what_is_added_to_a_user_is_never_added_twice(hook, server):
    server.script = [Reply(status=502)]

    for change, attempts in (({"properties": {}}, 3), ({"deltas": {"session_count": 1}}, 1)):
        before = server.count
        with pytest.raises(e.OneSignalServerError):
            hook.update_user("external_id", "42", **change)
        assert server.count - before == attempts
