"""The nightly export in a real Airflow, to look at; its parts also carry the system tests."""
