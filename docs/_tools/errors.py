"""The page of errors: what each means, and whether another try of the task can help."""

from __future__ import annotations

import inspect

from airflow_provider_onesignal import exceptions
from airflow_provider_onesignal.exceptions import OneSignalError
from docs._tools.docstrings import parse


def all_errors() -> list[type[OneSignalError]]:
    """Give every error of the package, in the order in which they are written."""
    return [
        each
        for each in vars(exceptions).values()
        if inspect.isclass(each) and issubclass(each, OneSignalError)
    ]


def table() -> str:
    """List the errors."""
    rows = ["| Error | It says | With `OneSignalRetryPolicy` |", "|---|---|---|"]
    for error in all_errors():
        name = error.__name__
        summary = parse(error).text.partition("\n")[0]
        rows.append(
            f"| <span id='{name.lower()}'></span>`{name}`{_base(error)} | {summary} "
            f"| {verdict(error)} |"
        )
    return "\n".join(rows)


def verdict(error: type[OneSignalError]) -> str:
    """Ask the retry policy."""
    from airflow_provider_onesignal.retry import OneSignalRetryPolicy

    policy = OneSignalRetryPolicy()
    decision = policy.evaluate(error("example"), 1, 3)
    if "FAIL" in str(decision.action):
        return "fails at once"
    return "waits as long as OneSignal asks" if _asks(error) else "retried as the task says"


def _asks(error: type[OneSignalError]) -> bool:
    return "retry_after" in inspect.signature(error).parameters


def _base(error: type[OneSignalError]) -> str:
    base = error.__mro__[1]
    return (
        f"<br><small>is a {base.__name__}</small>"
        if base not in (Exception, OneSignalError)
        else ""
    )
