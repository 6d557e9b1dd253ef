"""What a transfer read at OneSignal and what it stored, for OpenLineage, Airflow and its assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset, DatasetFacet
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_onesignal.compat import Context

NAMESPACE = "https://api.onesignal.com"
"""Of OneSignal's data, whatever proxy or emulator stands between."""

_SCHEMES = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """
    The way from OneSignal's data to an object.

    :param app_id: whose data; None if the connection does not name the app
    :param kind: which data, such as "subscriptions"
    :param columns: of the data, empty if they are not known
    :param summary: of the object, None until it is stored
    """

    app_id: str | None
    kind: str
    columns: Sequence[str] = ()
    summary: Mapping[str, Any] | None = None

    def publish(self, context: Context, task: Any, hook: Any, summary: dict[str, Any]) -> Lineage:
        """
        Report a stored object to Airflow: as XCom ``summary``, in asset events and as lineage.

        :param context: of the running task
        :param task: the operator, of which ``outlets`` and ``do_xcom_push`` are used
        :param hook: the hook that read
        :param summary: of the object; small, and JSON
        :return: the lineage with its object
        """
        if task.do_xcom_push:
            context["ti"].xcom_push(key="summary", value=summary)
        add_to_asset_events(context, task.outlets or (), summary)
        columns = summary.get("columns") or self.columns
        lineage = replace(self, summary=summary, columns=columns)
        lineage.collect(hook)
        return lineage

    def collect(self, hook: Any) -> None:
        """
        Report to Airflow's collector of hook lineage.

        :param hook: the hook that read
        """
        from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

        collector = get_hook_lineage_collector()
        collector.add_input_asset(context=hook, uri=f"{NAMESPACE}/{self._source}")
        if self.summary is not None:
            collector.add_output_asset(context=hook, uri=asset_uri(self.summary["uri"]))

    def facets(self) -> OperatorLineage[Any, Any]:
        """Describe it to OpenLineage, whose provider must be installed."""
        from airflow.providers.common.compat.openlineage.facet import InputDataset
        from airflow.providers.openlineage.extractors import OperatorLineage

        read: Dataset = InputDataset(namespace=NAMESPACE, name=self._source, facets=self._schema())
        stored = [] if self.summary is None else [self._output(self.summary)]
        return OperatorLineage(inputs=[read], outputs=stored)

    @property
    def _source(self) -> str:
        return self.kind if self.app_id is None else f"apps/{self.app_id}/{self.kind}"

    def _output(self, summary: Mapping[str, Any]) -> Dataset:
        from airflow.providers.common.compat.openlineage.facet import (
            OutputDataset,
            OutputStatisticsOutputDatasetFacet,
        )

        namespace, name = openlineage_name(summary["uri"])
        statistics = OutputStatisticsOutputDatasetFacet(
            rowCount=summary["rows"], size=summary["bytes"]
        )
        return OutputDataset(
            namespace=namespace,
            name=name,
            facets=self._schema(),
            outputFacets={"outputStatistics": statistics},
        )

    def _schema(self) -> dict[str, DatasetFacet]:
        from airflow.providers.common.compat.openlineage.facet import (
            SchemaDatasetFacet,
            SchemaDatasetFacetFields,
        )

        fields = [SchemaDatasetFacetFields(name=column) for column in self.columns]
        return {"schema": SchemaDatasetFacet(fields=fields)} if fields else {}


def openlineage_facets(lineage: Lineage | None) -> OperatorLineage[Any, Any]:
    """
    Return what OpenLineage is told of a task.

    :param lineage: of the task, None if nothing was read yet
    """
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage() if lineage is None else lineage.facets()


def openlineage_name(uri: str) -> tuple[str, str]:
    """
    Return the namespace and the name that OpenLineage has for an object.

    https://openlineage.io/docs/spec/naming

    :param uri: of the object
    """
    scheme, _, place = uri.partition("://")
    host, _, path = place.partition("/")
    if scheme in ("file", "local"):
        return "file", f"/{path}"
    return f"{_SCHEMES.get(scheme, scheme)}://{host}", path


def asset_uri(uri: str) -> str:
    """
    Return the URI by which an asset stands for an object.

    Airflow drops what follows a ``#`` in a URI, sorts what follows a ``?``, and (2.11, or on MySQL)
    refuses what is not ASCII.

    :param uri: of the object
    """
    scheme, separator, place = uri.partition("://")
    return scheme + separator + quote(place, safe="/:@!$&'()*+,;=~")


def add_to_asset_events(context: Context, outlets: Sequence[Any], summary: dict[str, Any]) -> None:
    """
    Add a summary to the asset events of a task.

    :param context: of the running task
    :param outlets: of the task
    :param summary: of what was stored or sent; small, and JSON
    """
    from airflow_provider_onesignal.compat import Asset, AssetAlias

    for outlet in outlets:
        if isinstance(outlet, AssetAlias):
            # An alias is given its asset at run time.
            asset = Asset(asset_uri(summary["uri"]))
            context["outlet_events"][outlet].add(asset, extra=summary)
        elif isinstance(outlet, Asset) or type(outlet).__name__ in ("AssetNameRef", "AssetUriRef"):
            # Asset.ref(...) is no Asset; Airflow resolves it.
            context["outlet_events"][outlet].extra.update(summary)
