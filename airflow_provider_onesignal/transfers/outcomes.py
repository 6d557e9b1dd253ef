"""What the outcomes transfers share: from the window that ends now to an object of its interval."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_onesignal.api import checks, outcome_checks, windows
from airflow_provider_onesignal.api.outcome_files import (
    CONTENT_TYPES,
    FILE_FORMATS,
    file_of,
    holds_the_same,
)
from airflow_provider_onesignal.api.outcomes import COLUMNS, DataInterval, Row, missing, rows
from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalOutcomesLateError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.tasks.outcomes import OutcomesTask
from airflow_provider_onesignal.transfers.destinations import Destination
from airflow_provider_onesignal.transfers.publishing import PublishingTask
from airflow_provider_onesignal.transfers.refusals import typed_refusals

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_onesignal.api.outcomes import OutcomesQuery
    from airflow_provider_onesignal.stream.sink import Sink, StoredObject


class OutcomesTransfer(OutcomesTask, PublishingTask, Destination):
    """
    Archives outcomes: a row each, in one object, or none where the run is too late for them.

    :param breakdown: "platform", "attribution" or both: rows for each combination, one request each
    :param file_format: "jsonl" (an object a line) or "csv" (with a header)
    :param max_lateness: how long ago (timedelta, or seconds) the run's data interval may have
        ended; None for 15 minutes of "1h", 2 hours of "1d", a day of "1mo"
    :param on_late: what to do with a later run: "fail", "skip" it, or "warn" and store
    """

    template_fields: Sequence[str] = (*OutcomesTask.template_fields, "breakdown")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **OutcomesTask.template_fields_renderers,
        "breakdown": "json",
    }

    def __init__(
        self,
        *,
        breakdown: Sequence[str] | str | None = None,
        file_format: str = "jsonl",
        max_lateness: timedelta | float | None = None,
        on_late: str = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.breakdown = breakdown
        self.file_format = checks.one_of(file_format, FILE_FORMATS, name="file_format")
        self.max_lateness = _length(max_lateness)
        self.on_late = checks.one_of(on_late, ("fail", "skip", "warn"), name="on_late")

    def execute(self, context: Context) -> str:
        """Store the outcomes and give the object's URI."""
        started = time.monotonic()
        wanted, breakdown = self.wanted(), outcome_checks.breakdown(self.breakdown)
        interval = _data_interval(context)
        self._check_lateness(interval, wanted)
        self.reads("outcomes", columns=COLUMNS)
        sink = self.sink()
        with typed_refusals():
            existing = sink.existing()
            found = self._ask(wanted, breakdown, interval)
            summary = self._store(sink, existing, found)
        summary["seconds"] = round(time.monotonic() - started, 3)
        self.publish(context, summary)
        return sink.uri

    def _check_lateness(self, interval: DataInterval, wanted: OutcomesQuery) -> None:
        if interval.end is None:
            self.log.info("The run has no data interval, so that no window can be too late for it")
            return
        allowed = self.max_lateness
        late = windows.why_late(
            interval_end=interval.end,
            now=datetime.now(UTC),
            time_range=wanted.time_range,
            max_lateness=windows.default_max_lateness(wanted.time_range)
            if allowed is None
            else allowed,
        )
        if late is not None:
            self._refuse_or_warn(late)
        self._warn_of_a_gap(interval, wanted.time_range)

    def _refuse_or_warn(self, late: str) -> None:
        if self.on_late == "fail":
            raise OneSignalOutcomesLateError(late)
        if self.on_late == "skip":
            raise AirflowSkipException(late)
        self.log.warning("%s This run does the latter.", late)

    def _warn_of_a_gap(self, interval: DataInterval, time_range: str) -> None:
        if interval.start is None or interval.end is None:
            return
        gap = windows.gap(
            interval_start=interval.start, interval_end=interval.end, time_range=time_range
        )
        if gap:
            self.log.warning(
                "The data interval began %s before the window of %s: what happened then is in no "
                "file unless another run asks for it.",
                gap,
                time_range,
            )

    def _ask(
        self, wanted: OutcomesQuery, breakdown: Sequence[str], interval: DataInterval
    ) -> list[Row]:
        observations = self.observe(wanted, breakdown=breakdown)
        found = rows(observations, app_id=self.hook.app_id, interval=interval)
        if unknown := missing(found):
            self.log.warning(
                "OneSignal's answer has no %s: stored without a value. Check the spelling.",
                ", ".join(unknown),
            )
        return found

    def _store(
        self, sink: Sink, existing: StoredObject | None, found: Sequence[Row]
    ) -> dict[str, Any]:
        from airflow_provider_onesignal.stream.confirmation import store_bytes

        file = file_of(found, file_format=self.file_format)
        stored = None if existing is None else self._same(existing, file)
        if stored is None:
            if existing is not None and not self.replace:
                raise _taken(sink)
            content_type = CONTENT_TYPES[self.file_format]
            store_bytes(sink, file, content_type=content_type)
            self.log.info("Stored %d outcomes in %s", len(found), sink.uri)
        else:
            self.log.info("%s holds these very figures already; nothing to store", sink.uri)
        return _summary(
            sink.uri,
            stored or file,
            rows=len(found),
            content_type=CONTENT_TYPES[self.file_format],
            copied=stored is None,
        )

    def _same(self, existing: StoredObject, fresh: bytes) -> bytes | None:
        # All times take equally many characters, so that equal figures have files of equal length.
        if existing.size != len(fresh):
            return None
        stored = existing.read(0, existing.size)
        return stored if holds_the_same(stored, fresh, file_format=self.file_format) else None


def _summary(
    uri: str, file: bytes, *, rows: int, content_type: str, copied: bool
) -> dict[str, Any]:
    return {
        "uri": uri,
        "bytes": len(file),
        "rows": rows,
        "sha256": hashlib.sha256(file).hexdigest(),
        "source_etag": None,
        "content_type": content_type,
        "copied": copied,
    }


def _data_interval(context: Context) -> DataInterval:
    # Runs that an asset or a user started may have none.
    return DataInterval(
        start=context.get("data_interval_start"), end=context.get("data_interval_end")
    )


def _length(value: timedelta | float | None) -> timedelta | None:
    if value is None:
        return None
    try:
        length = value if isinstance(value, timedelta) else timedelta(seconds=value)
    except (TypeError, ValueError, OverflowError):
        length = timedelta(-1)
    if length < timedelta(0):
        raise OneSignalValidationError(
            f"max_lateness must be a timedelta, or a number of seconds, got {value!r}."
        )
    return length


def _taken(sink: Sink) -> OneSignalDestinationError:
    return OneSignalDestinationError(
        f"{sink.uri} exists already and does not hold these figures. Nothing was written: "
        "choose another name, delete it, or pass replace=True."
    )
