"""Operators that create, update and delete segments, fit for a campaign's setup and teardown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid5

from airflow_provider_onesignal.api import checks, dashboard, segment_checks
from airflow_provider_onesignal.exceptions import OneSignalConflictError, OneSignalNotFoundError
from airflow_provider_onesignal.tasks.api import ApiTask

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

_Segment = dict[str, Any]


class _SegmentTask(ApiTask):
    def dashboard_page(self, app_id: str) -> str:
        """Give the page of the app's segments."""
        return dashboard.segments_page(app_id)


class OneSignalCreateSegmentOperator(_SegmentTask):
    """
    Create a segment.

    The task runs again without harm: it chooses the segment's id itself, finds its own segment by
    it, and brings that up to date should the parameters have changed in between.
    https://documentation.onesignal.com/reference/create-segments

    :param name: up to 128 characters; no two segments of an app have the same
    :param filters: 1 to 200 dicts: filters, and ``{"operator": "OR"}`` between them
    :param description: up to 255 characters
    :param segment_id: UUID it is to have; None derives one from app, dag, run, task and map index
    :param if_exists: when another segment has the name: "fail", "skip" (give that one's id), or
        "replace" (update that one)
    :param allow_unknown: let fields and relations pass that this package does not know, with a
        warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the segment's id
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalConflictError: with ``if_exists="fail"``, another segment has the name
    :raises OneSignalPlanError: the plan has no segment API, or no more segments
    """

    template_fields: Sequence[str] = (
        *ApiTask.template_fields,
        "name",
        "filters",
        "description",
        "segment_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"filters": "json"}

    def __init__(
        self,
        *,
        name: str,
        filters: Sequence[Mapping[str, Any]],
        description: str | None = None,
        segment_id: str | None = None,
        if_exists: str = "fail",
        allow_unknown: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.filters = filters
        self.description = description
        self.segment_id = segment_id
        self.if_exists = checks.one_of(if_exists, ("fail", "skip", "replace"), name="if_exists")
        self.allow_unknown = allow_unknown

    def execute(self, context: Context) -> str:
        """Create the segment, or find it, and give its id."""
        wanted = self._wanted()
        own_id = self._own_id(context)
        try:
            segment_id = self.hook.create_segment(**wanted, segment_id=own_id)
        except OneSignalConflictError as refusal:
            return self._resolve_conflict(refusal, wanted, own_id)
        self.log.info("Created segment %s (%r)", segment_id, wanted["name"])
        return segment_id

    def _wanted(self) -> _Segment:
        return {
            "name": segment_checks.name(self.name),
            "filters": segment_checks.filters(self.filters, allow_unknown=self.allow_unknown),
            "description": segment_checks.description(self.description),
        }

    def _own_id(self, context: Context) -> str:
        if self.segment_id is not None:
            return checks.uuid(self.segment_id, name="segment_id")
        task = context["ti"]
        place = (task.dag_id, task.run_id, task.task_id, str(task.map_index))
        # The app is the namespace: two apps, or Airflows with an app each, may have the same runs.
        return str(uuid5(UUID(self.hook.app_id), "\n".join(place)))

    def _resolve_conflict(
        self, refusal: OneSignalConflictError, wanted: _Segment, own_id: str
    ) -> str:
        there = self._by_id(own_id)
        if there is not None and (self.segment_id is None or there.get("name") == wanted["name"]):
            return self._own_from_before(there, wanted)
        there = there or self._by_name(wanted["name"])
        if there is None:
            raise refusal
        return self._another_one(there, wanted, refusal)

    def _by_id(self, segment_id: str) -> _Segment | None:
        try:
            return {**self.hook.view_segment(segment_id), "id": segment_id}
        except OneSignalNotFoundError:
            return None

    def _by_name(self, name: str) -> _Segment | None:
        return next((each for each in self.hook.view_segments() if each.get("name") == name), None)

    def _own_from_before(self, there: _Segment, wanted: _Segment) -> str:
        self.log.info("Segment %s exists already, made by an earlier try of this task", there["id"])
        is_same = all(wanted[key] in (None, there.get(key)) for key in wanted)
        return str(there["id"]) if is_same else self._update(there, wanted)

    def _another_one(
        self, there: _Segment, wanted: _Segment, refusal: OneSignalConflictError
    ) -> str:
        if self.if_exists == "replace":
            return self._update(there, wanted)
        if self.if_exists == "skip":
            self.log.info("Segment %s exists already and stays as it is", there["id"])
            return str(there["id"])
        raise OneSignalConflictError(
            f"Segment {there['id']} ({there.get('name')!r}) exists already and is not this task's: "
            "choose another name, delete it, or pass if_exists='skip' to use it or "
            "if_exists='replace' to update it.",
            status_code=refusal.status_code,
            messages=refusal.messages,
        ) from refusal

    def _update(self, there: _Segment, wanted: _Segment) -> str:
        segment_id = self.hook.update_segment(there["id"], **wanted)
        self.log.info("Updated segment %s (%r)", segment_id, wanted["name"])
        return segment_id


class OneSignalUpdateSegmentOperator(_SegmentTask):
    """
    Update a segment.

    https://documentation.onesignal.com/reference/update-segment

    :param segment_id: UUID of the segment
    :param name: OneSignal always wants it, changed or not; up to 128 characters
    :param filters: in place of all it has; None leaves them
    :param description: up to 255 characters, an empty one clears it; None leaves it
    :param allow_unknown: let fields and relations pass that this package does not know, with a
        warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the segment's id
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalNotFoundError: there is none of this id
    :raises OneSignalConflictError: another segment has this name
    """

    template_fields: Sequence[str] = (
        *ApiTask.template_fields,
        "segment_id",
        "name",
        "filters",
        "description",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"filters": "json"}

    def __init__(
        self,
        *,
        segment_id: str | XComArg,
        name: str,
        filters: Sequence[Mapping[str, Any]] | None = None,
        description: str | None = None,
        allow_unknown: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.segment_id = segment_id
        self.name = name
        self.filters = filters
        self.description = description
        self.allow_unknown = allow_unknown

    def execute(self, context: Context) -> str:
        """Update the segment and give its id."""
        filters = self.filters
        if filters is not None:
            filters = segment_checks.filters(filters, allow_unknown=self.allow_unknown)
        segment_id = self.hook.update_segment(
            checks.uuid(self.segment_id, name="segment_id"),
            name=segment_checks.name(self.name),
            filters=filters,
            description=segment_checks.description(self.description),
        )
        self.log.info("Updated segment %s", segment_id)
        return segment_id


class OneSignalDeleteSegmentOperator(_SegmentTask):
    """
    Delete a segment; its users stay.

    https://documentation.onesignal.com/reference/delete-segments

    :param segment_id: UUID of the segment
    :param ignore_missing: take a segment that is not there for deleted
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :raises OneSignalValidationError: the id is no UUID; nothing was sent
    :raises OneSignalNotFoundError: with ``ignore_missing=False``, there is none of this id
    """

    template_fields: Sequence[str] = (*ApiTask.template_fields, "segment_id")

    def __init__(
        self, *, segment_id: str | XComArg, ignore_missing: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.segment_id = segment_id
        self.ignore_missing = ignore_missing

    def execute(self, context: Context) -> None:
        """Delete the segment."""
        segment_id = checks.uuid(self.segment_id, name="segment_id")
        try:
            self.hook.delete_segment(segment_id)
        except OneSignalNotFoundError:
            if not self.ignore_missing:
                raise
            self.log.info("Segment %s is not there: nothing to delete", segment_id)
        else:
            self.log.info("Deleted segment %s", segment_id)
