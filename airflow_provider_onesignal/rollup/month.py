"""A calendar month of outcomes: its days added up, reconciled, and a lost stretch recovered."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from airflow_provider_onesignal.outcomes import OutcomesQuery, iso, queries
from airflow_provider_onesignal.rollup.days import EXACT, Day, Figures, Key, Month, Number, plain

COLUMNS = (
    "app_id",
    "name",
    "aggregation",
    "value",
    "platforms",
    "attribution",
    "month",
    "window_start",
    "window_end",
    "days",
    "derived",
    "missing",
    "observed_at",
    "onesignal_value",
    "onesignal_observed_at",
)
Row = dict[str, Any]

_LACKS = {"missing": "no row", "no value": "no value"}

ROLLING = 30
"""Days of OneSignal's "1mo", if it should not be a month of the calendar."""

_CLOSE = Decimal("0.01")
"""Share of a month that is well below a day's: by more, 30 days may differ from the calendar's."""


class Gap(NamedTuple):
    """
    A stretch of days without a figure of one outcome.

    :param key: of what
    :param days: one after another
    :param kind: "missing", "doubled", "foreign" or "no value", or several of them
    """

    key: Key
    days: tuple[Day, ...]
    kind: str

    @property
    def window(self) -> tuple[str, str]:
        """Its beginning and its end, ISO 8601."""
        return iso(self.days[0].start), iso(self.days[-1].end)


class Seen(NamedTuple):
    """
    A figure, and when OneSignal was seen to have it.

    :param value: the figure
    :param at: ISO 8601
    """

    value: Number
    at: str


@dataclass
class Ledger:
    """
    The days of a month as they are read: in memory are sums, not days.

    :param app_id: whose outcomes
    :param month: of which days
    """

    app_id: str
    month: Month
    sums: dict[Key, Number] = field(default_factory=dict)
    observed: dict[Key, str] = field(default_factory=dict)
    refused: dict[date, str] = field(default_factory=dict)
    """The days whose file is not there, or not theirs: "missing", "doubled" or "foreign"."""
    _lacking: dict[Key, dict[date, str]] = field(default_factory=dict)
    """The days whose file is there and has no figure of the key."""
    _read: list[date] = field(default_factory=list)

    def add(self, day: Day, figures: Figures) -> None:
        """Take in a day."""
        for key, value in figures.values.items():
            lacking = self._lacking.setdefault(key, dict.fromkeys(self._read, "missing"))
            self.sums.setdefault(key, 0)
            if value is None:
                lacking[day.on] = "no value"
                continue
            self.sums[key] = add(self.sums[key], value)
            self.observed[key] = max(self.observed.get(key, ""), figures.observed_at)
        for key in self._lacking.keys() - figures.values.keys():
            self._lacking[key][day.on] = "missing"
        self._read.append(day.on)

    def refuse(self, day: Day, kind: str) -> None:
        """Leave out a day: "missing", "doubled" or "foreign"."""
        self.refused[day.on] = kind

    def has(self, day: date) -> bool:
        """Return whether a day was taken in."""
        return day in self._read

    @property
    def keys(self) -> list[Key]:
        """All that is counted, in order."""
        return sorted(self.sums)

    def days(self, key: Key) -> int:
        """Return how many days have a figure."""
        return len(self.month.days) - len(self._kinds(key))

    def lacking(self, key: Key) -> dict[date, str]:
        """Return the days that were taken in and have none: "missing" or "no value"."""
        return dict(sorted(self._lacking[key].items()))

    def gaps(self, key: Key) -> list[Gap]:
        """Return the unbroken stretches of days that have none."""
        kinds = self._kinds(key)
        runs = groupby(self.month.days, key=lambda day: day.on in kinds)
        stretches = [tuple(days) for is_gap, days in runs if is_gap]
        return [
            Gap(key, days, ", ".join(sorted({kinds[day.on] for day in days}))) for days in stretches
        ]

    def _kinds(self, key: Key) -> dict[date, str]:
        return {**self._lacking[key], **self.refused}


def add(one: Number, other: Number) -> Number:
    """Return the exact sum: whole numbers stay whole, and fractions have no binary noise."""
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return plain(EXACT.add(Decimal(one), Decimal(other)))


@dataclass(frozen=True)
class Known:
    """
    What OneSignal was seen to have of a month, now or by an earlier run.

    :param figures: of the whole month, by what is counted
    :param derived: of a stretch that an earlier run recovered, by its key and its window
    """

    figures: dict[Key, Seen] = field(default_factory=dict)
    derived: dict[tuple[Key, tuple[str, str]], Seen] = field(default_factory=dict)


