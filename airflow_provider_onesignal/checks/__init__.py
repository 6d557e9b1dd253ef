"""What OneSignal would refuse, said before it is asked: the checks that all parameters share."""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from airflow_provider_onesignal.exceptions import OneSignalValidationError

log = logging.getLogger(__name__)

LONGEST_WAIT = 366 * 24 * 3600.0
"""Seconds; a longer wait is a mistake, and Airflow's dates end some day."""
_GREATEST = sys.float_info.max
_END = 10**10
"""In the year 2286: seconds beyond it are milliseconds, or a date and time without dashes."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FLAGS: Mapping[str, bool] = {"true": True, "false": False}
_TEMPLATES = ("{{", "{%")


def uuid(value: Any, *, name: str) -> str:
    """
    Check an id of OneSignal's.

    :param value: a UUID as a string in any of its forms, or a ``uuid.UUID``
    :param name: the parameter's name, for the error, as in all checks here
    :return: the id in its canonical form: lower case, with hyphens
    :raises OneSignalValidationError: it is no UUID
    """
    if isinstance(value, UUID):
        return str(value)
    try:
        return str(UUID(value.strip()))
    except (AttributeError, ValueError):
        raise OneSignalValidationError(
            f"{name} must be a UUID such as 8458af75-4da2-4ecf-afb5-f242a8926cc3, got {value!r}."
        ) from None


def one_of(value: Any, allowed: Collection[str], *, name: str) -> str:
    """
    Check a value of a fixed set.

    :param allowed: the set, case-sensitive
    :raises OneSignalValidationError: the set does not have it
    """
    if isinstance(value, str) and value in allowed:
        return value
    raise OneSignalValidationError(f"{name} must be one of {sorted(allowed)}, got {value!r}.")


def known(value: Any, allowed: Collection[str], *, name: str, allow_unknown: bool) -> str:
    """
    Check a value of a set that OneSignal may extend.

    :param allowed: the set as known here, case-sensitive
    :param allow_unknown: let any other string pass, with a warning
    :raises OneSignalValidationError: it is no string, or an unknown one that may not pass
    """
    if isinstance(value, str) and value in allowed:
        return value
    if allow_unknown and isinstance(value, str) and value.strip():
        log.warning(
            "%s: %r is not known here; sent as it is, because allow_unknown is set", name, value
        )
        return value
    raise OneSignalValidationError(
        f"{name} must be one of {sorted(allowed)}, got {value!r}. "
        "If OneSignal takes it by now, pass allow_unknown=True."
    )


def flag(value: Any, *, name: str) -> bool:
    """
    Check a flag, which a template may have made a string of.

    :raises OneSignalValidationError: it is neither a bool nor the string of one
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _FLAGS:
        return _FLAGS[value.strip().lower()]
    raise OneSignalValidationError(f"{name} must be True or False, got {value!r}.")


def flag_literal(value: Any, *, name: str) -> Any:
    """
    Check a flag when the DAG is parsed: templates and other tasks' outputs are read later.

    :return: the same
    :raises OneSignalValidationError: it can never become a bool
    """
    is_template = isinstance(value, str) and any(mark in value for mark in _TEMPLATES)
    if is_template or hasattr(value, "resolve"):
        return value
    flag(value, name=name)
    return value


def flag_or_path(value: Any, *, name: str) -> bool | str | None:
    """
    Check a flag that may also be a path.

    :return: a bool, also if a template made a string of it; the path; None for None
    :raises OneSignalValidationError: it is anything else
    """
    if value is None or value == "None":
        return None
    if isinstance(value, str) and value.strip() and value.strip().lower() not in _FLAGS:
        return value
    return flag(value, name=name)


def number(value: Any, *, name: str, low: float = -math.inf, high: float = math.inf) -> float | int:
    """
    Check a number, or a string of one.

    :param low: smallest number allowed
    :param high: largest number allowed
    :return: the number
    :raises OneSignalValidationError: it is no number, or outside the range
    """
    found = _number(value)
    if found is None or not -_GREATEST <= found <= _GREATEST:
        raise OneSignalValidationError(f"{name} must be a number, got {_shown_number(value)}.")
    if not low <= found <= high:
        raise OneSignalValidationError(f"{name} must be {_range(low, high)}, got {found}.")
    return found


