"""A file behind a URL: asked for, and what the responses say about it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import urllib3

from airflow_provider_onesignal import http_policy
from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalExportCorruptError,
    OneSignalExportUnavailableError,
    OneSignalUnreachableError,
    OneSignalValidationError,
)

log = logging.getLogger(__name__)

Timeout = float | tuple[float, float] | None

_BREAKS = (urllib3.exceptions.HTTPError, OSError)
# No file is longer; Python refuses to read numbers of some thousand digits.
_NUMBER = r"[0-9]{1,18}"
_CONTENT_RANGE = re.compile(rf"bytes ({_NUMBER})-({_NUMBER})/({_NUMBER}|\*)\s*", re.IGNORECASE)


class FileChangedError(OneSignalExportCorruptError):
    """The file behind the URL became another one while it was read; the copy begins again."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"The export's file at {label} changed while it was downloaded. Nothing was stored. "
            "Retry; if it stays so, start a new export."
        )


class Dropped(Exception):  # noqa: N818 - ends one attempt, and never leaves this package
    """
    A request failed in a way that the next one may not.

    :param reason: what happened, without a URL
    :param retry_after: seconds the server asked to wait
    """

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class Version:
    """Which file it is, as far as the server says."""

    size: int | None
    etag: str | None
    last_modified: str | None

    @property
    def validator(self) -> str | None:
        """What ``If-Range`` may hold: a strong ETag, else the date of the last change."""
        return self.strong_etag or self.last_modified

    @property
    def strong_etag(self) -> str | None:
        """The ETag where it stands for each byte of the file."""
        return self.etag if self.etag and not self.etag.startswith("W/") else None

    def contradicts(self, other: Version) -> bool:
        """Return whether the two cannot be the same file."""
        pairs = (
            (self.size, other.size),
            (self.etag, other.etag),
            (self.last_modified, other.last_modified),
        )
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """The bytes ``first`` to ``last``, both included, of ``total`` (None: not told)."""

    first: int
    last: int
    total: int | None


def byte_range(headers: Mapping[str, str]) -> ByteRange | None:
    """Return the ``Content-Range``, None where it is missing or malformed."""
    if not (match := _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))):
        return None
    first, last, total = match.groups()
    return ByteRange(first=int(first), last=int(last), total=None if total == "*" else int(total))


def version_of(headers: Mapping[str, str]) -> Version:
    """Return which file a response is about; of a part, the size of the whole."""
    part = byte_range(headers)
    length = headers.get("Content-Length", "")
    whole = int(length) if re.fullmatch(_NUMBER, length) else None
    return Version(
        size=part.total if part else whole,
        etag=headers.get("ETag"),
        last_modified=headers.get("Last-Modified"),
    )


def encoding_of(headers: Mapping[str, str]) -> str:
    """Return the ``Content-Encoding`` in lower case, "" for none."""
    return headers.get("Content-Encoding", "").strip().lower()


@dataclass(frozen=True, kw_only=True)
class ResumePolicy:
    """
    When to give up, and how long to wait before the next attempt.

    :param max_stalls: attempts in a row that may bring not one byte
    :param max_resumes: attempts in all
    :param first_delay: seconds; the bound of the wait after the first drop, doubled at each stall
    :param longest_delay: seconds; no wait is longer, whatever the server asks for
    """

    max_stalls: int = 8
    max_resumes: int = 1000
    first_delay: float = 1.0
    longest_delay: float = 60.0

    def delay(self, stalls: int, retry_after: float = 0.0) -> float:
        """
        Return the seconds to wait: full jitter, but not less than the server asked for.

        :param stalls: attempts in a row that brought nothing, from 1
        :param retry_after: seconds the server asks to wait
        """
        wait = http_policy.backoff(stalls, first=self.first_delay, longest=self.longest_delay)
        return min(self.longest_delay, max(retry_after, wait))


