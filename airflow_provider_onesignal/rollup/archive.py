"""The files of an outcomes archive: where its days and months are, and reading them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal import outcomes
from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationUnavailableError,
    OneSignalSourceError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.rollup import month as months
from airflow_provider_onesignal.rollup.days import (
    Day,
    Figures,
    Month,
    buffered,
    figures,
    read_rows,
)

if TYPE_CHECKING:
    from airflow_provider_onesignal.stores import StoredObject

_NUMBERS = ("value", "days", "onesignal_value")
_EARLIER_MONTHS = 12


def check_days(days: Any) -> Any:
    """
    Check the URL of the days when the DAG is parsed: templates are checked once rendered.

    :return: the same
    :raises OneSignalValidationError: see :func:`paths_of`
    """
    is_template = isinstance(days, str) and ("{{" in days or "{%" in days)
    if not is_template and not hasattr(days, "resolve"):
        paths_of(days, Month(date(2026, 1, 1), UTC))
    return days


def paths_of(days: Any, month: Month) -> dict[Day, str]:
    """
    Return where the days of a month are.

    :param days: URL with ``{date}``, the day itself, or ``{end}``, the day after, in it; Python's
        formats are allowed: ``{date:%Y/%m/%d}``
    :raises OneSignalValidationError: it has neither, or does not tell the days apart
    """
    paths = {day: _formatted(days, day) for day in month.days}
    if len(set(paths.values())) < len(paths):
        raise OneSignalValidationError(
            f"days={days!r} does not name a file for each day: put {{date}} into it, or {{end}} if "
            "files are named by the day after."
        )
    return paths


def path_of(path: Any, month: Month) -> Any:
    """Return where a month is: ``{month}`` in the URL or path stands for its name."""
    if "{month}" not in str(path):
        return path
    # The string of an ObjectStoragePath holds its connection.
    return str(path).replace("{month}", month.name)


def read_day(
    path: str, day: Day, *, app_id: str, month: Month, max_lateness: timedelta
) -> Figures | None:
    """
    Read the file of a day, row by row.

    :param path: URL of the file
    :param day: the day that it should be
    :param app_id: the app that it should be of
    :param month: of the day
    :param max_lateness: how far the end of a window may be from the end of the day
    :return: None where there is no file
    :raises UnfitDayError: the file is not the one of its day
    :raises OneSignalSourceError: it cannot be read, is cut, broken, or of another version
    :raises OneSignalDestinationUnavailableError: the store failed or cannot be reached
    """
    from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore

    store = ObjectStorageStore(path)
    with _reading(store.uri):
        stored = store.head()
        if stored is None:
            return None
        with stored.open() as file:
            rows = read_rows(buffered(file), columns=outcomes.COLUMNS, uri=store.uri)
            return figures(
                rows,
                day,
                uri=store.uri,
                app_id=app_id,
                zone=month.zone,
                max_lateness=max_lateness,
            )


def read_month(stored: StoredObject | None, *, uri: str) -> list[dict[str, Any]]:
    """
    Read the file of a month.

    :param stored: the file, None where there is none
    :param uri: of the file
    :return: its rows; none if it is not a month's file
    """
    if stored is None:
        return []
    try:
        with stored.open() as file:
            rows = read_rows(buffered(file), columns=months.COLUMNS, uri=uri, numbers=_NUMBERS)
            return [_without_blanks(row) for row in rows]
    except OneSignalSourceError:
        return []


def earlier_months(path: Any, month: Month) -> Iterator[tuple[Month, list[dict[str, Any]]]]:
    """
    Return the year of months before one, the latest first, each with the rows of its file.

    :param path: URL with ``{month}`` in it; without, no other month can be found
    """
    from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore

    if path_of(path, month) == path:
        return
    for earlier in month.before(_EARLIER_MONTHS):
        store = ObjectStorageStore(path_of(path, earlier))
        yield earlier, read_month(store.head(), uri=store.uri)


def _formatted(days: Any, day: Day) -> str:
    if not isinstance(days, str) or not days.strip():
        raise OneSignalValidationError(f"days must be a URL with {{date}} in it, got {days!r}.")
    try:
        return days.format(date=day.on, end=day.on + timedelta(days=1))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise OneSignalValidationError(
            f"days={days!r} must have no braces but {{date}} or {{end}} ({error!r})."
        ) from None


@contextmanager
def _reading(uri: str) -> Iterator[None]:
    try:
        yield
    except OneSignalDestinationUnavailableError:
        raise
    except (OneSignalDestinationError, OSError) as error:
        raise OneSignalSourceError(f"{uri} cannot be read: {error}") from error


def _without_blanks(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: None if value == "" else value for column, value in row.items()}
