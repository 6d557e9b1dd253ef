"""A task that asks OneSignal for outcomes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from airflow_provider_onesignal.api import outcome_checks
from airflow_provider_onesignal.api.outcomes import (
    SECONDS_BETWEEN_REQUESTS,
    Observation,
    OutcomesQuery,
    queries,
)
from airflow_provider_onesignal.tasks.api import ApiTask


class OutcomesTask(ApiTask):
    """
    Base of the operators that ask for outcomes.

    :param outcome_names: list of names such as ``os__click.count``, or one text with commas between
    :param outcome_time_range: "1h", "1d" or "1mo": the window that ends now
    :param outcome_platforms: device types, as 0 (iOS) or 1 (Android); None for all
    :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
    :param allow_unknown: let ranges, platforms and attributions pass that this package does not
        know, with a warning
    """

    template_fields: Sequence[str] = (
        *ApiTask.template_fields,
        "outcome_names",
        "outcome_time_range",
        "outcome_platforms",
        "outcome_attribution",
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
        allow_unknown: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.outcome_names = outcome_names
        self.outcome_time_range = outcome_time_range
        self.outcome_platforms = outcome_platforms
        self.outcome_attribution = outcome_attribution
        self.allow_unknown = allow_unknown

    def wanted(self) -> OutcomesQuery:
        """
        Check the parameters.

        :return: all that is wanted, not yet split into requests
        :raises OneSignalValidationError: one breaks a rule of OneSignal's
        """
        unknown = self.allow_unknown
        platforms = outcome_checks.platforms(self.outcome_platforms, allow_unknown=unknown)
        return OutcomesQuery(
            names=tuple(outcome_checks.names(self.outcome_names)),
            time_range=outcome_checks.time_range(self.outcome_time_range, allow_unknown=unknown),
            platforms=None if platforms is None else tuple(platforms),
            attribution=outcome_checks.attribution(self.outcome_attribution, allow_unknown=unknown),
        )

    def observe(
        self, wanted: OutcomesQuery, *, breakdown: Sequence[str] = ()
    ) -> Iterator[Observation]:
        """
        Ask OneSignal, no more than once a second.

        :param wanted: all that is wanted
        :param breakdown: "platform", "attribution" or both: one request for each combination
        :return: what each request was answered, in their order
        :raises OneSignalValidationError: attributions are to be broken down, and one was asked for
        """
        for number, query in enumerate(queries(wanted, breakdown=breakdown)):
            if number:
                time.sleep(SECONDS_BETWEEN_REQUESTS)
            outcomes = self.hook.view_outcomes(
                outcome_names=query.names,
                outcome_time_range=query.time_range,
                outcome_platforms=query.platforms,
                outcome_attribution=query.attribution,
            )
            # Now, not before: until it answers, OneSignal may have had the hook wait for minutes.
            yield Observation(query=query, outcomes=outcomes, observed_at=datetime.now(UTC))
