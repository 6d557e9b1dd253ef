"""
When an export's file is ready, and how a wait for it ends: one rule for worker and triggerer.

Until the file is there its URL answers 404 or 403, and after three days it does so again:
https://documentation.onesignal.com/reference/csv-export
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple, NoReturn, get_args
from urllib.parse import urlsplit

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalExportError,
    OneSignalExportExpiredError,
    OneSignalExportTimeoutError,
    OneSignalExportUnavailableError,
)
from airflow_provider_onesignal.http_policy import is_transient
from airflow_provider_onesignal.redaction import describe_url, one_line, redact

EXPORT_LIFETIME = 3 * 24 * 3600.0
"""Seconds OneSignal keeps an export's file."""

PROBE_HEADERS = {"Range": "bytes=0-0", "Accept-Encoding": "identity"}
"""Request headers that show whether a file is there without downloading it."""

Status = Literal["ready", "timeout", "expired", "failed", "misconfigured"]
_STATUSES = get_args(Status)
_LONGEST_REASON = 1000
_DAY = 24 * 3600.0
_DATE_IN_NAME = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T[\d-]+[AP]M\w*)?\.csv(?:\.gz)?$")


class Readiness(StrEnum):
    """What a response of the file's URL means for a wait."""

    READY = "ready"
    PENDING = "pending"
    TRANSIENT = "transient"
    EXPIRED = "expired"
    FATAL = "fatal"


class Probe(NamedTuple):
    """
    One poll of a file's URL.

    :param status: HTTP status, None if no response came
    :param problem: what kept the response from coming, or where a redirect leads
    :param retry_after: seconds the host asks to wait, None if it did not say
    """

    status: int | None = None
    problem: str = ""
    retry_after: float | None = None

    def __str__(self) -> str:
        """Return what was seen, as logs and errors show it."""
        seen = "no response" if self.status is None else f"HTTP {self.status}"
        return f"{seen} ({self.problem})" if self.problem else seen


class ExportEvent(NamedTuple):
    """
    The end of a wait, as it travels from the triggerer to the worker.

    :param status: "ready", "timeout", "expired", "failed" (waiting cannot help) or "misconfigured"
        (the file could not be polled, which says nothing about the export)
    :param last_seen: the last response of the file's URL, in words
    """

    status: Status
    last_seen: str

    def to_json(self) -> dict[str, Any]:
        """Return what a trigger may yield."""
        return self._asdict()

    @classmethod
    def from_json(cls, event: Any) -> ExportEvent:
        """
        Read what :meth:`to_json` returned.

        :raises OneSignalExportError: it is anything else, which never counts as ready
        """
        match event:
            case {"status": str(status), "last_seen": str(seen)} if status in _STATUSES:
                return cls(status=status, last_seen=one_line(seen, limit=_LONGEST_REASON))  # type: ignore[arg-type]
            case _:
                raise OneSignalExportError(
                    "The wait for the export ended with an unknown event: "
                    f"{redact(repr(event))}. Retry the task."
                )

    def raise_unless_ready(self, url: str) -> None:
        """
        Raise the error that this end means, unless the file is ready.

        :param url: the file's URL, of which the error shows the host alone
        :raises OneSignalExportTimeoutError: the time allowed has passed
        :raises OneSignalExportExpiredError: the file's three days are over
        :raises OneSignalExportUnavailableError: waiting cannot help
        :raises OneSignalConfigurationError: the connection cannot be used
        """
        if self.status != "ready":
            self._raise(describe_url(url))

    def _raise(self, file: str) -> NoReturn:
        if self.status == "timeout":
            raise OneSignalExportTimeoutError(
                f"The export's file ({file}) was not ready within timeout (or execution_timeout, "
                f"if that is shorter). Last response: {self.last_seen}. OneSignal writes about "
                "2,000 rows a second: raise timeout, or retry the task, which continues to wait "
                "for the same export (Airflow 3.3+)."
            )
        if self.status == "expired":
            raise OneSignalExportExpiredError(
                f"The export's file ({file}) has expired: OneSignal keeps it for 3 days. "
                f"Last response: {self.last_seen}. Start a new export."
            )
        if self.status == "misconfigured":
            raise OneSignalConfigurationError(self.last_seen)
        raise OneSignalExportUnavailableError(
            f"The export's file ({file}) cannot become ready: {self.last_seen}."
        )


