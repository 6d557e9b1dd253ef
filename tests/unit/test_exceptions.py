"""The types of errors."""

from __future__ import annotations

import inspect
import pickle

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_onesignal import exceptions

TYPES = [
    kind
    for _, kind in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(kind, Exception)
]
PROMISED = [
    "OneSignalAuthenticationError",
    "OneSignalPlanError",
    "OneSignalNotFoundError",
    "OneSignalConflictError",
    "OneSignalInvalidRequestError",
    "OneSignalRateLimitError",
    "OneSignalServerError",
    "OneSignalExportInProgressError",
    "OneSignalExportNotReadyError",
    "OneSignalExportExpiredError",
    "OneSignalExportCorruptError",
]


@pytest.mark.parametrize("name", PROMISED)
def test_each_promised_type_is_there(name):
    assert issubclass(getattr(exceptions, name), exceptions.OneSignalError)


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_carries_status_and_messages_and_says_when_it_is_raised(kind):
    error = kind("what failed and what to do", status_code=418, messages=["a", "b"])

    assert (str(error), error.status_code, error.messages) == (
        "what failed and what to do",
        418,
        ("a", "b"),
    )
    assert kind.__doc__


@pytest.mark.parametrize("kind", TYPES)
def test_no_type_is_an_airflow_exception(kind):
    # A sensor's soft_fail would take those for timeouts.
    assert not issubclass(kind, AirflowException)


@pytest.mark.parametrize("kind", TYPES)
def test_an_error_survives_its_way_between_processes(kind):
    error = kind("text", status_code=418, messages=["a"])

    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), copy.__dict__) == (kind, "text", error.__dict__)


def test_a_refused_parameter_is_also_a_value_error():
    assert issubclass(exceptions.OneSignalValidationError, ValueError)


@pytest.mark.parametrize(
    "kind", [exceptions.OneSignalRateLimitError, exceptions.OneSignalServerError]
)
def test_what_may_be_repeated_carries_when(kind):
    assert kind("text", retry_after=7.0).retry_after == 7.0
    assert kind("text").retry_after is None
