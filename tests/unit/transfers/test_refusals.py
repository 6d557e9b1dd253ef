"""Which of a store's own errors are told as refusals."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalExportNotReadyError,
)
from airflow_provider_onesignal.stream.errors import MissingBucketError, SourceStatusError
from airflow_provider_onesignal.transfers.refusals import typed_refusals


class StoreError(Exception):
    """As a cloud's library raises it."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__("User is not authorized")
        self.__dict__ |= attributes


def boto(status: int) -> StoreError:
    return StoreError(response={"ResponseMetadata": {"HTTPStatusCode": status}})


@pytest.mark.parametrize(
    "error",
    [
        boto(403),
        boto(401),
        StoreError(code=403),
        StoreError(status_code=403, response=SimpleNamespace()),
        PermissionError(13, "User is not authorized"),
        IsADirectoryError("User is not authorized"),
        NotADirectoryError(20, "User is not authorized"),
    ],
)
def test_a_refusal_keeps_its_text_and_its_cause(error: Exception) -> None:
    with pytest.raises(OneSignalDestinationError) as caught, typed_refusals():
        raise error

    assert "User is not authorized" in str(caught.value)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        boto(500),
        boto(404),
        StoreError(code=503),
        StoreError(code="403"),
        StoreError(),
        OSError(28, "No space left on device"),
        ConnectionResetError(),
        SourceStatusError("of the source", status_code=403),
        OneSignalExportNotReadyError("not yet", status_code=403),
        KeyboardInterrupt(),
    ],
)
def test_what_a_retry_may_mend_or_is_typed_stays_as_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, typed_refusals():
        raise error

    assert caught.value is error


def test_a_missing_bucket_is_one() -> None:
    with pytest.raises(OneSignalDestinationError, match="does not exist"), typed_refusals():
        raise MissingBucketError("s3://b/k")


def test_a_secret_in_a_stores_text_is_not_repeated() -> None:
    text = "denied: https://store.example/b/k?X-Amz-Signature=0123456789abcdef0123456789"

    with pytest.raises(OneSignalDestinationError) as caught, typed_refusals():
        raise PermissionError(text)

    assert "X-Amz" not in str(caught.value)
