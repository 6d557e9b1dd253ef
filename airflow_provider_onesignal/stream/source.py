"""A file behind an HTTP URL, asked for without credentials and never at another address."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import requests
import urllib3

from airflow_provider_onesignal import http_failures
from airflow_provider_onesignal.http_policy import is_transient, retry_after_seconds
from airflow_provider_onesignal.stream.errors import (
    InvalidSourceError,
    RedirectError,
    SourceStatusError,
    SourceUntrustedError,
)
from airflow_provider_onesignal.stream.resume import ResumePolicy

Timeout = float | tuple[float, float] | None


class DroppedError(Exception):
    """
    A request failed in a way that the next one may not.

    :param reason: what happened, without a URL
    :param retry_after: the seconds the server asked to wait
    """

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class HttpSource:
    """
    A file to download.

    :param url: its address, which never appears in a log or an error
    :param session: lends its connections, proxies, certificates and user agent; its headers,
        cookies and credentials stay at home
    :param label: what logs and errors call the file, since whoever has its address has the file
    :param timeout: seconds to connect and to wait for the next bytes, or a pair of both
    :param policy: how often, and after what waits, a dropped download goes on
    :param sleep: waits the given seconds; the default is cut short when the copy is given up
    :raises InvalidSourceError: where the URL is none, or not of ``http`` or ``https``
    """

    def __init__(
        self,
        url: str,
        session: requests.Session,
        *,
        label: str = "the file",
        timeout: Timeout = 30.0,
        policy: ResumePolicy | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        if not _is_http(url):
            raise InvalidSourceError("The file's address is not an http or https URL.")
        self.policy = policy or ResumePolicy()
        self.sleep = sleep
        self.label = label
        self.file_name = urlsplit(url).path.rpartition("/")[2]
        self._url = url
        self._session = session
        self._timeout = timeout

    def get(self, **headers: str) -> requests.Response:
        """
        Ask once and return the answer, 200, 206 or 416, with its body unread.

        :param headers: request headers, with underscores for hyphens
        :raises DroppedError: where a later attempt may succeed
        :raises RedirectError: where the server points elsewhere
        :raises SourceStatusError: where it refuses
        :raises SourceUntrustedError: where its certificate is not trusted, or cannot be checked
        """
        failure: Exception | None = None
        try:
            response = self._send({name.replace("_", "-"): text for name, text in headers.items()})
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = _failure(error)
        if failure is not None:
            # raised outside of the handler, since the errors of requests quote the URL
            raise failure
        return self._expected(response)

    def _send(self, headers: dict[str, str]) -> requests.Response:
        agent = str(self._session.headers.get("User-Agent") or requests.utils.default_user_agent())
        sent = {"Accept-Encoding": "identity", "User-Agent": agent, **headers}
        request = requests.Request("GET", self._url, headers=sent).prepare()
        # a user in the URL would become credentials
        request.headers.pop("Authorization", None)
        settings = self._session.merge_environment_settings(self._url, {}, True, None, None)
        return self._session.send(request, timeout=self._timeout, allow_redirects=False, **settings)

    def _expected(self, response: requests.Response) -> requests.Response:
        status = response.status_code
        if status in (200, 206, 416):
            return response
        response.close()
        if is_transient(status):
            asked = retry_after_seconds(response.headers)
            raise DroppedError(f"HTTP status {status}", asked or 0.0)
        if 300 <= status < 400:
            raise RedirectError(f"{self.label} redirects (HTTP status {status}), which is refused.")
        raise SourceStatusError(f"{self.label} answered HTTP status {status}.", status_code=status)


def _is_http(url: str) -> bool:
    try:
        prepared = requests.Request("GET", url).prepare()
        return urlsplit(prepared.url).scheme in ("http", "https")
    except ValueError:
        return False


def _failure(error: Exception) -> Exception:
    if http_failures.is_untrusted(error):
        return SourceUntrustedError("The TLS certificate of its server is not trusted.")
    if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
        return DroppedError(http_failures.problem(error))
    # of what is no error of theirs, requests raises only this: a CA bundle that is not there
    return SourceUntrustedError(f"TLS certificates cannot be checked: {error}.")
