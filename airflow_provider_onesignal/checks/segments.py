"""
What OneSignal accepts as a segment.

https://documentation.onesignal.com/reference/create-segments
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

MOST_FILTERS = 200
MOST_VALUES = 20
LONGEST_NAME = 128
LONGEST_DESCRIPTION = 255
OPERATORS = ("AND", "OR")

_EQUAL = ("=", "!=")
_ORDERED = (">", "<")
_COMPARED = (*_ORDERED, *_EQUAL)
_BARE = ("exists", "not_exists")
_ELAPSED = ("time_elapsed_gt", "time_elapsed_lt")
_AMONG = ("in_array", "not_in_array")
_COUNTRY = re.compile(r"[A-Z]{2}")


def name(value: Any) -> str:
    """
    Check a segment's name.

    :param value: up to 128 characters
    :return: the same
    :raises OneSignalValidationError: it is blank, or has over 128 characters
    """
    return checks.string(value, name="name", longest=LONGEST_NAME)


def description(value: Any) -> str | None:
    """
    Check a segment's description.

    :param value: up to 255 characters; "" clears it, None keeps it
    :return: the same
    :raises OneSignalValidationError: it is no string, or has over 255 characters
    """
    if value is None or value == "":
        return value  # type: ignore[no-any-return]
    return checks.string(value, name="description", longest=LONGEST_DESCRIPTION)


def filters(value: Any, *, allow_unknown: bool = False) -> list[dict[str, Any]]:
    """
    Check a segment's filters.

    :param value: list of dicts, filters and ``{"operator": "OR"}`` between them
    :param allow_unknown: let fields and relations pass that are not known here, with a warning
    :return: the same, with numbers as the strings that OneSignal requires
    :raises OneSignalValidationError: a rule is broken, naming the entry by its index
    """
    return _filters(value, FIELDS, allow_unknown=allow_unknown)


def message_filters(value: Any, *, allow_unknown: bool = False) -> list[dict[str, Any]]:
    """
    Check the filters that choose who gets a message, see :func:`filters`.

    https://documentation.onesignal.com/reference/create-message#filters
    """
    return _filters(value, MESSAGE_FIELDS, allow_unknown=allow_unknown)


def _filters(
    value: Any, fields: Mapping[str, _Field], *, allow_unknown: bool
) -> list[dict[str, Any]]:
    given = checks.sequence(value, name="filters", of="dicts")
    if not 1 <= len(given) <= MOST_FILTERS:
        raise OneSignalValidationError(
            f"filters must have 1 to {MOST_FILTERS} entries, operators included, got {len(given)}."
        )
    entries = [
        _entry(checks.mapping(entry, name=f"filters[{index}]"), index, fields, allow_unknown)
        for index, entry in enumerate(given)
    ]
    _check_places_of_operators(entries)
    return entries


def _entry(
    entry: Mapping[str, Any], index: int, fields: Mapping[str, _Field], allow_unknown: bool
) -> dict[str, Any]:
    at = f"filters[{index}]"
    if "operator" in entry:
        if len(entry) > 1:
            raise OneSignalValidationError(
                f"{at} must be either an operator alone or a filter, and not both."
            )
        return {"operator": checks.one_of(entry["operator"], OPERATORS, name=f"{at}.operator")}
    checks.json_value(entry, name=at)
    return _checked_filter(_Filter(entry, at), fields, allow_unknown)


def _check_places_of_operators(entries: Sequence[Mapping[str, Any]]) -> None:
    is_operator = ["operator" in entry for entry in entries]
    for index in (0, len(entries) - 1):
        if is_operator[index]:
            raise OneSignalValidationError(
                f"filters[{index}] is an operator: filters must neither begin nor end with one."
            )
    for index in range(1, len(entries)):
        if is_operator[index - 1] and is_operator[index]:
            raise OneSignalValidationError(
                f"filters[{index}] is an operator right after another: put a filter between them."
            )


class _Filter:
    """
    One filter while it is checked.

    :param given: as it was passed
    :param at: how errors name it
    """

    def __init__(self, given: Mapping[str, Any], at: str) -> None:
        self.at = at
        self.checked = dict(given)

    @property
    def relation(self) -> str:
        return str(self.checked["relation"])

    def require(self, operand: str) -> Any:
        value = self.checked.get(operand)
        if value is None or value == "":
            raise OneSignalValidationError(
                f"{self.at} lacks {operand!r}, which field {self.checked['field']!r} requires."
            )
        return value

    def text(self, operand: str) -> str:
        value = self.require(operand)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        self.checked[operand] = checks.string(value, name=f"{self.at}.{operand}")
        return value  # type: ignore[no-any-return]

    def number(self, operand: str, **limits: float) -> None:
        value = self.require(operand)
        checks.number(value, name=f"{self.at}.{operand}", **limits)
        if isinstance(value, str):
            self.checked[operand] = value.strip()


def _tag(entry: _Filter) -> None:
    entry.text("key")
    if entry.relation in _BARE:
        return
    _any(entry)
    if entry.relation in _ELAPSED:
        entry.number("value")


def _any(entry: _Filter) -> None:
    _check_each(entry, lambda _: True, "")


def _check_each(entry: _Filter, is_right: Callable[[str], bool], rule: str) -> None:
    """Check the value of a filter, or each of those that commas separate in it."""
    is_list = entry.relation in _AMONG
    if is_list and isinstance(entry.require("value"), list | tuple):
        raise OneSignalValidationError(
            f"{entry.at}.value must be one string with commas between the values, got a list."
        )
    value = entry.text("value")
    values = value.split(",") if is_list else [value]
    if len(values) > MOST_VALUES:
        raise OneSignalValidationError(
            f"{entry.at}.value must have at most {MOST_VALUES} values separated by commas, "
            f"got {len(values)}."
        )
    for each in values:
        if not each.strip():
            raise OneSignalValidationError(f"{entry.at}.value has a blank value in it.")
        if not is_right(each.strip() if is_list else each):
            raise OneSignalValidationError(f"{entry.at}.value must be {rule}, got {each!r}.")


def _hours_ago(entry: _Filter) -> None:
    entry.number("hours_ago", low=0)
    entry.text("hours_ago")


def _amount(entry: _Filter) -> None:
    entry.number("value", low=0)
    entry.text("value")


def _value(entry: _Filter) -> None:
    entry.text("value")


def _sku(entry: _Filter) -> None:
    entry.text("key")
    _value(entry)


def _country(entry: _Filter) -> None:
    _check_each(
        entry,
        lambda value: _COUNTRY.fullmatch(value) is not None,
        "a country's two capital letters (ISO 3166-1), such as 'US'",
    )


def _location(entry: _Filter) -> None:
    entry.number("radius", low=0)
    entry.number("lat", low=-90, high=90)
    entry.number("long", low=-180, high=180)


@dataclass(frozen=True)
class _Field:
    relations: tuple[str, ...]
    check_operands: Callable[[_Filter], None]


FIELDS: Mapping[str, _Field] = {
    "tag": _Field((*_COMPARED, *_BARE, *_ELAPSED, *_AMONG), _tag),
    "last_session": _Field(_ORDERED, _hours_ago),
    "first_session": _Field(_ORDERED, _hours_ago),
    "session_count": _Field(_COMPARED, _amount),
    "session_time": _Field(_ORDERED, _amount),
    "language": _Field((*_EQUAL, *_AMONG), _any),
    "app_version": _Field(_COMPARED, _value),
    "location": _Field((), _location),
    "country": _Field((*_EQUAL, *_AMONG), _country),
}


MESSAGE_FIELDS: Mapping[str, _Field] = {
    **FIELDS,
    "amount_spent": _Field((*_ORDERED, "="), _value),
    "bought_sku": _Field((*_ORDERED, "="), _sku),
    "email": _Field((), _value),
}


def _checked_filter(
    entry: _Filter, fields: Mapping[str, _Field], allow_unknown: bool
) -> dict[str, Any]:
    given = entry.checked.get("field")
    name_of_field = checks.known(
        given, fields, name=f"{entry.at}.field", allow_unknown=allow_unknown
    )
    field = fields.get(name_of_field)
    if field is None:
        return entry.checked
    if field.relations:
        _check_relation(entry, field, allow_unknown)
    # The operands of a relation that is not known here are known to OneSignal alone.
    if not field.relations or entry.relation in field.relations:
        field.check_operands(entry)
    return entry.checked


def _check_relation(entry: _Filter, field: _Field, allow_unknown: bool) -> None:
    checks.known(
        entry.require("relation"),
        field.relations,
        name=f"{entry.at}.relation (of field {entry.checked['field']!r})",
        allow_unknown=allow_unknown,
    )
