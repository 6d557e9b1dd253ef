"""Which segment filters OneSignal takes."""

from __future__ import annotations

import re
from typing import Any

from .errors import Refusal, refuse

MOST = 200
MOST_VALUES = 20
OPERATORS = ("AND", "OR")
_COMPARED = (">", "<", "=", "!=")
RELATIONS: dict[str, tuple[str, ...]] = {
    "tag": (
        *_COMPARED,
        "exists",
        "not_exists",
        "time_elapsed_gt",
        "time_elapsed_lt",
        "in_array",
        "not_in_array",
    ),
    "last_session": (">", "<"),
    "first_session": (">", "<"),
    "session_count": _COMPARED,
    "session_time": (">", "<"),
    "language": ("=", "!=", "in_array", "not_in_array"),
    "app_version": _COMPARED,
    "country": ("=", "!=", "in_array", "not_in_array"),
}
_FILTER_FIELDS = {"field", "relation", "key", "value", "hours_ago", "radius", "lat", "long"}
_NUMBERS = {"radius", "lat", "long"}
_COUNTRY = re.compile(r"[A-Z]{2}")


def check_filters(filters: Any, *, strict: bool) -> None:
    """Refuse filters that OneSignal would not take.

    :param filters: what stood in the body.
    :param strict: refuse fields and relations that are not documented.
    :raises Refusal: with a text that names the filter by its index.
    """
    if not isinstance(filters, list):
        raise _refuse("filters must be an array")
    if not filters:
        raise _refuse("filters must not be empty")
    if len(filters) > MOST:
        raise _refuse(f"filters has too many entries (maximum is {MOST})")
    for index, entry in enumerate(filters):
        _check_entry(index, entry, strict=strict)
    if "operator" in filters[0] or "operator" in filters[-1]:
        raise _refuse("filters must not start or end with an operator")


def _check_entry(index: int, entry: Any, *, strict: bool) -> None:
    if not isinstance(entry, dict):
        raise _refuse(f"filters[{index}] must be an object")
    if "operator" in entry:
        if len(entry) > 1 or entry["operator"] not in OPERATORS:
            raise _refuse(f"filters[{index}] is not a valid operator")
        return
    _check_types(index, entry, strict=strict)
    for name in _required(entry):
        if name not in entry:
            raise _refuse(f"filters[{index}]: {name} is required")
    if strict:
        _check_relation(index, entry)


def _check_types(index: int, entry: dict[str, Any], *, strict: bool) -> None:
    for name, value in entry.items():
        if strict and name not in _FILTER_FIELDS:
            raise _refuse(f"filters[{index}]: {name} is not a known parameter")
        types = (str, int, float) if name in _NUMBERS else (str,)
        if isinstance(value, bool) or not isinstance(value, types):
            raise _refuse(f"filters[{index}]: {name} must be a string")


def _required(entry: dict[str, Any]) -> tuple[str, ...]:
    field, relation = entry.get("field"), entry.get("relation")
    if field == "location":
        return ("radius", "lat", "long")
    if field == "tag":
        bare = relation in {"exists", "not_exists"}
        return ("relation", "key") if bare else ("relation", "key", "value")
    if field in {"last_session", "first_session"}:
        return ("relation", "hours_ago")
    return ("field", "relation", "value") if field in RELATIONS else ("field", "relation")


def _check_relation(index: int, entry: dict[str, Any]) -> None:
    field = entry["field"]
    if field == "location":
        return
    if field not in RELATIONS:
        raise _refuse(f"filters[{index}]: {field} is not a valid field")
    if entry["relation"] not in RELATIONS[field]:
        raise _refuse(f"filters[{index}]: {entry['relation']} is not a valid relation for {field}")
    values = entry.get("value", "").split(",")
    if field == "country" and not all(_COUNTRY.fullmatch(value) for value in values):
        raise _refuse(f"filters[{index}]: value is not a country")
    if entry["relation"].endswith("in_array") and len(values) > MOST_VALUES:
        raise _refuse(f"filters[{index}]: value has over {MOST_VALUES} values")


def _refuse(message: str) -> Refusal:
    return refuse(400, message, success=False)
