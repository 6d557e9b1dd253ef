"""Which column of a row goes where in OneSignal."""

from __future__ import annotations

import datetime as dt
import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.checks import users
from airflow_provider_onesignal.exceptions import OneSignalValidationError

log = logging.getLogger(__name__)

MOST_PROPERTIES = 100
"""Tags and properties that OneSignal takes in one update of a user."""
LONGEST_EVENT_NAME = 128
_NUMBERS = ("lat", "long", "amount_spent")
_TIMES = ("first_active", "last_active")
PROPERTIES = ("language", "timezone_id", "country", "test_user_name", *_NUMBERS, *_TIMES)


class RowMapping:
    """Base of the mappings."""

    template_fields: ClassVar[Sequence[str]] = ()

    def columns(self) -> list[str]:
        """Return the columns that rows must have."""
        return list(dict.fromkeys(self._columns()))

    def _columns(self) -> Iterator[str]:
        raise NotImplementedError

    def serialize(self) -> dict[str, Any]:
        """Return the fields that are set, as JSON can hold them."""
        values = {name: getattr(self, name) for name in self.template_fields}
        return {"mapping": type(self).__name__} | {k: v for k, v in values.items() if v}

    def __str__(self) -> str:
        """Return the fields as JSON, which Airflow 2 shows in its list of rendered templates."""
        return json.dumps(self.serialize(), indent=2, default=str)


