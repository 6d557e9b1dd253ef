"""How a wait for an export's file ends: a value that travels from the triggerer to the worker."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, NoReturn, get_args

from airflow_provider_onesignal.api.readiness import (
    Probe,
    Readiness,
    readiness_of,
    started_at_latest,
    why_fatal,
)
from airflow_provider_onesignal.api.redaction import describe_url, one_line, redact
from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalExportError,
    OneSignalExportExpiredError,
    OneSignalExportTimeoutError,
    OneSignalExportUnavailableError,
)

Status = Literal["ready", "timeout", "expired", "failed", "misconfigured"]
_STATUSES = get_args(Status)
_LONGEST_TEXT = 1000
LONGEST_WAIT = 366 * 24 * 3600.0
"""Seconds; whoever asks for more has made a mistake, and Airflow's dates end some day."""


class ExportEvent(NamedTuple):
    """
    The end of a wait.

    :param status: "ready", "timeout", "expired", "failed" (waiting cannot help) or "misconfigured"
        (nothing could be seen, which says nothing about the export)
    :param last_seen: what the last look at the file's address gave, in words
    """

    status: Status
    last_seen: str

    def to_json(self) -> dict[str, Any]:
        """Give what a trigger may yield."""
        return self._asdict()

    @classmethod
    def from_json(cls, event: Any) -> ExportEvent:
        """
        Read back what ``to_json`` gave.

        :raises OneSignalExportError: it is anything else, which never counts as ready
        """
        match event:
            case {"status": str(status), "last_seen": str(seen)} if status in _STATUSES:
                return cls(status=status, last_seen=one_line(seen, limit=_LONGEST_TEXT))  # type: ignore[arg-type]
            case _:
                raise OneSignalExportError(
                    "The wait for the export ended with an event that is not understood: "
                    f"{redact(repr(event))}"
                )

    def raise_unless_ready(self, url: str) -> None:
        """
        Raise what the end of the wait means, unless the file is ready.

        :param url: address of the file, of which the error's text shows the host
        """
        if self.status != "ready":
            self._raise(describe_url(url))

    def _raise(self, file: str) -> NoReturn:
        if self.status == "timeout":
            raise OneSignalExportTimeoutError(
                f"The export's file ({file}) was not ready in the time given as timeout (or "
                "execution_timeout, where that is shorter). "
                f"Last seen: {self.last_seen}. Large exports take long (about 2,000 rows a "
                "second): raise timeout, or retry: on Airflow 3.3+ that goes on waiting for the "
                "same export."
            )
        if self.status == "expired":
            raise OneSignalExportExpiredError(
                f"The export's file ({file}) is gone: OneSignal keeps it for 3 days. "
                f"Last seen: {self.last_seen}. Start a new export."
            )
        if self.status == "misconfigured":
            raise OneSignalConfigurationError(self.last_seen)
        raise OneSignalExportUnavailableError(
            f"Waiting for the export's file ({file}) cannot help: {self.last_seen}."
        )


class WaitState(NamedTuple):
    """
    A wait after one look at the export's file.

    :param seen: the answer of the file's address
    :param readiness: what it means
    :param end: how the wait ends, None to go on
    """

    seen: Probe
    readiness: Readiness
    end: ExportEvent | None


def wait_state(
    seen: Probe, *, url: str, started_at: float | None, deadline: float, now: float
) -> WaitState:
    """
    Tell where a wait stands after one look at the file. All times are seconds since the epoch.

    :param seen: the answer of the file's address
    :param url: the address, whose name tells the day where the start is not known
    :param started_at: when the export was started, None if unknown
    :param deadline: when to give up waiting
    """
    since = started_at_latest(url) if started_at is None else started_at
    readiness = readiness_of(seen, age=None if since is None else now - since)
    return WaitState(seen=seen, readiness=readiness, end=_end(readiness, seen, now >= deadline))


def _end(readiness: Readiness, seen: Probe, is_late: bool) -> ExportEvent | None:
    match readiness:
        case Readiness.READY:
            return ExportEvent(status="ready", last_seen=str(seen))
        case Readiness.EXPIRED:
            return ExportEvent(status="expired", last_seen=str(seen))
        case Readiness.FATAL:
            return ExportEvent(status="failed", last_seen=f"{seen}: {why_fatal(seen)}")
        case _ if is_late:
            return ExportEvent(status="timeout", last_seen=f"{seen}, {readiness}")
        case _:
            return None
