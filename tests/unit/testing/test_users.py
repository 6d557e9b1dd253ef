"""Creating users over HTTP: an upsert by alias."""

from __future__ import annotations

import pytest

USERS = "/apps/{app}/users"
MAIL = {"type": "Email", "token": "joe@example.com"}


def create(call, **body):
    return call("POST", USERS, json=body)


def test_a_new_user_is_201_and_a_known_one_202(call):
    new = create(call, identity={"external_id": "a"}, properties={"tags": {"x": "1", "y": "2"}})
    known = create(
        call,
        identity={"external_id": "a", "crm": "7"},
        properties={"tags": {"y": ""}},
        subscriptions=[MAIL],
    )

    assert (new.status_code, known.status_code) == (201, 202)
    assert known.json()["identity"] == {**new.json()["identity"], "crm": "7"}
    assert known.json()["properties"] == {"tags": {"x": "1"}}
    assert known.json()["subscriptions"][0]["token"] == "joe@example.com"


def test_the_status_of_a_new_user_can_be_the_other_one(emulator, call):
    emulator.settings.statuses = {"create_user": 200}

    assert create(call, identity={"external_id": "a"}).status_code == 200


def test_aliases_of_two_users_conflict(call):
    create(call, identity={"external_id": "a"})
    create(call, identity={"crm": "7"})

    answer = create(call, identity={"external_id": "a", "crm": "7"})

    assert answer.status_code == 409
    assert answer.json() == {
        "errors": [
            {
                "code": "Conflict",
                "title": "Conflicting aliases",
                "meta": {"conflicting_aliases": {"crm": "7"}},
            }
        ]
    }


def test_a_subscription_moves_to_the_user_who_names_it_last(emulator, call):
    create(call, identity={"external_id": "a"}, subscriptions=[MAIL])
    create(call, identity={"external_id": "b"}, subscriptions=[MAIL])
    first, second = emulator.app.users

    assert first.subscriptions == []
    assert len(second.subscriptions) == 1


def test_twenty_aliases_beside_external_id_and_twenty_subscriptions_are_fine(call):
    aliases = {f"alias{number}": "x" for number in range(20)}
    mails = [{"type": "Email", "token": f"{number}@example.com"} for number in range(20)]

    answer = create(call, identity={"external_id": "a", **aliases}, subscriptions=mails)

    assert answer.status_code == 201


def test_a_user_cannot_gather_more_than_twenty_subscriptions(call):
    for chunk in (range(15), range(15, 30)):
        mails = [{"type": "Email", "token": f"{number}@example.com"} for number in chunk]
        answer = create(call, identity={"external_id": "a"}, subscriptions=mails)

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["title"] == "Subscription Limit Exceeded"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({}, "At least one identifier or subscription"),
        ({"identity": {}}, "At least one identifier or subscription"),
        ({"identity": []}, "identity must be an object"),
        ({"identity": None}, "identity must be an object"),
        ({"identity": {"external_id": ""}}, "external_id must be a non-empty string"),
        ({"identity": {"external_id": 5}}, "external_id must be a non-empty string"),
        ({"identity": {"onesignal_id": "x"}}, "assigned by OneSignal"),
        ({"identity": {f"a{n}": "x" for n in range(21)}}, "over 20 aliases"),
        ({"colour": "red"}, "colour is not a known parameter"),
        ({"properties": {"mood": "x"}}, "properties.mood is not a known parameter"),
        ({"properties": {"tags": {"a": {"b": "c"}}}}, "properties.tags.a must be a string"),
        ({"properties": {"tags": None}}, "properties.tags has a wrong type"),
        ({"properties": {"lat": 90.1}}, "properties.lat is out of range"),
        ({"properties": {"long": -181}}, "properties.long is out of range"),
        ({"properties": {"first_active": "1"}}, "properties.first_active has a wrong type"),
        ({"subscriptions": {}}, "subscriptions must be an array"),
        ({"subscriptions": [{}]}, "subscriptions[0].type is invalid"),
        ({"subscriptions": [MAIL, {"type": "Fax", "token": "1"}]}, "subscriptions[1].type"),
        ({"subscriptions": [{"type": "Email"}]}, "token is required"),
        ({"subscriptions": [{**MAIL, "token": "joe"}]}, "token is invalid"),
        ({"subscriptions": [{"type": "SMS", "token": "5551234"}]}, "token is invalid"),
        ({"subscriptions": [{**MAIL, "enabled": None}]}, "enabled must not be null"),
        ({"subscriptions": [{**MAIL, "colour": "red"}]}, "colour is not a known parameter"),
        ({"subscriptions": [MAIL] * 21}, "over 20 entries"),
    ],
)
def test_other_bodies_are_refused_in_the_structured_form(emulator, call, body, title):
    if "identity" not in body and body:
        body = {"identity": {"external_id": "a"}, **body}

    answer = create(call, **body)

    assert answer.status_code == 400
    assert title in answer.json()["errors"][0]["title"]
    assert emulator.app.users == []
