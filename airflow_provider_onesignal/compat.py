"""
What differs between the versions of Airflow and ``common.compat`` does not cover.

Told apart by what is there, never by a version number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


def task_state(context: Context) -> Any | None:
    """
    Give the store of the running task that outlives a try; None before Airflow 3.3.

    :param context: the running task's context
    """
    return context.get("task_state_store")


def is_deferral_timeout(error: BaseException) -> bool:
    """
    Tell whether a deferral ended because no triggerer served it in time.

    Airflow 3 has a type for that (``TaskDeferralTimeout``), which its sensors wrap in another;
    Airflow 2 has a text.
    """
    origin = error.__cause__ or error
    name = type(origin).__name__
    return name == "TaskDeferralTimeout" or (
        name == "TaskDeferralError" and "timeout" in str(origin).lower()
    )


@contextmanager
def requires_airflow(version: str, *, what: str) -> Iterator[None]:
    """
    Name the Airflow that has what is imported in the block, where it is not there.

    :param version: the first that has it, such as ``3.3``
    :param what: the part of this package that needs it
    :raises ImportError: this Airflow lacks it
    """
    try:
        yield
    except ImportError as error:
        from airflow import __version__ as present

        raise ImportError(f"{what} requires Airflow {version}+; this is {present}.") from error
