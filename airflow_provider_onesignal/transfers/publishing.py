"""What a transfer tells the rest of Airflow of the object it stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


def publish(
    context: Context, *, outlets: Iterable[Any] | None, uri: str, summary: dict[str, Any]
) -> None:
    """
    Push the summary, and give it to the asset events of the task's outlets.

    :param outlets: the task's; an alias gets an asset of the object's URI
    :param uri: of the object
    :param summary: small, and JSON
    """
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    context["ti"].xcom_push(key="summary", value=summary)
    for outlet in outlets or ():
        if isinstance(outlet, AssetAlias):
            context["outlet_events"][outlet].add(Asset(uri), extra=summary)
        elif isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(summary)
