"""What becomes of the errors of a store."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationUnavailableError,
    OneSignalError,
    OneSignalExportNotReadyError,
)
from airflow_provider_onesignal.stream import errors
from airflow_provider_onesignal.transfers.refusals import typed_refusals

URI = "s3://exports/users.csv.gz"
REASON = "User is not authorized."


@pytest.mark.parametrize(
    ("error", "expected", "text"),
    [
        (
            errors.StoreRefusedError(URI, REASON),
            OneSignalDestinationError,
            f"{URI} refuses: {REASON} Nothing was stored. Check the name",
        ),
        (
            errors.MissingBucketError(URI),
            OneSignalDestinationError,
            f"The bucket of {URI} does not exist; create it",
        ),
        (
            errors.StoreTakenError(URI, REASON),
            OneSignalDestinationError,
            "appeared while this task ran, and is not written over. Nothing was stored",
        ),
        (
            errors.StoreFailedError(URI, REASON),
            OneSignalDestinationUnavailableError,
            f"{URI} failed: {REASON} Nothing was stored. Try again",
        ),
        (
            errors.StoreUncertainError(URI, REASON),
            OneSignalDestinationUnavailableError,
            "cannot be asked whether the file is there",
        ),
    ],
)
def test_each_has_the_type_of_its_decision_a_text_and_its_cause(
    error: errors.StoreError, expected: type[OneSignalError], text: str
) -> None:
    with pytest.raises(OneSignalError) as caught, typed_refusals():
        raise error

    assert type(caught.value) is expected
    assert text in str(caught.value)
    assert caught.value.__cause__ is error


def test_what_is_not_known_is_not_told_as_nothing() -> None:
    with pytest.raises(OneSignalError) as caught, typed_refusals():
        raise errors.StoreUncertainError(URI, REASON)

    assert "Nothing was stored" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        TypeError("a mistake of ours"),
        OSError(28, "No space left on device"),
        errors.SourceStatusError("of the source", status_code=403),
        OneSignalExportNotReadyError("not yet", status_code=403),
        KeyboardInterrupt(),
    ],
)
def test_what_is_no_stores_stays_as_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, typed_refusals():
        raise error

    assert caught.value is error


@pytest.mark.parametrize("kind", [errors.StoreRefusedError, errors.StoreFailedError])
def test_a_stores_text_is_shortened_and_shows_no_secret(kind: type[errors.StoreError]) -> None:
    address = "https://store.example/b/k?X-Amz-Signature=0123456789abcdef0123456789"

    with pytest.raises(OneSignalError) as caught, typed_refusals():
        raise kind(URI, f"denied: {address} {'and so on ' * 500}")

    assert "X-Amz" not in str(caught.value)
    assert len(str(caught.value)) < 600
