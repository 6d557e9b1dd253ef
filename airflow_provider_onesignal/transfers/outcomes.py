"""What the outcomes transfers share: from the window that ends now to an object of its interval."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks, outcomes
from airflow_provider_onesignal.checks import outcomes as outcome_checks
from airflow_provider_onesignal.compat import AirflowSkipException
from airflow_provider_onesignal.exceptions import OneSignalOutcomesLateError
from airflow_provider_onesignal.lineage import Lineage, openlineage_facets
from airflow_provider_onesignal.operators.base import OneSignalOperator, dag_zone
from airflow_provider_onesignal.operators.outcomes import put_figures

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_onesignal.compat import Context
    from airflow_provider_onesignal.stores import Store


class OutcomesTransfer(OneSignalOperator):
    """
    Base of the operators that archive outcomes: a row each, in one object.

    :param outcome_names: list of names such as ``os__click.count``, or one string with commas
    :param outcome_time_range: "1h", "1d" or "1mo": the window that ends now
    :param outcome_platforms: device types, such as 0 (iOS) or 1 (Android); None for all
    :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
    :param breakdown: "platform", "attribution" or both: rows for each combination
    :param file_format: "jsonl" (an object a line) or "csv" (with a header)
    :param max_lateness: how long ago (timedelta, or seconds) the data interval may have ended
    :param on_late: what to do with a later run: "fail", "skip" it, or "warn" and store
    :param allow_unknown: let values pass that this package does not know, with a warning
    :param replace: write over an object that holds other figures
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "outcome_names",
        "outcome_time_range",
        "outcome_platforms",
        "outcome_attribution",
        "breakdown",
        "allow_unknown",
        "replace",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "outcome_names": "json",
        "outcome_platforms": "json",
        "breakdown": "json",
    }
    _lineage: Lineage | None = None

    def __init__(
        self,
        *,
        outcome_names: Sequence[str] | str,
        outcome_time_range: str,
        outcome_platforms: Sequence[int | str] | str | None,
        outcome_attribution: str | None,
        breakdown: Sequence[str] | str | None,
        file_format: str,
        max_lateness: timedelta | float | None,
        on_late: str,
        allow_unknown: bool | str,
        replace: bool | str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.outcome_names = outcome_names
        self.outcome_time_range = outcome_time_range
        self.outcome_platforms = outcome_platforms
        self.outcome_attribution = outcome_attribution
        self.breakdown = breakdown
        self.file_format = checks.one_of(file_format, outcomes.FILE_FORMATS, name="file_format")
        self.max_lateness = outcome_checks.max_lateness(max_lateness)
        self.on_late = checks.one_of(on_late, ("fail", "skip", "warn"), name="on_late")
        self.allow_unknown = checks.flag_literal(allow_unknown, name="allow_unknown")
        self.replace = checks.flag_literal(replace, name="replace")

    def execute(self, context: Context) -> str:
        """Store the outcomes and return the object's URI."""
        started = time.monotonic()
        wanted = outcomes.checked_query(
            outcome_names=self.outcome_names,
            outcome_time_range=self.outcome_time_range,
            outcome_platforms=self.outcome_platforms,
            outcome_attribution=self.outcome_attribution,
            allow_unknown=self._flag("allow_unknown"),
        )
        queries = outcomes.queries(wanted, breakdown=self.breakdown)
        interval = _data_interval(context)
        store = self._store()
        self._check_lateness(interval, wanted.time_range, dag_zone(context))
        self._lineage = Lineage(app_id=self._known_app(), kind="outcomes", columns=outcomes.COLUMNS)
        stored = store.head()
        rows = self._ask(queries, interval)
        file = outcomes.file_of(rows, file_format=self.file_format)
        # All times have equally many characters, so equal figures make files of equal length.
        are_same = partial(outcomes.holds_the_same, file_format=self.file_format)
        summary = {
            **put_figures(store, stored, file, file_format=self.file_format, are_same=are_same),
            "rows": len(rows),
            "columns": list(outcomes.COLUMNS),
        }
        summary["seconds"] = round(time.monotonic() - started, 3)
        self._lineage = self._lineage.publish(context, self, self._hook, summary)
        return store.uri

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Report to OpenLineage what was read and stored."""
        return openlineage_facets(self._lineage)

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Report to OpenLineage what was to be read."""
        return openlineage_facets(self._lineage)

    def _store(self) -> Store:
        """Return the destination; no I/O."""
        raise NotImplementedError

    def _check_lateness(
        self, interval: outcomes.DataInterval, time_range: str, zone: tzinfo
    ) -> None:
        if interval.end is None:
            self.log.info("The run has no data interval, so no window can be too late for it.")
            return
        allowed = self.max_lateness
        late = outcomes.why_late(
            interval_end=interval.end,
            now=datetime.now(UTC),
            time_range=time_range,
            max_lateness=outcomes.default_max_lateness(time_range) if allowed is None else allowed,
            zone=zone,
        )
        if late is not None:
            self._refuse_or_warn(late)
        self._warn_of_a_gap(interval, time_range)

    def _refuse_or_warn(self, late: str) -> None:
        if self.on_late == "fail":
            raise OneSignalOutcomesLateError(late)
        if self.on_late == "skip":
            raise AirflowSkipException(late)
        self.log.warning("%s This run does the latter.", late)

    def _warn_of_a_gap(self, interval: outcomes.DataInterval, time_range: str) -> None:
        if interval.start is None or interval.end is None:
            return
        gap = outcomes.gap(
            interval_start=interval.start, interval_end=interval.end, time_range=time_range
        )
        if gap:
            self.log.warning(
                "The data interval began %s before the window of %s: what happened then is in no "
                "file unless another run asks for it.",
                gap,
                time_range,
            )

    def _ask(
        self, queries: Sequence[outcomes.OutcomesQuery], interval: outcomes.DataInterval
    ) -> list[outcomes.Row]:
        observations = outcomes.observe(self._hook, queries)
        rows = outcomes.rows(observations, app_id=self._hook.app_id, interval=interval)
        if unknown := outcomes.missing(rows):
            self.log.warning(
                "OneSignal's response has no number for %s: stored without a value. Check the "
                "spelling.",
                ", ".join(unknown),
            )
        return rows


def _data_interval(context: Context) -> outcomes.DataInterval:
    # Runs that an asset or a user started may have none.
    return outcomes.DataInterval(
        start=context.get("data_interval_start"), end=context.get("data_interval_end")
    )
