"""
What to ask for outcomes, and the rows their answers make.

OneSignal only knows windows that end now, and keeps outcomes about 30 days:
https://documentation.onesignal.com/reference/view-outcomes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from airflow_provider_onesignal.api.windows import in_utc, window_start
from airflow_provider_onesignal.exceptions import OneSignalServerError, OneSignalValidationError

SECONDS_BETWEEN_REQUESTS = 1.0
"""OneSignal allows an app one request a second where it is asked for views."""

ALL_PLATFORMS = ("0", "1", "2", "5", "7", "8", "11", "14", "17")
"""What a breakdown by platform asks one by one: the device types that outcomes are kept of."""

SHARES_OF_TOTAL = ("direct", "influenced", "unattributed")
"""What a breakdown by attribution asks one by one: together they are the total."""

COLUMNS = (
    "app_id",
    "name",
    "aggregation",
    "value",
    "time_range",
    "platforms",
    "attribution",
    "window_start",
    "window_end",
    "observed_at",
    "data_interval_start",
    "data_interval_end",
)
Row = dict[str, str | int | float | None]


class OutcomesQuery(NamedTuple):
    """
    One request for outcomes.

    :param names: with their suffix, such as ``os__click.count``
    :param time_range: length of the window that ends now
    :param platforms: device types, None for all
    :param attribution: None for the total
    """

    names: tuple[str, ...]
    time_range: str
    platforms: tuple[str, ...] | None = None
    attribution: str | None = None


class Observation(NamedTuple):
    """
    What OneSignal answered, and when.

    :param query: what it was asked
    :param outcomes: each with id, value and aggregation
    :param observed_at: when it answered, aware; the window ends here
    """

    query: OutcomesQuery
    outcomes: Sequence[Mapping[str, Any]]
    observed_at: datetime


class DataInterval(NamedTuple):
    """
    What period a run is for.

    :param start: aware, None for a run without one
    :param end: aware, None for a run without one
    """

    start: datetime | None = None
    end: datetime | None = None


def queries(
    query: OutcomesQuery,
    *,
    breakdown: Sequence[str] = (),
) -> list[OutcomesQuery]:
    """
    Split what is wanted into requests.

    :param query: all that is wanted
    :param breakdown: "platform", "attribution" or both: one request for each combination
    :return: names with a comma one a request, all others together
    :raises OneSignalValidationError: attributions are to be broken down, and one was asked for
    """
    return [
        OutcomesQuery(
            names=names, time_range=query.time_range, platforms=platforms, attribution=attribution
        )
        for platforms in _platforms(query, breakdown)
        for attribution in _attributions(query, breakdown)
        for names in _names(query)
    ]


def rows(observations: Iterable[Observation], *, app_id: str, interval: DataInterval) -> list[Row]:
    """
    Make a row of each outcome that was asked for, ordered by what it is.

    :param observations: what OneSignal answered
    :param app_id: the app that was asked about
    :param interval: the run's
    :return: rows with the keys of :data:`COLUMNS`; times are ISO 8601 in UTC, to the second; an
        outcome that the answer left out has the value None
    :raises OneSignalServerError: a value is no number
    """
    found = [
        _row(observation, name, app_id=app_id, interval=interval)
        for observation in observations
        for name in observation.query.names
    ]
    return sorted(found, key=_order)


def missing(found: Iterable[Row]) -> list[str]:
    """Give the names that OneSignal's answers left out."""
    return sorted({f"{row['name']}.{row['aggregation']}" for row in found if row["value"] is None})


def _names(query: OutcomesQuery) -> list[tuple[str, ...]]:
    plain = tuple(name for name in query.names if "," not in name)
    with_comma: list[tuple[str, ...]] = [(name,) for name in query.names if "," in name]
    return [plain, *with_comma] if plain else with_comma


def _platforms(query: OutcomesQuery, breakdown: Sequence[str]) -> list[tuple[str, ...] | None]:
    if "platform" not in breakdown:
        return [query.platforms]
    return [(platform,) for platform in query.platforms or ALL_PLATFORMS]


def _attributions(query: OutcomesQuery, breakdown: Sequence[str]) -> list[str | None]:
    if "attribution" not in breakdown:
        return [query.attribution]
    if query.attribution not in (None, "total"):
        raise OneSignalValidationError(
            "breakdown by attribution asks for each one of them: leave outcome_attribution out, "
            f"got {query.attribution!r}."
        )
    return list(SHARES_OF_TOTAL)


def _row(observation: Observation, name: str, *, app_id: str, interval: DataInterval) -> Row:
    query, seen = observation.query, observation.observed_at
    stem, _, aggregation = name.rpartition(".")
    start = window_start(seen, query.time_range)
    return {
        "app_id": app_id,
        "name": stem,
        "aggregation": aggregation,
        "value": _value(observation.outcomes, stem, aggregation),
        "time_range": query.time_range,
        "platforms": "all" if query.platforms is None else ",".join(query.platforms),
        "attribution": query.attribution or "total",
        "window_start": _text(start),
        "window_end": _text(seen),
        "observed_at": _text(seen),
        "data_interval_start": _text(interval.start),
        "data_interval_end": _text(interval.end),
    }


def _value(
    outcomes: Iterable[Mapping[str, Any]], stem: str, aggregation: str
) -> int | float | None:
    for outcome in outcomes:
        if outcome.get("id") == stem and outcome.get("aggregation") == aggregation:
            value = outcome.get("value")
            if isinstance(value, int | float) and not isinstance(value, bool):
                return value
            raise OneSignalServerError(
                f"OneSignal's answer to 'view outcomes' has a value of {stem}.{aggregation} that "
                f"is no number but {type(value).__name__}. Try again later.",
                status_code=200,
            )
    return None


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return in_utc(moment).isoformat(timespec="seconds")


def _order(row: Row) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in ("name", "aggregation", "platforms", "attribution"))
