"""What a transfer read at OneSignal and what it wrote, as OpenLineage and as Airflow hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal.api.datasets import (
    NAMESPACE,
    asset_uri,
    openlineage_name,
    source_name,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset, DatasetFacet
    from airflow.providers.openlineage.extractors import OperatorLineage


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """
    From OneSignal's data to an object.

    :param app_id: whose data; None where the connection does not tell
    :param kind: which data, such as "subscriptions"
    :param columns: of the data, none where they are not known
    :param summary: of the object, None until it is written
    """

    app_id: str | None
    kind: str
    columns: Sequence[str] = ()
    summary: Mapping[str, Any] | None = None

    def collect(self, hook: Any) -> None:
        """
        Tell Airflow's collector of lineage, which is deaf where nothing asked for it.

        :param hook: the one that read
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
        written = [] if self.summary is None else [self._output(self.summary)]
        return OperatorLineage(inputs=[read], outputs=written)

    @property
    def _source(self) -> str:
        return source_name(self.app_id, self.kind)

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
