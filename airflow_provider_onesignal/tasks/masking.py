"""Keeping an export's URL out of what Airflow shows."""

from __future__ import annotations

from typing import Any

from airflow_provider_onesignal.api.redaction import maskable_parts


def mask_url(url: Any) -> None:
    """
    Let Airflow mask a URL in this task's logs and rendered templates.

    :param url: the URL; anything but a text is left alone
    """
    from airflow.providers.common.compat.sdk import mask_secret

    for part in maskable_parts(url) if isinstance(url, str) else ():
        mask_secret(part)