class Difference(NamedTuple):
    """
    A sum that is not OneSignal's figure.

    :param key: of what
    :param archive: the sum of the days
    :param onesignal: of the month
    """

    key: Key
    archive: Number
    onesignal: Number

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.key}: the days are {figure(self.archive)}, it is {figure(self.onesignal)}"

    def is_beyond(self, tolerance: Decimal) -> bool:
        """Return whether it is more than a share of the greater of the two."""
        most = max(EXACT.abs(Decimal(each)) for each in (self.archive, self.onesignal))
        apart = EXACT.abs(Decimal(_less(self.archive, self.onesignal)))
        return apart > EXACT.multiply(tolerance, most)


def queries_of(keys: Iterable[Key]) -> list[OutcomesQuery]:
    """Return what to ask of a month: once for each platform and attribution in the archive."""
    found: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        found.setdefault((key.platforms, key.attribution), []).append(
            f"{key.name}.{key.aggregation}"
        )
    return [
        each
        for (platforms, attribution), names in sorted(found.items())
        for each in queries(
            OutcomesQuery(
                names=tuple(names),
                time_range="1mo",
                platforms=None if platforms == "all" else tuple(platforms.split(",")),
                attribution=None if attribution == "total" else attribution,
            )
        )
    ]


def figures_of(rows: Iterable[Mapping[str, Any]]) -> dict[Key, Seen]:
    """
    Return OneSignal's figures of a month.

    :param rows: of :func:`.outcomes.rows`
    """
    return {
        _key(row): Seen(plain(Decimal(repr(row["value"]))), row["observed_at"])
        for row in rows
        if row["value"] is not None
    }


def known_from(rows: Iterable[Mapping[str, Any]], ledger: Ledger) -> Known:
    """
    Return what an earlier run of the same month saw.

    OneSignal's figures hold whatever became of the days; what was derived from them holds as long
    as the days are the same.

    :param rows: of the month's file; those of another month or app are left out
    """
    known, same = Known(), set()
    found = list(rows)
    for row in found:
        key = _key(row)
        if not is_sum(row) or not _is_of(row, ledger) or key not in ledger.sums:
            continue
        if row["onesignal_value"] is not None:
            known.figures[key] = Seen(row["onesignal_value"], row["onesignal_observed_at"])
        if ledger.sums[key] == row["value"] and ledger.days(key) == row["days"]:
            same.add(key)
    for row in found:
        key, window = _key(row), (row["window_start"], row["window_end"])
        if not is_sum(row) and row["value"] is not None and key in same:
            known.derived[key, window] = Seen(row["value"], row["onesignal_observed_at"])
    return known


def differences(ledger: Ledger, figures: Mapping[Key, Seen]) -> list[Difference]:
    """Return where a sum of all days is not OneSignal's figure."""
    return [
        Difference(key, ledger.sums[key], figures[key].value)
        for key in ledger.keys
        if key in figures and not ledger.gaps(key) and ledger.sums[key] != figures[key].value
    ]


def is_sum(row: Mapping[str, Any]) -> bool:
    """Return whether a row of a month's file is the sum of observed days."""
    return str(row["derived"]).lower() == "false" and not row["missing"]


def confirms(rows: Iterable[Mapping[str, Any]], month: Month, tolerance: Decimal) -> bool:
    """
    Return whether a month shows that OneSignal's is the calendar's too.

    :param rows: of its file
    :param month: of 30 days shows nothing: a rolling month would have the same figures
    :param tolerance: the share by which figures may differ, at most 1 percent
    """
    days = len(month.days)
    if days == ROLLING:
        return False
    found, tolerance = list(rows), min(tolerance, _CLOSE)
    return any(row["value"] for row in found) and all(
        is_sum(row)
        and row["days"] == days
        and row["onesignal_value"] is not None
        and not Difference(_key(row), row["value"], row["onesignal_value"]).is_beyond(tolerance)
        for row in found
    )


def recovered(gap: Gap, ledger: Ledger, figures: Mapping[Key, Seen]) -> Seen | str:
    """
    Return the figure of a stretch of days: the month's less the days that are there.

    :return: the figure, or why there is none
    """
    if len(ledger.gaps(gap.key)) > 1:
        return "more than one stretch is missing"
    if gap.key not in figures:
        return "OneSignal has no figure of the month"
    month = figures[gap.key]
    rest = _less(month.value, ledger.sums[gap.key])
    if rest < 0:
        return f"OneSignal's month of {gap.key} is less than the days that are there"
    return Seen(rest, month.at)


def _less(one: Number, other: Number) -> Number:
    # Not add(one, -other): a decimal's own minus rounds.
    return plain(EXACT.subtract(Decimal(one), Decimal(other)))


def _is_of(row: Mapping[str, Any], ledger: Ledger) -> bool:
    window = (row["window_start"], row["window_end"])
    return row["app_id"] == ledger.app_id and window == _window(ledger.month)


def _window(month: Month) -> tuple[str, str]:
    return iso(month.start), iso(month.end)


