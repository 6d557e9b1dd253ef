"""What can go wrong on the way, and what is to become of it: the rows of the fault matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.testing.errors import EXPORT_RUNNING

MENDED = None
N = 100_000
"""Bytes after which a connection is cut: in the middle of the file."""
ALWAYS: dict[str, Any] = {"times": None}
XML = "<?xml version='1.0'?><Error><Code>InternalError</Code></Error>"
HTML = "<!DOCTYPE html><html><title>502 Bad Gateway</title></html>"
NO_URLS: tuple[Any, ...] = (None, 7, True, [], {}, "", " ", "no URL", "ftp://127.0.0.1/users.csv")
RUNNING = {"errors": [EXPORT_RUNNING]}


@dataclass(frozen=True)
class Case:
    """
    A row.

    :param faults: each as ``Fault`` takes it; offsets below 0 count from the file's end
    :param error: the type of the error, None where the task is to succeed in spite of it
    :param waits: the seconds that at least one wait before another request must have
    """

    faults: tuple[dict[str, Any], ...]
    error: type[e.OneSignalError] | None = MENDED
    waits: float = 0.0


def case(*faults: dict[str, Any], error: Any = MENDED, waits: float = 0.0) -> Case:
    return Case(faults, error, waits)


def rows(table: dict[str, Case]) -> Iterable[Any]:
    """Give the rows to ``pytest.mark.parametrize``."""
    return [pytest.param(row, id=name) for name, row in table.items()]


DOWNLOADS = {
    "cut before any byte": case({"cut_at": 0}),
    "cut before any byte, four times": case({"cut_at": 0, "times": 4}),
    "cut after one byte": case({"cut_at": 1}),
    "cut in the middle": case({"cut_at": N}),
    "cut before the last byte": case({"cut_at": -1}),
    "cut every 50,000 bytes": case({"cut_at": 50_000, **ALWAYS}),
    "reset before any byte": case({"cut_at": 0, "reset": True}),
    "reset in the middle, three times": case({"cut_at": N, "reset": True, "times": 3}),
    "no ranges": case({"no_ranges": True, **ALWAYS}),
    "no ranges, cut twice": case(
        {"no_ranges": True, "cut_at": N, "times": 2}, {"no_ranges": True, **ALWAYS}
    ),
    "no ETag": case({"no_etag": True, **ALWAYS}),
    "no ETag, cut twice": case(
        {"no_etag": True, "cut_at": N, "times": 2}, {"no_etag": True, **ALWAYS}
    ),
    "changed between two requests": case({"cut_at": N}, {"changed": True}),
    "changed, the old one cut in its tail": case({"cut_at": -5}, {"changed": True}),
    "slow": case({"bytes_per_second": 3_000_000, **ALWAYS}),
    "late": case({"delay": 0.2}),
    "labelled as gzip": case({"content_encoding": "label", **ALWAYS}),
    "labelled as gzip, cut": case(
        {"content_encoding": "label", "cut_at": N}, {"content_encoding": "label", **ALWAYS}
    ),
    "gzipped once more": case({"content_encoding": "wrap", **ALWAYS}),
    "gzipped once more, cut twice": case(
        {"content_encoding": "wrap", "cut_at": N, "times": 2},
        {"content_encoding": "wrap", **ALWAYS},
    ),
    "429, with Retry-After": case({"status": 429, "headers": {"Retry-After": "7"}}, waits=7),
    "500": case({"status": 500}),
    "502": case({"status": 502, "body": HTML}),
    "503, three times": case({"status": 503, "times": 3}),
    "503, with Retry-After as a date far away": case(
        {"status": 503, "headers": {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}}, waits=60
    ),
    "524": case({"status": 524, "body": HTML}),
    "cut, then 503": case({"cut_at": N}, {"status": 503}),
    "short, with its length": case({"truncate_at": N}, error=e.OneSignalExportCorruptError),
    "short by the trailer": case({"truncate_at": -8}, error=e.OneSignalExportCorruptError),
    "short by a byte": case({"truncate_at": -1}, error=e.OneSignalExportCorruptError),
    "empty": case({"truncate_at": 0}, error=e.OneSignalExportCorruptError),
    "flipped in the magic number": case({"flip_at": 0}, error=e.OneSignalExportCorruptError),
    "flipped near the start": case({"flip_at": 12}, error=e.OneSignalExportCorruptError),
    "flipped in the middle": case({"flip_at": N}, error=e.OneSignalExportCorruptError),
    "flipped in the checksum": case({"flip_at": -8}, error=e.OneSignalExportCorruptError),
    "flipped in the length": case({"flip_at": -1}, error=e.OneSignalExportCorruptError),
    "changed at each request": case(
        {"cut_at": N, "changed": True, **ALWAYS}, error=e.OneSignalExportCorruptError
    ),
    "an XML page": case({"status": 200, "body": XML}, error=e.OneSignalExportCorruptError),
    "an HTML page": case({"status": 200, "body": HTML}, error=e.OneSignalExportCorruptError),
    "a page without end": case(
        {"status": 200, "body": HTML, "endless": True}, error=e.OneSignalExportCorruptError
    ),
    "a JSON document": case({"status": 200, "body": {}}, error=e.OneSignalExportCorruptError),
    "an unknown encoding": case(
        {"headers": {"Content-Encoding": "br"}}, error=e.OneSignalExportCorruptError
    ),
    "never more than no byte": case({"cut_at": 0, **ALWAYS}, error=e.OneSignalUnreachableError),
    "no ranges, always cut": case(
        {"no_ranges": True, "cut_at": N, **ALWAYS}, error=e.OneSignalUnreachableError
    ),
    "503 for ever": case({"status": 503, **ALWAYS}, error=e.OneSignalUnreachableError),
    "cut, then 503 for ever": case(
        {"cut_at": N}, {"status": 503, **ALWAYS}, error=e.OneSignalUnreachableError
    ),
    "cut, then 404": case({"cut_at": N}, {"status": 404}, error=e.OneSignalExportNotReadyError),
    "403": case({"status": 403, "body": XML}, error=e.OneSignalExportNotReadyError),
    "404": case({"status": 404, "body": XML}, error=e.OneSignalExportNotReadyError),
    "410": case({"status": 410}, error=e.OneSignalExportUnavailableError),
    "400": case({"status": 400}, error=e.OneSignalExportUnavailableError),
    "401": case({"status": 401}, error=e.OneSignalExportUnavailableError),
    "204": case({"status": 204}, error=e.OneSignalExportUnavailableError),
    "a redirect": case(
        {"redirect": "http://127.0.0.1:9/elsewhere.csv.gz"}, error=e.OneSignalExportUnavailableError
    ),
}
"""Faults of the file's download."""

