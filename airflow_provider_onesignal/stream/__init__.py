"""The verified stream: a resumable source, checks in passing, a sink that stores all or nothing.

Bytes alone: nothing in here knows of Airflow, of OneSignal or of a cloud.
"""
