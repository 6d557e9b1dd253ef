"""
What differs between the versions of Airflow.

Airflow's names are imported from here, so that the package installs beside the providers of each
Airflow's own day. Decided by what is there, never by a version number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.exceptions import AirflowException  # type: ignore[attr-defined,unused-ignore]

if TYPE_CHECKING:
    from airflow.sdk import (
        Asset as Asset,
        AssetAlias as AssetAlias,
        BaseHook as BaseHook,
        BaseNotifier as BaseNotifier,
        BaseOperator as BaseOperator,
        BaseOperatorLink as BaseOperatorLink,
        BaseSensorOperator as BaseSensorOperator,
        Connection as Connection,
        Context as Context,
        ObjectStoragePath as ObjectStoragePath,
        PokeReturnValue as PokeReturnValue,
        XComArg as XComArg,
    )
    from airflow.sdk.configuration import conf as conf
    from airflow.sdk.exceptions import (
        AirflowNotFoundException as AirflowNotFoundException,
        AirflowSensorTimeout as AirflowSensorTimeout,
        AirflowSkipException as AirflowSkipException,
        AirflowTaskTimeout as AirflowTaskTimeout,
    )
    from airflow.sdk.execution_time.xcom import XCom as XCom
    from airflow.sdk.log import mask_secret as mask_secret
    from airflow.sdk.types import TaskInstanceKey as TaskInstanceKey

_EXCEPTIONS = ("airflow.sdk.exceptions", "airflow.exceptions")
_PLACES = {
    "AirflowNotFoundException": _EXCEPTIONS,
    "AirflowSensorTimeout": _EXCEPTIONS,
    "AirflowSkipException": _EXCEPTIONS,
    "AirflowTaskTimeout": _EXCEPTIONS,
    "Asset": ("airflow.sdk", "airflow.datasets"),
    "AssetAlias": ("airflow.sdk", "airflow.datasets"),
    "BaseHook": ("airflow.sdk", "airflow.hooks.base"),
    "BaseNotifier": (
        "airflow.sdk",
        "airflow.sdk.bases.notifier",
        "airflow.notifications.basenotifier",
    ),
    "BaseOperator": ("airflow.sdk", "airflow.models.baseoperator"),
    "BaseOperatorLink": ("airflow.sdk", "airflow.models.baseoperatorlink"),
    "BaseSensorOperator": ("airflow.sdk", "airflow.sensors.base"),
    "Connection": ("airflow.sdk", "airflow.models.connection"),
    "ObjectStoragePath": ("airflow.sdk", "airflow.io.path"),
    "PokeReturnValue": ("airflow.sdk", "airflow.sensors.base"),
    "XCom": ("airflow.sdk.execution_time.xcom", "airflow.models.xcom"),
    "XComArg": ("airflow.sdk", "airflow.models.xcom_arg"),
    "conf": ("airflow.sdk.configuration", "airflow.configuration"),
    "mask_secret": (
        "airflow.sdk.log",
        "airflow.sdk.execution_time.secrets_masker",
        "airflow.utils.log.secrets_masker",
    ),
}
"""Where a name is, newest Airflow first."""
_NAMES_IN_AIRFLOW_2 = {"Asset": "Dataset", "AssetAlias": "DatasetAlias"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import a name of Airflow's from where this version has it, as it is first asked for."""
        for place in _PLACES.get(name, ()):
            for each in (name, _NAMES_IN_AIRFLOW_2.get(name, name)):
                with suppress(ImportError, AttributeError):
                    return getattr(import_module(place), each)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


async def async_connection(conn_id: str) -> tuple[Connection, dict[str, Any]]:
    """
    Return a connection and its extra, without blocking the event loop.

    Before Airflow 3.3.2 both mask secrets with a synchronous call to the supervisor, which fails
    in an event loop: there they run in asgiref's thread, whose calls go back to that loop.

    :param conn_id: of the connection
    """
    from asgiref.sync import sync_to_async

    from airflow_provider_onesignal.compat import BaseHook, Connection

    if hasattr(Connection, "aextra_dejson"):
        connection = await BaseHook.aget_connection(conn_id)
        return connection, await connection.aextra_dejson()

    def read() -> tuple[Connection, dict[str, Any]]:
        connection = BaseHook.get_connection(conn_id)
        return connection, connection.extra_dejson

    return await sync_to_async(read)()


def task_state(context: Context) -> Any | None:
    """
    Return the store of the running task that outlives a try; None before Airflow 3.3.

    :param context: of the running task
    """
    return context.get("task_state_store")


@contextmanager
def unserved_as(error_for: Callable[[AirflowException], Exception]) -> Iterator[None]:
    """
    Raise an error of the task's own if no triggerer served its deferral.

    :param error_for: makes it from Airflow's
    """
    try:
        yield
    except AirflowException as error:
        if not is_deferral_timeout(error):
            raise
        raise error_for(error) from error


def is_deferral_timeout(error: BaseException) -> bool:
    """
    Return whether a deferral ended because no triggerer served it in time.

    Airflow 3 has a type for that (``TaskDeferralTimeout``), which its sensors wrap in another;
    Airflow 2 has a message.
    """
    origin = error.__cause__ or error
    name = type(origin).__name__
    return name == "TaskDeferralTimeout" or (
        name == "TaskDeferralError" and "timeout" in str(origin).lower()
    )


@contextmanager
def requires_airflow(version: str, *, what: str) -> Iterator[None]:
    """
    Name the required Airflow if it lacks what is imported in the block.

    :param version: the first that has it, such as ``3.3``
    :param what: the part of this package that needs it
    :raises ImportError: this Airflow lacks it
    """
    try:
        yield
    except ImportError as error:
        from airflow import __version__ as present

        raise ImportError(f"{what} requires Airflow {version}+; this is {present}.") from error
