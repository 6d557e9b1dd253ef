"""What differs between the versions of Airflow and ``common.compat`` does not cover."""

from __future__ import annotations


def is_deferral_timeout(error: BaseException) -> bool:
    """
    Tell whether a deferral ended because no triggerer served it in time.

    Airflow 3 has a type for that (``TaskDeferralTimeout``), Airflow 2 a text.
    """
    name = type(error).__name__
    return name == "TaskDeferralTimeout" or (
        name == "TaskDeferralError" and "timeout" in str(error).lower()
    )
