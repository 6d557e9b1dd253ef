"""What can go wrong with OneSignal: one type for each decision a caller may take."""

from __future__ import annotations

from collections.abc import Sequence


class OneSignalError(Exception):
    """
    Base of all errors of this package.

    :param message: what failed and what to do about it, fit for a log line
    :param status_code: HTTP status of the response, None if there was none
    :param messages: OneSignal's own words, bounded and free of secrets
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
    """The Airflow connection or the installation lacks something; fix it, then run again."""


class OneSignalValidationError(OneSignalError, ValueError):
    """A parameter breaks a rule; nothing was sent."""


class OneSignalAuthenticationError(OneSignalError):
    """OneSignal does not accept the API key for this app."""


class OneSignalPlanError(OneSignalError):
    """The app's OneSignal plan does not include the operation."""


class OneSignalNotFoundError(OneSignalError):
    """The app, segment, message or user does not exist."""


class OneSignalConflictError(OneSignalError):
    """The resource already exists, or its aliases belong to another user."""


class OneSignalSubscriptionLimitError(OneSignalConflictError):
    """The user already has as many subscriptions as OneSignal allows."""


class OneSignalInvalidRequestError(OneSignalError):
    """OneSignal refuses the request as it stands; repeating it cannot help."""


class OneSignalNoRecipientsError(OneSignalError):
    """The message was sent to nobody: no recipient of it can be reached."""


class OneSignalTransientError(OneSignalError):
    """
    Base of errors that a later attempt may not meet.

    :param retry_after: seconds OneSignal asks to wait, None if it did not say
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
    """OneSignal failed, or its response cannot be understood; a later attempt may succeed."""


class OneSignalUnreachableError(OneSignalServerError):
    """No response came: the host is wrong or down, or the connection broke."""


class OneSignalExportError(OneSignalError):
    """Base of what can go wrong with an export and its file."""


class OneSignalExportInProgressError(OneSignalExportError):
    """Another export of the same account is running; OneSignal runs one at a time."""


class OneSignalExportNotReadyError(OneSignalExportError):
    """The file is not there yet."""


class OneSignalExportTimeoutError(OneSignalExportError):
    """The time allowed for all waiting has passed."""


class OneSignalExportExpiredError(OneSignalExportError):
    """The file's three days are over and it is gone; a new export is needed."""


class OneSignalExportUnavailableError(OneSignalExportError):
    """The file's URL answers with something that waiting cannot change."""


class OneSignalExportCorruptError(OneSignalExportError):
    """The file arrived short, damaged or as something else; nothing was stored."""


class OneSignalExportTooSmallError(OneSignalExportError):
    """The file has fewer rows than ``min_rows``; nothing was stored."""


class OneSignalDestinationError(OneSignalError):
    """The destination refuses the file: no such bucket, no permission, or a name it cannot take."""


class OneSignalDestinationTakenError(OneSignalDestinationError):
    """An object is already there, and ``replace`` is not set."""


class OneSignalDestinationUnavailableError(OneSignalError):
    """The destination failed, is full or cannot be reached; a later attempt may succeed."""


class OneSignalOutcomesLateError(OneSignalError):
    """The run came too late: OneSignal no longer has the figures of its data interval."""


class OneSignalOutcomesGapError(OneSignalError):
    """The archive of a month is not whole: a day is missing, doubled or foreign."""


class OneSignalSourceError(OneSignalError):
    """The rows cannot be read: no such file, a broken one, or a column that is not there."""


class OneSignalRejectedRowsError(OneSignalError):
    """More rows were refused than ``max_rejects`` allows; see the dead letter."""
