"""What the export transfers share: from a URL, or an export yet to be started, to an object."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import XComArg

from airflow_provider_onesignal.api import checks, dashboard
from airflow_provider_onesignal.api.readiness import Probe
from airflow_provider_onesignal.api.redaction import describe_url
from airflow_provider_onesignal.api.waiting import wait_state
from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalDestinationError,
    OneSignalError,
    OneSignalExportCorruptError,
    OneSignalExportNotReadyError,
    OneSignalExportUnavailableError,
    OneSignalUnreachableError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.exports import ExportRequest
from airflow_provider_onesignal.tasks.export import ExportTask
from airflow_provider_onesignal.tasks.masking import mask_url
from airflow_provider_onesignal.transfers.destinations import Destination
from airflow_provider_onesignal.transfers.publishing import PublishingTask
from airflow_provider_onesignal.transfers.refusals import typed_refusals

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_onesignal.exports import StartedExport
    from airflow_provider_onesignal.stream.cancel import Cancellation
    from airflow_provider_onesignal.stream.errors import SourceStatusError
    from airflow_provider_onesignal.stream.reader import CopySummary
    from airflow_provider_onesignal.stream.sink import Sink
    from airflow_provider_onesignal.stream.source import HttpSource


class ExportTransfer(ExportTask, PublishingTask, Destination):
    """
    Copies an export's file into a store: whole and verified, or not at all.

    :param csv_file_url: the URL an export returned
    :param export: in its place, what to export (see ``exports``): the task then starts the export,
        waits for it and copies it, and the URL is in no XCom
    """

    template_fields: Sequence[str] = (*ExportTask.template_fields, "csv_file_url", "export")
    template_fields_renderers: ClassVar[dict[str, str]] = {"export": "json"}

    def __init__(
        self,
        *,
        csv_file_url: str | XComArg | None = None,
        export: ExportRequest | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (csv_file_url is None) == (export is None):
            raise OneSignalValidationError(
                f"Task {self.task_id!r} needs either csv_file_url= (the URL an export returned) "
                "or export= (such as SubscriptionsExport()), and not both."
            )
        if not isinstance(export, ExportRequest | None):
            raise OneSignalValidationError(
                f"export= of task {self.task_id!r} must be a request object such as "
                f"SubscriptionsExport(), got {type(export).__name__}."
            )
        self.csv_file_url = csv_file_url
        # Mapped tasks share what .partial() was given, and render it in place.
        self.export = copy.copy(export)
        self._follow_what_export_takes()

    def _follow_what_export_takes(self) -> None:
        # Airflow looks for other tasks' outputs in an operator's own fields alone.
        if self.export is not None and self.get_dag() is not None:
            for name in self.export.template_fields:
                XComArg.apply_upstream_relationship(self, getattr(self.export, name))

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        """Render, mapped or not: a retry renders anew, and nothing shows the URL."""
        if parent is self:
            self.export = copy.copy(self.export)
        super()._do_render_template_fields(parent, *args, **kwargs)
        if parent is self:
            mask_url(self.csv_file_url)

    def execute(self, context: Context) -> str:
        """Copy the file and give the object's URI."""
        if self.export is None:
            return self._transfer(context, checks.export_url(self.csv_file_url), started_at=None)
        self._refuse_a_taken_place(context)
        return str(self.run_export(context))

    def on_kill(self) -> None:
        """Give the copy up, so that nothing of it is left, and say what becomes of the export."""
        self._cancellation.cancel()
        super().on_kill()

    def export_request(self) -> ExportRequest:
        """Say what to export."""
        if self.export is None:
            raise OneSignalValidationError("There is no export= to start.")
        return self.export

    def dashboard_page(self, app_id: str) -> str:
        """Give the page of what is exported, or the app's, as a URL does not say what it is."""
        return dashboard.app_page(app_id) if self.export is None else super().dashboard_page(app_id)

    def finish(self, context: Context, started: StartedExport) -> str:
        """Copy the file and give the object's URI."""
        try:
            uri = self._transfer(context, started.url, started_at=started.started_at)
        except (OneSignalExportCorruptError, OneSignalExportUnavailableError):
            # The file is damaged where it lies, or gone; the next try needs another one.
            self.forget(context)
            raise
        self.forget(context)
        return uri

    def _refuse_a_taken_place(self, context: Context) -> None:
        sink = self.sink()
        with typed_refusals():
            is_taken = sink.existing() is not None
        # Where an earlier try's export is remembered, what is there may be its copy.
        if is_taken and not self.replace and not self.goes_on(context):
            raise OneSignalDestinationError(
                f"{sink.uri} exists already, and replace is not set. No export was started: choose "
                "another name, delete it, or pass replace=True."
            )

    def _transfer(self, context: Context, url: str, *, started_at: float | None) -> str:
        from airflow_provider_onesignal.stream.source import HttpSource

        mask_url(url)
        self._note_what_is_read()
        sink = self.sink()
        session = self.hook.file_session()
        with session, _typed_errors(url=url, started_at=started_at):
            source = HttpSource(url, session, label=describe_url(url), timeout=session.timeout)
            summary = self._copy(source, sink)
        self.publish(context, summary)
        return sink.uri

    def _note_what_is_read(self) -> None:
        if self.export is None:
            self.reads("exports")
        else:
            self.reads(self.export.dataset(), columns=self.export.columns())

    @cached_property
    def _cancellation(self) -> Cancellation:
        from airflow_provider_onesignal.stream.cancel import Cancellation

        return Cancellation()

    def _copy(self, source: HttpSource, sink: Sink) -> dict[str, Any]:
        from airflow_provider_onesignal.stream.copy import copy as copy_file
        from airflow_provider_onesignal.stream.identity import summary_of_copy

        existing = sink.existing()
        there = None if existing is None else summary_of_copy(source, existing)
        if there is not None:
            self.log.info("%s holds this very export already; nothing to copy", sink.uri)
            return _summary(sink, there, copied=False)
        if existing is not None and not self.replace:
            raise _taken(sink)
        self.log.info("Copying %s to %s", source.label, sink.uri)
        copied = copy_file(source, sink, cancellation=self._cancellation)
        summary = _summary(sink, copied, copied=True)
        self.log.info(
            "Copied %(bytes)s bytes, %(rows)s rows in %(seconds)s s, SHA-256 %(sha256)s", summary
        )
        return summary


