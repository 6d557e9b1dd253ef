"""Requests from a worker, over ``requests``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.utils import select_proxy
from urllib3.exceptions import HTTPError

from airflow_provider_onesignal import __version__
from airflow_provider_onesignal.api.answers import (
    MAX_ANSWER_BYTES,
    Answer,
    Sent,
    says_export_is_running,
    value_of,
)
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.api.retries import Failure, delay_before_retry
from airflow_provider_onesignal.connection import (
    LEGACY_KEY,
    ApiSettings,
    HttpSettings,
    app_of_key,
    usable_proxy,
)
from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConfigurationError,
    OneSignalError,
    OneSignalServerError,
    OneSignalUnreachableError,
)
from airflow_provider_onesignal.http_policy import (
    is_untrusted,
    problem,
    retry_after_seconds,
    was_never_sent,
)
from airflow_provider_onesignal.readiness import PROBE_HEADERS, Probe, answered

USER_AGENT = f"airflow-provider-onesignal/{__version__} requests/{requests.__version__}"
_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
log = logging.getLogger(__name__)

_is_url_secret: ContextVar[bool] = ContextVar("onesignal_is_url_secret", default=False)


def _has_no_url(_: logging.LogRecord) -> bool:
    return not _is_url_secret.get()


# At DEBUG the connection pool logs the path of each URL, and that of a file opens personal data.
logging.getLogger("urllib3.connectionpool").addFilter(_has_no_url)


class _Authorization(AuthBase):
    """Set the given header, or none; either way ``requests`` leaves ``~/.netrc`` alone."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


