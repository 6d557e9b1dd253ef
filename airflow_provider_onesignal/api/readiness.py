"""
When is an export's file ready? One rule for whoever waits, in a worker or in the triggerer.

Until the file is there its address answers 404 or 403, and after three days again:
https://documentation.onesignal.com/reference/csv-export
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from airflow_provider_onesignal.api.redaction import redact
from airflow_provider_onesignal.http_policy import is_transient

EXPORT_LIFETIME = 3 * 24 * 3600.0
"""Seconds an export's file is kept."""

PROBE_HEADERS = {"Range": "bytes=0-0", "Accept-Encoding": "identity"}
"""What to ask of a file to learn whether it is there, without downloading it."""


class Readiness(StrEnum):
    """What an answer of the file's address means for whoever waits."""

    READY = "ready"
    PENDING = "pending"
    TRANSIENT = "transient"
    EXPIRED = "expired"
    FATAL = "fatal"


class Probe(NamedTuple):
    """
    One look at a file's address.

    :param status: HTTP status, None where no answer came
    :param problem: what kept the answer from coming, or where a redirect leads
    """

    status: int | None = None
    problem: str = ""

    def __str__(self) -> str:
        """Say what was seen, as logs and errors show it."""
        seen = "no answer" if self.status is None else f"HTTP {self.status}"
        return f"{seen} ({self.problem})" if self.problem else seen


def answered(status: int, *, location: str = "") -> Probe:
    """
    Describe an answer of a file's address.

    :param status: HTTP status
    :param location: where it redirects to, of which only the host is kept
    """
    if not location or not 300 <= status <= 399:
        return Probe(status=status)
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    return Probe(status=status, problem=f"redirects to {redact(host or 'elsewhere')}")


def readiness_of(probe: Probe, *, age: float | None) -> Readiness:
    """
    Tell what a look at the file's address means.

    :param probe: what was seen
    :param age: seconds since the export was started, None where that is unknown
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


def why_fatal(probe: Probe) -> str:
    """Say why waiting cannot help, and what may."""
    match probe.status:
        case 400 | 401 | 405:
            return "the address is not that of an export's file"
        case 410:
            return "the file was removed; start a new export"
        case 416:
            return "the file is empty"
        case status if status is not None and 300 <= status <= 399:
            return "it redirects, which is not followed; pass the final address"
        case _:
            return "that is no answer of a file's address"


_DATE_IN_NAME = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T[\d-]+[AP]M\w*)?\.csv(?:\.gz)?$")
_DAY = 24 * 3600.0


def started_at_latest(url: str) -> float | None:
    """
    Tell from a file's name when its export was started at the latest.

    OneSignal writes the day into the name. The end of that day anywhere on earth is a safe bound.

    :return: seconds since the epoch, None where the name does not say
    """
    if found := _DATE_IN_NAME.search(url.partition("?")[0]):
        try:
            day = datetime(*(int(part) for part in found.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]
        except ValueError:
            return None
        return day.timestamp() + 1.5 * _DAY
    return None