def _key(row: Mapping[str, Any]) -> Key:
    return Key(*(str(row[column]) for column in Key._fields))


def rows_of(ledger: Ledger, known: Known, derived: Mapping[Gap, Seen]) -> list[Row]:
    """
    Return the rows of a month: what was observed, what was derived, and what is missing.

    :param known: OneSignal's figures of the month
    :param derived: the figures of the gaps that were recovered
    """
    found = []
    for key in ledger.keys:
        if ledger.days(key):
            found.append(_sum_row(ledger, key, known.figures.get(key)))
        found += [_gap_row(ledger, gap, derived.get(gap)) for gap in ledger.gaps(key)]
    return found


def file_of(rows: Sequence[Row], *, file_format: str) -> bytes:
    """
    Write rows: the same rows are always the same bytes.

    :param file_format: "jsonl" (an object a line) or "csv" (with a header); UTF-8, lines end in LF
    """
    if file_format == "jsonl":
        return "".join(f"{_json(row)}\n" for row in rows).encode()
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows)
    return table.getvalue().encode()


def problems(ledger: Ledger, unfit: Mapping[date, str]) -> list[str]:
    """
    Return what is wrong with the days, in words.

    :param unfit: why the file of a day is not its own
    """
    kinds = ledger.refused
    found = [
        f"{run} {'are' if ' to ' in run else 'is'} missing"
        for run in _runs(ledger, {day for day, kind in kinds.items() if kind == "missing"})
    ]
    found += [f"{day}: {reason}" for day, reason in sorted(unfit.items())]
    # Outcomes that lack the same days are named together.
    alike: dict[tuple[tuple[date, str], ...], list[Key]] = {}
    for key in ledger.keys:
        alike.setdefault(tuple(ledger.lacking(key).items()), []).append(key)
    return found + [_lack(ledger, dict(days), keys) for days, keys in alike.items() if days]


def _lack(ledger: Ledger, lacking: Mapping[date, str], keys: Sequence[Key]) -> str:
    names = listed([str(key) for key in keys], most=5)
    there = [day.on for day in ledger.month.days if ledger.has(day.on) and day.on not in lacking]
    if 0 < len(there) < len(lacking):
        return f"{names} only on {listed(_runs(ledger, set(there)), most=5)}"
    kinds = " or ".join(sorted({_LACKS[kind] for kind in lacking.values()}))
    return f"{kinds} of {names} on {listed(_runs(ledger, set(lacking)), most=5)}"


def listed(texts: Sequence[str], *, most: int, between: str = ", ") -> str:
    """Return the first of many, and how many more there are."""
    more = [f"{len(texts) - most} more"] if len(texts) > most else []
    return between.join([*texts[:most], *more])


def _runs(ledger: Ledger, days: set[date]) -> list[str]:
    runs = groupby(ledger.month.days, key=lambda day: day.on in days)
    return [stretch(list(run)) for is_in, run in runs if is_in]


def figure(number: Number) -> str:
    """Return a number in digits, without an exponent."""
    return format(number, "f") if isinstance(number, Decimal) else str(number)


def stretch(days: Sequence[Day]) -> str:
    """Return days in words: ``2026-11-05`` or ``2026-11-05 to 2026-11-07``."""
    first, last = days[0].on, days[-1].on
    return f"{first}" if first == last else f"{first} to {last}"


def _sum_row(ledger: Ledger, key: Key, month: Seen | None) -> Row:
    row = _row(ledger, key, _window(ledger.month), days=ledger.days(key))
    row |= {"value": ledger.sums[key], "observed_at": ledger.observed[key]}
    if month is not None:
        row |= {"onesignal_value": month.value, "onesignal_observed_at": month.at}
    return row


def _gap_row(ledger: Ledger, gap: Gap, seen: Seen | None) -> Row:
    row = _row(ledger, gap.key, gap.window, days=len(gap.days))
    row["missing"] = gap.kind
    if seen is not None:
        row |= {"value": seen.value, "derived": True, "onesignal_observed_at": seen.at}
    return row


def _row(ledger: Ledger, key: Key, window: tuple[str, str], *, days: int) -> Row:
    start, end = window
    given = {
        **key._asdict(),
        "app_id": ledger.app_id,
        "month": ledger.month.name,
        "window_start": start,
        "window_end": end,
        "days": days,
        "derived": False,
    }
    return {column: given.get(column) for column in COLUMNS}


def _json(row: Row) -> str:
    fields = (f"{json.dumps(column)}:{_json_value(value)}" for column, value in row.items())
    return "{" + ",".join(fields) + "}"


def _json_value(value: Any) -> str:
    if isinstance(value, Decimal):
        return figure(value)
    return json.dumps(value, ensure_ascii=False)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return figure(value) if isinstance(value, Decimal) else str(value)
