"""A transfer of an export, tried as often as a test wants."""

from __future__ import annotations

from typing import Any

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from tests.integration.stores import Place
from tests.integration.tasks import Ended, run_try
from tests.unit.fakes import FakeStore


class Job:
    """
    A task that copies all subscriptions to a place.

    :param mode: "url" for ``csv_file_url=``, else "deferred" or "worker", which says how
        ``export=`` waits
    :param parameters: of the operator, beside what follows from place and mode
    """

    def __init__(self, place: Place, mode: str, **parameters: Any) -> None:
        self._place, self._mode, self._parameters = place, mode, parameters
        self.store: FakeStore | None = FakeStore()
        self.url = OneSignalHook().start_export(SubscriptionsExport()) if mode == "url" else None

    def run(self, *, served: bool = True, **parameters: Any) -> Ended:
        """
        Try.

        :param served: whether there is a triggerer
        """
        return run_try(lambda: self._operator(**parameters), store=self.store, served=served)

    def _operator(self, **parameters: Any) -> Any:
        source: dict[str, Any] = {"csv_file_url": self.url}
        if self._mode != "url":
            source = {"export": SubscriptionsExport(), "deferrable": self._mode == "deferred"}
        given = {"poll_interval": 0.01, **source, **self._place.parameters, **self._parameters}
        return self._place.operator(task_id="copy", **(given | parameters))
