"""What the errors of boto mean."""

from __future__ import annotations

from typing import Any

from airflow_provider_onesignal.sinks.failures import kind_of_status
from airflow_provider_onesignal.stream.errors import (
    StoreError,
    StoreFailedError,
    StoreRefusedError,
)

_MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
_PASSING = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InternalError",
    "NoSuchUpload",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
)
"""Codes of what passes; S3 sends some of them with status 400."""


def classify(error: Exception) -> type[StoreError] | None:
    """Say what an error means for a later try, None for one that is not boto's."""
    from botocore import exceptions as boto

    if isinstance(error, boto.ClientError):
        if code_of(error) in _PASSING:
            return StoreFailedError
        return kind_of_status(_status(error))
    passing = (
        boto.ConnectionError,
        boto.HTTPClientError,
        boto.IncompleteReadError,
        boto.CredentialRetrievalError,
        boto.MetadataRetrievalError,
    )
    if isinstance(error, passing):
        return StoreFailedError
    return StoreRefusedError if isinstance(error, boto.BotoCoreError) else None


def is_missing(error: Any) -> bool:
    """Tell whether a ``ClientError`` says that a key or a bucket does not exist."""
    return code_of(error) in _MISSING


def code_of(error: Any) -> str:
    """Return the code of a ``ClientError``, such as ``SlowDown``; after HEAD it is the status."""
    return str(error.response.get("Error", {}).get("Code"))


def _status(error: Any) -> int:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return int(status or (code if code.isdecimal() else 500))
