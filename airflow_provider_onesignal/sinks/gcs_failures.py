"""What the errors of Google's libraries mean."""

from __future__ import annotations

from airflow_provider_onesignal.sinks.failures import kind_of_status
from airflow_provider_onesignal.stream.errors import (
    StoreError,
    StoreFailedError,
    StoreRefusedError,
    StoreTakenError,
)

_CONDITION_FAILED = 412


def classify(error: Exception) -> type[StoreError] | None:
    """Say what an error means for a later try, None for one that is not Google's."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

    if isinstance(error, GoogleAPICallError):
        return _of_status(int(error.code or 500))
    if isinstance(error, InvalidResponse):
        return _of_status(int(error.response.status_code))
    if isinstance(error, GoogleAuthError):
        return StoreFailedError if _may_pass(error) else StoreRefusedError
    passing = (GoogleAPIError, DataCorruption, requests.RequestException)
    return StoreFailedError if isinstance(error, passing) else None


def _of_status(status: int) -> type[StoreError]:
    return StoreTakenError if status == _CONDITION_FAILED else kind_of_status(status)


def _may_pass(error: Exception) -> bool:
    from google.auth.exceptions import TransportError

    return isinstance(error, TransportError) or bool(getattr(error, "retryable", False))
