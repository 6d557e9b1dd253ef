"""What a store refuses or fails at, as this package's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_provider_onesignal.api.redaction import redact
from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationUnavailableError,
)


@contextmanager
def typed_refusals() -> Iterator[None]:
    """
    Tell what no later try mends from what one may.

    :raises OneSignalDestinationError: the store refuses
    :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached
    """
    from airflow_provider_onesignal.stream import errors

    try:
        yield
    except (errors.MissingBucketError, errors.UnnamedBucketError) as error:
        raise OneSignalDestinationError(str(error)) from error
    except errors.StoreTakenError as error:
        raise OneSignalDestinationError(
            f"{error.uri} appeared while this task ran, and is not written over. Nothing was "
            "stored: choose another name, delete it, or pass replace=True."
        ) from error
    except errors.StoreRefusedError as error:
        raise OneSignalDestinationError(
            f"The destination {error.uri} refuses: {redact(error.reason)} Nothing was stored. "
            "Check the name, and let the task's connection to the store read and write there, "
            "and list the bucket."
        ) from error
    except errors.StoreUncertainError as error:
        raise OneSignalDestinationUnavailableError(
            f"The destination {error.uri} failed at the last step: {redact(error.reason)} It "
            "cannot be asked whether the file is there: it is whole, or it is not. Try again: the "
            "next try looks, and stores it only where it is missing."
        ) from error
    except errors.StoreFailedError as error:
        raise OneSignalDestinationUnavailableError(
            f"The destination {error.uri} failed: {redact(error.reason)} Nothing was stored. Try "
            "again once it is in order."
        ) from error
