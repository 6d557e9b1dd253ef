"""
What ``mypy --strict`` refuses.

Each line has an error that is ignored: an ignore that nothing needs is an error itself.
"""

from __future__ import annotations

from airflow_provider_onesignal.operators.segment import OneSignalDeleteSegmentOperator
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator


def wrong_arguments() -> None:
    """Give parameters of ours values of the wrong type, or none at all."""
    OneSignalExportToS3Operator(task_id="a", s3_key=7)  # type: ignore[arg-type]
    OneSignalExportToS3Operator(task_id="b", s3_key="k", timeout="soon")  # type: ignore[arg-type]
    OneSignalExportToS3Operator(task_id="c")  # type: ignore[call-arg]
    OneSignalExportSensor(task_id="d", csv_file_url=None)  # type: ignore[arg-type]
    OneSignalDeleteSegmentOperator(task_id="e")  # type: ignore[call-arg]
