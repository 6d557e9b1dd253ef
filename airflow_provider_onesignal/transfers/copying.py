"""What the export transfers share: from a URL, or an export yet to be started, to an object."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.compat import XComArg, unserved_as
from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalExportCorruptError,
    OneSignalExportNotReadyError,
    OneSignalExportUnavailableError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.exports import ExportRequest, export_request
from airflow_provider_onesignal.lineage import Lineage, openlineage_facets
from airflow_provider_onesignal.links.onesignal import app_page
from airflow_provider_onesignal.operators.base import OneSignalOperator
from airflow_provider_onesignal.operators.export_task import (
    await_file,
    continue_after,
    export_page,
    export_unserved,
    held_run,
    log_outlook,
    recovered,
)
from airflow_provider_onesignal.readiness import Probe, wait_state
from airflow_provider_onesignal.redaction import describe_url, mask_url

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_onesignal.compat import Context
    from airflow_provider_onesignal.export_run import ExportRun, StartedExport
    from airflow_provider_onesignal.files.copy import CopySummary
    from airflow_provider_onesignal.stores import Store


class ExportTransfer(OneSignalOperator):
    """
    Base of the operators that copy an export's file into a store, whole or not at all.

    :param csv_file_url: the URL an export returned
    :param export: in its place, what to export; the task then starts the export and waits for it
    :param replace: write over an object that is there
    :param min_rows: rows the file must have, None for any number
    :param connections: over which a large file is read
    :param deferrable: with ``export``, wait in the triggerer
    :param poll_interval: with ``export``, seconds between two polls of the file's URL
    :param timeout: with ``export``, seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: with ``export``, if another one is running: "wait" for its end, or "fail"
    :param durable: with ``export``, keep it for the next try (Airflow 3.3+)
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "csv_file_url",
        "export",
        "replace",
        "min_rows",
        "connections",
        "deferrable",
        "durable",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"export": "json"}
    _run: ExportRun | None = None
    _lineage: Lineage | None = None

    def __init__(
        self,
        *,
        csv_file_url: str | XComArg | None,
        export: ExportRequest | Mapping[str, Any] | XComArg | None,
        replace: bool | str,
        min_rows: int | str | None,
        connections: int | str,
        deferrable: bool | str,
        poll_interval: float,
        timeout: float | timedelta,
        on_conflict: str,
        durable: bool | str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (csv_file_url is None) == (export is None):
            raise OneSignalValidationError(
                f"Task {self.task_id!r} needs either csv_file_url= (the URL an export returned) "
                "or export= (such as SubscriptionsExport()), and not both."
            )
        self.csv_file_url = csv_file_url
        self.export = _parsed_export(export)
        self.replace = checks.flag_literal(replace, name="replace")
        self.min_rows = min_rows
        self.connections = connections
        self.deferrable = checks.flag_literal(deferrable, name="deferrable")
        self.poll_interval = checks.seconds(poll_interval, name="poll_interval")
        self.timeout = checks.seconds(timeout, name="timeout")
        self.on_conflict = checks.one_of(on_conflict, ("wait", "fail"), name="on_conflict")
        self.durable = checks.flag_literal(durable, name="durable")
        self._follow_what_export_takes()

    def execute(self, context: Context) -> str:
        """Copy the file and return the object's URI."""
        store = self._checked_store()
        if self.csv_file_url is not None:
            url = checks.export_url(self.csv_file_url)
            summary = self._copy(store, url, started_at=None)
            self._publish(context, summary)
            return store.uri
        self._run = run = held_run(self, context, self._export_request())
        if self._was_done(context, store, run.recall()):
            return store.uri
        if run.started is None:
            _refuse_if_taken(store)
        return self._finish(context, store, run, await_file(self, context, run))

    def execute_complete(
        self, context: Context, event: Any = None, carried: dict[str, Any] | None = None
    ) -> str:
        """
        Continue after a deferral.

        :param context: of the running task
        :param event: what the trigger yielded
        :param carried: the state of the run
        """
        store = self._checked_store()
        state = recovered(context, carried)
        self._run = run = held_run(self, context, self._export_request(), carried=state)
        return self._finish(context, store, run, continue_after(self, context, run, event))

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Raise a deferral that no triggerer served as a timeout of the export."""
        with unserved_as(export_unserved):
            return super().resume_execution(next_method, next_kwargs, context)

    def on_kill(self) -> None:
        """Log what becomes of the export, which OneSignal cannot cancel, and end the task."""
        log_outlook(self.log, self._run)
        super().on_kill()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Report to OpenLineage what was read and stored."""
        return openlineage_facets(self._lineage)

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Report to OpenLineage what was to be read."""
        return openlineage_facets(self._lineage)

    def _store(self) -> Store:
        """Return the destination; no I/O."""
        raise NotImplementedError

    def _checked_store(self) -> Store:
        # Everything that is wrong with a parameter shows before an export is started.
        store = self._store()
        self._number("min_rows", low=0)
        self._number("connections", low=1)
        return store

    def _number(self, name: str, *, low: int) -> int | None:
        value = getattr(self, name)
        return None if value in (None, "None") else int(checks.number(value, name=name, low=low))

    def _export_request(self) -> ExportRequest:
        return export_request(self.export)

    def _dashboard_page(self, app_id: str) -> str:
        if self.export is None:
            return app_page(app_id)
        return export_page(app_id, self._export_request())

    def _follow_what_export_takes(self) -> None:
        # Airflow looks for other tasks' outputs in an operator's own fields alone.
        if isinstance(self.export, ExportRequest) and self.get_dag() is not None:
            for name in self.export.template_fields:
                XComArg.apply_upstream_relationship(self, getattr(self.export, name))

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        # Mapped or not, this is the last step before Airflow stores what it rendered. Mapped tasks
        # share what .partial() was given, and a retry renders it again.
        if parent is self:
            self.export = copy.copy(self.export)
        super()._do_render_template_fields(parent, *args, **kwargs)
        if parent is self:
            mask_url(self.csv_file_url)

    def _was_done(self, context: Context, store: Store, kept: Mapping[str, Any] | None) -> bool:
        """Return whether an earlier try stored this export and Airflow did not note its success."""
        if kept is None or kept.get("uri") != store.uri:
            return False
        stored = store.head()
        if stored is None or stored.size != kept.get("bytes"):
            return False
        self.log.info("An earlier try stored %s; Airflow did not note its success.", store.uri)
        self._note_what_is_read()
        self._publish(context, {**kept, "copied": False})
        return True

    def _finish(
        self, context: Context, store: Store, run: ExportRun, started: StartedExport
    ) -> str:
        try:
            summary = self._copy(store, started.url, started_at=started.started_at)
        except (OneSignalExportCorruptError, OneSignalExportUnavailableError):
            # The file is damaged where it lies, or gone; the next try needs another one.
            run.give_up()
            raise
        run.done(summary)
        self._publish(context, summary)
        return store.uri

    def _copy(self, store: Store, url: str, *, started_at: float | None) -> dict[str, Any]:
        from airflow_provider_onesignal.files.copy import copy_file, existing_copy
        from airflow_provider_onesignal.files.source import HttpSource

        mask_url(url)
        self._note_what_is_read()
        with self._hook.file_session() as session, _unready_if_pending(url, started_at):
            source = HttpSource(url, session, label=describe_url(url), timeout=session.timeout)
            stored = store.head()
            there = None if stored is None else existing_copy(source, stored)
            if there is not None:
                self.log.info("%s already holds this very export; nothing to copy", store.uri)
                return _summary(store, there, copied=False)
            if stored is not None and not store.replace:
                raise _taken(store, "is not a copy of this export. Nothing was written")
            self.log.info("Copying %s to %s", source.label, store.uri)
            copied = copy_file(
                source,
                store,
                min_rows=self._number("min_rows", low=0),
                connections=self._number("connections", low=1) or 1,
            )
        summary = _summary(store, copied, copied=True)
        self.log.info(
            "Copied %(bytes)s bytes, %(rows)s rows in %(seconds)s s, SHA-256 %(sha256)s", summary
        )
        return summary

    def _note_what_is_read(self) -> None:
        kind = "exports" if self.export is None else self._export_request().dataset()
        self._lineage = Lineage(app_id=self._known_app(), kind=kind)

    def _publish(self, context: Context, summary: dict[str, Any]) -> None:
        if self._lineage is not None:
            self._lineage = self._lineage.publish(context, self, self._hook, summary)


def _parsed_export(export: Any) -> Any:
    if export is None or isinstance(export, XComArg):
        return export
    if isinstance(export, str) and "{{" in export:
        return export
    # Mapped tasks share what .partial() was given.
    return copy.copy(export_request(export)) if not _is_templated(export) else dict(export)


def _is_templated(export: Any) -> bool:
    # The class that a mapping names may itself be a template.
    return isinstance(export, Mapping) and "{{" in str(export.get("export"))


def _refuse_if_taken(store: Store) -> None:
    if not store.replace and store.head() is not None:
        raise _taken(store, "replace is not set. No export was started")


def _taken(store: Store, why: str) -> OneSignalDestinationError:
    return OneSignalDestinationTakenError(
        f"{store.uri} already exists, and {why}: choose another name, delete it, or pass "
        "replace=True."
    )


def _summary(store: Store, file: CopySummary, *, copied: bool) -> dict[str, Any]:
    return {
        "uri": store.uri,
        "bytes": file.bytes,
        "rows": file.rows,
        "columns": file.columns,
        "sha256": file.sha256,
        "source_etag": file.source_etag,
        "content_type": file.content_type,
        "seconds": file.seconds,
        "copied": copied,
    }


@contextmanager
def _unready_if_pending(url: str, started_at: float | None) -> Iterator[None]:
    """Raise a refused download as not ready, or expired, if the rule of readiness says so."""
    try:
        yield
    except OneSignalExportUnavailableError as error:
        if error.status_code is None:
            raise
        now = time.time()
        seen = Probe(status=error.status_code)
        end = wait_state(seen, url=url, started_at=started_at, deadline=now + 1, now=now).end
        if end is not None:
            end.raise_unless_ready(url)
            raise
        remedy = (
            "Put a OneSignalExportSensor before this task, or pass export= in place of "
            "csv_file_url=."
            if started_at is None
            else "It was a moment ago: retry the task."
        )
        raise OneSignalExportNotReadyError(
            f"The export's file ({describe_url(url)}) is not ready (HTTP {error.status_code}). "
            f"{remedy}",
            status_code=error.status_code,
        ) from error
