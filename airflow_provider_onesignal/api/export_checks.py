"""
What else exports are asked for by: points in time, flags, addresses.

https://documentation.onesignal.com/reference/csv-export
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from airflow_provider_onesignal.exceptions import OneSignalValidationError

_END = 10**10
"""In the year 2286: seconds beyond it are milliseconds, or a date and time without dashes."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}


def last_active_since(value: Any) -> str | None:
    """
    Check since when a subscription must have been active.

    :param value: an aware datetime, seconds since the epoch, or a text of either (ISO 8601, in UTC
        where it names no zone); None for ever
    :return: seconds since the epoch as a text, which is how OneSignal takes them; None for None
    :raises OneSignalValidationError: it is none, has no time zone, or means another at each try
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return _aware_seconds(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _END:
        return str(int(value))
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal():
        return _seconds_in(value.strip())
    return _aware_seconds(_parsed(value))


def boolean(value: Any, *, name: str) -> bool | None:
    """
    Check a flag, which a template may have made a text of.

    :param name: the parameter's name, for the error
    :raises OneSignalValidationError: it is neither None, nor a bool, nor the text of one
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
        return _BOOLEANS[value.strip().lower()]
    raise OneSignalValidationError(f"{name} must be True or False, got {value!r}.")


def address(value: Any, *, name: str) -> str | None:
    """
    Check an email address.

    :param name: the parameter's name, for the error
    :return: the address without blanks around it; None for None
    :raises OneSignalValidationError: it is not one address; the text does not repeat it
    """
    if value is None:
        return None
    if isinstance(value, str) and _ADDRESS.fullmatch(value.strip()):
        return value.strip()
    got = "a text that is no address" if isinstance(value, str) else type(value).__name__
    raise OneSignalValidationError(
        f"{name} must be one address such as 'me@example.com', or None for no mail, got {got}."
    )


def _seconds_in(seconds: str) -> str:
    if len(seconds) > 12 or int(seconds) >= _END:
        raise OneSignalValidationError(
            f"last_active_since={seconds[:20]!r} must be seconds since the epoch; these look like "
            "milliseconds, or are no time at all."
        )
    if len(seconds) == 8:
        raise OneSignalValidationError(
            f"last_active_since={seconds!r} may be a date or seconds since the epoch: write a date "
            f"as '{seconds[:4]}-{seconds[4:6]}-{seconds[6:]}', seconds as a number."
        )
    return seconds


def _parsed(value: Any) -> datetime:
    import pendulum
    from pendulum.parsing.exceptions import ParserError

    parsed: object = None
    text = value.strip() if isinstance(value, str) else ""
    # "now", or a time without its date, would be another moment at each try of the task.
    if text[:4].isdecimal():
        with suppress(ParserError, TypeError, ValueError):
            parsed = pendulum.parse(text)
    if isinstance(parsed, datetime):
        return parsed
    raise OneSignalValidationError(
        "last_active_since must be a datetime, seconds since the epoch, or an ISO 8601 text "
        f"such as '2026-11-01T00:00:00+00:00', got {value!r}."
    )


def _aware_seconds(value: datetime) -> str:
    if value.tzinfo is None:
        raise OneSignalValidationError(
            f"last_active_since must have a time zone, got {value.isoformat()!r}: "
            "use pendulum.datetime(...), which is UTC, or a template such as "
            "{{ data_interval_end.subtract(days=1) }}."
        )
    return str(int(value.timestamp()))
