"""
What OneSignal can be asked of outcomes.

https://documentation.onesignal.com/reference/view-outcomes
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

TIME_RANGES = ("1h", "1d", "1mo")
ATTRIBUTIONS = ("direct", "influenced", "unattributed", "total")
PLATFORMS = tuple(str(number) for number in (*range(15), 17))
DIMENSIONS = ("platform", "attribution")
SUFFIXES = (".sum", ".count")
_CLICKS = "os__click"


def names(value: Any) -> tuple[str, ...]:
    """
    Check the names of outcomes.

    :param value: list of strings such as ``os__click.count``, or one string with commas
    :return: each name once, in the order given
    :raises OneSignalValidationError: one lacks ``.sum`` or ``.count``, or clicks are to be summed
    """
    given = checks.split(value, name="outcome_names")
    found = [each.strip() for each in checks.strings(given, name="outcome_names")]
    if not found:
        raise OneSignalValidationError("outcome_names must name at least one outcome.")
    for index, name in enumerate(found):
        _check_suffix(name, at=f"outcome_names[{index}]", is_split=isinstance(value, str))
    return tuple(dict.fromkeys(found))


def time_range(value: Any, *, allow_unknown: bool = False) -> str:
    """
    Check the length of the window that ends now.

    :param value: "1h", "1d" or "1mo"
    :param allow_unknown: let any other string pass, with a warning
    :raises OneSignalValidationError: it is none of them, and may not pass
    """
    return checks.known(value, TIME_RANGES, name="outcome_time_range", allow_unknown=allow_unknown)


def platforms(value: Any, *, allow_unknown: bool = False) -> tuple[str, ...] | None:
    """
    Check the platforms that outcomes are asked of.

    :param value: list of device types (0 is iOS, 1 Android, ...), numbers or strings, or one
        string with commas; None for all
    :param allow_unknown: let any other pass, with a warning
    :return: each platform once, in the order given; None for None
    :raises OneSignalValidationError: there is none in the list, or one is unknown and may not pass
    """
    if value is None:
        return None
    given = checks.split(value, name="outcome_platforms")
    given = checks.sequence(given, name="outcome_platforms", of="device types")
    if not given:
        raise OneSignalValidationError(
            "outcome_platforms must name at least one platform; leave it out for all of them."
        )
    found = [
        checks.known(
            str(each).strip() if isinstance(each, int | str) else each,
            PLATFORMS,
            name=f"outcome_platforms[{index}]",
            allow_unknown=allow_unknown,
        )
        for index, each in enumerate(given)
    ]
    return tuple(dict.fromkeys(found))


def attribution(value: Any, *, allow_unknown: bool = False) -> str | None:
    """
    Check the attribution of outcomes.

    :param value: "direct", "influenced", "unattributed" or "total"; None is OneSignal's default,
        total
    :param allow_unknown: let any other string pass, with a warning
    :raises OneSignalValidationError: it is none of them, and may not pass
    """
    if value is None:
        return None
    return checks.known(
        value, ATTRIBUTIONS, name="outcome_attribution", allow_unknown=allow_unknown
    )


def breakdown(value: Any) -> tuple[str, ...]:
    """
    Check what outcomes are broken down by.

    :param value: any of "platform" and "attribution", as a list or with a comma between them
    :return: each once, always in that order; empty for None
    :raises OneSignalValidationError: it is anything else
    """
    if value is None:
        return ()
    given = checks.split(value, name="breakdown")
    given = checks.sequence(given, name="breakdown", of=f"strings out of {list(DIMENSIONS)}")
    found = {
        checks.one_of(
            each.strip() if isinstance(each, str) else each, DIMENSIONS, name=f"breakdown[{index}]"
        )
        for index, each in enumerate(given)
    }
    return tuple(each for each in DIMENSIONS if each in found)


def max_lateness(value: Any) -> timedelta | None:
    """
    Check how late a run may be.

    :param value: a timedelta, or seconds; None for the default
    :raises OneSignalValidationError: it is neither, or negative
    """
    if value is None:
        return None
    try:
        length = value if isinstance(value, timedelta) else timedelta(seconds=value)
    except (TypeError, ValueError, OverflowError):
        length = timedelta(-1)
    if length < timedelta(0):
        raise OneSignalValidationError(
            f"max_lateness must be a timedelta or a number of seconds, got {value!r}."
        )
    return length


def _check_suffix(name: str, *, at: str, is_split: bool) -> None:
    stem, dot, aggregation = name.rpartition(".")
    if not stem or dot + aggregation not in SUFFIXES:
        hint = " Pass a name that contains a comma in a list." if is_split else ""
        raise OneSignalValidationError(f"{at} must end in .sum or .count, got {name!r}.{hint}")
    if stem == _CLICKS and aggregation == "sum":
        raise OneSignalValidationError(
            f"{at}: OneSignal only counts clicks, use {_CLICKS}.count instead."
        )
