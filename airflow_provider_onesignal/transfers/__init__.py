"""Transfers from OneSignal to object storage."""
