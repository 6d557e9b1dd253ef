"""What a store refuses for good, as this package's error; its other errors stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_onesignal.api.redaction import redact
from airflow_provider_onesignal.exceptions import OneSignalDestinationError, OneSignalError

_NOT_ALLOWED = (PermissionError, IsADirectoryError, NotADirectoryError)


@contextmanager
def typed_refusals() -> Iterator[None]:
    """
    Type what no retry mends: a missing bucket, missing permissions, a folder in a file's place.

    :raises OneSignalDestinationError: the store refuses
    """
    from airflow_provider_onesignal.stream.errors import MissingBucketError, StreamError

    try:
        yield
    except MissingBucketError as error:
        raise OneSignalDestinationError(str(error)) from error
    except (OneSignalError, StreamError):
        raise
    except Exception as error:
        if not (isinstance(error, _NOT_ALLOWED) or _status(error) in (401, 403)):
            raise
        raise OneSignalDestinationError(
            f"The destination refuses: {redact(str(error))} Nothing was stored. Let the task's "
            "connection to the store read and write there, and list the bucket."
        ) from error


def _status(error: Any) -> int | None:
    # boto keeps it in a dict; Google's, Azure's and fsspec's errors have an attribute
    match getattr(error, "response", None):
        case {"ResponseMetadata": {"HTTPStatusCode": int(status)}}:
            return status
    found = (getattr(error, name, None) for name in ("code", "status_code"))
    return next((value for value in found if isinstance(value, int)), None)
