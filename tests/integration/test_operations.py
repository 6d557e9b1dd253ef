"""Segments and users through hook and operators, against the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalConflictError,
    OneSignalInvalidRequestError,
    OneSignalNotFoundError,
    OneSignalPlanError,
)
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.operators.segment import (
    OneSignalCreateSegmentOperator,
    OneSignalDeleteSegmentOperator,
    OneSignalUpdateSegmentOperator,
)
from airflow_provider_onesignal.operators.user import OneSignalCreateUserOperator
from airflow_provider_onesignal.testing import Emulator

FILTERS: list[dict[str, Any]] = [
    {"field": "tag", "key": "plan", "relation": "in_array", "value": "gold,silver"},
    {"operator": "OR"},
    {"field": "last_session", "relation": ">", "hours_ago": 48},
    {"field": "location", "radius": 1000, "lat": 48.1, "long": 11.5},
]
SENT = [*FILTERS[:2], {**FILTERS[2], "hours_ago": "48"}, FILTERS[3]]
MISSING = "7ed2887d-bd24-4a81-8220-4b256a08ab19"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(rows=10) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", emulator.connection_uri)
        yield emulator


@pytest.fixture
def hook(emulator: Emulator) -> OneSignalHook:
    return OneSignalHook()


def run(operator: Any) -> Any:
    ti = SimpleNamespace(
        dag_id="d", run_id="r", task_id=operator.task_id, map_index=-1, max_tries=0
    )
    return operator.execute({"ti": ti})


def creating(**parameters: Any) -> OneSignalCreateSegmentOperator:
    return OneSignalCreateSegmentOperator(
        **{"task_id": "create", "name": "VIPs", "filters": FILTERS, **parameters}
    )


def asked(emulator: Emulator) -> list[str]:
    return [request.operation for request in emulator.requests]


class TestSegments:
    @pytest.mark.parametrize("status", [201, 200])
    def test_one_is_made_updated_and_deleted(self, emulator: Emulator, status: int) -> None:
        emulator.settings.statuses["create_segment"] = status

        segment_id = run(creating(description="Two plans"))
        made = emulator.app.segments[segment_id]
        assert (made.name, made.filters, made.description) == ("VIPs", SENT, "Two plans")

        update = OneSignalUpdateSegmentOperator(
            task_id="update", segment_id=segment_id, name="Gold", description=""
        )
        assert run(update) == segment_id
        assert (made.name, made.filters, made.description) == ("Gold", SENT, "")

        run(OneSignalDeleteSegmentOperator(task_id="delete", segment_id=segment_id))
        assert segment_id not in emulator.app.segments
        assert emulator.violations == []

    def test_a_second_try_makes_no_second_segment(self, emulator: Emulator) -> None:
        first = run(creating())
        count = len(emulator.app.segments)

        assert run(creating()) == first
        assert len(emulator.app.segments) == count

    def test_a_second_try_with_other_filters_leaves_the_segment_with_those(
        self, emulator: Emulator
    ) -> None:
        segment_id = run(creating())

        assert run(creating(filters=FILTERS[:1])) == segment_id
        assert emulator.app.segments[segment_id].filters == FILTERS[:1]

    def test_an_answer_that_got_lost_makes_no_second_segment(self, emulator: Emulator) -> None:
        emulator.fail("create_segment", cut_at=0, acted=True)
        count = len(emulator.app.segments)

        segment_id = run(creating())

        assert segment_id in emulator.app.segments
        assert len(emulator.app.segments) == count + 1

    def test_one_of_the_name_that_is_on_the_second_page_is_found(self, emulator: Emulator) -> None:
        for number in range(310):
            emulator.add_segment(f"Segment {number}")
        foreign = emulator.add_segment("VIPs", filters=FILTERS[:1])

        with pytest.raises(OneSignalConflictError, match=foreign.id):
            run(creating())
        assert run(creating(if_exists="skip")) == foreign.id
        assert foreign.filters == FILTERS[:1]
        assert run(creating(if_exists="replace")) == foreign.id
        assert foreign.filters == SENT

    def test_the_list_is_read_page_by_page(self, emulator: Emulator, hook: OneSignalHook) -> None:
        for number in range(596):
            emulator.add_segment(f"Segment {number}")

        assert len({each["id"] for each in hook.view_segments()}) == 600
        assert [request.query["offset"] for request in emulator.requests] == ["0", "300", "600"]

    def test_a_missing_one_is_deleted_unless_it_must_be_there(self, emulator: Emulator) -> None:
        deleting: dict[str, Any] = {"task_id": "delete", "segment_id": MISSING}

        run(OneSignalDeleteSegmentOperator(**deleting))
        with pytest.raises(OneSignalNotFoundError):
            run(OneSignalDeleteSegmentOperator(**deleting, ignore_missing=False))

    def test_a_missing_one_is_not_updated(self, emulator: Emulator) -> None:
        with pytest.raises(OneSignalNotFoundError, match="segment not found"):
            run(OneSignalUpdateSegmentOperator(task_id="t", segment_id=MISSING, name="x"))

    def test_a_name_that_another_has_is_a_conflict_for_an_update(self, emulator: Emulator) -> None:
        emulator.add_segment("Gold")
        segment_id = run(creating())

        with pytest.raises(OneSignalConflictError, match="already taken"):
            run(OneSignalUpdateSegmentOperator(task_id="t", segment_id=segment_id, name="Gold"))

    def test_the_plan_s_limit_is_named(self, emulator: Emulator) -> None:
        emulator.settings.max_segments = 0

        with pytest.raises(OneSignalPlanError, match="maximum number of segments"):
            run(creating())

    def test_a_plan_without_the_operation_is_named(self, emulator: Emulator) -> None:
        emulator.settings.not_on_plan = frozenset({"create_segment"})

        with pytest.raises(OneSignalPlanError, match="not available"):
            run(creating())

    def test_what_is_viewed_is_what_was_made(self, emulator: Emulator, hook: OneSignalHook) -> None:
        segment_id = run(creating())

        viewed = hook.view_segment(segment_id)

        assert (viewed["id"], viewed["name"], viewed["filters"]) == (segment_id, "VIPs", SENT)
        assert viewed["subscriber_count"] == emulator.app.segments[segment_id].subscribers


def user(**parameters: Any) -> OneSignalCreateUserOperator:
    return OneSignalCreateUserOperator(task_id="user", **parameters)


class TestUsers:
    @pytest.mark.parametrize("created", [200, 201])
    @pytest.mark.parametrize("updated", [200, 202])
    def test_one_is_made_and_then_updated(
        self, emulator: Emulator, created: int, updated: int
    ) -> None:
        emulator.settings.statuses |= {"create_user": created, "update_user": updated}
        identity = {"external_id": "42", "crm": "7"}
        mail = {"type": "Email", "token": "a@example.com"}

        first = run(user(identity=identity, subscriptions=[mail]))
        again = run(user(identity={"external_id": 42}, properties={"tags": {"plan": "gold"}}))

        assert first == again
        assert first == {**identity, "onesignal_id": first["onesignal_id"]}
        [made] = emulator.app.users
        assert made.properties["tags"] == {"plan": "gold"}
        assert [each["token"] for each in made.subscriptions] == ["a@example.com"]

    def test_aliases_of_two_users_are_a_conflict(self, emulator: Emulator) -> None:
        run(user(identity={"external_id": "anna", "crm": "a"}))
        run(user(identity={"external_id": "ben", "crm": "b"}))

        with pytest.raises(
            OneSignalConflictError, match=r"conflicting_aliases|another User"
        ) as error:
            run(user(identity={"external_id": "anna", "crm": "b"}))

        assert error.value.status_code == 409

    def test_what_only_onesignal_knows_to_be_wrong_is_said_with_its_words(
        self, emulator: Emulator
    ) -> None:
        with pytest.raises(OneSignalInvalidRequestError, match="request-1"):
            run(user(identity={"external_id": "anna"}, properties={"language": 5}))
