"""
Which users OneSignal takes. No error repeats an alias or a token: they are personal data.

https://documentation.onesignal.com/reference/create-user
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_onesignal.api import checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

MOST_ALIASES = 20
MOST_SUBSCRIPTIONS = 20
SUBSCRIPTION_TYPES = (
    "Email",
    "SMS",
    "iOSPush",
    "AndroidPush",
    "HuaweiPush",
    "FireOSPush",
    "WindowsPush",
    "macOSPush",
    "ChromePush",
    "ChromeExtensionPush",
    "FirefoxPush",
    "SafariPush",
    "SafariLegacyPush",
)
_NOT_CUSTOM = ("external_id", "onesignal_id")
_TOKENS = {
    "Email": (re.compile(r"[^@\s]+@[^@\s]+"), "an email address"),
    "SMS": (re.compile(r"\+\d{6,15}"), "a phone number in E.164 format, such as +15558675309"),
}
_RANGES: Mapping[str, Mapping[str, float]] = {
    "lat": {"low": -90, "high": 90},
    "long": {"low": -180, "high": 180},
    "first_active": {"low": 0},
    "last_active": {"low": 0},
}
_COUNTRY = re.compile(r"[A-Z]{2}")


def identity(value: Any) -> dict[str, str]:
    """
    Check a user's aliases.

    :param value: dict of alias label and id; whole numbers are taken for ids, too
    :return: the same, with numbers as texts
    :raises OneSignalValidationError: there is none, over 20 custom ones, or a blank one
    """
    given = {} if value is None else checks.mapping(value, name="identity")
    if not given:
        raise OneSignalValidationError(
            "identity must have at least one alias, such as {'external_id': '…'}: "
            "it is how OneSignal finds the user when the task runs again."
        )
    custom = [label for label in given if label not in _NOT_CUSTOM]
    if len(custom) > MOST_ALIASES:
        raise OneSignalValidationError(
            f"identity must have at most {MOST_ALIASES} aliases beside external_id, "
            f"got {len(custom)}."
        )
    return {label: _alias(label, given[label]) for label in given}


def properties(value: Any) -> dict[str, Any] | None:
    """
    Check a user's properties.

    :param value: dict with tags (flat), lat and long (degrees), first_active and last_active
        (seconds since the epoch), country (ISO 3166-1) ...; None for none
    :return: the same, without those that are None, with the texts of numbers as numbers
    :raises OneSignalValidationError: tags are nested, a number or a country is none, or a latitude
        or longitude is out of range
    """
    if value is None:
        return None
    given = _without_none(checks.mapping(value, name="properties"))
    checks.json_value(given, name="properties")
    if "tags" in given:
        given["tags"] = _tags(given["tags"])
    for name, limits in _RANGES.items():
        if name in given:
            given[name] = checks.number(given[name], name=f"properties.{name}", **limits)
    if "country" in given and not _matches(_COUNTRY, given["country"]):
        raise OneSignalValidationError(
            "properties.country must be two capital letters (ISO 3166-1), such as 'US', "
            f"got {given['country']!r}."
        )
    return given


def subscriptions(value: Any, *, allow_unknown: bool = False) -> list[dict[str, Any]] | None:
    """
    Check a user's subscriptions.

    :param value: up to 20 dicts, each with ``type`` and ``token``; None for none
    :param allow_unknown: let types pass that are not known here, with a warning
    :return: the same, without what is None in them
    :raises OneSignalValidationError: there are over 20, or one lacks type or token or has a wrong
        one, naming it by its index
    """
    if value is None:
        return None
    given = checks.sequence(value, name="subscriptions", of="dicts")
    if len(given) > MOST_SUBSCRIPTIONS:
        raise OneSignalValidationError(
            f"subscriptions must have at most {MOST_SUBSCRIPTIONS} entries, got {len(given)}."
        )
    return [
        _subscription(entry, name=f"subscriptions[{index}]", allow_unknown=allow_unknown)
        for index, entry in enumerate(given)
    ]


def _alias(label: str, value: Any) -> str:
    if not label.strip():
        raise OneSignalValidationError("identity must not have a blank alias label.")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value
    raise OneSignalValidationError(
        f"identity[{label!r}] must be a text that is not blank, or a whole number, "
        f"got {_kind(value)}."
    )


def _tags(value: Any) -> dict[str, Any]:
    given = checks.mapping(value, name="properties.tags")
    for key, tag in given.items():
        if not isinstance(tag, str | int | float):
            raise OneSignalValidationError(
                f"properties.tags[{key!r}] must be a text, which tags are never nested in, "
                f"got {_kind(tag)}. An empty text removes a tag."
            )
    return dict(given)


def _subscription(value: Any, *, name: str, allow_unknown: bool) -> dict[str, Any]:
    given = checks.mapping(value, name=name)
    for field in ("type", "token"):
        if not isinstance(given.get(field), str) or not given[field].strip():
            raise OneSignalValidationError(
                f"{name} needs {field!r}, a text that is not blank, got {_kind(given.get(field))}."
            )
    kind = checks.known(
        given["type"], SUBSCRIPTION_TYPES, name=f"{name}.type", allow_unknown=allow_unknown
    )
    pattern, what = _TOKENS.get(kind, (None, ""))
    if pattern is not None and not pattern.fullmatch(given["token"]):
        raise OneSignalValidationError(f"{name}.token must be {what}, for its type is {kind!r}.")
    checks.json_value(given, name=name)
    return _without_none(given)


def _without_none(value: Mapping[str, Any]) -> dict[str, Any]:
    # A row of a database has its missing values as None, and OneSignal takes null for a value.
    return {key: item for key, item in value.items() if item is not None}


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    return "a blank text" if isinstance(value, str) else type(value).__name__
