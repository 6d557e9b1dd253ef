"""Run OneSignal from Apache Airflow: exports, segments, users and outcomes."""

from __future__ import annotations

__version__ = "0.1.0"
