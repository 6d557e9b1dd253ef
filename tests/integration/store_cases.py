"""What can go wrong with a store, and what is to become of it: the rows of its fault matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationUnavailableError,
    OneSignalError,
)

REFUSED, UNAVAILABLE = OneSignalDestinationError, OneSignalDestinationUnavailableError
S3_OPERATIONS = {
    "HeadObject": r"^HEAD /exports/.",
    "CreateMultipartUpload": r"^POST .*\?uploads",
    "UploadPart": r"^PUT .*partNumber=2",
    "CompleteMultipartUpload": r"^POST .*uploadId=",
}
ABORT = r"^DELETE .*uploadId="
GCS_OPERATIONS = {
    "get object": r"^GET /storage/v1/b/exports/o/",
    "initiate": r"^POST .*uploadType=resumable",
    "chunk": r"^PUT .* bytes 0-\d+/\*$",
    "last chunk": r"^PUT .* bytes \d+-\d+/\d+$",
}
CANCEL = r"^DELETE .*upload"


@dataclass(frozen=True)
class StoreCase:
    """
    A row.

    :param faults: each as ``NetworkFault`` takes it
    :param error: the type of the error, None where the task is to succeed in spite of it
    :param left: how many unfinished uploads cannot be helped
    """

    faults: tuple[dict[str, Any], ...]
    error: type[OneSignalError] | None = None
    left: int = 0


def _xml(code: str) -> str:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Odd.</Message></Error>"


def _json(status: int) -> str:
    return f'{{"error": {{"code": {status}, "message": "Odd."}}}}'


ANSWER_LOST_UPLOAD_GONE: tuple[dict[str, Any], ...] = (
    {"on": S3_OPERATIONS["CompleteMultipartUpload"], "cut": "after"},
    {
        "on": S3_OPERATIONS["CompleteMultipartUpload"],
        "status": 404,
        "body": _xml("NoSuchUpload"),
    },
)
"""The upload is complete, its answer lost, and the repeated request refused for that."""

_ALWAYS: dict[str, Any] = {"times": None}
_S3_KINDS: dict[str, tuple[dict[str, Any], Any]] = {
    "503 twice": ({"status": 503, "body": _xml("SlowDown"), "times": 2}, None),
    "cut once": ({"cut": "before"}, None),
    "503 for ever": ({"status": 503, "body": _xml("SlowDown"), **_ALWAYS}, UNAVAILABLE),
    "403": ({"status": 403, "body": _xml("AccessDenied"), **_ALWAYS}, REFUSED),
}
_GCS_KINDS: dict[str, tuple[dict[str, Any], Any]] = {
    "503 once": ({"status": 503, "body": _json(503)}, None),
    "cut once": ({"cut": "before"}, None),
    "429 for ever": ({"status": 429, "body": _json(429), **_ALWAYS}, UNAVAILABLE),
    "403": ({"status": 403, "body": _json(403), **_ALWAYS}, REFUSED),
}


def _cases(
    operations: dict[str, str], kinds: dict[str, tuple[dict[str, Any], Any]]
) -> dict[str, StoreCase]:
    return {
        f"{operation}: {kind}": StoreCase(({"on": on, **fault},), error)
        for operation, on in operations.items()
        for kind, (fault, error) in kinds.items()
    }


S3 = {
    **_cases(S3_OPERATIONS, _S3_KINDS),
    "UploadPart: cut for ever": StoreCase(
        ({"on": S3_OPERATIONS["UploadPart"], "cut": "before", **_ALWAYS},), UNAVAILABLE
    ),
    "UploadPart: slow": StoreCase(
        ({"on": S3_OPERATIONS["UploadPart"], "bytes_per_second": 1_000_000},)
    ),
    "UploadPart: 400 that passes": StoreCase(
        (
            {
                "on": S3_OPERATIONS["UploadPart"],
                "status": 400,
                "body": _xml("ExpiredToken"),
                **_ALWAYS,
            },
        ),
        UNAVAILABLE,
    ),
    "CreateMultipartUpload: answer lost": StoreCase(
        ({"on": S3_OPERATIONS["CreateMultipartUpload"], "cut": "after"},), left=1
    ),
    "UploadPart: answer lost": StoreCase(({"on": S3_OPERATIONS["UploadPart"], "cut": "after"},)),
    "CompleteMultipartUpload: answer lost": StoreCase(
        ({"on": S3_OPERATIONS["CompleteMultipartUpload"], "cut": "after"},),
    ),
    "CompleteMultipartUpload: answer lost, and then refused": StoreCase(ANSWER_LOST_UPLOAD_GONE),
    "UploadPart: 500 for ever, and the abort too": StoreCase(
        (
            {"on": S3_OPERATIONS["UploadPart"], "status": 500, **_ALWAYS},
            {"on": ABORT, "status": 500, **_ALWAYS},
        ),
        UNAVAILABLE,
        left=1,
    ),
    "the upload is gone": StoreCase(
        (
            {
                "on": S3_OPERATIONS["UploadPart"],
                "status": 404,
                "body": _xml("NoSuchUpload"),
                **_ALWAYS,
            },
        ),
        UNAVAILABLE,
    ),
}
_S3_PATH_OPERATIONS = {**S3_OPERATIONS, "UploadPart": r"^PUT .*partNumber=1"}
S3_PATH = {
    **_cases(_S3_PATH_OPERATIONS, _S3_KINDS),
    "CompleteMultipartUpload: answer lost": StoreCase(
        ({"on": S3_OPERATIONS["CompleteMultipartUpload"], "cut": "after"},)
    ),
    "CompleteMultipartUpload: answer lost, and then refused": StoreCase(ANSWER_LOST_UPLOAD_GONE),
    "UploadPart: 500 for ever, and the abort too": StoreCase(
        (
            {"on": _S3_PATH_OPERATIONS["UploadPart"], "status": 500, **_ALWAYS},
            {"on": ABORT, "status": 500, **_ALWAYS},
        ),
        UNAVAILABLE,
        left=1,
    ),
}
GCS = {
    **_cases(GCS_OPERATIONS, _GCS_KINDS),
    "chunk: slow": StoreCase(({"on": GCS_OPERATIONS["chunk"], "bytes_per_second": 1_000_000},)),
    "chunk: cut for ever": StoreCase(
        ({"on": GCS_OPERATIONS["chunk"], "cut": "before", **_ALWAYS},), UNAVAILABLE
    ),
    "initiate: answer lost": StoreCase(({"on": GCS_OPERATIONS["initiate"], "cut": "after"},)),
    "last chunk: answer lost": StoreCase(({"on": GCS_OPERATIONS["last chunk"], "cut": "after"},)),
    "chunk: 503 for ever, and the cancelling too": StoreCase(
        (
            {"on": GCS_OPERATIONS["chunk"], "status": 503, **_ALWAYS},
            {"on": CANCEL, "status": 503, **_ALWAYS},
        ),
        UNAVAILABLE,
    ),
    "the session is gone": StoreCase(
        ({"on": GCS_OPERATIONS["chunk"], "status": 410, **_ALWAYS},), UNAVAILABLE
    ),
}


def rows() -> Iterable[Any]:
    """Give store and row to ``pytest.mark.parametrize``."""
    tables = {"s3": S3, "s3-path": S3_PATH, "gcs": GCS}
    return [
        pytest.param(store, row, id=f"{store}: {name}")
        for store, table in tables.items()
        for name, row in table.items()
    ]
