"""One roll-up of a month of outcomes: read the days, ask OneSignal, settle the gaps."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal import outcomes
from airflow_provider_onesignal.outcomes import iso, length, window_start
from airflow_provider_onesignal.rollup import archive, month as months
from airflow_provider_onesignal.rollup.days import Day, Month, Number, UnfitDayError
from airflow_provider_onesignal.rollup.month import ROLLING, Difference, Gap, Known, Ledger, Seen

if TYPE_CHECKING:
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

log = logging.getLogger(__name__)

_MOST_SHOWN = 100
"""Differences in a summary."""

_UNCONFIRMED = (
    "nothing shows that OneSignal's month is the calendar's and not 30 days: it takes other "
    "outcomes of this month that are whole, or an earlier month, not of 30 days, that was "
    "reconciled (found by {month} in path)"
)


class RollUp:
    """
    A month in the making.

    :param hook: its app's are the outcomes
    :param month: which month
    :param days: URL of the days' files, with ``{date}`` or ``{end}`` in it
    :param path: URL of the month's file; with ``{month}`` in it, earlier months can be found
    :param tolerance: share by which a figure may differ from OneSignal's
    :param max_lateness: how far a day's window may end from the end of the day, and OneSignal's
        month from the calendar's for a day to be derived
    """

    def __init__(
        self,
        hook: OneSignalHook,
        month: Month,
        *,
        days: str,
        path: Any,
        tolerance: float,
        max_lateness: timedelta,
    ) -> None:
        self._hook, self.month, self._path = hook, month, path
        self._paths = archive.paths_of(days, month)
        self._is_named_by_date = "{end" not in days
        self._tolerance = Decimal(repr(tolerance))
        self._max_lateness = max_lateness
        self._ledger = Ledger(hook.app_id, month)
        self._unfit: dict[date, str] = {}
        self._known = Known()
        self.derived: dict[Gap, Seen] = {}
        self._underived: dict[Gap, str] = {}
        self._why_not_asked: str | None = None
        self.sources: list[str] = []
        """URIs of the days' files that were read."""

    def read(self) -> None:
        """
        Read the days.

        :raises OneSignalSourceError: a file cannot be read, is cut, broken or of another version
        :raises OneSignalDestinationUnavailableError: the store failed or cannot be reached
        """
        unfit: dict[Day, UnfitDayError] = {}
        for day, path in self._paths.items():
            try:
                found = archive.read_day(
                    path,
                    day,
                    app_id=self._ledger.app_id,
                    month=self.month,
                    max_lateness=self._max_lateness,
                )
            except UnfitDayError as error:
                unfit[day] = error
                continue
            if found is None:
                self._ledger.refuse(day, "missing")
            else:
                self._ledger.add(day, found)
                self.sources.append(found.uri)
        for day, reason in unfit.items():
            self._refuse(day, reason)

    def reuse(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """
        Take over what an earlier run saw, so that the same days make the same file.

        :param rows: of the month's file; none where there is none
        """
        self._known = months.known_from(rows, self._ledger)

    def ask(self) -> None:
        """Ask OneSignal for the month's figures, unless they are known or it is too late."""
        keys = [key for key in self._ledger.keys if key not in self._known.figures]
        if not keys:
            return
        now = datetime.now(UTC)
        if not self.month.is_onesignals(now, within=outcomes.default_max_lateness("1mo")):
            self._why_not_asked = self._far(now)
            log.warning("Not reconciled: %s.", self._why_not_asked)
            return
        observations = outcomes.observe(self._hook, months.queries_of(keys))
        rows = outcomes.rows(
            observations, app_id=self._ledger.app_id, interval=outcomes.DataInterval()
        )
        self._known.figures.update(months.figures_of(rows))

    def settle(self) -> None:
        """Derive the figures of the gaps, where they can be."""
        for key in self._ledger.keys:
            for gap in self._ledger.gaps(key):
                found = self._figure(gap)
                if isinstance(found, Seen):
                    self.derived[gap] = found
                else:
                    self._underived[gap] = found

    def rows(self) -> list[months.Row]:
        """Return the rows of the month."""
        return months.rows_of(self._ledger, self._known, self.derived)

    @property
    def is_whole(self) -> bool:
        """Return whether each day was there once."""
        return self.is_recovered and not self.derived

    @property
    def is_recovered(self) -> bool:
        """Return whether each day was there once, or is derived."""
        return self.has_figures and not self._underived

    @property
    def has_figures(self) -> bool:
        """Return whether any day was there."""
        return bool(self._ledger.keys)

    @property
    def problems(self) -> str:
        """What is wrong with the days, in words; blank if nothing is."""
        found = months.problems(self._ledger, self._unfit)
        return months.listed(found, most=20, between="; ")

    @property
    def why_underived(self) -> list[str]:
        """Why gaps cannot be recovered, in words; each reason once."""
        return list(dict.fromkeys(self._underived.values()))

    @property
    def beyond(self) -> str:
        """The sums that differ from OneSignal's figures by more than is tolerated, in words."""
        found = [str(each) for each in self._differences if each.is_beyond(self._tolerance)]
        return months.listed(found, most=10, between="; ")

    def summary(self) -> dict[str, Any]:
        """Return what there is to say of it: small, and JSON."""
        return {
            "month": self.month.name,
            "days": len(self.month.days) - len(self._ledger.refused),
            "missing": sorted({_days(gap) for gap in self._underived}),
            "derived": sorted({_days(gap) for gap in self.derived}),
            "reconciled": self._reconciled(),
            "not_reconciled": self._why_not_asked,
        }

    @cached_property
    def _differences(self) -> list[Difference]:
        return months.differences(self._ledger, self._known.figures)

    def _refuse(self, day: Day, error: UnfitDayError) -> None:
        reason = str(error)
        kind = error.kind
        if error.holds is not None and self._ledger.has(error.holds):
            kind, reason = "doubled", f"{reason}, which is there twice"
        elif error.holds == day.on - timedelta(days=1) and self._is_named_by_date:
            reason += " (if files are named by the day after, write {end} for {date})"
        self._unfit[day.on] = reason
        self._ledger.refuse(day, kind)

    def _far(self, now: datetime) -> str:
        start = window_start(now, "1mo") or now
        return (
            f"OneSignal's month that ends now ({iso(start)} to {iso(now)}) is not "
            f"{self.month.name} ({iso(self.month.start)} to {iso(self.month.end)}), and only a run "
            "within a day of its end can compare them"
        )

    def _figure(self, gap: Gap) -> Seen | str:
        if (gap.key, gap.window) in self._known.derived:
            return self._known.derived[gap.key, gap.window]
        if gap.key not in self._known.figures:
            return self._why_not_asked or "OneSignal was not asked for the month, or has no figure"
        found = months.recovered(gap, self._ledger, self._known.figures)
        if isinstance(found, str):
            return found
        if not self.month.is_onesignals(datetime.fromisoformat(found.at), self._max_lateness):
            return (
                f"OneSignal was asked for the month at {found.at}, which is further from its "
                f"bounds than max_lateness allows ({length(self._max_lateness)})"
            )
        return found if self._is_confirmed else _UNCONFIRMED

    @cached_property
    def _is_confirmed(self) -> bool:
        """Whether OneSignal's month was seen to be the calendar's, and not a rolling one."""
        days = len(self.month.days)
        if days == ROLLING:
            return True
        rows = months.rows_of(self._ledger, self._known, {})
        whole = [row for row in rows if months.is_sum(row) and row["days"] == days]
        if months.confirms(whole, self.month, self._tolerance):
            return True
        earlier = archive.earlier_months(self._path, self.month)
        return any(months.confirms(rows, each, self._tolerance) for each, rows in earlier)

    def _reconciled(self) -> dict[str, Any] | None:
        seen = [seen for key, seen in self._known.figures.items() if not self._ledger.gaps(key)]
        if not seen:
            return None
        end = datetime.fromisoformat(max(each.at for each in seen))
        return {
            "window_start": iso(window_start(end, "1mo") or end),
            "window_end": iso(end),
            "outcomes": len(seen),
            "different": len(self._differences),
            "differences": [_shown(each) for each in self._differences[:_MOST_SHOWN]],
        }


def _days(gap: Gap) -> str:
    return months.stretch(gap.days)


def _shown(difference: Difference) -> dict[str, Any]:
    return {
        **difference.key._asdict(),
        "archive": _plain(difference.archive),
        "onesignal": _plain(difference.onesignal),
    }


def _plain(number: Number) -> int | float:
    return float(number) if isinstance(number, Decimal) else number
