"""What can go wrong before there is a file: when the export starts, and while it is waited for."""

from __future__ import annotations

from airflow_provider_onesignal import exceptions as e
from tests.integration.case import Case, case, line
from tests.integration.cases import ALWAYS, ELSEWHERE, HTML, NO_URLS, RUNNING, XML, answer

AN_EXPORT_NOBODY_KNOWS = (
    "The object that was there, if any. Perhaps an export at OneSignal whose address nobody knows: "
    "the next try waits until it is done, and exports again."
)
NO_EXPORT = "The object that was there, if any. No export was started."

WAITS: dict[str, Case] = {
    **line(
        "The file is not there yet: 403 or 404, also with a body without end",
        {
            "pending with 403": case(answer(403, body=XML, times=2)),
            "pending with 404": case(answer(404, body=XML, times=2)),
            "a page without end": case(answer(404, body=XML, endless=True, times=2)),
        },
    ),
    **line(
        "Its host is busy or fails: 429, 5xx, 52x",
        {
            "429, with Retry-After": case(answer(429, headers={"Retry-After": "1"}, times=2)),
            "500": case(answer(500, times=2)),
            "503": case(answer(503, times=2)),
            "524": case(answer(524, body=HTML, times=2)),
        },
    ),
    **line(
        "The connection breaks, is reset, or is slow to answer",
        {
            "cut": case({"cut_at": 0, "times": 2}),
            "reset": case({"cut_at": 0, "reset": True, "times": 2}),
            "late": case({"delay": 0.2, "times": 2}),
        },
    ),
    **line(
        "The host ignores ranges: a look never downloads the file",
        {"no ranges": case({"no_ranges": True, **ALWAYS})},
    ),
    **line(
        "The URL answers with what waiting cannot change (400, 401, 410, 416), or redirects",
        {
            **{
                str(status): case(answer(status), error=e.OneSignalExportUnavailableError)
                for status in (400, 401, 410, 416)
            },
            "a redirect": case(ELSEWHERE, error=e.OneSignalExportUnavailableError),
        },
    ),
    **line(
        "The file is not there, or its host not well, until `timeout` has passed",
        {
            "404 for ever": case(answer(404, **ALWAYS), error=e.OneSignalExportTimeoutError),
            "503 for ever": case(answer(503, **ALWAYS), error=e.OneSignalExportTimeoutError),
            "cut for ever": case({"cut_at": 0, **ALWAYS}, error=e.OneSignalExportTimeoutError),
        },
    ),
}
"""Faults of the looks at whether the file is there."""

STARTS: dict[str, Case] = {
    **line(
        "OneSignal is busy (429, 503), with `Retry-After` or without: asked again",
        {
            "429, with Retry-After": case(
                answer(429, headers={"Retry-After": "7"}, times=2), waits=7
            ),
            "429": case(answer(429, times=4)),
            "503": case(answer(503, times=4)),
        },
    ),
    **line(
        "Another export of the account is running, said with any status",
        {
            f"another export is running, with {status}": case(answer(status, body=RUNNING, times=2))
            for status in (200, 400, 403, 409, 422, 429)
        },
    ),
    **line(
        "Another export runs until `timeout` has passed",
        {
            "another export is running for ever": case(
                answer(400, body=RUNNING, **ALWAYS), error=e.OneSignalExportTimeoutError
            ),
        },
        left=NO_EXPORT,
    ),
    **line(
        "OneSignal stays busy with 429",
        {"429 for ever": case(answer(429, **ALWAYS), error=e.OneSignalRateLimitError)},
        left=NO_EXPORT,
    ),
    **line(
        "The request is wrong (400, 422), also where a 200 says so, or the host redirects",
        {
            "400": case(answer(400), error=e.OneSignalInvalidRequestError),
            "422": case(answer(422), error=e.OneSignalInvalidRequestError),
            "an error of 200": case(
                answer(200, body={"errors": ["Something is wrong"]}),
                error=e.OneSignalInvalidRequestError,
            ),
            "a redirect": case(ELSEWHERE, error=e.OneSignalInvalidRequestError),
        },
        left=NO_EXPORT,
    ),
    **line(
        "The key is wrong, or of another app (401, 403)",
        {
            "401": case(answer(401), error=e.OneSignalAuthenticationError),
            "403": case(answer(403), error=e.OneSignalAuthenticationError),
        },
        left=NO_EXPORT,
    ),
    **line(
        "The plan does not include it",
        {
            "not on the plan": case(
                answer(403, body={"errors": ["This API is not available for your plan."]}),
                error=e.OneSignalPlanError,
            ),
        },
        left=NO_EXPORT,
    ),
    **line(
        "The app or message does not exist (404)",
        {"404": case(answer(404), error=e.OneSignalNotFoundError)},
        left=NO_EXPORT,
    ),
    **line(
        "OneSignal speaks of a conflict (409) and not of a running export",
        {"409": case(answer(409), error=e.OneSignalConflictError)},
        left=NO_EXPORT,
    ),
    **line(
        "OneSignal fails (500, 502, 504, 52x, 503 for good): not repeated where it may have acted",
        {
            "503 for ever": case(answer(503, **ALWAYS), error=e.OneSignalServerError),
            **{
                str(status): case(answer(status), error=e.OneSignalServerError)
                for status in (500, 502, 504, 524)
            },
            "an HTML page of 502": case(answer(502, body=HTML), error=e.OneSignalServerError),
        },
        left=AN_EXPORT_NOBODY_KNOWS,
    ),
    **line(
        "The connection breaks before, in or after the answer: not repeated",
        {
            "no answer": case({"cut_at": 0}, error=e.OneSignalUnreachableError),
            "a lost answer": case({"cut_at": 0, "acted": True}, error=e.OneSignalUnreachableError),
            "a reset": case({"cut_at": 0, "reset": True}, error=e.OneSignalUnreachableError),
            "a cut answer": case({"cut_at": 20}, error=e.OneSignalUnreachableError),
        },
        left=AN_EXPORT_NOBODY_KNOWS,
    ),
    **line(
        "The answer is no JSON object, an HTML page, or without end",
        {
            "an HTML page": case(answer(200, body=HTML), error=e.OneSignalServerError),
            "an answer without end": case(
                answer(200, body={}, endless=True), error=e.OneSignalServerError
            ),
            **{
                f"not the JSON: {body!r:.20}": case(
                    answer(200, body=body), error=e.OneSignalServerError
                )
                for body in ("", "not JSON", '{"csv_file_url": "http', "null", "[]", "7", '"text"')
            },
        },
        left=AN_EXPORT_NOBODY_KNOWS,
    ),
    **line(
        "The answer holds no address, or one that is no http(s) URL",
        {
            **{
                f"as csv_file_url {url!r}": case(
                    answer(200, body={"csv_file_url": url}), error=e.OneSignalServerError
                )
                for url in NO_URLS
            },
            "no csv_file_url": case(answer(200, body={}), error=e.OneSignalServerError),
        },
        left=AN_EXPORT_NOBODY_KNOWS,
    ),
}
"""Faults of the call that starts the export."""