class HttpSource:
    """
    A file to download, asked for without credentials and from no other URL.

    :param url: its URL, which never appears in a log or an error
    :param session: lends its connections, proxies, certificates and user agent; its headers,
        cookies and credentials are not sent
    :param label: what logs and errors call the file, since its URL opens it
    :param timeout: seconds to connect and to wait for the next bytes, or a pair of both
    :param policy: how often, and after what waits, a dropped download goes on
    :param sleep: waits the given seconds
    :raises OneSignalValidationError: the URL is not one of ``http`` or ``https``
    """

    def __init__(
        self,
        url: str,
        session: requests.Session,
        *,
        label: str = "the file",
        timeout: Timeout = 30.0,
        policy: ResumePolicy | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        if not _is_http(url):
            raise OneSignalValidationError(
                "The URL of the export's file is not an http or https URL: pass the one that "
                "OneSignal returned."
            )
        self.policy = policy or ResumePolicy()
        self.sleep = sleep
        self.label = label
        self.file_name = urlsplit(url).path.rpartition("/")[2]
        self._url = url
        self._session = session
        self._timeout = timeout

    def get(self, **headers: str) -> requests.Response:
        """
        Ask once and return the response, 200, 206 or 416, with its body unread.

        :param headers: request headers, with underscores for hyphens
        :raises Dropped: a later attempt may succeed
        :raises OneSignalExportUnavailableError: the server refuses, or points elsewhere
        :raises OneSignalConfigurationError: its certificate is not trusted, or cannot be checked
        """
        failure: Exception | None = None
        try:
            response = self._send({name.replace("_", "-"): text for name, text in headers.items()})
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = self._failure(error)
        if failure is not None:
            # Raised outside of the handler, since the errors of requests quote the URL.
            raise failure
        return self._expected(response)

    def refusal(self, status: int) -> OneSignalExportUnavailableError:
        """Return the error for a response that waiting does not change."""
        return OneSignalExportUnavailableError(
            f"The export's file at {self.label} cannot be downloaded: HTTP status {status}. "
            "Nothing was stored. Check that the URL is the one that OneSignal returned.",
            status_code=status,
        )

    def _send(self, headers: dict[str, str]) -> requests.Response:
        agent = str(self._session.headers.get("User-Agent") or requests.utils.default_user_agent())
        sent = {"Accept-Encoding": "identity", "User-Agent": agent, **headers}
        request = requests.Request("GET", self._url, headers=sent).prepare()
        # A user in the URL would become credentials.
        request.headers.pop("Authorization", None)
        settings = self._session.merge_environment_settings(self._url, {}, True, None, None)
        return self._session.send(request, timeout=self._timeout, allow_redirects=False, **settings)

    def _expected(self, response: requests.Response) -> requests.Response:
        status = response.status_code
        if status in (200, 206, 416):
            return response
        response.close()
        if http_policy.is_transient(status):
            asked = http_policy.retry_after_seconds(response.headers)
            raise Dropped(f"HTTP status {status}", asked or 0.0)
        if 300 <= status < 400:
            raise OneSignalExportUnavailableError(
                f"The export's file at {self.label} redirects (HTTP status {status}), and a file "
                "is read from no other URL than the given one. Pass the URL that it leads to.",
                status_code=status,
            )
        raise self.refusal(status)

    def _failure(self, error: Exception) -> Exception:
        if http_policy.is_untrusted(error):
            return self._untrusted("the TLS certificate of its server is not trusted")
        if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
            return Dropped(http_policy.problem(error))
        # Of what is no error of theirs, requests raises only this: a CA bundle that is not there.
        return self._untrusted(f"TLS certificates cannot be checked ({error})")

    def _untrusted(self, reason: str) -> OneSignalConfigurationError:
        return OneSignalConfigurationError(
            f"The export's file at {self.label} was not downloaded: {reason}. Set the path of the "
            'CA bundle as the extra "verify" of the Airflow connection.'
        )


@dataclass
class Attempts:
    """
    The attempts of one download, held against the source's policy.

    :param source: what is downloaded
    """

    source: HttpSource
    stalls: int = field(default=0, init=False)
    resumes: int = field(default=0, init=False)

    def progress(self) -> None:
        """Note that bytes came."""
        self.stalls = 0

    def wait(self, drop: Dropped, *, position: int) -> None:
        """
        Wait before the next attempt.

        :param drop: what ended the last one
        :param position: the byte to go on from
        :raises OneSignalUnreachableError: the policy allows no more attempts
        """
        self.stalls += 1
        self.resumes += 1
        policy, label = self.source.policy, self.source.label
        if self.stalls > policy.max_stalls or self.resumes > policy.max_resumes:
            raise OneSignalUnreachableError(
                f"The download of {label} was lost after {self.resumes - 1} attempts to resume: "
                f"{drop.reason}. Nothing was stored; retry."
            )
        delay = policy.delay(self.stalls, drop.retry_after)
        text = "Download of %s: %s; going on from byte %s in %.1f s"
        log.info(text, label, drop.reason, position, delay)
        self.source.sleep(delay)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some bytes of a file, which file it is, and whether they were asked for by range."""

    body: bytes
    version: Version
    encoding: str
    is_range: bool


def read_piece(source: HttpSource, *, first: int, length: int) -> Piece:
    """
    Return a part of the file as it is stored; its beginning, where the server knows no ranges.

    :param source: the file
    :param first: where the part begins
    :param length: bytes; fewer come where the file ends
    :raises OneSignalExportUnavailableError: the server refuses the file
    :raises OneSignalUnreachableError: it cannot be reached
    """
    attempts = Attempts(source)
    while True:
        try:
            return _read_piece(source, first, length)
        except Dropped as drop:
            attempts.wait(drop, position=first)


def _read_piece(source: HttpSource, first: int, length: int) -> Piece:
    with source.get(Range=f"bytes={first}-{first + length - 1}") as response:
        part = byte_range(response.headers) if response.status_code == 206 else None
        body, broken = read_body(response, length)
        if broken or (part is not None and len(body) < min(length, part.last + 1 - part.first)):
            raise dropped(broken)
        return Piece(
            body=body,
            version=version_of(response.headers),
            encoding=encoding_of(response.headers),
            is_range=part is not None and part.first == first,
        )


def read_body(response: requests.Response, length: int) -> tuple[bytes, str]:
    """
    Return bytes of a body, and how the connection broke: "" where it did not.

    :param response: from :meth:`HttpSource.get`
    :param length: bytes to read at most
    """
    try:
        return response.raw.read(length, decode_content=False), ""
    except _BREAKS as error:
        return b"", type(error).__name__


def dropped(how: str) -> Dropped:
    """Return what ends the attempt whose connection broke like this."""
    return Dropped(f"the connection broke ({how or 'closed early'})")


def _is_http(url: str) -> bool:
    try:
        prepared = requests.Request("GET", url).prepare()
        return urlsplit(prepared.url).scheme in ("http", "https")
    except ValueError:
        return False
