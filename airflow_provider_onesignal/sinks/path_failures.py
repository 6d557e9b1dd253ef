"""What the errors of the libraries behind an ``ObjectStoragePath`` mean, whichever they are."""

from __future__ import annotations

import errno
from typing import Any

from airflow_provider_onesignal.sinks.failures import kind_of_status
from airflow_provider_onesignal.stream.errors import (
    StoreError,
    StoreFailedError,
    StoreRefusedError,
)

_LIBRARIES = (
    "aiobotocore",
    "aiohttp",
    "azure",
    "botocore",
    "gcsfs",
    "google",
    "paramiko",
    "requests",
    "s3fs",
    "urllib3",
)
_REFUSING = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EFBIG,
        errno.EINVAL,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ENOSYS,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
_REFUSING_TYPES = (FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
_REFUSING_TEXTS = ("Forbidden:", "Bad Request:")
"""What gcsfs says with an error that tells no status."""


def classify(error: Exception) -> type[StoreError] | None:
    """Say what an error means for a later try, None for one that is no store's."""
    if str(error).startswith(_REFUSING_TEXTS) or isinstance(error, _REFUSING_TYPES):
        return StoreRefusedError
    if (status := _status(error)) is not None:
        return kind_of_status(status)
    if isinstance(error, OSError):
        return StoreRefusedError if error.errno in _REFUSING else StoreFailedError
    is_of_a_library = type(error).__module__.partition(".")[0] in _LIBRARIES
    return StoreFailedError if is_of_a_library else None


def _status(error: Any) -> int | None:
    # boto keeps it in a dict; Google's, Azure's, aiohttp's and fsspec's errors have an attribute
    match getattr(error, "response", None):
        case {"ResponseMetadata": {"HTTPStatusCode": int(status)}}:
            return status
    found = (getattr(error, name, None) for name in ("code", "status_code", "status"))
    return next((value for value in found if isinstance(value, int)), None)
