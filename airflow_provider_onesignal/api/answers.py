"""
A response of the API becomes its value or a typed error.

Errors come in five shapes, also with a 2xx:
https://documentation.onesignal.com/reference/rest-api-overview
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConflictError,
    OneSignalError,
    OneSignalExportInProgressError,
    OneSignalInvalidRequestError,
    OneSignalNoRecipientsError,
    OneSignalNotFoundError,
    OneSignalPlanError,
    OneSignalRateLimitError,
    OneSignalServerError,
    OneSignalSubscriptionLimitError,
    OneSignalTransientError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.http_policy import retry_after_seconds
from airflow_provider_onesignal.redaction import redact

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 16 * 1024 * 1024
_MAX_MESSAGES = 5
_RUNNING = "already running another"
_Kind = tuple[type[OneSignalError], str]


class Answer(NamedTuple):
    """
    What came back for a request.

    :param status: HTTP status
    :param headers: headers, names in any case
    :param body: undecoded body
    """

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Sent(NamedTuple):
    """
    What a request brought.

    :param value: the response's JSON, see :func:`value_of`
    :param headers: the response's headers, names in any case
    """

    value: Any
    headers: Mapping[str, str] = {}


def value_of(request: ApiRequest, answer: Answer) -> Any:
    """
    Return the response's JSON, or raise the error that it holds.

    A success that names errors as well is returned whole: something was done, some of it was not.

    :param request: what was asked
    :param answer: what came back
    :return: a dict, empty if a success has no body; or a list, if the request ``may_give_list``
    :raises OneSignalError: of the type that fits, see ``exceptions``
    """
    is_success = answer.status // 100 == 2
    body = {} if is_success and not answer.body.strip() else _decoded(answer.body)
    if not is_success:
        raise _error(request, answer, _messages(body))
    if isinstance(body, list) and request.may_give_list:
        return body
    if not isinstance(body, dict):
        raise _not_understood(request, answer)
    if body.get("errors") or body.get("success") is False or body.get("id") == "":
        _raise_unless_partial(request, answer, body)
    return body


def says_export_is_running(answer: Answer) -> bool:
    """Return whether another export holds the account's only slot; the status is not reliable."""
    return _RUNNING in " ".join(_messages(_decoded(answer.body))).lower()


def refused(body: Mapping[str, Any]) -> dict[str, int]:
    """
    Count what a partial success left out, without a name of anybody.

    :param body: of a response, such as ``{"id": "…", "errors": {"invalid_aliases": {…}}}``
    :return: number by kind, such as ``{"invalid_aliases": 3}``; empty if all was done
    """
    errors = body.get("errors")
    if isinstance(errors, dict):
        return {str(kind): _count(each) for kind, each in errors.items()}
    return {"errors": _count(errors)} if errors else {}


def text_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> str:
    """
    Return a string that a successful response must hold.

    :param name: the field's name, such as ``csv_file_url``
    :raises OneSignalServerError: it is missing or no string
    """
    value = body.get(name)
    if isinstance(value, str) and value:
        return value
    raise _lacks(request, f"no {name!r}")


def url_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> str:
    """
    Return the URL of an export's file that a successful response must hold.

    :param name: the field's name, such as ``csv_file_url``
    :raises OneSignalServerError: it is missing or no http(s) URL
    """
    try:
        return checks.export_url(text_of(request, body, name))
    except OneSignalValidationError:
        raise _lacks(request, f"a {name!r} that is no http(s) URL") from None


def list_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """
    Return a list of objects that a successful response must hold.

    :param name: the field's name, such as ``segments``
    :raises OneSignalServerError: it is missing or not a list of objects
    """
    value = body.get(name)
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise _lacks(request, f"no list {name!r}")


def object_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """
    Return an object that a successful response must hold.

    :param name: the field's name, such as ``identity``
    :raises OneSignalServerError: it is missing or no object
    """
    value = body.get(name)
    if isinstance(value, dict):
        return value
    raise _lacks(request, f"no object {name!r}")


def _lacks(request: ApiRequest, what: str) -> OneSignalServerError:
    return OneSignalServerError(
        f"OneSignal's response to {request.operation!r} has {what}. Try again; if it stays so, "
        "check that the connection's host is OneSignal's API.",
        status_code=200,
    )


def _raise_unless_partial(request: ApiRequest, answer: Answer, body: dict[str, Any]) -> None:
    errors = body.get("errors")
    if "id" in body and not body["id"]:
        raise OneSignalNoRecipientsError(
            f"OneSignal has nobody to reach with this {request.operation!r}: "
            f"{_sentence('; '.join(_messages(body)) or 'it gave no reason')} Check the audience.",
            status_code=answer.status,
            messages=_messages(body),
        )
    if errors and (body.get("id") or _are_of_events(errors)):
        # Never the errors themselves: they quote external ids, email addresses and phone numbers.
        log.warning(
            "OneSignal did %r in part: its response names %d errors",
            request.operation,
            sum(refused(body).values()),
        )
        return
    raise _error(request, answer, _messages(body))


def _are_of_events(errors: Any) -> bool:
    return isinstance(errors, list) and all(
        isinstance(each, dict)
        and "error" in each
        and ("event_user_id" in each or "event_id" in each)
        for each in errors
    )


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _messages(body: Any) -> tuple[str, ...]:
    errors = body.get("errors") if isinstance(body, dict) else None
    found = (redact(text) for text in _texts(errors) if text)
    try:
        return tuple(islice(found, _MAX_MESSAGES))
    except RecursionError:
        return ("errors nested too deep to show",)