def seconds(value: Any, *, name: str) -> float:
    """
    Check a length of time.

    :param value: seconds, or a timedelta; more than zero, at most a year
    :return: seconds
    :raises OneSignalValidationError: it is no such length
    """
    length = value.total_seconds() if isinstance(value, timedelta) else value
    is_number = isinstance(length, int | float) and not isinstance(length, bool)
    if is_number and 0 < length <= LONGEST_WAIT:
        return float(length)
    raise OneSignalValidationError(
        f"{name} must be a positive number of seconds, at most a year, got {value!r}."
    )


def mapping(value: Any, *, name: str) -> Mapping[str, Any]:
    """
    Check a dict whose keys are strings.

    :return: the same
    :raises OneSignalValidationError: it is no such dict; the error does not show its values
    """
    if not isinstance(value, Mapping):
        raise OneSignalValidationError(f"{name} must be a dict, got {_rendered(value)}.")
    for key in value:
        if not isinstance(key, str):
            raise OneSignalValidationError(
                f"{name} must be a dict whose keys are strings, got one of type "
                f"{type(key).__name__}."
            )
    return value


def sequence(value: Any, *, name: str, of: str) -> list[Any]:
    """
    Check a list.

    :param of: what it holds, for the error, such as "filters"
    :return: a list of the same, also if a tuple was given
    :raises OneSignalValidationError: it is no list; the error does not show its values
    """
    if not isinstance(value, list | tuple):
        raise OneSignalValidationError(f"{name} must be a list of {of}, got {_rendered(value)}.")
    return list(value)


def json_value(value: Any, *, name: str) -> None:
    """
    Check that JSON can hold a value: not so SQL's decimals and dates, or NaN.

    :param value: of any depth
    :raises OneSignalValidationError: it, or something in it, is unknown to JSON; names where
    """
    try:
        _check_json(value, name=name)
    except RecursionError:
        raise OneSignalValidationError(f"{name} is nested too deep to be sent.") from None


def string(value: Any, *, name: str, longest: int | None = None) -> str:
    """
    Check a string that must not be blank.

    :param longest: characters allowed, None for any number
    :return: the same
    :raises OneSignalValidationError: it is blank, too long or no string
    """
    if not isinstance(value, str) or not value.strip():
        raise OneSignalValidationError(f"{name} must be a non-blank string, got {value!r}.")
    if longest is not None and len(value) > longest:
        raise OneSignalValidationError(
            f"{name} must have at most {longest} characters, got {len(value)}."
        )
    return value


def strings(value: Any, *, name: str) -> list[str]:
    """
    Check a list of strings.

    :param value: a list, a tuple, or a set, which is sorted
    :return: a list of the same
    :raises OneSignalValidationError: it is no list, or an element is blank or no string
    """
    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
        got = _rendered(value) if _is_rendered_list(value) else repr(value)
        raise OneSignalValidationError(f"{name} must be a list of strings, got {got}.")
    # The order of a set differs from process to process, and with it the request.
    items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    return [string(item, name=f"{name}[{index}]") for index, item in enumerate(items)]


def split(value: Any, *, name: str) -> Any:
    """
    Return the parts of a string that has commas between them.

    :return: a list of strings; anything but a string as it is
    :raises OneSignalValidationError: a template made a string of a list
    """
    if not isinstance(value, str):
        return value
    if _is_rendered_list(value):
        raise OneSignalValidationError(
            f"{name} must be a list, or a string with commas, got {_rendered(value)}."
        )
    return value.split(",")


def email_address(value: Any, *, name: str) -> str | None:
    """
    Check an email address.

    :return: the address without blanks around it; None for None
    :raises OneSignalValidationError: it is not one address; the error does not show it
    """
    if value is None:
        return None
    if isinstance(value, str) and _EMAIL.fullmatch(value.strip()):
        return value.strip()
    got = "a string that is no address" if isinstance(value, str) else type(value).__name__
    raise OneSignalValidationError(
        f"{name} must be one address such as 'me@example.com', or None for no email, got {got}."
    )


def export_url(value: Any) -> str:
    """
    Check the URL of an export's file.

    :return: the same without blanks around it
    :raises OneSignalValidationError: it is no http(s) URL; the error does not show the value
    """
    try:
        parts = urlsplit(value.strip())
        is_url = parts.scheme in ("http", "https") and _is_host(parts.hostname)
        is_url = is_url and parts.path != "/"
        parts.port  # noqa: B018  (raises if the port is no number)
    except (AttributeError, TypeError, ValueError):
        is_url = False
    if not is_url:
        raise OneSignalValidationError(
            "csv_file_url must be the http(s) URL that an export returned "
            f"(a string such as 'https://…/users_….csv.gz'), got {_kind_of_url(value)}."
        )
    return str(value.strip())