PLAIN = {
    "cut before any byte": case({"cut_at": 0}),
    "cut in the middle": case({"cut_at": 20_000}),
    "no ranges, cut twice": case(
        {"no_ranges": True, "cut_at": 20_000, "times": 2}, {"no_ranges": True, **ALWAYS}
    ),
    "gzipped for the way": case({"content_encoding": "wrap", **ALWAYS}),
    "gzipped for the way, cut": case(
        {"content_encoding": "wrap", "cut_at": 5_000}, {"content_encoding": "wrap", **ALWAYS}
    ),
    "changed between two requests": case({"cut_at": 20_000}, {"changed": True}),
    "cut for ever": case(
        {"no_ranges": True, "cut_at": 20_000, **ALWAYS}, error=e.OneSignalUnreachableError
    ),
    "labelled as gzip": case({"content_encoding": "label"}, error=e.OneSignalExportCorruptError),
    "an XML page": case({"status": 200, "body": XML}, error=e.OneSignalExportCorruptError),
    "an HTML page": case({"status": 200, "body": HTML}, error=e.OneSignalExportCorruptError),
    "a page without end": case(
        {"status": 200, "body": HTML, "endless": True}, error=e.OneSignalExportCorruptError
    ),
    "a JSON document": case({"status": 200, "body": {}}, error=e.OneSignalExportCorruptError),
}
"""Faults of the download of a file that is not gzipped."""

