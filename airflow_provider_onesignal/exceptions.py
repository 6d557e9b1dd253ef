"""What can go wrong with OneSignal: one type for each decision a caller may take."""

from __future__ import annotations

from collections.abc import Sequence


class OneSignalError(Exception):
    """
    Base of all errors of this package.

    :param message: what failed and what to do about it, fit for a log line
    :param status_code: HTTP status of the answer, None where there was none
    :param messages: the texts OneSignal gave, bounded and free of secrets
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        messages: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.messages = tuple(messages)


class OneSignalConfigurationError(OneSignalError):
    """The Airflow connection or the installation lacks something: mend it, then run again."""


class OneSignalValidationError(OneSignalError, ValueError):
    """A parameter breaks a rule of OneSignal's; nothing was sent."""


class OneSignalAuthenticationError(OneSignalError):
    """OneSignal does not accept the API key for this app."""


class OneSignalPlanError(OneSignalError):
    """The app's OneSignal plan does not include the operation."""


class OneSignalNotFoundError(OneSignalError):
    """The app, segment, message or user does not exist, or no longer."""


class OneSignalConflictError(OneSignalError):
    """The thing exists already, or its aliases belong to another user."""


class OneSignalInvalidRequestError(OneSignalError):
    """OneSignal refuses the request as it stands; repeating it cannot help."""


class OneSignalTransientError(OneSignalError):
    """
    Base of what a later try may mend.

    :param retry_after: seconds OneSignal asks to wait, None where it did not say
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status_code: int | None = None,
        messages: Sequence[str] = (),
    ) -> None:
        super().__init__(message, status_code=status_code, messages=messages)
        self.retry_after = retry_after


class OneSignalRateLimitError(OneSignalTransientError):
    """OneSignal asks for fewer requests."""


class OneSignalServerError(OneSignalTransientError):
    """OneSignal failed, or its answer cannot be understood; a later try may succeed."""


class OneSignalUnreachableError(OneSignalServerError):
    """No answer came: the host is wrong or down, or the connection broke."""


class OneSignalExportError(OneSignalError):
    """Base of what can go wrong with an export and its file."""


class OneSignalExportInProgressError(OneSignalExportError):
    """Another export of the same account is running; OneSignal runs one at a time."""


class OneSignalExportNotReadyError(OneSignalExportError):
    """The file is not there yet."""


class OneSignalExportTimeoutError(OneSignalExportError):
    """The time given for all waiting has passed."""


class OneSignalExportExpiredError(OneSignalExportError):
    """The file was kept its three days and is gone; a new export is needed."""


class OneSignalExportUnavailableError(OneSignalExportError):
    """The file's address answers with something that waiting cannot mend."""


class OneSignalExportCorruptError(OneSignalExportError):
    """The file arrived short, damaged or as something else; nothing was stored."""


class OneSignalDestinationError(OneSignalError):
    """The destination cannot take the file: it is taken, its bucket missing, or access refused."""


class OneSignalDestinationUnavailableError(OneSignalError):
    """The destination failed, is full or cannot be reached; a later try may succeed."""


class OneSignalOutcomesLateError(OneSignalError):
    """The run came too late: OneSignal no longer tells the figures of its data interval."""