def _texts(errors: Any) -> Iterator[str]:
    match errors:
        case list():
            for item in errors:
                yield from _item_texts(item)
        case dict():
            yield from (f"{name}: {_shown(name, value)}" for name, value in errors.items())
        case _ if errors:
            yield str(errors)


def _shown(name: str, value: Any) -> str:
    # "invalid_aliases" and its like list the recipients.
    return f"{_count(value)} of them" if str(name).startswith("invalid_") else json.dumps(value)


def _count(value: Any) -> int:
    # A dict of lists, such as recipients by alias label.
    lists = value.values() if isinstance(value, dict) else [value]
    return sum(len(each) if isinstance(each, list) else 1 for each in lists)


def _item_texts(item: Any) -> Iterator[str]:
    if not isinstance(item, dict):
        yield str(item)
        return
    told = item["error"] if isinstance(item.get("error"), dict) else item
    parts = [str(told[name]) for name in ("code", "title") if told.get(name)]
    if isinstance(told.get("meta"), dict):
        # Its values are aliases, that is personal data.
        parts.append(f"({', '.join(map(str, told['meta']))})")
    yield " ".join(parts) or "an error without text"


def _error(request: ApiRequest, answer: Answer, messages: tuple[str, ...]) -> OneSignalError:
    kind, remedy = _kind(answer.status, " ".join(messages).lower())
    said = _sentence("; ".join(messages)) if messages else _summary(answer)
    text = f"OneSignal refused {request.operation!r} (HTTP {answer.status}): {said} {remedy}"
    details: dict[str, Any] = {"status_code": answer.status, "messages": messages}
    if issubclass(kind, OneSignalTransientError):
        details["retry_after"] = retry_after_seconds(answer.headers)
    return kind(text, **details)


def _sentence(said: str) -> str:
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def _kind(status: int, said: str) -> _Kind:
    # The status decides, and words only where it cannot: 400 and 403 stand for many things, and
    # that of a second export is not reliable.
    if _RUNNING in said:
        return OneSignalExportInProgressError, (
            "Wait for the running export, use on_conflict='wait', or share a one-slot pool."
        )
    if status >= 500:
        return OneSignalServerError, "OneSignal has a problem; try again later."
    if status == 409 and ("subscription-1" in said or "subscription limit" in said):
        return OneSignalSubscriptionLimitError, (
            "A user has at most 20 subscriptions: delete one of them before you add another."
        )
    if status == 404 and any(word in said for word in ("notification", "message")):
        return OneSignalNotFoundError, _MESSAGE_REMEDY
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    by_words = (rule[1:] for rule in _BY_WORDS if any(words in said for words in rule[0]))
    return next(by_words, None) or _by_class(status)


_KEY_REMEDY = (
    "Put the App API key of this very app into the connection's password (OneSignal dashboard: "
    "Settings > Keys & IDs), and check that the key's IP allowlist has this machine."
)
_MESSAGE_REMEDY = (
    "Check the message id and its age: audience events are kept for about 30 days, and a message's "
    "history can be exported within 7 days of sending."
)
_BY_STATUS: dict[int, _Kind] = {
    401: (OneSignalAuthenticationError, _KEY_REMEDY),
    404: (OneSignalNotFoundError, "Check the ids, and that they belong to the connection's app."),
    409: (OneSignalConflictError, "It already exists, or belongs to another user."),
    429: (OneSignalRateLimitError, "Send fewer requests, or let the task retry later."),
}
_BY_WORDS: tuple[tuple[tuple[str, ...], type[OneSignalError], str], ...] = (
    (
        ("on your plan", "for your plan"),
        OneSignalPlanError,
        "Upgrade the app's OneSignal plan, or do without the operation.",
    ),
    (
        (
            "access denied",
            "header of authorization",
            "'authorization' in the http header",
            "rest api key",
            "auth-1",
        ),
        OneSignalAuthenticationError,
        _KEY_REMEDY,
    ),
    (("already taken",), OneSignalConflictError, "Choose another name."),
    (
        ("notification not found", "no message exists"),
        OneSignalNotFoundError,
        _MESSAGE_REMEDY,
    ),
)


def _by_class(status: int) -> _Kind:
    if status == 403:
        return OneSignalAuthenticationError, _KEY_REMEDY
    if status // 100 == 3:
        return OneSignalInvalidRequestError, (
            "The host redirects, which is not followed so that the key reaches no other host: put "
            "the final URL into the connection's host."
        )
    return OneSignalInvalidRequestError, "Correct the parameters; a retry cannot help."


def _summary(answer: Answer) -> str:
    if not answer.body:
        return "it gave no reason."
    return f"it gave no reason; the response begins {redact(_beginning(answer.body), limit=80)!r}."


def _beginning(body: bytes) -> str:
    return body[:400].decode("utf-8", errors="replace")


def _not_understood(request: ApiRequest, answer: Answer) -> OneSignalServerError:
    what = redact(_beginning(answer.body), limit=80)
    return OneSignalServerError(
        f"The response to {request.operation!r} (HTTP {answer.status}) is not a JSON object: "
        f"it begins {what!r}. Check that the connection's host is OneSignal's API.",
        status_code=answer.status,
    )
