"""The operator that gives outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal.tasks.outcomes import OutcomesTask

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class OneSignalGetOutcomesOperator(OutcomesTask):
    """
    Give outcomes, such as clicks, of the hour, day or month that ends now.

    OneSignal keeps them about 30 days, and knows no other windows: to archive them, see the
    transfers ``OneSignalOutcomesTo...``. https://documentation.onesignal.com/reference/view-outcomes

    :param outcome_names: list of names such as ``os__click.count``, or one text with commas
        between them (a name that has a comma itself goes into a list); each ends in ``.sum`` or
        ``.count``
    :param outcome_time_range: "1h", "1d" or "1mo": the window that ends now
    :param outcome_platforms: device types, as 0 (iOS) or 1 (Android); None for all
    :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
    :param allow_unknown: let ranges, platforms and attributions pass that this package does not
        know, with a warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: a list of dicts with ``id`` (the name without its suffix), ``value`` (a number) and
        ``aggregation`` ("sum" or "count")
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    """

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Ask for the outcomes and give them."""
        return [
            dict(outcome)
            for observation in self.observe(self.wanted())
            for outcome in observation.outcomes
        ]
