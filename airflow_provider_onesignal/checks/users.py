"""
What OneSignal accepts as a user. No error shows an alias or a token: they are personal data.

https://documentation.onesignal.com/reference/create-user
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

log = logging.getLogger(__name__)

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
LONGEST_ALIAS = 128
BLOCKED_EXTERNAL_IDS = frozenset(
    {"1", "0", "-1", "NA", "NULL", "all", "00000000-0000-0000-0000-000000000000"}
)
"""Ids that OneSignal blocks or warns of, because apps send them for many users at once:
https://documentation.onesignal.com/docs/users"""
RESTRICTED_TAGS = frozenset(
    {"message", "notification", "subscription", "user", "template", "app", "org"}
    | {"dynamic_content", "data_feed", "journey", "custom_data"}
)
"""Keys of tags that message templates cannot read."""
_NOT_CUSTOM = ("external_id", "onesignal_id")
_NOT_IN_AN_ALIAS = re.compile(r"[/?#&=\s]|\.\.")
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

    :param value: dict of alias label and id; whole numbers and UUIDs are ids, too
    :return: the same as strings, without those that are None
    :raises OneSignalValidationError: there is none, over 20 custom ones, or one that OneSignal
        does not take
    """
    given = _without_none({} if value is None else checks.mapping(value, name="identity"))
    if not given:
        raise OneSignalValidationError(
            "identity must have at least one alias, such as {'external_id': '…'}: "
            "OneSignal finds the user by it when the task runs again."
        )
    custom = [label for label in given if label not in _NOT_CUSTOM]
    if len(custom) > MOST_ALIASES:
        raise OneSignalValidationError(
            f"identity must have at most {MOST_ALIASES} aliases beside external_id, "
            f"got {len(custom)}."
        )
    return dict(alias(label, given[label], name="identity") for label in given)


def alias(label: Any, value: Any, *, name: str = "alias") -> tuple[str, str]:
    """
    Check one alias.

    :param label: such as "external_id"
    :param value: the user's id under it: a string, a whole number or a UUID
    :param name: the parameter's name, for the error
    :return: both as strings
    :raises OneSignalValidationError: one is blank, longer than 128 characters, has characters that
        a path cannot carry, or is blocked by OneSignal
    """
    _check_alias(label, f"{name}'s label")
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = format(value, ".0f")  # a whole number of a database
    _check_alias(value, f"{name}[{label!r}]")
    if label == "external_id" and value in BLOCKED_EXTERNAL_IDS:
        raise OneSignalValidationError(
            f"{name}['external_id'] is a placeholder (0, 1, -1, NA, NULL, all, a UUID of zeros): "
            "OneSignal blocks it because it stands for no single user. Leave such rows out, or use "
            "the real id."
        )
    return label, value


def properties(value: Any) -> dict[str, Any] | None:
    """
    Check a user's properties.

    :param value: dict with tags (flat), lat and long (degrees), first_active and last_active
        (seconds since the epoch, or aware datetimes), country (ISO 3166-1) ...; None for none
    :return: the same, without those that are None, with numbers as numbers and tags as strings
    :raises OneSignalValidationError: tags are nested, a number or a country is none, or a latitude
        or longitude is out of range
    """
    if value is None:
        return None
    given = _without_none(checks.mapping(value, name="properties"))
    given = {key: _of_database(each, name=f"properties.{key}") for key, each in given.items()}
    if "tags" in given:
        given["tags"] = _tags(given["tags"])
    checks.json_value(given, name="properties")
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


def _check_alias(value: Any, name: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise OneSignalValidationError(
            f"{name} must be a non-blank string, or a whole number, got {_kind(value)}."
        )
    if len(value) > LONGEST_ALIAS:
        raise OneSignalValidationError(
            f"{name} must have at most {LONGEST_ALIAS} characters, got {len(value)}."
        )
    if _NOT_IN_AN_ALIAS.search(value):
        raise OneSignalValidationError(
            f"{name} must have no '/', '?', '#', '&', '=', '..' or white space: OneSignal cannot "
            "address such a user."
        )


def _of_database(value: Any, *, name: str) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return (
        int(checks.moment(value, name=name).timestamp()) if isinstance(value, datetime) else value
    )


def _tags(value: Any) -> dict[str, str]:
    given = checks.mapping(value, name="properties.tags")
    if restricted := sorted(RESTRICTED_TAGS & set(given)):
        log.warning(
            "properties.tags: message templates cannot read the tags %s, whose names OneSignal "
            "reserves",
            ", ".join(restricted),
        )
    return {
        key: tag(each, name=f"properties.tags[{key!r}]")
        for key, each in given.items()
        if each is not None
    }


def tag(value: Any, *, name: str) -> str:
    """
    Return a tag's value as OneSignal keeps it: every tag is a string.

    :param value: a string, a number, a bool or a date
    :param name: the parameter's name, for the error
    :raises OneSignalValidationError: it is anything else
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str | int | float):
        checks.json_value(value, name=name)
        return str(value)
    raise OneSignalValidationError(
        f"{name} must be a string, a number or a bool, because tags are never nested, "
        f"got {_kind(value)}. An empty string removes a tag."
    )


def _subscription(value: Any, *, name: str, allow_unknown: bool) -> dict[str, Any]:
    given = checks.mapping(value, name=name)
    for field in ("type", "token"):
        if not isinstance(given.get(field), str) or not given[field].strip():
            raise OneSignalValidationError(
                f"{name} needs {field!r}, a non-blank string, got {_kind(given.get(field))}."
            )
    kind = checks.known(
        given["type"], SUBSCRIPTION_TYPES, name=f"{name}.type", allow_unknown=allow_unknown
    )
    pattern, what = _TOKENS.get(kind, (None, ""))
    if pattern is not None and not pattern.fullmatch(given["token"]):
        raise OneSignalValidationError(
            f"{name}.token must be {what}, because its type is {kind!r}."
        )
    checks.json_value(given, name=name)
    return _without_none(given)


def _without_none(value: Mapping[str, Any]) -> dict[str, Any]:
    # A row of a database has None for what is missing, and OneSignal takes null for a value.
    return {key: item for key, item in value.items() if item is not None}


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    return "a blank string" if isinstance(value, str) else type(value).__name__
