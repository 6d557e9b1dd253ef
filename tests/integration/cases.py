"""What can go wrong on the way, and what is to become of it: the rows of the fault matrix."""

from __future__ import annotations

from typing import Any

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.testing.errors import EXPORT_RUNNING
from tests.integration.case import Case, case, line

N = 100_000
"""Bytes after which a connection is cut: in the middle of the file."""
ALWAYS: dict[str, Any] = {"times": None}
XML = "<?xml version='1.0'?><Error><Code>InternalError</Code></Error>"
HTML = "<!DOCTYPE html><html><title>502 Bad Gateway</title></html>"
NO_URLS: tuple[Any, ...] = (None, 7, True, [], {}, "", " ", "no URL", "ftp://127.0.0.1/users.csv")
RUNNING = {"errors": [EXPORT_RUNNING]}
ELSEWHERE = {"redirect": "http://127.0.0.1:9/elsewhere.csv.gz"}


def answer(status: int, **more: Any) -> dict[str, Any]:
    return {"status": status, **more}


DOWNLOADS: dict[str, Case] = {
    **line(
        "The connection breaks or is reset, once or every few bytes",
        {
            "cut before any byte": case({"cut_at": 0}),
            "cut before any byte, four times": case({"cut_at": 0, "times": 4}),
            "cut after one byte": case({"cut_at": 1}),
            "cut in the middle": case({"cut_at": N}),
            "cut before the last byte": case({"cut_at": -1}),
            "cut every 50,000 bytes": case({"cut_at": 50_000, **ALWAYS}),
            "reset before any byte": case({"cut_at": 0, "reset": True}),
            "reset in the middle, three times": case({"cut_at": N, "reset": True, "times": 3}),
            "cut, then 503": case({"cut_at": N}, answer(503)),
        },
    ),
    **line(
        "It breaks, and the host ignores ranges or has no ETag: begun again, compared, skipped",
        {
            "no ranges": case({"no_ranges": True, **ALWAYS}),
            "no ranges, cut twice": case(
                {"no_ranges": True, "cut_at": N, "times": 2}, {"no_ranges": True, **ALWAYS}
            ),
            "no ETag": case({"no_etag": True, **ALWAYS}),
            "no ETag, cut twice": case(
                {"no_etag": True, "cut_at": N, "times": 2}, {"no_etag": True, **ALWAYS}
            ),
        },
    ),
    **line(
        "The file becomes another one in the middle: begun again, in a new upload",
        {
            "changed between two requests": case({"cut_at": N}, {"changed": True}),
            "changed, the old one cut in its tail": case({"cut_at": -5}, {"changed": True}),
        },
    ),
    **line(
        "The host is slow or late",
        {
            "slow": case({"bytes_per_second": 3_000_000, **ALWAYS}),
            "late": case({"delay": 0.2}),
        },
    ),
    **line(
        "The host labels the file as gzip for the way, or gzips it once more",
        {
            "labelled as gzip": case({"content_encoding": "label", **ALWAYS}),
            "labelled as gzip, cut": case(
                {"content_encoding": "label", "cut_at": N},
                {"content_encoding": "label", **ALWAYS},
            ),
            "gzipped once more": case({"content_encoding": "wrap", **ALWAYS}),
            "gzipped once more, cut twice": case(
                {"content_encoding": "wrap", "cut_at": N, "times": 2},
                {"content_encoding": "wrap", **ALWAYS},
            ),
        },
    ),
    **line(
        "The host is busy or fails for a while: 429, 5xx, 52x, with `Retry-After` or without",
        {
            "429, with Retry-After": case(answer(429, headers={"Retry-After": "7"}), waits=7),
            "500": case(answer(500)),
            "502": case(answer(502, body=HTML)),
            "503, three times": case(answer(503, times=3)),
            "503, with Retry-After as a date far away": case(
                answer(503, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}), waits=60
            ),
            "503, with a Retry-After that is none": case(
                answer(503, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 +9999999999"})
            ),
            "524": case(answer(524, body=HTML)),
        },
    ),
    **line(
        "The file is short or empty, and its length says so too",
        {
            "short, with its length": case({"truncate_at": N}, error=e.OneSignalExportCorruptError),
            "short by the trailer": case({"truncate_at": -8}, error=e.OneSignalExportCorruptError),
            "short by a byte": case({"truncate_at": -1}, error=e.OneSignalExportCorruptError),
            "empty": case({"truncate_at": 0}, error=e.OneSignalExportCorruptError),
        },
    ),
    **line(
        "One bit of the file is wrong: in its magic number, data, checksum or length",
        {
            "flipped in the magic number": case(
                {"flip_at": 0}, error=e.OneSignalExportCorruptError
            ),
            "flipped near the start": case({"flip_at": 12}, error=e.OneSignalExportCorruptError),
            "flipped in the middle": case({"flip_at": N}, error=e.OneSignalExportCorruptError),
            "flipped in the checksum": case({"flip_at": -8}, error=e.OneSignalExportCorruptError),
            "flipped in the length": case({"flip_at": -1}, error=e.OneSignalExportCorruptError),
        },
    ),
    **line(
        "The file is another one at each request",
        {
            "changed at each request": case(
                {"cut_at": N, "changed": True, **ALWAYS}, error=e.OneSignalExportCorruptError
            ),
        },
    ),
    **line(
        "An XML, HTML or JSON page comes in its place with status 200, also one without end",
        {
            "an XML page": case(answer(200, body=XML), error=e.OneSignalExportCorruptError),
            "an HTML page": case(answer(200, body=HTML), error=e.OneSignalExportCorruptError),
            "a page without end": case(
                answer(200, body=HTML, endless=True), error=e.OneSignalExportCorruptError
            ),
            "a JSON document": case(answer(200, body={}), error=e.OneSignalExportCorruptError),
        },
    ),
    **line(
        "It comes in an encoding nobody asked for",
        {
            "an unknown encoding": case(
                {"headers": {"Content-Encoding": "br"}}, error=e.OneSignalExportCorruptError
            ),
        },
    ),
    **line(
        "The host fails for good, or no connection brings a byte more",
        {
            "never more than no byte": case(
                {"cut_at": 0, **ALWAYS}, error=e.OneSignalUnreachableError
            ),
            "no ranges, always cut": case(
                {"no_ranges": True, "cut_at": N, **ALWAYS}, error=e.OneSignalUnreachableError
            ),
            "503 for ever": case(answer(503, **ALWAYS), error=e.OneSignalUnreachableError),
            "cut, then 503 for ever": case(
                {"cut_at": N}, answer(503, **ALWAYS), error=e.OneSignalUnreachableError
            ),
        },
    ),
    **line(
        "The file is not there (403, 404), or no longer after a break",
        {
            "cut, then 404": case({"cut_at": N}, answer(404), error=e.OneSignalExportNotReadyError),
            "403": case(answer(403, body=XML), error=e.OneSignalExportNotReadyError),
            "404": case(answer(404, body=XML), error=e.OneSignalExportNotReadyError),
        },
    ),
    **line(
        "The URL answers with what no retry fixes (204, 400, 401, 410), or redirects",
        {
            **{
                str(status): case(answer(status), error=e.OneSignalExportUnavailableError)
                for status in (410, 400, 401, 204)
            },
            "a redirect": case(ELSEWHERE, error=e.OneSignalExportUnavailableError),
        },
    ),
}
"""Faults of the file's download."""

