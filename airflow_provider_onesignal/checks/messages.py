"""
What OneSignal accepts as a message. No error shows a recipient: they are personal data.

https://documentation.onesignal.com/reference/create-message
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.checks import segments as segment_checks, users as user_checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

CHANNELS = ("push", "email", "sms")
KINDS = (0, 1, 3)
"""How a message was made: in the dashboard, by the API, by an automation."""
MOST_RECIPIENTS = 20_000
LONGEST_NAME = 128
DEFAULT_LANGUAGE = "en"
"""The language that OneSignal requires, whatever else there is."""

_CONTENT = {
    "push": ("contents", "headings"),
    "email": ("email_subject", "email_body"),
    "sms": ("contents",),
}
_AUDIENCES = ("segments", "aliases", "subscription_ids", "filters")
_PARAMETER_OF = {
    "app_id": "onesignal_conn_id",
    "external_id": "idempotency_key",
    "included_segments": "segments",
    "include_aliases": "aliases",
    "include_subscription_ids": "subscription_ids",
} | {
    name: name
    for name in (
        "target_channel",
        "contents",
        "headings",
        "email_subject",
        "email_body",
        "template_id",
        "custom_data",
        "excluded_segments",
        "filters",
        "send_after",
        "name",
        "idempotency_key",
    )
}


def message_body(
    *,
    target_channel: Any,
    contents: Any = None,
    headings: Any = None,
    email_subject: Any = None,
    email_body: Any = None,
    template_id: Any = None,
    custom_data: Any = None,
    segments: Any = None,
    excluded_segments: Any = None,
    aliases: Any = None,
    subscription_ids: Any = None,
    filters: Any = None,
    send_after: Any = None,
    name: Any = None,
    options: Any = None,
    allow_unknown: bool = False,
    now: datetime | None = None,
) -> dict[str, Any]:
    """
    Return the body of the request that sends a message.

    :param target_channel: "push", "email" or "sms"
    :param contents: of a push or SMS: a string (English), or strings by language, "en" among them
    :param headings: titles of a push, in the same form
    :param email_subject: of an email
    :param email_body: of an email, HTML
    :param template_id: UUID of a template, which has the content then
    :param custom_data: dict for the template
    :param segments: names of segments; exactly one of this and the next three must be given
    :param aliases: ids by alias label, such as ``{"external_id": ["4", "5"]}``, up to 20,000
    :param subscription_ids: UUIDs, up to 20,000
    :param filters: as of a segment
    :param excluded_segments: names of segments whose members get nothing, with ``segments`` only
    :param send_after: when to send: an aware datetime or an ISO 8601 string with a time zone
    :param name: for the dashboard, up to 128 characters
    :param options: any other field of the API, as it is
    :param allow_unknown: let fields and relations of filters pass that are not known here
    :param now: the present, so that a ``send_after`` before it is refused; None to take any
    :raises OneSignalValidationError: a rule is broken
    """
    channel = checks.one_of(target_channel, CHANNELS, name="target_channel")
    others = _options(options)
    content = {
        "contents": contents,
        "headings": headings,
        "email_subject": email_subject,
        "email_body": email_body,
    }
    audiences = {
        "segments": segments,
        "aliases": aliases,
        "subscription_ids": subscription_ids,
        "filters": filters,
    }
    body = {
        "target_channel": channel,
        **_content(channel, content, has_own=template_id is not None or _is_silent(others)),
        **_audience(audiences, excluded_segments, others, allow_unknown=allow_unknown),
    }
    if template_id is not None:
        body["template_id"] = checks.uuid(template_id, name="template_id")
    if custom_data is not None:
        body["custom_data"] = checks.mapping(custom_data, name="custom_data")
    if send_after is not None:
        body["send_after"] = _send_after(send_after, now)
    if name is not None:
        body["name"] = checks.string(name, name="name", longest=LONGEST_NAME)
    checks.json_value(body | others, name="message")
    return body | others


def idempotency_key(value: Any) -> str:
    """
    Check the key by which OneSignal knows a message again.

    :raises OneSignalValidationError: it is no UUID
    """
    return checks.uuid(value, name="idempotency_key")


def kind(value: Any) -> int:
    """
    Check how messages were made.

    :param value: 0 (dashboard), 1 (API) or 3 (automated), or a string of one
    :raises OneSignalValidationError: it is none of them
    """
    found = checks.number(value, name="kind")
    if found not in KINDS:
        raise OneSignalValidationError(
            f"kind must be 0 (dashboard), 1 (API) or 3 (automated), got {value!r}."
        )
    return int(found)


def _content(channel: str, given: Mapping[str, Any], *, has_own: bool) -> dict[str, Any]:
    found = {name: value for name, value in given.items() if value is not None}
    taken = _CONTENT[channel]
    if foreign := [name for name in found if name not in taken]:
        raise OneSignalValidationError(
            f"{foreign[0]} is not for {channel!r}: such a message takes {' and '.join(taken)}."
        )
    missing = [name for name in taken if name not in found and name != "headings"]
    if missing and not has_own:
        raise OneSignalValidationError(
            f"A message of channel {channel!r} needs {' and '.join(missing)}, or template_id."
        )
    check = _words if channel == "email" else _by_language
    return {name: check(value, name=name) for name, value in found.items()}


def _by_language(value: Any, *, name: str) -> dict[str, str]:
    if isinstance(value, str):
        return {DEFAULT_LANGUAGE: _words(value, name=name)}
    words = {
        language: _words(each, name=f"{name}[{language!r}]")
        for language, each in checks.mapping(value, name=name).items()
    }
    if DEFAULT_LANGUAGE not in words:
        raise OneSignalValidationError(
            f"{name} must have the language 'en', which OneSignal requires, such as "
            "{'en': 'Hello', 'de': 'Hallo'}."
        )
    return words


def _words(value: Any, *, name: str) -> str:
    if value == "None":
        raise OneSignalValidationError(
            f"{name} is the string 'None': a template rendered to it. Leave {name} out, or give "
            "the template a default."
        )
    return checks.string(value, name=name)


def _audience(
    given: Mapping[str, Any],
    excluded: Any,
    options: Mapping[str, Any],
    *,
    allow_unknown: bool,
) -> dict[str, Any]:
    found = [name for name in _AUDIENCES if given[name] is not None]
    found += [name for name in options if _is_audience(name)]
    if len(found) != 1:
        raise OneSignalValidationError(
            f"A message needs exactly one audience, {', '.join(_AUDIENCES[:-1])} or "
            f"{_AUDIENCES[-1]}, got {' and '.join(found) or 'none'}."
        )
    (audience,) = found
    if excluded is not None and audience != "segments":
        raise OneSignalValidationError(
            f"excluded_segments works with segments only, and not with {audience}."
        )
    match audience:
        case "segments":
            return _segments(given["segments"], excluded)
        case "aliases":
            return {"include_aliases": _aliases(given["aliases"])}
        case "subscription_ids":
            return {"include_subscription_ids": _subscription_ids(given["subscription_ids"])}
        case "filters":
            check = segment_checks.message_filters
            return {"filters": check(given["filters"], allow_unknown=allow_unknown)}
        case _:
            _recipients(options[audience], name=f"options[{audience!r}]")
            return {}


def _is_audience(option: str) -> bool:
    # Such as include_phone_numbers, and the names of old API versions, such as include_player_ids.
    is_included = option.startswith("include_") and option != "include_unsubscribed"
    return is_included or option == "email_to"


def _segments(segments: Any, excluded: Any) -> dict[str, list[str]]:
    names = checks.strings(segments, name="segments")
    if not names:
        raise _nobody("segments")
    others = [] if excluded is None else checks.strings(excluded, name="excluded_segments")
    return {"included_segments": names} | ({"excluded_segments": others} if others else {})


def _aliases(value: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for label, ids in checks.mapping(value, name="aliases").items():
        given = ids if isinstance(ids, list | tuple) else [ids]
        found[label] = [
            user_checks.alias(label, each, name=f"aliases[{index}]")[1]
            for index, each in enumerate(given)
        ]
    _check_number(sum(map(len, found.values())), name="aliases")
    return {label: ids for label, ids in found.items() if ids}


def _subscription_ids(value: Any) -> list[str]:
    given = checks.sequence(value, name="subscription_ids", of="UUIDs")
    _check_number(len(given), name="subscription_ids")
    found = []
    for index, each in enumerate(given):
        try:
            found.append(checks.uuid(each, name="subscription_ids"))
        except OneSignalValidationError:
            raise OneSignalValidationError(f"subscription_ids[{index}] is no UUID.") from None
    return found


def _recipients(value: Any, *, name: str) -> None:
    given = checks.sequence(value, name=name, of="strings")
    _check_number(len(given), name=name)
    for index, each in enumerate(given):
        if not isinstance(each, str) or not each.strip():
            raise OneSignalValidationError(f"{name}[{index}] must be a non-blank string.")


def _check_number(recipients: int, *, name: str) -> None:
    if not recipients:
        raise _nobody(name)
    if recipients > MOST_RECIPIENTS:
        raise OneSignalValidationError(
            f"{name} must have at most {MOST_RECIPIENTS:,} recipients, got {recipients:,}: send "
            "several messages, or make a segment."
        )


def _nobody(name: str) -> OneSignalValidationError:
    return OneSignalValidationError(
        f"{name} is empty, so that the message would reach nobody. Skip the task where there is "
        "no recipient."
    )


def _send_after(value: Any, now: datetime | None) -> str:
    found = checks.moment(value, name="send_after").astimezone(UTC)
    if now is not None and found < now:
        raise OneSignalValidationError(
            f"send_after is in the past ({found.isoformat(timespec='seconds')}). Leave it out to "
            "send now."
        )
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _options(value: Any) -> dict[str, Any]:
    given = {} if value is None else dict(checks.mapping(value, name="options"))
    for field in given:
        if field in _PARAMETER_OF:
            raise OneSignalValidationError(
                f"options must not have {field!r}: use the parameter {_PARAMETER_OF[field]}."
            )
    return given


def _is_silent(options: Mapping[str, Any]) -> bool:
    # A push that wakes the app and shows nothing.
    return options.get("content_available") is True