def moment(value: Any, *, name: str) -> datetime:
    """
    Check a moment.

    :param value: an aware datetime, or a string of one (ISO 8601)
    :return: the same as a datetime
    :raises OneSignalValidationError: it is no moment, or has no time zone
    """
    found = value
    if isinstance(value, str):
        with suppress(ValueError):
            found = datetime.fromisoformat(value.strip())
    if not isinstance(found, datetime):
        raise OneSignalValidationError(
            f"{name} must be a datetime, or an ISO 8601 string such as "
            f"'2026-11-01T09:00:00+01:00', got {value!r}."
        )
    if found.tzinfo is None:
        raise OneSignalValidationError(
            f"{name} must have a time zone, such as '2026-11-01T09:00:00+01:00', got "
            f"{str(value)!r}."
        )
    return found


def last_active_since(value: Any) -> str | None:
    """
    Check the moment since which a subscription must have been active.

    https://documentation.onesignal.com/reference/csv-export

    :param value: an aware datetime, seconds since the epoch, or a string of either (ISO 8601, in
        UTC if it names no zone); None for no limit
    :return: seconds since the epoch as a string, as OneSignal takes them; None for None
    :raises OneSignalValidationError: it is no moment, has no time zone, or differs at each try
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return _aware_seconds(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15:
        return _unambiguous_seconds(str(int(value)))
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal():
        return _unambiguous_seconds(value.strip())
    return _aware_seconds(_parsed(value))


def _check_json(value: Any, *, name: str) -> None:
    if isinstance(value, Mapping):
        for key, item in mapping(value, name=name).items():
            _check_json(item, name=f"{name}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_json(item, name=f"{name}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise OneSignalValidationError(f"{name} is {value}, which JSON cannot hold: leave it out.")
    elif value is not None and not isinstance(value, str | int | float):
        raise OneSignalValidationError(
            f"{name} is a {type(value).__name__}, which JSON cannot hold: "
            "make it a string or a number."
        )


def _is_host(name: str | None) -> bool:
    labels = (name or "").removesuffix(".").split(".")
    return all(0 < len(label) <= 63 for label in labels)


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    # Python reads 1_000 and digits of other scripts as numbers, which OneSignal does not.
    if not isinstance(value, str) or not value.isascii() or "_" in value:
        return None
    for kind in (int, float):
        with suppress(ValueError):
            return kind(value)
    return None


def _shown_number(value: Any) -> str:
    if isinstance(value, int) and abs(value) > _GREATEST:
        return "one that is too large"
    return repr(value) if isinstance(value, str | int | float) else _rendered(value)


def _range(low: float, high: float) -> str:
    return f"{low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"


def _is_rendered_list(value: Any) -> bool:
    return isinstance(value, str) and value.strip()[:1] + value.strip()[-1:] in ("[]", "()")


def _rendered(value: Any) -> str:
    if isinstance(value, str):
        return (
            "a string: pass another task's .output, or set render_template_as_native_obj=True on "
            "the DAG if a template renders it"
        )
    return "None" if value is None else type(value).__name__


def _kind_of_url(value: Any) -> str:
    if not isinstance(value, str):
        return f"{type(value).__name__} {value!r}" if value is None else type(value).__name__
    scheme, separator, _ = value.partition("://")
    if separator and scheme.isalnum():
        return f"a {scheme}:// URL" if scheme not in ("http", "https") else "an incomplete URL"
    return "a string that is no URL" if value else "an empty string"


def _unambiguous_seconds(digits: str) -> str:
    if len(digits) > 12 or int(digits) >= _END:
        raise OneSignalValidationError(
            f"last_active_since={digits[:20]!r} must be seconds since the epoch; these look like "
            "milliseconds, or are no time at all."
        )
    # {{ ds_nodash }} is such a string, or with native rendering such a number.
    if len(digits) == 8:
        raise OneSignalValidationError(
            f"last_active_since={digits!r} may be a date or seconds since the epoch: write a date "
            f"as '{digits[:4]}-{digits[4:6]}-{digits[6:]}', and an early moment as a datetime."
        )
    return digits


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
        "last_active_since must be a datetime, seconds since the epoch, or an ISO 8601 string "
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
