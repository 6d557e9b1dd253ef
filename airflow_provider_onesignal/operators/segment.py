"""Operators that create, update and delete segments, fit for a campaign's setup and teardown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid5

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.checks import segments
from airflow_provider_onesignal.exceptions import OneSignalConflictError, OneSignalNotFoundError
from airflow_provider_onesignal.links.onesignal import segments_page
from airflow_provider_onesignal.operators.base import OneSignalOperator

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import Context, XComArg

_Segment = dict[str, Any]


class _SegmentOperator(OneSignalOperator):
    def _dashboard_page(self, app_id: str) -> str:
        return segments_page(app_id)


class OneSignalCreateSegmentOperator(_SegmentOperator):
    """
    Create a segment.

    The task can be retried and cleared: it chooses the segment's id itself, finds its own segment
    by it, and updates that if the parameters have changed in between.
    https://documentation.onesignal.com/reference/create-segments

    :param name: up to 128 characters; no two segments of an app have the same
    :param filters: 1 to 200 dicts: filters, and ``{"operator": "OR"}`` between them
    :param description: up to 255 characters
    :param segment_id: UUID of the new segment; None derives one from app, DAG, run, task and map
        index
    :param if_exists: if another segment has the name: "fail", "skip" (return its id), or "replace"
        (update it)
    :param allow_unknown: let fields and relations pass that this package does not know, with a
        warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the segment's id
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalConflictError: with ``if_exists="fail"``, another segment has the name
    :raises OneSignalPlanError: the plan has no segment API, or no more segments
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "name",
        "filters",
        "description",
        "segment_id",
        "allow_unknown",
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
        allow_unknown: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.name = name
        self.filters = filters
        self.description = description
        self.segment_id = segment_id
        self.if_exists = checks.one_of(if_exists, ("fail", "skip", "replace"), name="if_exists")
        self.allow_unknown = checks.flag_literal(allow_unknown, name="allow_unknown")

    def execute(self, context: Context) -> str:
        """Create the segment, or find it, and return its id."""
        wanted = self._wanted()
        own_id = self._own_id(context)
        try:
            segment_id = self._hook.create_segment(**wanted, segment_id=own_id)
        except OneSignalConflictError as refusal:
            return self._resolve_conflict(refusal, wanted, own_id)
        self.log.info("Created segment %s (%r)", segment_id, wanted["name"])
        return segment_id

    def _wanted(self) -> _Segment:
        return {
            "name": segments.name(self.name),
            "filters": segments.filters(self.filters, allow_unknown=self._flag("allow_unknown")),
            "description": segments.description(self.description),
        }

    def _own_id(self, context: Context) -> str:
        if self.segment_id is not None:
            return checks.uuid(self.segment_id, name="segment_id")
        task = context["ti"]
        place = (task.dag_id, task.run_id, task.task_id, str(task.map_index))
        # The app is the namespace: two apps may have runs of the same names.
        return str(uuid5(UUID(self._hook.app_id), "\n".join(place)))

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
            return {**self._hook.view_segment(segment_id), "id": segment_id}
        except OneSignalNotFoundError:
            return None

    def _by_name(self, name: str) -> _Segment | None:
        return next((each for each in self._hook.view_segments() if each.get("name") == name), None)

    def _own_from_before(self, there: _Segment, wanted: _Segment) -> str:
        self.log.info("Segment %s already exists: an earlier try created it", there["id"])
        is_same = all(wanted[key] in (None, there.get(key)) for key in wanted)
        return str(there["id"]) if is_same else self._update(there, wanted)

    def _another_one(
        self, there: _Segment, wanted: _Segment, refusal: OneSignalConflictError
    ) -> str:
        if self.if_exists == "replace":
            return self._update(there, wanted)
        if self.if_exists == "skip":
            self.log.info("Segment %s already exists and is kept as it is", there["id"])
            return str(there["id"])
        raise OneSignalConflictError(
            f"Segment {there['id']} ({there.get('name')!r}) already exists and was not created by "
            "this task: choose another name, delete it, or pass if_exists='skip' to use it or "
            "if_exists='replace' to update it.",
            status_code=refusal.status_code,
            messages=refusal.messages,
        ) from refusal

    def _update(self, there: _Segment, wanted: _Segment) -> str:
        segment_id = self._hook.update_segment(there["id"], **wanted)
        self.log.info("Updated segment %s (%r)", segment_id, wanted["name"])
        return segment_id


class OneSignalUpdateSegmentOperator(_SegmentOperator):
    """
    Update a segment.

    https://documentation.onesignal.com/reference/update-segment

    :param segment_id: UUID of the segment
    :param name: up to 128 characters; OneSignal requires it, changed or not
    :param filters: in place of all it has; None keeps them
    :param description: up to 255 characters, "" clears it; None keeps it
    :param allow_unknown: let fields and relations pass that this package does not know, with a
        warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the segment's id
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalNotFoundError: there is no such segment
    :raises OneSignalConflictError: another segment has this name
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "segment_id",
        "name",
        "filters",
        "description",
        "allow_unknown",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"filters": "json"}

    def __init__(
        self,
        *,
        segment_id: str | XComArg,
        name: str,
        filters: Sequence[Mapping[str, Any]] | None = None,
        description: str | None = None,
        allow_unknown: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.segment_id = segment_id
        self.name = name
        self.filters = filters
        self.description = description
        self.allow_unknown = checks.flag_literal(allow_unknown, name="allow_unknown")

    def execute(self, context: Context) -> str:
        """Update the segment and return its id."""
        filters = self.filters
        if filters is not None:
            filters = segments.filters(filters, allow_unknown=self._flag("allow_unknown"))
        segment_id = self._hook.update_segment(
            checks.uuid(self.segment_id, name="segment_id"),
            name=segments.name(self.name),
            filters=filters,
            description=segments.description(self.description),
        )
        self.log.info("Updated segment %s", segment_id)
        return segment_id


class OneSignalDeleteSegmentOperator(_SegmentOperator):
    """
    Delete a segment; its users stay.

    https://documentation.onesignal.com/reference/delete-segments

    :param segment_id: UUID of the segment
    :param ignore_missing: succeed if there is no such segment
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :raises OneSignalValidationError: the id is no UUID; nothing was sent
    :raises OneSignalNotFoundError: with ``ignore_missing=False``, there is no such segment
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "segment_id",
        "ignore_missing",
    )

    def __init__(
        self,
        *,
        segment_id: str | XComArg,
        ignore_missing: bool | str = True,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.segment_id = segment_id
        self.ignore_missing = checks.flag_literal(ignore_missing, name="ignore_missing")

    def execute(self, context: Context) -> None:
        """Delete the segment."""
        segment_id = checks.uuid(self.segment_id, name="segment_id")
        try:
            self._hook.delete_segment(segment_id)
        except OneSignalNotFoundError:
            if not self._flag("ignore_missing"):
                raise
            self.log.info("Segment %s does not exist: nothing to delete", segment_id)
        else:
            self.log.info("Deleted segment %s", segment_id)
