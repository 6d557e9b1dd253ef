"""Transfers from OneSignal to Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from airflow_provider_onesignal.transfers.base import ExportTransfer
from airflow_provider_onesignal.transfers.destinations import GCSDestination
from airflow_provider_onesignal.transfers.outcomes import OutcomesTransfer


class OneSignalExportToGCSOperator(GCSDestination, ExportTransfer):
    """
    Copy an export's file to Google Cloud Storage, whole and verified, or not at all.

    Give it ``export=`` and the one task starts the export, waits for it and copies it; or give it
    the ``csv_file_url`` that another task returned. The bytes are stored as OneSignal made them.
    Running it again where the very export is stored already copies nothing.

    :param csv_file_url: the URL an export returned; it opens the file for three days
    :param export: in its place, what to export, such as ``SubscriptionsExport()``
    :param bucket_name: the bucket
    :param object_name: the object
    :param gcp_conn_id: Airflow connection to Google Cloud
    :param impersonation_chain: service account to act as, or the chain of them
    :param replace: write over an object that is there; else the task fails before the first byte
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :param deferrable: with ``export``, wait in the triggerer, without holding a worker slot
    :param poll_interval: with ``export``, seconds between two looks at the file's address
    :param timeout: with ``export``, seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: with ``export``, when another export of the account is running: "wait" for
        its turn, or "fail"
    :param durable: with ``export``, keep the export for the next try. Requires Airflow 3.3+; no-op
        on earlier ones
    :return: the object's URI; XCom ``summary`` holds uri, bytes, rows, sha256, source_etag,
        content_type, seconds, and whether it was copied
    :raises OneSignalDestinationError: an object is there and ``replace`` is not set, or the bucket
        does not exist
    :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached;
        nothing was stored
    :raises OneSignalExportCorruptError: the file is short, damaged or something else
    :raises OneSignalExportNotReadyError: ``csv_file_url`` leads to nothing yet
    :raises OneSignalExportExpiredError: the file was kept its three days and is gone
    :raises OneSignalExportTimeoutError: with ``export``, ``timeout`` has passed
    :raises OneSignalExportInProgressError: with ``export`` and ``on_conflict="fail"``, another
        export is running
    :raises OneSignalValidationError: ``csv_file_url`` is no URL, or ``export`` breaks a rule of
        OneSignal's; nothing was sent
    """

    template_fields: Sequence[str] = (
        *ExportTransfer.template_fields,
        *GCSDestination.destination_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **ExportTransfer.template_fields_renderers,
        "impersonation_chain": "json",
    }


class OneSignalOutcomesToGCSOperator(GCSDestination, OutcomesTransfer):
    """
    Archive outcomes, such as clicks, in Google Cloud Storage: one row an outcome.

    OneSignal keeps outcomes about 30 days and only knows windows that end now. A run whose data
    interval ended longer ago than ``max_lateness`` is too late for its figures, and is not given
    today's in their place. Running it again writes the same object; where OneSignal answers the
    same figures, the object stays as it is, byte for byte.
    https://documentation.onesignal.com/reference/view-outcomes

    :param outcome_names: list of names such as ``os__click.count``, or one text with commas
        between them (a name that has a comma itself goes into a list); each ends in ``.sum`` or
        ``.count``
    :param outcome_time_range: "1h", "1d" or "1mo": the window that ends now
    :param outcome_platforms: device types, as 0 (iOS) or 1 (Android); None for all
    :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
    :param breakdown: "platform", "attribution" or both: rows for each combination, one request
        (and a second) each
    :param file_format: "jsonl" (an object a line) or "csv" (with a header)
    :param max_lateness: how long ago (timedelta, or seconds) the run's data interval may have
        ended; None for 15 minutes of "1h", 2 hours of "1d", a day of "1mo"
    :param on_late: what to do with a later run: "fail", "skip" it, or "warn" and store the figures
        of now, under their own window and observed_at
    :param allow_unknown: let ranges, platforms and attributions pass that this package does not
        know, with a warning
    :param bucket_name: the bucket
    :param object_name: the object
    :param gcp_conn_id: Airflow connection to Google Cloud
    :param impersonation_chain: service account to act as, or the chain of them
    :param replace: write over an object that holds other figures; else the task fails
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the object's URI; XCom ``summary`` holds uri, bytes, rows, sha256, source_etag (None),
        content_type, seconds, and whether it was copied
    :raises OneSignalOutcomesLateError: with ``on_late="fail"``, the run is too late
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalDestinationError: an object with other figures is there and ``replace`` is not
        set, or the bucket does not exist
    :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached;
        nothing was stored
    """

    template_fields: Sequence[str] = (
        *OutcomesTransfer.template_fields,
        *GCSDestination.destination_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **OutcomesTransfer.template_fields_renderers,
        "impersonation_chain": "json",
    }
