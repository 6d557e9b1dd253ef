"""Reading an Airflow connection into settings, on a worker and in the triggerer."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from airflow_provider_onesignal.compat import (
    AirflowNotFoundException,
    BaseHook,
    async_connection,
)
from airflow_provider_onesignal.connection import (
    ApiSettings,
    HttpSettings,
    api_settings,
    http_settings,
)
from airflow_provider_onesignal.exceptions import OneSignalConfigurationError

_KEPT_FOR = 300.0
"""Seconds that all waits of a triggerer share what was read of a connection."""

_Key = tuple[asyncio.AbstractEventLoop, str]
_reads: dict[_Key, tuple[float, asyncio.Task[tuple[Any, Any]]]] = {}


def read_connection(conn_id: str) -> Any:
    """
    Return an Airflow connection.

    :param conn_id: of type ``onesignal``
    :raises OneSignalConfigurationError: it does not exist, or cannot be parsed
    """
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise _missing(conn_id) from error
    except (ValueError, TypeError) as error:
        raise _unreadable(conn_id, type(error).__name__) from None


def file_settings(conn_id: str) -> HttpSettings:
    """
    Return how to reach servers that need no key.

    :param conn_id: Airflow connection of type ``onesignal``
    :return: its timeout, TLS verification and proxies
    :raises OneSignalConfigurationError: it is missing or malformed
    """
    return http_settings(read_connection(conn_id).extra_dejson, conn_id=conn_id)


async def afile_settings(conn_id: str) -> HttpSettings:
    """
    Return the same from within an event loop, without blocking it.

    :param conn_id: Airflow connection of type ``onesignal``
    :return: its timeout, TLS verification and proxies
    :raises OneSignalConfigurationError: it is missing or malformed
    """
    _, extra = await _shared_read(conn_id)
    return http_settings(extra, conn_id=conn_id)


async def aapi_settings(conn_id: str) -> ApiSettings:
    """
    Return how to reach the API, from within an event loop and without blocking it.

    :param conn_id: Airflow connection of type ``onesignal``
    :raises OneSignalConfigurationError: it is missing, or lacks App ID or key
    """
    connection, extra = await _shared_read(conn_id)
    return api_settings(connection, extra)


async def _shared_read(conn_id: str) -> tuple[Any, Any]:
    """
    Read a connection once for all waits of it in this loop.

    Airflow serves such a read inside the triggerer's heartbeat. When one triggerer takes over the
    waits of another, a read for each of them would make that heartbeat late.
    """
    key = (asyncio.get_running_loop(), conn_id)
    expires, read = _reads.get(key, (0.0, None))
    if read is None or time.monotonic() >= expires:
        read = asyncio.create_task(_read(conn_id))
        _reads[key] = (time.monotonic() + _KEPT_FOR, read)
    try:
        # Shielded: the others that wait for it must not share the fate of one that is cancelled.
        return await asyncio.shield(read)
    except BaseException:
        if read.done() and _reads.get(key, (0.0, None))[1] is read:
            del _reads[key]
        raise


async def _read(conn_id: str) -> tuple[Any, Any]:
    try:
        return await async_connection(conn_id)
    except AirflowNotFoundException:
        # In ``dag.test()`` Airflow 3.3.2 answers so for every connection of its database.
        connection = await asyncio.to_thread(read_connection, conn_id)
        return connection, connection.extra_dejson


def _missing(conn_id: str) -> OneSignalConfigurationError:
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if variable in os.environ:
        # Airflow passes over a variable that it cannot parse.
        return _unreadable(conn_id, variable)
    return OneSignalConfigurationError(
        f"There is no Airflow connection {conn_id!r}. Create one of type 'onesignal' with the App "
        f"ID as login and the App API Key as password, or set {variable}="
        "onesignal://APP_ID:API_KEY@"
    )


def _unreadable(conn_id: str, what: str) -> OneSignalConfigurationError:
    # The value itself is never shown: it may be the key.
    return OneSignalConfigurationError(
        f"The Airflow connection {conn_id!r} cannot be parsed ({what}): it must be a URI such as "
        "onesignal://APP_ID:API_KEY@, with special characters quoted, or JSON."
    )
