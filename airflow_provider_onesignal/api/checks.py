"""What OneSignal would refuse, said before it is asked."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from airflow_provider_onesignal.exceptions import OneSignalValidationError

log = logging.getLogger(__name__)

_GREATEST = sys.float_info.max


def uuid(value: Any, *, name: str) -> str:
    """
    Check an id of OneSignal's.

    :param value: what should be a UUID: a text in any form of it, or a ``uuid.UUID``
    :param name: the parameter's name, for the error
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
    :param name: the parameter's name, for the error, as in all checks below
    :raises OneSignalValidationError: it is none of the set
    """
    if isinstance(value, str) and value in allowed:
        return value
    raise OneSignalValidationError(f"{name} must be one of {sorted(allowed)}, got {value!r}.")


def known(value: Any, allowed: Collection[str], *, name: str, allow_unknown: bool) -> str:
    """
    Check a value of a set that OneSignal may extend.

    :param allowed: the set as known here, case-sensitive
    :param allow_unknown: let any other text pass, with a warning
    :raises OneSignalValidationError: it is no text, or an unknown one that may not pass
    """
    if isinstance(value, str) and value in allowed:
        return value
    if allow_unknown and isinstance(value, str) and value.strip():
        log.warning(
            "%s: %r is not known here; sent as it is, for allow_unknown is set", name, value
        )
        return value
    raise OneSignalValidationError(
        f"{name} must be one of {sorted(allowed)}, got {value!r}. "
        "Should OneSignal take it by now, pass allow_unknown=True."
    )


def number(value: Any, *, name: str, low: float = -math.inf, high: float = math.inf) -> float | int:
    """
    Check a number, or a text of one.

    :param low: smallest number allowed
    :param high: largest number allowed
    :return: the number, also where a text of it was given
    :raises OneSignalValidationError: it is no number, or outside the range
    """
    found = _number(value)
    if found is None or not -_GREATEST <= found <= _GREATEST:
        raise OneSignalValidationError(f"{name} must be a number, got {_kind_of_number(value)}.")
    if not low <= found <= high:
        raise OneSignalValidationError(f"{name} must be {_range(low, high)}, got {found}.")
    return found


def mapping(value: Any, *, name: str) -> Mapping[str, Any]:
    """
    Check a dict with texts as its keys.

    :return: the same
    :raises OneSignalValidationError: it is none; the text does not repeat its values
    """
    if not isinstance(value, Mapping):
        raise OneSignalValidationError(f"{name} must be a dict, got {_rendered(value)}.")
    for key in value:
        if not isinstance(key, str):
            raise OneSignalValidationError(
                f"{name} must be a dict whose keys are texts, got one of type {type(key).__name__}."
            )
    return value


def sequence(value: Any, *, name: str, of: str) -> list[Any]:
    """
    Check a list.

    :param of: what it holds, for the error, such as "filters"
    :return: a list of the same, also where a tuple was given
    :raises OneSignalValidationError: it is none; the text does not repeat its values
    """
    if not isinstance(value, list | tuple):
        raise OneSignalValidationError(f"{name} must be a list of {of}, got {_rendered(value)}.")
    return list(value)


def json_value(value: Any, *, name: str) -> None:
    """
    Check that a value can be sent: SQL's decimals and dates, or a NaN, cannot.

    :param value: of any depth
    :raises OneSignalValidationError: it or something in it is unknown to JSON, naming where
    """
    try:
        _check_json(value, name=name)
    except RecursionError:
        raise OneSignalValidationError(f"{name} is nested too deep to be sent.") from None


def text(value: Any, *, name: str, longest: int | None = None) -> str:
    """
    Check a text that must not be blank.

    :param longest: characters allowed, None for any number
    :return: the same
    :raises OneSignalValidationError: it is blank, too long or no text
    """
    if not isinstance(value, str) or not value.strip():
        raise OneSignalValidationError(f"{name} must be a text that is not blank, got {value!r}.")
    if longest is not None and len(value) > longest:
        raise OneSignalValidationError(
            f"{name} must have at most {longest} characters, got {len(value)}."
        )
    return value


def texts(value: Any, *, name: str) -> list[str]:
    """
    Check a list of texts.

    :param value: a list, a tuple, or a set, which is put in order
    :return: a list of the same
    :raises OneSignalValidationError: it is no list, or an element is blank or no text
    """
    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
        got = _rendered(value) if _is_rendered_list(value) else repr(value)
        raise OneSignalValidationError(f"{name} must be a list of texts, got {got}.")
    # The order of a set differs from process to process, and with it what a request looks like.
    items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    return [text(item, name=f"{name}[{index}]") for index, item in enumerate(items)]


def split(value: Any, *, name: str) -> Any:
    """
    Give the parts of a text that has commas between them.

    :return: a list of texts; anything but a text as it is
    :raises OneSignalValidationError: a template made a text of a list
    """
    if not isinstance(value, str):
        return value
    if _is_rendered_list(value):
        raise OneSignalValidationError(
            f"{name} must be a list, or a text with commas, got {_rendered(value)}."
        )
    return value.split(",")


def export_url(value: Any) -> str:
    """
    Check the address of an export's file.

    :return: the same without blanks around it
    :raises OneSignalValidationError: it is no http(s) URL; the text does not repeat the value
    """
    try:
        parts = urlsplit(value.strip())
        is_url = parts.scheme in ("http", "https") and _is_host(parts.hostname)
        is_url = is_url and parts.path != "/"
        parts.port  # noqa: B018  (raises where the port is no number)
    except (AttributeError, TypeError, ValueError):
        is_url = False
    if not is_url:
        raise OneSignalValidationError(
            "csv_file_url must be the http(s) URL that an export returned "
            f"(a text such as 'https://…/users_….csv.gz'), got {_kind_of(value)}."
        )
    return str(value.strip())


def _check_json(value: Any, *, name: str) -> None:
    if isinstance(value, Mapping):
        for key, item in mapping(value, name=name).items():
            _check_json(item, name=f"{name}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_json(item, name=f"{name}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise OneSignalValidationError(f"{name} is {value}, which JSON cannot say: leave it out.")
    elif value is not None and not isinstance(value, str | int | float):
        raise OneSignalValidationError(
            f"{name} is a {type(value).__name__}, which JSON cannot say: "
            "make it a text or a number."
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
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return None


def _kind_of_number(value: Any) -> str:
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
            "a text: pass another task's .output, or set render_template_as_native_obj=True on "
            "the DAG, where a template renders it"
        )
    return "None" if value is None else type(value).__name__


def _kind_of(value: Any) -> str:
    if not isinstance(value, str):
        return f"{type(value).__name__} {value!r}" if value is None else type(value).__name__
    scheme, separator, _ = value.partition("://")
    if separator and scheme.isalnum():
        return f"a {scheme}:// URL" if scheme not in ("http", "https") else "an incomplete URL"
    return "a text that is no URL" if value else "an empty text"
