"""
An answer of the API becomes its value or a typed error.

Errors come in four envelopes, and also on a 2xx:
https://documentation.onesignal.com/reference/rest-api-overview
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from airflow_provider_onesignal.api import checks
from airflow_provider_onesignal.api.redaction import redact
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConflictError,
    OneSignalError,
    OneSignalExportInProgressError,
    OneSignalInvalidRequestError,
    OneSignalNotFoundError,
    OneSignalPlanError,
    OneSignalRateLimitError,
    OneSignalServerError,
    OneSignalTransientError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.http_policy import retry_after_seconds

MAX_ANSWER_BYTES = 16 * 1024 * 1024
_MAX_MESSAGES = 5
_RUNNING = "already running another"


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


def value_of(request: ApiRequest, answer: Answer) -> Any:
    """
    Give the answer's JSON, or raise what it says went wrong.

    :param request: what was asked
    :param answer: what came back
    :return: a dict, empty where a success has no body; or a list, where the request
        ``may_give_list``
    :raises OneSignalError: of the type that fits, see ``exceptions``
    """
    is_empty = answer.status // 100 == 2 and not answer.body.strip()
    body = {} if is_empty else _decoded(answer.body)
    if answer.status // 100 != 2:
        raise _error(request, answer, _messages(body))
    if isinstance(body, list) and request.may_give_list:
        return body
    if not isinstance(body, dict):
        raise _not_understood(request, answer)
    messages = _messages(body)
    if messages or body.get("success") is False:
        raise _error(request, answer, messages)
    return body


def says_export_is_running(answer: Answer) -> bool:
    """Tell whether the account's only export slot is taken; the status does not say it reliably."""
    said = " ".join(_messages(_decoded(answer.body))).lower()
    return _kind(answer.status, said)[0] is OneSignalExportInProgressError


def text_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> str:
    """
    Give a text that a successful answer must hold.

    :param name: the field's name, such as ``csv_file_url``
    :raises OneSignalServerError: it is missing or no text
    """
    value = body.get(name)
    if isinstance(value, str) and value:
        return value
    raise OneSignalServerError(
        f"OneSignal's answer to {request.operation!r} has no {name!r}. "
        "Try again; if it stays so, check that the connection's host is OneSignal's API.",
        status_code=200,
    )


def url_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> str:
    """
    Give the address of an export's file that a successful answer must hold.

    :param name: the field's name, such as ``csv_file_url``
    :raises OneSignalServerError: it is missing or no http(s) URL
    """
    try:
        return checks.export_url(text_of(request, body, name))
    except OneSignalValidationError:
        raise OneSignalServerError(
            f"OneSignal's answer to {request.operation!r} holds a {name!r} that is no http(s) URL. "
            "Try again; if it stays so, check that the connection's host is OneSignal's API.",
            status_code=200,
        ) from None


def list_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """
    Give a list of objects that a successful answer must hold.

    :param name: the field's name, such as ``segments``
    :raises OneSignalServerError: it is missing or not a list of objects
    """
    value = body.get(name)
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise OneSignalServerError(
        f"OneSignal's answer to {request.operation!r} has no list {name!r}. "
        "Try again; if it stays so, check that the connection's host is OneSignal's API.",
        status_code=200,
    )


def object_of(request: ApiRequest, body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """
    Give an object that a successful answer must hold.

    :param name: the field's name, such as ``identity``
    :raises OneSignalServerError: it is missing or no object
    """
    value = body.get(name)
    if isinstance(value, dict):
        return value
    raise OneSignalServerError(
        f"OneSignal's answer to {request.operation!r} has no object {name!r}. "
        "Try again; if it stays so, check that the connection's host is OneSignal's API.",
        status_code=200,
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
            yield from (f"{name}: {json.dumps(value)}" for name, value in errors.items())
        case _ if errors:
            yield str(errors)


def _item_texts(item: Any) -> Iterator[str]:
    if not isinstance(item, dict):
        yield str(item)
        return
    parts = [str(item[name]) for name in ("code", "title") if item.get(name)]
    if item.get("meta"):
        parts.append(json.dumps(item["meta"]))
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


def _kind(status: int, said: str) -> tuple[type[OneSignalError], str]:
    # The texts come first: OneSignal's status codes are not reliable where they matter most. A 429
    # or 5xx is, but for the export slot: whatever else it speaks of, a later try may succeed.
    may_pass = status == 429 or status >= 500
    for texts, kind, remedy in _BY_TEXT[:1] if may_pass else _BY_TEXT:
        if any(text in said for text in texts):
            return kind, remedy
    if status >= 500:
        return OneSignalServerError, "OneSignal has a problem; try again later."
    return _BY_STATUS.get(status) or _by_class(status)


_KEY_REMEDY = (
    "Put the App API key of this very app into the connection's password "
    "(OneSignal dashboard: Settings > Keys & IDs)."
)

_MESSAGE_REMEDY = (
    "Check the message id and its age: audience events are kept about 30 days, "
    "a message's history can be asked for within 7 days of sending."
)

_BY_TEXT: tuple[tuple[tuple[str, ...], type[OneSignalError], str], ...] = (
    (
        (_RUNNING,),
        OneSignalExportInProgressError,
        "Wait for the running export, use on_conflict='wait', or share a one-slot pool.",
    ),
    (
        ("on your plan", "for your plan"),
        OneSignalPlanError,
        "Upgrade the app's OneSignal plan or drop the operation.",
    ),
    (
        ("access denied", "authorization", "api key", "auth-1"),
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
_BY_STATUS: dict[int, tuple[type[OneSignalError], str]] = {
    401: (OneSignalAuthenticationError, _KEY_REMEDY),
    403: (OneSignalAuthenticationError, _KEY_REMEDY),
    404: (OneSignalNotFoundError, "Check the ids, and that they belong to the connection's app."),
    409: (OneSignalConflictError, "It exists already or belongs to another."),
    429: (OneSignalRateLimitError, "Ask less often, or let the task retry later."),
}


def _by_class(status: int) -> tuple[type[OneSignalError], str]:
    if status // 100 == 3:
        return OneSignalInvalidRequestError, (
            "The host redirects, which is not followed lest the key be given away: "
            "put the final address into the connection's host."
        )
    return OneSignalInvalidRequestError, "Correct the parameters; a retry cannot help."


def _summary(answer: Answer) -> str:
    if not answer.body:
        return "no text was given."
    return f"no error text; the answer begins {redact(_beginning(answer.body), limit=80)!r}."


def _beginning(body: bytes) -> str:
    return body[:400].decode("utf-8", errors="replace")


def _not_understood(request: ApiRequest, answer: Answer) -> OneSignalServerError:
    what = redact(_beginning(answer.body), limit=80)
    return OneSignalServerError(
        f"The answer to {request.operation!r} (HTTP {answer.status}) is not a JSON object: "
        f"it begins {what!r}. Check that the connection's host is OneSignal's API.",
        status_code=answer.status,
    )