class WaitState(NamedTuple):
    """
    A wait after one poll of the file's URL.

    :param seen: the response
    :param readiness: what it means
    :param end: how the wait ends, None to continue
    """

    seen: Probe
    readiness: Readiness
    end: ExportEvent | None


def wait_state(
    seen: Probe, *, url: str, started_at: float | None, deadline: float, now: float
) -> WaitState:
    """
    Return where a wait stands after one poll. All times are in seconds since the epoch.

    :param seen: the response of the file's URL
    :param url: the URL, whose file name holds the day if the start is not known
    :param started_at: when the export was started, None if unknown
    :param deadline: when to give up waiting
    :param now: the time of the poll
    """
    since = started_at_latest(url) if started_at is None else started_at
    readiness = readiness_of(seen, age=None if since is None else now - since)
    return WaitState(seen=seen, readiness=readiness, end=_end(readiness, seen, now >= deadline))


def readiness_of(probe: Probe, *, age: float | None) -> Readiness:
    """
    Return what a response of the file's URL means.

    :param probe: the response
    :param age: seconds since the export was started, None if unknown
    """
    match probe.status:
        case 200 | 206:
            return Readiness.READY
        case 403 | 404:
            is_past = age is not None and age >= EXPORT_LIFETIME
            return Readiness.EXPIRED if is_past else Readiness.PENDING
        case None:
            return Readiness.TRANSIENT
        case status if is_transient(status):
            return Readiness.TRANSIENT
        case _:
            return Readiness.FATAL


def answered(status: int, *, location: str = "", retry_after: float | None = None) -> Probe:
    """
    Describe a response of a file's URL.

    :param status: HTTP status
    :param location: target of a redirect, of which only the host is kept
    :param retry_after: seconds the host asks to wait, None if it did not say
    """
    if not location or not 300 <= status <= 399:
        return Probe(status=status, retry_after=retry_after)
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    return Probe(status=status, problem=f"redirects to {redact(host or 'elsewhere')}")


def started_at_latest(url: str) -> float | None:
    """
    Return the latest time at which the export of a file can have been started.

    OneSignal writes the day into the file's name; the end of that day in the last time zone on
    earth is a safe bound.

    :param url: the file's URL
    :return: seconds since the epoch, None if the name holds no day
    """
    if found := _DATE_IN_NAME.search(url.partition("?")[0]):
        try:
            day = datetime(*(int(part) for part in found.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]
        except ValueError:
            return None
        return day.timestamp() + 1.5 * _DAY
    return None


def _end(readiness: Readiness, seen: Probe, is_late: bool) -> ExportEvent | None:
    match readiness:
        case Readiness.READY:
            return ExportEvent(status="ready", last_seen=str(seen))
        case Readiness.EXPIRED:
            return ExportEvent(status="expired", last_seen=str(seen))
        case Readiness.FATAL:
            return ExportEvent(status="failed", last_seen=f"{seen}: {_why_fatal(seen)}")
        case _ if is_late:
            return ExportEvent(status="timeout", last_seen=f"{seen}, {readiness}")
        case _:
            return None


def _why_fatal(probe: Probe) -> str:
    match probe.status:
        case 400 | 401 | 405:
            return "the URL is not that of an export's file"
        case 410:
            return "the file was removed; start a new export"
        case 416:
            return "the file is empty"
        case status if status is not None and 300 <= status <= 399:
            return "redirects are not followed; pass the final URL"
        case _:
            return "no export file answers like this"