WAITS = {
    "pending with 403": case({"status": 403, "body": XML, "times": 2}),
    "pending with 404": case({"status": 404, "body": XML, "times": 2}),
    "429, with Retry-After": case({"status": 429, "headers": {"Retry-After": "1"}, "times": 2}),
    "500": case({"status": 500, "times": 2}),
    "503": case({"status": 503, "times": 2}),
    "524": case({"status": 524, "body": HTML, "times": 2}),
    "cut": case({"cut_at": 0, "times": 2}),
    "reset": case({"cut_at": 0, "reset": True, "times": 2}),
    "late": case({"delay": 0.2, "times": 2}),
    "a page without end": case({"status": 404, "body": XML, "endless": True, "times": 2}),
    "no ranges": case({"no_ranges": True, **ALWAYS}),
    "400": case({"status": 400}, error=e.OneSignalExportUnavailableError),
    "401": case({"status": 401}, error=e.OneSignalExportUnavailableError),
    "410": case({"status": 410}, error=e.OneSignalExportUnavailableError),
    "416": case({"status": 416}, error=e.OneSignalExportUnavailableError),
    "a redirect": case(
        {"redirect": "http://127.0.0.1:9/elsewhere.csv.gz"}, error=e.OneSignalExportUnavailableError
    ),
    "404 for ever": case({"status": 404, **ALWAYS}, error=e.OneSignalExportTimeoutError),
    "503 for ever": case({"status": 503, **ALWAYS}, error=e.OneSignalExportTimeoutError),
    "cut for ever": case({"cut_at": 0, **ALWAYS}, error=e.OneSignalExportTimeoutError),
}
"""Faults of the looks at whether the file is there."""

STARTS = {
    "429, with Retry-After": case(
        {"status": 429, "headers": {"Retry-After": "7"}, "times": 2}, waits=7
    ),
    "429": case({"status": 429, "times": 4}),
    "503": case({"status": 503, "times": 4}),
    **{
        f"another export is running, with {status}": case(
            {"status": status, "body": RUNNING, "times": 2}
        )
        for status in (200, 400, 403, 409, 422, 429)
    },
    "429 for ever": case({"status": 429, **ALWAYS}, error=e.OneSignalRateLimitError),
    "503 for ever": case({"status": 503, **ALWAYS}, error=e.OneSignalServerError),
    "another export is running for ever": case(
        {"status": 400, "body": RUNNING, **ALWAYS}, error=e.OneSignalExportTimeoutError
    ),
    **{
        str(status): case({"status": status}, error=error)
        for status, error in {
            400: e.OneSignalInvalidRequestError,
            401: e.OneSignalAuthenticationError,
            403: e.OneSignalAuthenticationError,
            404: e.OneSignalNotFoundError,
            409: e.OneSignalConflictError,
            422: e.OneSignalInvalidRequestError,
            500: e.OneSignalServerError,
            502: e.OneSignalServerError,
            504: e.OneSignalServerError,
            524: e.OneSignalServerError,
        }.items()
    },
    "not on the plan": case(
        {"status": 403, "body": {"errors": ["This API is not available for your plan."]}},
        error=e.OneSignalPlanError,
    ),
    "an error of 200": case(
        {"status": 200, "body": {"errors": ["Something is wrong"]}},
        error=e.OneSignalInvalidRequestError,
    ),
    "no answer": case({"cut_at": 0}, error=e.OneSignalUnreachableError),
    "a lost answer": case({"cut_at": 0, "acted": True}, error=e.OneSignalUnreachableError),
    "a reset": case({"cut_at": 0, "reset": True}, error=e.OneSignalUnreachableError),
    "a cut answer": case({"cut_at": 20}, error=e.OneSignalUnreachableError),
    "an HTML page": case({"status": 200, "body": HTML}, error=e.OneSignalServerError),
    "an HTML page of 502": case({"status": 502, "body": HTML}, error=e.OneSignalServerError),
    "an answer without end": case(
        {"status": 200, "body": {}, "endless": True}, error=e.OneSignalServerError
    ),
    "a redirect": case(
        {"redirect": "http://127.0.0.1:9/elsewhere"}, error=e.OneSignalInvalidRequestError
    ),
    **{
        f"not the JSON: {body!r:.20}": case(
            {"status": 200, "body": body}, error=e.OneSignalServerError
        )
        for body in ("", "not JSON", '{"csv_file_url": "http', "null", "[]", "7", '"text"')
    },
    **{
        f"as csv_file_url {url!r}": case(
            {"status": 200, "body": {"csv_file_url": url}}, error=e.OneSignalServerError
        )
        for url in NO_URLS
    },
    "no csv_file_url": case({"status": 200, "body": {}}, error=e.OneSignalServerError),
}
"""Faults of the call that starts the export."""
