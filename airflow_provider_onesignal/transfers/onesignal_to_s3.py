"""Transfers from OneSignal to Amazon S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.compat import XComArg, conf
from airflow_provider_onesignal.exports import ExportRequest
from airflow_provider_onesignal.operators.export_task import DEFAULT_TIMEOUT
from airflow_provider_onesignal.transfers.copying import ExportTransfer
from airflow_provider_onesignal.transfers.outcomes import OutcomesTransfer

if TYPE_CHECKING:
    from airflow_provider_onesignal.stores import Store


class OneSignalExportToS3Operator(ExportTransfer):
    """
    Copy an export's file to Amazon S3, whole and verified, or not at all.

    Pass ``export=`` and the one task starts the export, waits for it and copies it; or pass the
    ``csv_file_url`` that another task returned. The bytes are stored as OneSignal made them.
    Running it again where this very export is stored already copies nothing.

    :param csv_file_url: the URL an export returned; it opens the file for three days
    :param export: in its place, what to export, such as ``SubscriptionsExport()``, or the same as a
        mapping: ``{"export": "SubscriptionsExport"}``
    :param s3_key: the key, or a full ``s3://bucket/key`` URL
    :param s3_bucket: the bucket; None with a full URL, or to take the one that the AWS connection
        names (its extra's ``service_config``: ``s3``: ``bucket_name``)
    :param encrypt: let S3 encrypt the object at rest (AES256)
    :param kms_key_id: encrypt with this KMS key (aws:kms) in place of AES256
    :param acl_policy: canned ACL of the object, such as ``bucket-owner-full-control``
    :param extra_args: further arguments of the upload, as boto3 names them, such as
        ``{"StorageClass": "STANDARD_IA"}``
    :param aws_conn_id: Airflow connection to AWS; None for the credentials boto3 finds by itself
    :param verify: whether to check TLS certificates of S3, or the path of a CA bundle; None for
        what the AWS connection says
    :param replace: write over an object that is there; otherwise the task fails before the first
        byte
    :param min_rows: fail, and replace nothing, if the file has fewer rows; None for any number
    :param connections: read a file of 64 MiB and more over this many connections, if its host
        allows
    :param deferrable: with ``export``, wait in the triggerer, without holding a worker slot
    :param poll_interval: with ``export``, seconds between two polls of the file's URL
    :param timeout: with ``export``, seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: with ``export``, if another export of the account is running: "wait" for its
        end, or "fail"
    :param durable: with ``export``, keep the export for the next try. Requires Airflow 3.3+; no-op
        on earlier ones
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the object's URI; XCom ``summary`` holds uri, bytes, rows, columns, sha256,
        source_etag, content_type, seconds, and whether it was copied
    :raises OneSignalDestinationError: the destination refuses: an object is there and ``replace``
        is not set, or the bucket does not exist
    :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached;
        nothing was stored
    :raises OneSignalExportCorruptError: the file is short, damaged or something else
    :raises OneSignalExportTooSmallError: the file has fewer rows than ``min_rows``
    :raises OneSignalExportNotReadyError: there is no file at ``csv_file_url`` yet
    :raises OneSignalExportExpiredError: the file's three days are over
    :raises OneSignalExportTimeoutError: with ``export``, ``timeout`` has passed
    :raises OneSignalExportInProgressError: with ``export`` and ``on_conflict="fail"``, another
        export is running
    :raises OneSignalValidationError: a parameter breaks a rule; nothing was sent
    """

    template_fields: Sequence[str] = (
        *ExportTransfer.template_fields,
        "s3_key",
        "s3_bucket",
        "encrypt",
        "kms_key_id",
        "acl_policy",
        "extra_args",
        "aws_conn_id",
        "verify",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **ExportTransfer.template_fields_renderers,
        "extra_args": "json",
    }

    def __init__(
        self,
        *,
        csv_file_url: str | XComArg | None = None,
        export: ExportRequest | Mapping[str, Any] | XComArg | None = None,
        s3_key: str,
        s3_bucket: str | None = None,
        encrypt: bool | str = False,
        kms_key_id: str | None = None,
        acl_policy: str | None = None,
        extra_args: Mapping[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
        replace: bool | str = False,
        min_rows: int | str | None = None,
        connections: int | str = 4,
        deferrable: bool | str = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 10.0,
        timeout: float | timedelta = DEFAULT_TIMEOUT,
        on_conflict: str = "wait",
        durable: bool | str = True,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            csv_file_url=csv_file_url,
            export=export,
            replace=replace,
            min_rows=min_rows,
            connections=connections,
            deferrable=deferrable,
            poll_interval=poll_interval,
            timeout=timeout,
            on_conflict=on_conflict,
            durable=durable,
            onesignal_conn_id=onesignal_conn_id,
            **kwargs,
        )
        self.s3_key = s3_key
        self.s3_bucket = s3_bucket
        self.encrypt = encrypt
        self.kms_key_id = kms_key_id
        self.acl_policy = acl_policy
        self.extra_args = extra_args
        self.aws_conn_id = aws_conn_id
        self.verify = verify

    def _store(self) -> Store:
        return _store(self, replace=self._flag("replace"))


class OneSignalOutcomesToS3Operator(OutcomesTransfer):
    """
    Archive outcomes, such as clicks, in Amazon S3: one row an outcome.

    OneSignal keeps outcomes for about 30 days and only knows windows that end now. A run whose data
    interval ended longer ago than ``max_lateness`` is too late for its figures, and does not get
    today's in their place. Running it again writes the same object; if OneSignal's figures are the
    same, the object stays as it is, byte for byte.
    https://documentation.onesignal.com/reference/view-outcomes

    :param outcome_names: list of names such as ``os__click.count``, or one string with commas
        between them (a name that has a comma itself goes into a list); each ends in ``.sum`` or
        ``.count``
    :param outcome_time_range: "1h", "1d" or "1mo": the window that ends now
    :param outcome_platforms: device types, such as 0 (iOS) or 1 (Android); None for all
    :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
    :param breakdown: "platform", "attribution" or both: rows for each combination, one request (and
        a second) each
    :param file_format: "jsonl" (an object a line) or "csv" (with a header)
    :param max_lateness: how long ago (timedelta, or seconds) the run's data interval may have
        ended; None for 15 minutes of "1h", 2 hours of "1d", a day of "1mo"
    :param on_late: what to do with a later run: "fail", "skip" it, or "warn" and store the figures
        of now, under their own window and observed_at
    :param allow_unknown: let ranges, platforms and attributions pass that this package does not
        know, with a warning
    :param s3_key: the key, or a full ``s3://bucket/key`` URL
    :param s3_bucket: the bucket; None with a full URL, or to take the one that the AWS connection
        names (its extra's ``service_config``: ``s3``: ``bucket_name``)
    :param encrypt: let S3 encrypt the object at rest (AES256)
    :param kms_key_id: encrypt with this KMS key (aws:kms) in place of AES256
    :param acl_policy: canned ACL of the object, such as ``bucket-owner-full-control``
    :param extra_args: further arguments of the upload, as boto3 names them, such as
        ``{"StorageClass": "STANDARD_IA"}``
    :param aws_conn_id: Airflow connection to AWS; None for the credentials boto3 finds by itself
    :param verify: whether to check TLS certificates of S3, or the path of a CA bundle; None for
        what the AWS connection says
    :param replace: write over an object that holds other figures; otherwise the task fails
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the object's URI; XCom ``summary`` holds uri, bytes, rows, columns, sha256, source_etag
        (None), content_type, seconds, and whether it was copied
    :raises OneSignalOutcomesLateError: with ``on_late="fail"``, the run is too late
    :raises OneSignalValidationError: a parameter breaks a rule; nothing was sent
    :raises OneSignalDestinationError: the destination refuses: an object with other figures is
        there and ``replace`` is not set, or the bucket does not exist
    :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached;
        nothing was stored
    """

    template_fields: Sequence[str] = (
        *OutcomesTransfer.template_fields,
        "s3_key",
        "s3_bucket",
        "encrypt",
        "kms_key_id",
        "acl_policy",
        "extra_args",
        "aws_conn_id",
        "verify",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **OutcomesTransfer.template_fields_renderers,
        "extra_args": "json",
    }

    def __init__(
        self,
        *,
        outcome_names: Sequence[str] | str,
        outcome_time_range: str,
        outcome_platforms: Sequence[int | str] | str | None = None,
        outcome_attribution: str | None = None,
        breakdown: Sequence[str] | str | None = None,
        file_format: str = "jsonl",
        max_lateness: timedelta | float | None = None,
        on_late: str = "fail",
        allow_unknown: bool | str = False,
        s3_key: str,
        s3_bucket: str | None = None,
        encrypt: bool | str = False,
        kms_key_id: str | None = None,
        acl_policy: str | None = None,
        extra_args: Mapping[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
        replace: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            outcome_names=outcome_names,
            outcome_time_range=outcome_time_range,
            outcome_platforms=outcome_platforms,
            outcome_attribution=outcome_attribution,
            breakdown=breakdown,
            file_format=file_format,
            max_lateness=max_lateness,
            on_late=on_late,
            allow_unknown=allow_unknown,
            replace=replace,
            onesignal_conn_id=onesignal_conn_id,
            **kwargs,
        )
        self.s3_key = s3_key
        self.s3_bucket = s3_bucket
        self.encrypt = encrypt
        self.kms_key_id = kms_key_id
        self.acl_policy = acl_policy
        self.extra_args = extra_args
        self.aws_conn_id = aws_conn_id
        self.verify = verify

    def _store(self) -> Store:
        return _store(self, replace=self._flag("replace"))


def _store(task: Any, *, replace: bool) -> Store:
    from airflow_provider_onesignal.stores.s3 import S3Store, check_encryption

    check_encryption(task.encrypt, task.kms_key_id)
    return S3Store(
        key=task.s3_key,
        bucket=task.s3_bucket,
        replace=replace,
        encrypt=checks.flag(task.encrypt, name="encrypt"),
        kms_key_id=task.kms_key_id,
        acl_policy=task.acl_policy,
        extra_args=task.extra_args,
        aws_conn_id=task.aws_conn_id,
        verify=checks.flag_or_path(task.verify, name="verify"),
    )
