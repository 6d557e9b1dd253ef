"""What Airflow is told about this package; every Airflow process loads it."""

from __future__ import annotations

from typing import Any

from airflow_provider_onesignal import __version__
from airflow_provider_onesignal.connection import connection_type

_PACKAGE = "airflow_provider_onesignal"
_INTEGRATION = "OneSignal"


def get_provider_info() -> dict[str, Any]:
    """Return the provider metadata (schema: ``airflow/provider_info.schema.json``)."""
    return {
        "package-name": "airflow-provider-onesignal",
        "name": _INTEGRATION,
        "description": "Run OneSignal from Apache Airflow: exports, segments, users, outcomes.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://documentation.onesignal.com/reference",
                "tags": ["service"],
            }
        ],
        "hooks": _modules("hooks.onesignal"),
        "operators": _modules(
            "operators.export", "operators.outcomes", "operators.segment", "operators.user"
        ),
        "sensors": _modules("sensors.export"),
        "triggers": _modules("triggers.export"),
        "transfers": [
            {
                "source-integration-name": _INTEGRATION,
                "target-integration-name": target,
                "python-module": f"{_PACKAGE}.transfers.onesignal_to_{module}",
            }
            for target, module in (
                ("Amazon Simple Storage Service (S3)", "s3"),
                ("Google Cloud Storage (GCS)", "gcs"),
                ("Object Storage", "object_storage"),
            )
        ]
        + [
            {
                "source-integration-name": "Object Storage",
                "target-integration-name": _INTEGRATION,
                "python-module": f"{_PACKAGE}.transfers.object_storage_to_onesignal",
            }
        ],
        "extra-links": [f"{_PACKAGE}.links.onesignal.OneSignalDashboardLink"],
        "connection-types": [connection_type()],
    }


def _modules(*names: str) -> list[dict[str, Any]]:
    modules = [f"{_PACKAGE}.{name}" for name in names]
    return [{"integration-name": _INTEGRATION, "python-modules": modules}]
