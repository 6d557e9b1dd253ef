"""Bytes: a resumable download, checks in passing, and a copy that is whole or does not happen.

Knows the errors of this package and HTTP, and neither Airflow nor a cloud.
"""