PLAIN: dict[str, Case] = {
    **line(
        "The connection breaks, with ranges or without",
        {
            "cut before any byte": case({"cut_at": 0}),
            "cut in the middle": case({"cut_at": 20_000}),
            "no ranges, cut twice": case(
                {"no_ranges": True, "cut_at": 20_000, "times": 2}, {"no_ranges": True, **ALWAYS}
            ),
        },
    ),
    **line(
        "The host gzips the file for the way",
        {
            "gzipped for the way": case({"content_encoding": "wrap", **ALWAYS}),
            "gzipped for the way, cut": case(
                {"content_encoding": "wrap", "cut_at": 5_000},
                {"content_encoding": "wrap", **ALWAYS},
            ),
        },
    ),
    **line(
        "The file becomes another one in the middle",
        {"changed between two requests": case({"cut_at": 20_000}, {"changed": True})},
    ),
    **line(
        "No connection brings the whole file, and ranges are ignored",
        {
            "cut for ever": case(
                {"no_ranges": True, "cut_at": 20_000, **ALWAYS}, error=e.OneSignalUnreachableError
            ),
        },
    ),
    **line(
        "It is labelled as gzip and is not",
        {
            "labelled as gzip": case(
                {"content_encoding": "label"}, error=e.OneSignalExportCorruptError
            ),
        },
    ),
    **line(
        "An XML, HTML or JSON page comes in its place with status 200, also one without end",
        {
            "an XML page": case(answer(200, body=XML), error=e.OneSignalExportCorruptError),
            "an HTML page": case(answer(200, body=HTML), error=e.OneSignalExportCorruptError),
            "a page without end": case(
                answer(200, body=HTML, endless=True), error=e.OneSignalExportCorruptError
            ),
            "a JSON document": case(answer(200, body={}), error=e.OneSignalExportCorruptError),
        },
    ),
}
"""Faults of the download of a file that is not gzipped."""