def _summary(sink: Sink, copied_file: CopySummary, *, copied: bool) -> dict[str, Any]:
    return {
        "uri": sink.uri,
        "bytes": copied_file.bytes,
        "rows": copied_file.rows,
        "sha256": copied_file.sha256,
        "source_etag": copied_file.source_etag,
        "content_type": copied_file.content_type,
        "seconds": copied_file.seconds,
        "copied": copied,
    }


def _taken(sink: Sink) -> OneSignalDestinationError:
    return OneSignalDestinationError(
        f"{sink.uri} exists already and is not a copy of this export. Nothing was written: "
        "choose another name, delete it, or pass replace=True."
    )


@contextmanager
def _typed_errors(*, url: str, started_at: float | None) -> Iterator[None]:
    """Give what the stream raises the types of this package, each with what to do."""
    from airflow_provider_onesignal.stream import errors

    file = describe_url(url)
    try:
        with typed_refusals():
            yield
    except errors.StreamCancelledError as error:
        raise OneSignalError(
            "The task was told to stop, and the copy was given up. Nothing was stored."
        ) from error
    except errors.SourceStatusError as error:
        _raise_for_status(error, url=url, started_at=started_at)
    except (errors.RedirectError, errors.InvalidSourceError) as error:
        raise OneSignalExportUnavailableError(f"{error} Pass the file's final address.") from error
    except errors.SourceUntrustedError as error:
        raise OneSignalConfigurationError(
            f"The file at {file} was not downloaded: {error} Give the CA bundle's path as the "
            'extra "verify" of the Airflow connection.'
        ) from error
    except errors.SourceLostError as error:
        raise OneSignalUnreachableError(
            f"The download of {file} failed: {error} Nothing was stored; try again."
        ) from error
    except (errors.CorruptStreamError, errors.SourceChangedError) as error:
        raise OneSignalExportCorruptError(
            f"The file at {file} is not stored: {error} "
            "Nothing was left behind. Start a new export if it stays so."
        ) from error


def _raise_for_status(error: SourceStatusError, *, url: str, started_at: float | None) -> None:
    now = time.time()
    end = wait_state(
        Probe(status=error.status_code), url=url, started_at=started_at, deadline=now + 1, now=now
    ).end
    if end is None:
        remedy = (
            "Put a OneSignalExportSensor before this task, or pass export= in place of "
            "csv_file_url=."
            if started_at is None
            else "It was a moment ago: a retry looks again."
        )
        raise OneSignalExportNotReadyError(
            f"The export's file ({describe_url(url)}) is not ready (HTTP {error.status_code}). "
            f"{remedy}",
            status_code=error.status_code,
        ) from error
    end.raise_unless_ready(url)
    raise OneSignalExportUnavailableError(str(error), status_code=error.status_code) from error