@dataclass(kw_only=True)
class UserMapping(RowMapping):
    """
    Which column of a row goes where in a user.

    A missing value (None, NaN, an empty field of a CSV) is left out, unless ``clear_nulls`` is set.
    https://documentation.onesignal.com/reference/create-user

    :param external_id: column of the External ID
    :param onesignal_id: column of the OneSignal ID, for ``mode="update"`` alone
    :param aliases: column by label of other aliases, up to 20; with ``mode="update"`` one alias
        in all, which finds the user
    :param tags: columns that become tags of the same name, or column by tag. Tags are strings:
        True becomes "true", a date its ISO form. An empty string removes a tag
    :param properties: column by property: country, language, timezone_id, lat, long (degrees),
        first_active, last_active (seconds since the epoch, or datetimes), amount_spent,
        test_user_name
    :param email: column of an email address, which becomes a subscription
    :param phone: column of a phone number in E.164 form, which becomes an SMS subscription
    :param clear_nulls: remove a tag whose value is missing
    :raises OneSignalValidationError: no column finds the user, an alias has two columns, a property
        is not known, or there are over 100 tags and properties
    """

    external_id: str | None = None
    onesignal_id: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] | Mapping[str, str] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    email: str | None = None
    phone: str | None = None
    clear_nulls: bool | str = False

    template_fields: ClassVar[Sequence[str]] = (
        "external_id",
        "onesignal_id",
        "aliases",
        "tags",
        "properties",
        "email",
        "phone",
        "clear_nulls",
    )

    def __post_init__(self) -> None:
        self.check()

    def check(self, *, mode: str | None = None) -> None:
        """
        Check the mapping itself.

        :param mode: "upsert" or "update", None while it is not known
        :raises OneSignalValidationError: it breaks a rule
        """
        labels = self._labels()
        if not labels:
            raise OneSignalValidationError(
                "UserMapping needs external_id, or another alias: the column that finds the user."
            )
        _refuse_unknown(self.properties, PROPERTIES, name="properties")
        count = len(_by_name(self.tags, name="tags")) + len(self.properties)
        if count > MOST_PROPERTIES:
            raise OneSignalValidationError(
                f"UserMapping has {count} tags and properties; OneSignal takes {MOST_PROPERTIES} "
                "in one request. Send them in two tasks."
            )
        if mode is not None:
            self._warn_of_restricted_tags()
        if mode == "update":
            self._check_update(labels)
        elif mode == "upsert" and self.onesignal_id is not None:
            raise OneSignalValidationError(
                'onesignal_id finds users that exist: use it with mode="update".'
            )

    def user(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return a row as the body of a request.

        :param row: value by column
        :return: ``identity``, the alias that finds the user first; ``properties`` and
            ``subscriptions`` where there are any
        :raises OneSignalValidationError: a value breaks a rule
        """
        user: dict[str, Any] = {"identity": self._identity(row)}
        columns = self.properties.items()
        properties = {name: _property(name, row.get(column)) for name, column in columns}
        properties = {name: value for name, value in properties.items() if value is not None}
        checked = users.properties(properties) or {}
        if tags := self._tags(row):
            checked["tags"] = tags
        if checked:
            user["properties"] = checked
        if subscriptions := self._subscriptions(row):
            user["subscriptions"] = users.subscriptions(subscriptions)
        return user

    def _check_update(self, labels: Mapping[str, str]) -> None:
        if self.email is not None or self.phone is not None:
            raise OneSignalValidationError(
                'mode="update" takes no email and no phone: OneSignal changes properties and tags '
                'with it. Use mode="upsert", or leave them out.'
            )
        if len(labels) > 1:
            raise OneSignalValidationError(
                'mode="update" takes one alias, which finds the user; the mapping has '
                f"{', '.join(labels)}."
            )

    def _warn_of_restricted_tags(self) -> None:
        if restricted := sorted(users.RESTRICTED_TAGS & set(_by_name(self.tags, name="tags"))):
            log.warning(
                "Message templates cannot read the tags %s, whose names OneSignal reserves",
                ", ".join(restricted),
            )

    def _labels(self) -> dict[str, str]:
        own = {"external_id": self.external_id, "onesignal_id": self.onesignal_id}
        given = {label: column for label, column in own.items() if column is not None}
        aliases = checks.mapping(self.aliases, name="aliases")
        if twice := [label for label in aliases if label in given]:
            raise OneSignalValidationError(
                f"UserMapping has two columns for {twice[0]}: "
                f"{given[twice[0]]!r} and {aliases[twice[0]]!r}."
            )
        return {**given, **aliases}

    def _columns(self) -> Iterator[str]:
        yield from self._labels().values()
        yield from _by_name(self.tags, name="tags").values()
        yield from self.properties.values()
        yield from (column for column in (self.email, self.phone) if column is not None)

    def _identity(self, row: Mapping[str, Any]) -> dict[str, str]:
        identity = {}
        for label, column in self._labels().items():
            if (value := _alias(row, label, column)) is not None:
                identity[label] = value
            elif not identity:
                raise _without_user(label, column)
        return identity

    def _tags(self, row: Mapping[str, Any]) -> dict[str, str]:
        tags = {}
        for tag, column in _by_name(self.tags, name="tags").items():
            value = row.get(column)
            if not _is_missing(value):
                tags[tag] = users.tag(value, name=f"tag {tag!r} (column {column!r})")
            elif checks.flag(self.clear_nulls, name="clear_nulls"):
                tags[tag] = ""
        return tags

    def _subscriptions(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        columns = {"Email": self.email, "SMS": self.phone}
        given = {kind: row.get(column) for kind, column in columns.items() if column is not None}
        return [
            {"type": kind, "token": token} for kind, token in given.items() if not _is_blank(token)
        ]


@dataclass(kw_only=True)
class EventMapping(RowMapping):
    """
    Which column of a row goes where in a custom event.

    https://documentation.onesignal.com/reference/create-custom-events

    :param name: column of the event's name, at most 128 characters; or
    :param event_name: the name itself, of all rows
    :param external_id: column of the user's External ID; or
    :param onesignal_id: column of the user's OneSignal ID
    :param timestamp: column of the time it happened: an ISO 8601 string or a datetime, UTC where it
        has no zone. None for the time OneSignal receives it
    :param properties: columns that become properties of the same name, or column by property; a
        missing value is left out
    :raises OneSignalValidationError: the name or the user has no column, or two
    """

    name: str | None = None
    event_name: str | None = None
    external_id: str | None = None
    onesignal_id: str | None = None
    timestamp: str | None = None
    properties: Sequence[str] | Mapping[str, str] = ()

    template_fields: ClassVar[Sequence[str]] = (
        "name",
        "event_name",
        "external_id",
        "onesignal_id",
        "timestamp",
        "properties",
    )

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """
        Check the mapping itself.

        :raises OneSignalValidationError: it breaks a rule
        """
        _exactly_one(self, "name", "event_name")
        _exactly_one(self, "external_id", "onesignal_id")
        _by_name(self.properties, name="properties")
        if self.event_name is not None:
            checks.string(self.event_name, name="event_name", longest=LONGEST_EVENT_NAME)

    def event(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return a row as an event.

        :param row: value by column
        :return: ``name``, ``external_id`` or ``onesignal_id``, and ``timestamp`` and ``properties``
            where there are any
        :raises OneSignalValidationError: a value breaks a rule
        """
        label, column = self._user()
        user = _alias(row, label, column)
        if user is None:
            raise _without_user(label, column)
        event: dict[str, Any] = {"name": self._name(row), label: user}
        if self.timestamp is not None and not _is_blank(moment := row.get(self.timestamp)):
            event["timestamp"] = _iso(moment, column=self.timestamp)
        if properties := self._event_properties(row):
            event["properties"] = properties
        return event

    def _columns(self) -> Iterator[str]:
        named = (self.name, self._user()[1], self.timestamp)
        yield from (column for column in named if column is not None)
        yield from _by_name(self.properties, name="properties").values()

    def _user(self) -> tuple[str, str]:
        if self.external_id is not None:
            return "external_id", self.external_id
        return "onesignal_id", str(self.onesignal_id)

    def _name(self, row: Mapping[str, Any]) -> str:
        if self.name is None:
            return str(self.event_name)
        what = f"Column {self.name!r}, the event's name,"
        return checks.string(row.get(self.name), name=what, longest=LONGEST_EVENT_NAME)

    def _event_properties(self, row: Mapping[str, Any]) -> dict[str, Any]:
        columns = _by_name(self.properties, name="properties")
        values = {name: _json(row.get(column), column) for name, column in columns.items()}
        return {name: value for name, value in values.items() if value is not None}


def _by_name(given: Any, *, name: str) -> Mapping[str, str]:
    if isinstance(given, Mapping):
        return given
    columns = checks.strings(given, name=name)
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise OneSignalValidationError(f"{name} must not have a column twice, got {twice!r}.")
    return {column: column for column in columns}


def _refuse_unknown(given: Any, known: Sequence[str], *, name: str) -> None:
    for each in checks.mapping(given, name=name):
        if each not in known:
            raise OneSignalValidationError(
                f"{name} must be of {', '.join(known)}, got {each!r}. All else is a tag."
            )


def _exactly_one(mapping: Any, *names: str) -> None:
    if sum(getattr(mapping, name) is not None for name in names) != 1:
        raise OneSignalValidationError(f"EventMapping needs exactly one of {' and '.join(names)}.")


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _is_blank(value: Any) -> bool:
    return _is_missing(value) or value == ""


def _without_user(label: str, column: str) -> OneSignalValidationError:
    return OneSignalValidationError(
        f"Column {column!r}, the user's {label}, is empty: nobody knows whose row this is."
    )


def _alias(row: Mapping[str, Any], label: str, column: str) -> str | None:
    value = row.get(column)
    return None if _is_blank(value) else users.alias(label, value, name="identity")[1]


def _property(name: str, value: Any) -> Any:
    if _is_blank(value):
        return None
    if name in _TIMES:
        return _seconds(name, value)
    if name in _NUMBERS:
        return checks.number(float(value) if isinstance(value, Decimal) else value, name=name)
    return checks.string(value, name=name)


def _seconds(name: str, value: Any) -> int:
    if isinstance(value, dt.datetime):
        return int(_aware(value).timestamp())
    seconds = checks.number(value, name=f"{name} (seconds since the epoch, or a datetime)")
    return int(seconds)


def _iso(value: Any, *, column: str) -> str:
    try:
        moment = value if isinstance(value, dt.datetime) else _parsed(value)
    except (TypeError, ValueError):
        raise OneSignalValidationError(
            f"Column {column!r}, the timestamp, must be a time in ISO 8601 such as "
            f"2026-11-25T08:00:00Z, got {type(value).__name__}."
        ) from None
    return _aware(moment).isoformat()


def _parsed(value: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(value)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _json(value: Any, column: str) -> Any:
    """Return a value as JSON can hold it, None if it is missing."""
    if isinstance(value, Mapping):
        return {str(name): _json(item, column) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item, column) for item in value]
    return None if _is_missing(value) else _json_scalar(value, column)


def _json_scalar(value: Any, column: str) -> Any:
    if isinstance(value, str | int) or (isinstance(value, float) and not math.isinf(value)):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise OneSignalValidationError(
        f"Column {column!r} holds what JSON cannot: a {type(value).__name__}"
        f"{' that is infinite' if isinstance(value, float) else ''}."
    )
