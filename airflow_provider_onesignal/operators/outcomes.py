"""Operators for outcomes."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from operator import eq
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks, outcomes
from airflow_provider_onesignal.checks import outcomes as outcome_checks
from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationTakenError,
    OneSignalOutcomesGapError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.lineage import (
    Lineage,
    asset_uri,
    openlineage_facets,
    openlineage_name,
)
from airflow_provider_onesignal.operators.base import OneSignalOperator, dag_zone

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_onesignal.compat import Context, ObjectStoragePath
    from airflow_provider_onesignal.rollup.run import RollUp
    from airflow_provider_onesignal.stores import Store, StoredObject

log = logging.getLogger(__name__)


class OneSignalGetOutcomesOperator(OneSignalOperator):
    """
    Return outcomes, such as clicks, of the hour, day or month that ends now.

    OneSignal keeps them for about 30 days, and knows no other windows; to archive them, see the
    transfers ``OneSignalOutcomesTo...``. https://documentation.onesignal.com/reference/view-outcomes

    :param outcome_names: list of names such as ``os__click.count``, or one string with commas
        between them (a name that has a comma itself goes into a list); each ends in ``.sum`` or
        ``.count``
    :param outcome_time_range: "1h", "1d" or "1mo": the window that ends now
    :param outcome_platforms: device types, such as 0 (iOS) or 1 (Android); None for all
    :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
    :param allow_unknown: let ranges, platforms and attributions pass that this package does not
        know, with a warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: a list of dicts with ``id`` (the name without its suffix), ``value`` (a number) and
        ``aggregation`` ("sum" or "count")
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "outcome_names",
        "outcome_time_range",
        "outcome_platforms",
        "outcome_attribution",
        "allow_unknown",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "outcome_names": "json",
        "outcome_platforms": "json",
    }

    def __init__(
        self,
        *,
        outcome_names: Sequence[str] | str,
        outcome_time_range: str,
        outcome_platforms: Sequence[int | str] | str | None = None,
        outcome_attribution: str | None = None,
        allow_unknown: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.outcome_names = outcome_names
        self.outcome_time_range = outcome_time_range
        self.outcome_platforms = outcome_platforms
        self.outcome_attribution = outcome_attribution
        self.allow_unknown = checks.flag_literal(allow_unknown, name="allow_unknown")

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Ask for the outcomes and return them."""
        wanted = outcomes.checked_query(
            outcome_names=self.outcome_names,
            outcome_time_range=self.outcome_time_range,
            outcome_platforms=self.outcome_platforms,
            outcome_attribution=self.outcome_attribution,
            allow_unknown=self._flag("allow_unknown"),
        )
        observations = outcomes.observe(self._hook, outcomes.queries(wanted))
        return [dict(each) for observation in observations for each in observation.outcomes]


class OneSignalRollUpOutcomesOperator(OneSignalOperator):
    """
    Make a calendar month of outcomes from the days of an archive, whole or not at all.

    The days are the files of ``OneSignalOutcomesTo...`` with ``outcome_time_range="1d"``, in either
    format. Each day of the month must be there exactly once for each outcome, platform and
    attribution. Run on the first of the next month, the sums are compared with OneSignal's own
    figures of the month, and one lost stretch of days can be recovered from them. Running it again
    with the same days stores the same bytes.
    https://documentation.onesignal.com/reference/view-outcomes

    :param days: URL of the days' files, with ``{date}`` in it for the day, or ``{end}`` for the day
        after: ``s3://aws_default@bucket/outcomes/{date}.jsonl``, ``.../{date:%Y/%m/%d}.csv``
    :param path: URL of the month's file, with its Airflow connection as the user where it needs
        one; ``{month}`` in it stands for the month, such as 2026-11
    :param month: which month, such as "2026-11"; None for the last one that was over when the run's
        data interval ended
    :param on_gap: what to do where a day is missing, doubled or foreign: "fail", or "mark" it in a
        row of its own
    :param reconcile: compare the sums with OneSignal's figures if the month ended less than a day
        ago: one request (and a second) for each platform and attribution in the archive
    :param recover: with ``on_gap="fail"``, let a stretch of days pass whose figures were derived
        from OneSignal's month
    :param tolerance: share of a figure by which it may differ from OneSignal's, from 0 to 1
    :param on_difference: what to do where it differs by more: "warn" or "fail"
    :param max_lateness: how far (timedelta, or seconds) a day's window may end from the end of the
        day, and OneSignal's month from the calendar's for a day to be derived; None for 2 hours
    :param timezone: name of the zone in which days and months begin, such as "Europe/Berlin"; None
        for the DAG's
    :param file_format: "jsonl" (an object a line) or "csv" (with a header)
    :param replace: write over an object that holds other figures
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the URI of the month's file; XCom ``summary`` holds uri, bytes, rows, columns, sha256,
        source_etag (None), content_type, seconds, whether it was copied, month, days (how many were
        read), missing, derived, reconciled (the window that was asked for and all differences) and
        not_reconciled (why not)
    :raises OneSignalOutcomesGapError: the month is not whole, or differs from OneSignal's with
        ``on_difference="fail"``
    :raises OneSignalSourceError: a day's file cannot be read, is cut, broken or of another version
    :raises OneSignalValidationError: a parameter breaks a rule, or the month is not over
    :raises OneSignalDestinationError: the destination refuses: an object with other figures is
        there and ``replace`` is not set, or the bucket does not exist
    :raises OneSignalDestinationUnavailableError: a store failed, is full or cannot be reached;
        nothing was stored
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "days",
        "path",
        "month",
        "reconcile",
        "recover",
        "timezone",
        "replace",
    )
    _lineage: Lineage | None = None
    _sources: Sequence[str] = ()
    """URIs of the days that were read."""

    def __init__(
        self,
        *,
        days: str,
        path: str | ObjectStoragePath,
        month: str | None = None,
        on_gap: str = "fail",
        reconcile: bool | str = True,
        recover: bool | str = False,
        tolerance: float = 0.01,
        on_difference: str = "warn",
        max_lateness: timedelta | float | None = None,
        timezone: str | None = None,
        file_format: str = "jsonl",
        replace: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        from airflow_provider_onesignal.rollup.archive import check_days

        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.days = check_days(days)
        self.path = path
        self.month = month
        self.on_gap = checks.one_of(on_gap, ("fail", "mark"), name="on_gap")
        self.reconcile = checks.flag_literal(reconcile, name="reconcile")
        self.recover = checks.flag_literal(recover, name="recover")
        self.tolerance = float(checks.number(tolerance, name="tolerance", low=0, high=1))
        self.on_difference = checks.one_of(on_difference, ("warn", "fail"), name="on_difference")
        self.max_lateness = outcome_checks.max_lateness(max_lateness)
        self.timezone = timezone
        self.file_format = checks.one_of(file_format, outcomes.FILE_FORMATS, name="file_format")
        self.replace = checks.flag_literal(replace, name="replace")

    def execute(self, context: Context) -> str:
        """Store the month and return its URI."""
        from airflow_provider_onesignal.rollup import archive, month as months
        from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore

        started = time.monotonic()
        run = self._roll_up(context)
        path = archive.path_of(self.path, run.month)
        store = ObjectStorageStore(path, replace=self._flag("replace"))
        self._lineage = Lineage(app_id=self._hook.app_id, kind="outcomes", columns=months.COLUMNS)
        run.read()
        self._sources = run.sources
        stored = store.head()
        run.reuse(archive.read_month(stored, uri=store.uri))
        if self._flag("reconcile"):
            run.ask()
        run.settle()
        self._judge(run)
        rows = run.rows()
        file = months.file_of(rows, file_format=self.file_format)
        summary = {
            **put_figures(store, stored, file, file_format=self.file_format, are_same=eq),
            "rows": len(rows),
            "columns": list(months.COLUMNS),
            **run.summary(),
        }
        summary["seconds"] = round(time.monotonic() - started, 3)
        self._lineage = self._lineage.publish(context, self, self._hook, summary)
        self._collect_sources()
        return store.uri

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Report to OpenLineage what was read and stored."""
        return self._facets()

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Report to OpenLineage what was read."""
        return self._facets()

    def _roll_up(self, context: Context) -> RollUp:
        from airflow_provider_onesignal.rollup.days import month_of
        from airflow_provider_onesignal.rollup.run import RollUp

        if self._flag("recover") and not self._flag("reconcile"):
            raise OneSignalValidationError(
                "recover=True needs reconcile=True: days are recovered from OneSignal's month."
            )
        lateness = self.max_lateness
        month = month_of(
            self.month,
            over_by=context.get("data_interval_end"),
            now=datetime.now(UTC),
            zone=_zone(self.timezone, context),
        )
        for day in month.uneven:
            self.log.warning(
                "Clocks are changed on %s: windows of 24 hours do not fit its hours, one of which "
                "is in no day or in two. Archive days of UTC to avoid this.",
                day.on,
            )
        return RollUp(
            self._hook,
            month,
            days=self.days,
            path=self.path,
            tolerance=self.tolerance,
            max_lateness=outcomes.default_max_lateness("1d") if lateness is None else lateness,
        )

    def _judge(self, run: RollUp) -> None:
        """
        Decide whether the month may be stored.

        :raises OneSignalOutcomesGapError: it may not
        """
        problems = run.problems
        if not run.is_whole and not self._may_have_gaps(run):
            raise OneSignalOutcomesGapError(
                f"{run.month.name} is not whole: {problems}. Nothing was stored. {_remedy(run)}"
            )
        if problems:
            self.log.warning("%s is not whole: %s.", run.month.name, problems)
        if run.beyond:
            self._report_differences(run)

    def _may_have_gaps(self, run: RollUp) -> bool:
        if self.on_gap == "mark":
            return run.has_figures
        return run.is_recovered and self._flag("recover")

    def _report_differences(self, run: RollUp) -> None:
        text = (
            f"{run.month.name} differs from OneSignal's own figures by more than "
            f"{self.tolerance:.4g} of them: {run.beyond}."
        )
        if self.on_difference == "fail":
            raise OneSignalOutcomesGapError(
                f"{text} Nothing was stored. Raise tolerance, or use on_difference='warn'."
            )
        self.log.warning("%s", text)

    def _collect_sources(self) -> None:
        from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

        for uri in self._sources:
            get_hook_lineage_collector().add_input_asset(context=self._hook, uri=asset_uri(uri))

    def _facets(self) -> OperatorLineage[Any, Any]:
        from airflow.providers.common.compat.openlineage.facet import InputDataset

        found = openlineage_facets(self._lineage)
        for uri in self._sources:
            namespace, name = openlineage_name(uri)
            found.inputs.append(InputDataset(namespace=namespace, name=name))
        return found


def _remedy(run: RollUp) -> str:
    if not run.has_figures:
        return "There is nothing to roll up: check days, month and timezone."
    mark = "Restore the days, or store the month with its gaps by on_gap='mark'."
    if run.is_recovered:
        return f"recover=True stores it with figures derived from OneSignal's month. {mark}"
    return f"It cannot be recovered: {'; '.join(run.why_underived)}. {mark}"


def put_figures(
    store: Store,
    stored: StoredObject | None,
    file: bytes,
    *,
    file_format: str,
    are_same: Callable[[bytes, bytes], bool],
) -> dict[str, Any]:
    """
    Store figures, unless they are there already.

    :param store: where they go
    :param stored: what is there now
    :param file: the figures
    :param file_format: "jsonl" or "csv"
    :param are_same: whether two files, of equal length, hold the same figures
    :return: what a summary says of the object
    :raises OneSignalDestinationTakenError: other figures are there, and ``replace`` is not set
    """
    from airflow_provider_onesignal.files.copy import put_bytes

    content_type = outcomes.CONTENT_TYPES[file_format]
    there = None
    if stored is not None and stored.size == len(file):
        found = stored.read(0, stored.size)
        there = found if are_same(found, file) else None
    if there is not None:
        log.info("%s already holds these very figures; nothing to store", store.uri)
    elif stored is not None and not store.replace:
        raise OneSignalDestinationTakenError(
            f"{store.uri} already exists and does not hold these figures. Nothing was written: "
            "choose another name, delete it, or pass replace=True."
        )
    else:
        put_bytes(store, file, content_type=content_type)
        log.info("Stored %d bytes in %s", len(file), store.uri)
    return {
        "uri": store.uri,
        "bytes": len(file),
        "sha256": hashlib.sha256(there or file).hexdigest(),
        "source_etag": None,
        "content_type": content_type,
        "copied": there is None,
    }


def _zone(name: Any, context: Context) -> Any:
    if name is None:
        return dag_zone(context)
    import pendulum
    from pendulum.tz.exceptions import InvalidTimezone

    try:
        zone = pendulum.timezone(name)
    except (AttributeError, InvalidTimezone, TypeError, ValueError):
        raise OneSignalValidationError(
            f"timezone must be a name such as 'Europe/Berlin', got {name!r}."
        ) from None
    return zone
