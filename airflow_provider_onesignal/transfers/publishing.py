"""What a transfer tells the rest of Airflow of the data it read and the object it stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal.tasks.api import ApiTask

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_onesignal.lineage import Lineage


class PublishingTask(ApiTask):
    """Base of the transfers: their summary, asset events and lineage."""

    _lineage: Lineage | None = None

    def reads(self, kind: str, *, columns: Sequence[str] = ()) -> None:
        """
        Note what is going to be read.

        :param kind: which data of the app, such as "subscriptions"
        :param columns: of the data, none where they are not known
        """
        from airflow_provider_onesignal.lineage import Lineage

        self._lineage = Lineage(app_id=self.known_app(), kind=kind, columns=columns)

    def publish(self, context: Context, summary: dict[str, Any]) -> None:
        """
        Push the summary, give it to the asset events of the task's outlets, and tell of lineage.

        :param context: the running task's
        :param summary: of the object that is stored now; small, and JSON
        """
        context["ti"].xcom_push(key="summary", value=summary)
        _tell_outlets(context, self.outlets or (), summary)
        if self._lineage is not None:
            self._lineage = replace(self._lineage, summary=summary)
            self._lineage.collect(self.hook)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Tell OpenLineage what was read and written."""
        return self._facets()

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Tell OpenLineage what was to be read; of what was not stored nothing is told."""
        return self._facets()

    def _facets(self) -> OperatorLineage[Any, Any]:
        from airflow.providers.openlineage.extractors import OperatorLineage

        return OperatorLineage() if self._lineage is None else self._lineage.facets()


def _tell_outlets(context: Context, outlets: Sequence[Any], summary: dict[str, Any]) -> None:
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    from airflow_provider_onesignal.api.datasets import asset_uri

    for outlet in outlets:
        if isinstance(outlet, AssetAlias):
            # An alias learns at run time which asset it stands for.
            asset = Asset(asset_uri(summary["uri"]))
            context["outlet_events"][outlet].add(asset, extra=summary)
        elif isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(summary)