class HttpSession(requests.Session):
    """
    A session that keeps to the connection's settings, follows no redirect and takes no cookie.

    :param http: timeout, TLS verification, proxies
    :param authorization: value of the Authorization header; None for servers other than the API,
        whose URLs then are secrets and stay out of every log
    """

    def __init__(self, http: HttpSettings, *, authorization: str | None = None) -> None:
        super().__init__()
        self._http = http
        self._is_url_secret = authorization is None
        self.auth = _Authorization(authorization)
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    @property
    def timeout(self) -> float:
        """Seconds to wait for a connection, and between two pieces of a response."""
        return self._http.timeout

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, bounded in time."""
        return super().request(*args, **({"timeout": self.timeout} | kwargs))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, without a trace of a secret URL in the log."""
        with _logging_no_url(self._is_url_secret):
            return super().send(request, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: ``requests`` reads and parses even one it is told not to follow."""

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Prefer the connection's settings to the environment's, which a session's are not."""
        proxies = dict(self._http.proxies) | (proxies or {})
        server = urlsplit(url)
        own = self._http.proxy_for(server.scheme, server.hostname or "")
        if own is not None:
            # Under the name that requests searches first among those of an environment.
            proxies[server.scheme] = own
        verify = self._http.verify if verify is None else verify
        merged = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if proxy := select_proxy(url, merged["proxies"]):
            usable_proxy(proxy, schemes=_PROXY_SCHEMES)
        return merged


class ApiClient:
    """
    Send API requests, and repeat them as the policy allows.

    :param settings: how to reach the API
    :param max_attempts: attempts at one request; None for what the settings say
    :param sleep: waits the given seconds
    """

    def __init__(
        self,
        settings: ApiSettings,
        *,
        max_attempts: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._max_attempts = max_attempts or settings.max_attempts
        self._sleep = sleep
        self._session = HttpSession(settings.http, authorization=settings.authorization)

    def send(self, request: ApiRequest) -> Any:
        """
        Send a request and return the response's JSON, see :func:`.value_of`.

        :raises OneSignalError: of the type that fits
        """
        return self.exchange(request).value

    def exchange(self, request: ApiRequest) -> Sent:
        """
        Send a request and return the response's JSON and headers.

        :raises OneSignalError: of the type that fits
        """
        for attempt in count(1):
            answer, failure, cause = self._try(request)
            if failure is None or not self._sleep_before_retry(request, failure, attempt):
                break
        if answer is None:
            raise unreachable(request, self._settings, problem(cause), attempt) from cause
        return Sent(value_for(request, answer, self._settings), answer.headers)

    def close(self) -> None:
        """Close the connections kept for later requests."""
        self._session.close()

    def _sleep_before_retry(self, request: ApiRequest, failure: Failure, attempt: int) -> bool:
        delay = delay_before_retry(
            request, failure, attempt=attempt, max_attempts=self._max_attempts
        )
        if delay is None:
            return False
        log_retry(request, failure, delay, attempt=attempt, max_attempts=self._max_attempts)
        self._sleep(delay)
        return True

    def _try(
        self, request: ApiRequest
    ) -> tuple[Answer | None, Failure | None, requests.RequestException | HTTPError | None]:
        try:
            answer = self._exchange(request)
        except (requests.RequestException, HTTPError) as error:
            if is_untrusted(error):
                raise untrusted(request, self._settings) from error
            return None, Failure(never_sent=was_never_sent(error)), error
        except OSError as error:
            raise _no_tls(error) from error
        return answer, failure_of(answer), None

    def _exchange(self, request: ApiRequest) -> Answer:
        with self._session.request(
            request.method,
            self._settings.base_url + request.path,
            params=dict(request.params),
            json=request.json,
            # OneSignal takes the app for missing if a request declares no content type.
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            stream=True,
        ) as response:
            body = _bounded_body(request, response, self._settings.http.timeout)
            return Answer(status=response.status_code, headers=response.headers, body=body)


def failure_of(answer: Answer) -> Failure | None:
    """
    Return why a response may be worth another attempt, None for a success.

    :param answer: the response
    """
    # A wait for the export slot asks less often than a retry would.
    if answer.status // 100 == 2 or says_export_is_running(answer):
        return None
    return Failure(status=answer.status, retry_after=retry_after_seconds(answer.headers))


def value_for(request: ApiRequest, answer: Answer, settings: ApiSettings) -> Any:
    """
    Return the response's JSON, or raise the error that it holds, see :func:`.value_of`.

    :param request: what was asked
    :param answer: what came back
    :param settings: with which key it was asked; the refusal of a key says what is wrong with it
    """
    try:
        return value_of(request, answer)
    except OneSignalAuthenticationError as error:
        text = _fault_of_key(error, request, settings)
        if text is None:
            raise
        raise OneSignalAuthenticationError(
            text, status_code=error.status_code, messages=error.messages
        ) from error


def log_retry(
    request: ApiRequest, failure: Failure, delay: float, *, attempt: int, max_attempts: int
) -> None:
    """
    Log that a request is about to be repeated.

    :param request: the request
    :param failure: of the last attempt
    :param delay: seconds until the next one
    :param attempt: number of the last one, from 1
    :param max_attempts: attempts in all
    """
    log.warning(
        "OneSignal: %r got %s; trying again in %.1f s (attempt %d of %d)",
        request.operation,
        "no response" if failure.status is None else f"HTTP {failure.status}",
        delay,
        attempt + 1,
        max_attempts,
    )


def unreachable(
    request: ApiRequest, settings: ApiSettings, cause: str, attempts: int
) -> OneSignalUnreachableError:
    """
    Return the error of a request that got no response.

    :param request: the request
    :param settings: how the API was to be reached
    :param cause: what kept the response from coming
    :param attempts: how often it was sent
    """
    host = urlsplit(settings.base_url).netloc
    times = "after 1 attempt" if attempts == 1 else f"after {attempts} attempts"
    return OneSignalUnreachableError(
        f"No response to {request.operation!r} from {host} {times}: {cause}. "
        f"Check the network and the host of the Airflow connection {settings.conn_id!r}."
    )


def untrusted(request: ApiRequest, settings: ApiSettings) -> OneSignalConfigurationError:
    """
    Return the error of a request whose server cannot be trusted.

    :param request: the request
    :param settings: how the API was to be reached
    """
    host = urlsplit(settings.base_url).netloc
    return OneSignalConfigurationError(
        f"The TLS certificate of {host} is not trusted; {request.operation!r} was not sent. "
        f"Check the host of the Airflow connection {settings.conn_id!r}, or set its extra "
        '"verify" to the path of the CA bundle.'
    )


def probe(session: HttpSession, url: str) -> Probe:
    """
    Poll the URL of an export's file without downloading it.

    :param session: a session that sends no key
    :param url: the file's URL
    """
    try:
        with session.get(url, headers=PROBE_HEADERS, stream=True) as response:
            return answered(
                response.status_code,
                location=response.headers.get("Location", ""),
                retry_after=retry_after_seconds(response.headers),
            )
    except requests.exceptions.InvalidURL:
        return Probe(status=400, problem="no valid URL")
    except requests.RequestException as error:
        if is_untrusted(error):
            raise OneSignalConfigurationError(
                f"The TLS certificate of {urlsplit(url).hostname} is not trusted. Set the extra "
                '"verify" of the Airflow connection to the path of the CA bundle.'
            ) from error
        return Probe(problem=problem(error))
    except HTTPError:
        return Probe(status=400, problem="no valid URL")
    except OSError as error:
        raise _no_tls(error) from error


@contextmanager
def _logging_no_url(is_secret: bool) -> Iterator[None]:
    token = _is_url_secret.set(is_secret)
    try:
        yield
    finally:
        _is_url_secret.reset(token)


def _fault_of_key(error: OneSignalError, request: ApiRequest, settings: ApiSettings) -> str | None:
    owner = app_of_key(settings.api_key)
    if owner not in (None, settings.app_id):
        return (
            f"The App API Key of the Airflow connection {settings.conn_id!r} belongs to app "
            f"{owner}, the connection's App ID is {settings.app_id}: correct the one that is "
            f"wrong. OneSignal refused {request.operation!r} (HTTP {error.status_code})."
        )
    return f"{error} {LEGACY_KEY}" if settings.is_key_legacy else None


def _bounded_body(request: ApiRequest, response: requests.Response, timeout: float) -> bytes:
    body = bytearray()
    deadline = time.monotonic() + 2 * timeout
    while chunk := response.raw.read1(65536, decode_content=True):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise OneSignalServerError(
                f"The response to {request.operation!r} does not end after "
                f"{MAX_ANSWER_BYTES >> 20} MiB. Check that the connection's host is OneSignal's.",
                status_code=response.status_code,
            )
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout(f"no end of the response in {2 * timeout:.0f} s")
    return bytes(body)


def _no_tls(error: OSError) -> OneSignalConfigurationError:
    # Of what is no RequestException, requests raises only this: a CA bundle that does not exist.
    return OneSignalConfigurationError(
        f'TLS certificates cannot be checked: {error}. Fix the extra "verify" of the Airflow '
        "connection, or REQUESTS_CA_BUNDLE in the environment."
    )
