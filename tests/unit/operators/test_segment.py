"""Segments: made once however often the task runs, and gone when they are deleted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, create_autospec
from uuid import UUID

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalConflictError,
    OneSignalNotFoundError,
    OneSignalPlanError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.operators.segment import (
    OneSignalCreateSegmentOperator,
    OneSignalDeleteSegmentOperator,
    OneSignalUpdateSegmentOperator,
)

APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
SEGMENT = "7ed2887d-bd24-4a81-8220-4b256a08ab19"
FOREIGN = "00000000-0000-4000-8000-000000000001"
FILTERS = [{"field": "tag", "key": "plan", "relation": "=", "value": "gold"}]
ID_TAKEN = OneSignalConflictError("Segment with the given id already exists.", status_code=409)
NAME_TAKEN = OneSignalConflictError("Segment name is already taken.", status_code=400)
MISSING = OneSignalNotFoundError("segment not found", status_code=404)


@pytest.fixture
def hook() -> MagicMock:
    """A OneSignal that has no segments and takes any."""
    hook: MagicMock = create_autospec(OneSignalHook, instance=True)
    hook.app_id = APP
    hook.create_segment.side_effect = lambda **segment: segment["segment_id"]
    hook.update_segment.side_effect = lambda segment_id, **_: segment_id
    hook.view_segment.side_effect = MISSING
    hook.view_segments.return_value = iter([])
    return hook


def run(operator: Any, hook: MagicMock, **place: Any) -> Any:
    task = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1}
    operator._hook = hook
    return operator.execute({"ti": SimpleNamespace(**{**task, **place})})


def creating(**parameters: Any) -> OneSignalCreateSegmentOperator:
    return OneSignalCreateSegmentOperator(
        **{"task_id": "t", "name": "VIPs", "filters": FILTERS, **parameters}
    )


def there(segment_id: str = SEGMENT, **segment: Any) -> dict[str, Any]:
    return {"id": segment_id, "name": "VIPs", "filters": FILTERS, "description": "", **segment}


class TestId:
    def test_it_is_the_same_in_every_try(self, hook: MagicMock) -> None:
        assert run(creating(), hook) == run(creating(), hook)
        assert UUID(run(creating(), hook)).version == 5

    @pytest.mark.parametrize(
        "place", [{"dag_id": "x"}, {"run_id": "x"}, {"task_id": "x"}, {"map_index": 0}]
    )
    def test_it_is_another_one_elsewhere(self, hook: MagicMock, place: dict[str, Any]) -> None:
        assert run(creating(), hook) != run(creating(), hook, **place)

    def test_it_is_another_one_in_another_app(self, hook: MagicMock) -> None:
        first = run(creating(), hook)
        hook.app_id = FOREIGN

        assert run(creating(), hook) != first

    def test_parts_of_the_place_do_not_run_into_each_other(self, hook: MagicMock) -> None:
        one = run(creating(), hook, dag_id="a", run_id="b/c")

        assert one != run(creating(), hook, dag_id="a/b", run_id="c")

    def test_it_may_be_given(self, hook: MagicMock) -> None:
        assert run(creating(segment_id=SEGMENT.upper()), hook) == SEGMENT


class TestCreate:
    def test_what_is_sent_is_what_was_given(self, hook: MagicMock) -> None:
        run(creating(description="Gold and above", segment_id=SEGMENT), hook)

        hook.create_segment.assert_called_once_with(
            name="VIPs", filters=FILTERS, description="Gold and above", segment_id=SEGMENT
        )

    @pytest.mark.parametrize("segment_id", [None, SEGMENT])
    def test_a_second_try_finds_its_own_segment(
        self, hook: MagicMock, segment_id: str | None
    ) -> None:
        own = run(creating(segment_id=segment_id), hook)
        hook.create_segment.side_effect = ID_TAKEN
        hook.view_segment.side_effect = there

        assert run(creating(segment_id=segment_id), hook) == own
        hook.view_segment.assert_called_once_with(own)
        hook.update_segment.assert_not_called()

    @pytest.mark.parametrize("changed", [{"filters": []}, {"name": "Old"}, {"description": "Old"}])
    def test_a_second_try_brings_its_own_segment_up_to_date(
        self, hook: MagicMock, changed: dict[str, Any]
    ) -> None:
        hook.create_segment.side_effect = ID_TAKEN
        hook.view_segment.side_effect = lambda segment_id: there(segment_id, **changed)

        own = run(creating(description="New"), hook)

        hook.update_segment.assert_called_once_with(
            own, name="VIPs", filters=FILTERS, description="New"
        )

    def test_its_own_segment_is_also_known_by_name_alone(self, hook: MagicMock) -> None:
        own = run(creating(), hook)
        hook.create_segment.side_effect = NAME_TAKEN
        hook.view_segment.side_effect = there

        assert run(creating(), hook) == own

    @pytest.mark.parametrize("refusal", [ID_TAKEN, NAME_TAKEN])
    class TestAnotherSegmentOfTheName:
        @pytest.fixture(autouse=True)
        def _taken(self, hook: MagicMock, refusal: OneSignalConflictError) -> None:
            hook.create_segment.side_effect = refusal
            hook.view_segments.side_effect = lambda: iter(
                [there(SEGMENT, name="vips"), there(FOREIGN)]
            )

        def test_fails_the_task_by_default(
            self, hook: MagicMock, refusal: OneSignalConflictError
        ) -> None:
            with pytest.raises(
                OneSignalConflictError, match=f"{FOREIGN} .*'VIPs'.*not created by this"
            ):
                run(creating(), hook)

            hook.update_segment.assert_not_called()

        def test_is_taken_as_it_is_with_skip(
            self, hook: MagicMock, refusal: OneSignalConflictError
        ) -> None:
            assert run(creating(if_exists="skip"), hook) == FOREIGN
            hook.update_segment.assert_not_called()

        def test_is_updated_with_replace(
            self, hook: MagicMock, refusal: OneSignalConflictError
        ) -> None:
            assert run(creating(if_exists="replace"), hook) == FOREIGN
            hook.update_segment.assert_called_once_with(
                FOREIGN, name="VIPs", filters=FILTERS, description=None
            )

    def test_a_given_id_that_is_of_a_segment_of_another_name_is_not_taken_for_its_own(
        self, hook: MagicMock
    ) -> None:
        hook.create_segment.side_effect = ID_TAKEN
        hook.view_segment.side_effect = lambda segment_id: there(segment_id, name="All users")

        with pytest.raises(OneSignalConflictError, match="'All users'"):
            run(creating(segment_id=SEGMENT), hook)

        hook.update_segment.assert_not_called()

    def test_a_conflict_with_nothing_that_can_be_found_stays_what_it_is(
        self, hook: MagicMock
    ) -> None:
        hook.create_segment.side_effect = ID_TAKEN

        with pytest.raises(OneSignalConflictError) as refusal:
            run(creating(if_exists="replace"), hook)

        assert refusal.value is ID_TAKEN

    def test_any_other_refusal_stays_what_it_is(self, hook: MagicMock) -> None:
        hook.create_segment.side_effect = OneSignalPlanError("maximum", status_code=422)

        with pytest.raises(OneSignalPlanError):
            run(creating(if_exists="replace"), hook)

        hook.view_segments.assert_not_called()

    @pytest.mark.parametrize(
        ("parameters", "rule"),
        [
            ({"name": ""}, "name must be a non-blank string"),
            ({"filters": []}, "1 to 200"),
            ({"description": "x" * 256}, "at most 255"),
            ({"segment_id": "vips"}, "segment_id must be a UUID"),
        ],
    )
    def test_what_onesignal_would_refuse_is_never_sent(
        self, hook: MagicMock, parameters: dict[str, Any], rule: str
    ) -> None:
        with pytest.raises(OneSignalValidationError, match=rule):
            run(creating(**parameters), hook)

        assert hook.method_calls == []

    def test_an_unknown_filter_can_be_let_pass(self, hook: MagicMock) -> None:
        unknown = [{"field": "mood", "relation": "=", "value": "good"}]

        run(creating(filters=unknown, allow_unknown=True), hook)

        assert hook.create_segment.call_args.kwargs["filters"] == unknown

    def test_if_exists_is_checked_when_the_dag_is_parsed(self) -> None:
        with pytest.raises(OneSignalValidationError, match="if_exists must be one of"):
            creating(if_exists="overwrite")


class TestUpdate:
    def test_what_is_left_out_is_left_as_it_is(self, hook: MagicMock) -> None:
        operator = OneSignalUpdateSegmentOperator(task_id="t", segment_id=SEGMENT, name="VIPs")

        assert run(operator, hook) == SEGMENT
        hook.update_segment.assert_called_once_with(
            SEGMENT, name="VIPs", filters=None, description=None
        )

    def test_an_empty_description_clears_it(self, hook: MagicMock) -> None:
        operator = OneSignalUpdateSegmentOperator(
            task_id="t", segment_id=SEGMENT, name="VIPs", filters=FILTERS, description=""
        )
        run(operator, hook)

        hook.update_segment.assert_called_once_with(
            SEGMENT, name="VIPs", filters=FILTERS, description=""
        )

    @pytest.mark.parametrize(
        ("parameters", "rule"),
        [
            ({"segment_id": None}, "segment_id must be a UUID"),
            ({"name": None}, "name must be a non-blank string"),
            ({"filters": []}, "1 to 200"),
        ],
    )
    def test_what_onesignal_would_refuse_is_never_sent(
        self, hook: MagicMock, parameters: dict[str, Any], rule: str
    ) -> None:
        good = {"task_id": "t", "segment_id": SEGMENT, "name": "VIPs"}
        with pytest.raises(OneSignalValidationError, match=rule):
            run(OneSignalUpdateSegmentOperator(**{**good, **parameters}), hook)

        assert hook.method_calls == []


class TestDelete:
    def test_it_deletes_and_gives_nothing(self, hook: MagicMock) -> None:
        operator = OneSignalDeleteSegmentOperator(task_id="t", segment_id=SEGMENT)

        assert run(operator, hook) is None
        hook.delete_segment.assert_called_once_with(SEGMENT)

    def test_a_segment_that_is_not_there_is_deleted(self, hook: MagicMock) -> None:
        hook.delete_segment.side_effect = MISSING

        run(OneSignalDeleteSegmentOperator(task_id="t", segment_id=SEGMENT), hook)

        hook.delete_segment.assert_called_once_with(SEGMENT)

    def test_unless_it_must_be_there(self, hook: MagicMock) -> None:
        hook.delete_segment.side_effect = MISSING
        operator = OneSignalDeleteSegmentOperator(
            task_id="t", segment_id=SEGMENT, ignore_missing=False
        )

        with pytest.raises(OneSignalNotFoundError):
            run(operator, hook)

    def test_an_id_that_is_none_is_not_taken_for_missing(self, hook: MagicMock) -> None:
        with pytest.raises(OneSignalValidationError, match="segment_id must be a UUID"):
            run(OneSignalDeleteSegmentOperator(task_id="t", segment_id="None"), hook)

        hook.delete_segment.assert_not_called()
